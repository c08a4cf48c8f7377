//! Options that several subcommands share.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use clap::builder::{PathBufValueParser, TypedValueParser};

use engine::run::Request;
use engine::run::accel::AccelRequest;
use fault::ToolError;
use host::requirements::find_program;
use spec::{CellFilter, FilterError};

use super::Usage;
use super::help::{EXECUTION, KERNEL};

/// The kernel that is meant.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = KERNEL)]
pub struct KernelArgs {
    /// A kernel of patchbench.yaml [default: the one under `defaults:` there]
    #[arg(long, value_name = "KERNEL")]
    pub kernel: Option<String>,
    /// Your own tree as it stands, with the series that fit it on top [default: the source of the kernel]
    ///
    /// Uncommitted changes are included. The tree is never written to.
    #[arg(long, value_name = "DIR", value_parser = folder())]
    pub linux: Option<PathBuf>,
    /// How the kernel is configured: plain, debug or debug-info [default: the one under `defaults:` of patchbench.yaml]
    ///
    /// debug has KASAN, lockdep and their like, debug-info gives traces with file and line. FLAVOUR is the name of a fragment
    /// of kconfig/.
    #[arg(long, value_name = "FLAVOUR")]
    pub flavour: Option<String>,
    /// Apply only the first N patches of a series of the kernel [default: all of them]
    ///
    /// Series that require this one are left out as well. 0 is the kernel without the series.
    #[arg(long, value_name = "[SERIES:]N")]
    pub up_to: Option<String>,
}

/// How guests are run.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = EXECUTION)]
pub struct GuestArgs {
    /// Start this QEMU [default: qemu-system-x86_64 on the PATH]
    #[arg(long, value_name = "PROGRAM", value_parser = program())]
    pub qemu: Option<PathBuf>,
    /// The engine that runs the cells
    #[arg(long, value_name = "ENGINE", hide = true)]
    pub on: Option<String>,
    /// The accelerator of guests
    #[arg(long, value_enum, default_value_t)]
    pub accel: AccelRequest,
}

/// Whether topologies are checked.
#[derive(Debug, Default, clap::Args)]
pub struct LintArgs {
    /// Boot a topology even where it breaks rules
    ///
    /// The broken rules are printed, and QEMU may refuse, crash or mislead.
    #[arg(long, help_heading = EXECUTION)]
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

/// The value of `--qemu`: a program that is there.
pub fn program() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match find_program(&path) {
        Some(_) => Ok(path),
        None => Err("there is no such program"),
    })
}

/// The value of an option that names a folder which has to be there.
pub fn folder() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new()
        .try_map(|path| if path.is_dir() { Ok(path) } else { Err("there is no such folder") })
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
