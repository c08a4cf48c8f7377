//! Options that several subcommands share.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use engine::run::Request;
use engine::run::accel::AccelRequest;
use fault::ToolError;
use spec::{CellFilter, FilterError};

use super::Usage;

/// The kernel that is meant.
#[derive(Debug, Default, clap::Args)]
pub struct KernelArgs {
    /// A kernel of patchbench.yaml [default: that of its `defaults:`]
    #[arg(long, value_name = "NAME")]
    pub kernel: Option<String>,
    /// Your own tree as it stands, uncommitted changes included, with the series that fit it on top; it is never written to
    #[arg(long, value_name = "DIR")]
    pub linux: Option<PathBuf>,
    /// plain; debug for KASAN, lockdep and their like; debug-info for traces with file and line [default: `defaults:` of patchbench.yaml]
    #[arg(long, value_name = "NAME")]
    pub flavour: Option<String>,
    /// Only the first N patches of a series of the kernel, and not the series that require it; 0 for none of it
    #[arg(long, value_name = "[SERIES:]N")]
    pub up_to: Option<String>,
}

/// How guests are run.
#[derive(Debug, Default, clap::Args)]
pub struct GuestArgs {
    /// This QEMU instead of the one on the PATH
    #[arg(long, value_name = "PATH")]
    pub qemu: Option<PathBuf>,
    /// The engine that runs the cells
    #[arg(long, value_name = "ENGINE", hide = true)]
    pub on: Option<String>,
    /// Which accelerator: auto takes KVM only where a guest really comes up under it
    #[arg(long, value_enum, default_value_t)]
    pub accel: AccelRequest,
}

/// Whether topologies are checked.
#[derive(Debug, Default, clap::Args)]
pub struct LintArgs {
    /// Boot a topology even where it breaks rules: the broken rules are printed, and QEMU may refuse, crash or mislead
    #[arg(long)]
    pub dangerously_skip_lint: bool,
}

impl KernelArgs {
    /// A request for this kernel and nothing else.
    pub fn request(&self) -> Request {
        Request {
            kernel: self.kernel.clone(),
            linux: self.linux.clone(),
            flavour: self.flavour.clone(),
            up_to: self.up_to.clone(),
            ..Request::default()
        }
    }
}

/// The value of `--cell`.
///
/// # Errors
/// It cannot be read; shows the place.
pub fn cell_filter(text: Option<&str>) -> Result<Option<CellFilter>, Usage> {
    let read = |text: &str| {
        let wrong = |error: FilterError| Usage { message: format!("--cell: {error}"), hint: error.hint() };
        text.parse().map_err(wrong)
    };
    text.map(read).transpose()
}

/// The form of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PictureForm {
    /// For the terminal
    Text,
    /// For documents and browsers
    Svg,
    /// For Markdown pages
    Mermaid,
    /// For graphviz
    Dot,
}
