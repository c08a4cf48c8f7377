//! Why a run could not be planned or carried out. Never a verdict.

use std::path::PathBuf;

use cxl_topology::{Lacking, TopologyError};
use fault::{Fault, ToolError};
use guest::GuestError;
use host::CacheError;
use kbuild::{BuildError, FragmentError};
use report::StoreError;
use source::{OwnTreeError, SourceError};
use specfile::SpecError;
use vm::VmError;

use crate::judge::ExpectError;

/// Why a run could not be planned or carried out.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file of the user's is wrong.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A topology is wrong.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// A source is not available, or a series does not apply.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// What should be the user's own tree is none.
    #[error(transparent)]
    OwnTree(#[from] OwnTreeError),
    /// A kernel could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A suite's `expect.yaml` is wrong.
    #[error(transparent)]
    Expect(#[from] ExpectError),
    /// A fragment is wrong.
    #[error(transparent)]
    Fragment(#[from] FragmentError),
    /// The guest's image could not be packed.
    #[error(transparent)]
    Guest(#[from] GuestError),
    /// The guest could not be started or followed.
    #[error(transparent)]
    Vm(#[from] VmError),
    /// The cache could not be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The run's folder could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The QEMU cannot be this topology.
    #[error(transparent)]
    Lacking(#[from] Lacking),
    /// There is no QEMU.
    #[error("there is no {}", .program.display())]
    NoQemu {
        /// What was looked for.
        program: PathBuf,
    },
    /// A guest with mock modules was asked for, and they did not build.
    #[error("this kernel has no mock modules: {why}")]
    NoMock {
        /// The headline of the failed build, or that the tree has none.
        why: String,
    },
    /// No source of ndctl is available and builds.
    #[error("ndctl's tools are not available{}", .tried.iter().map(|line| format!("\n  {line}")).collect::<String>())]
    NoNdctl {
        /// Each source, with the reason why it cannot be used.
        tried: Vec<String>,
    },
    /// A name that nothing has.
    #[error("there is no {what} '{name}'")]
    Unknown {
        /// What it should have been.
        what: String,
        /// The name.
        name: String,
        /// The nearest, or all known.
        hint: String,
    },
    /// No suite that is wanted has such a case.
    #[error("{}", match &suites[..] {
        [suite] => format!("suite {suite} has no case '{case}'"),
        _ => format!("none of the suites {} has a case '{case}'", suites.join(", ")),
    })]
    NoCase {
        /// Its name, as it was asked for.
        case: String,
        /// The suites that are wanted.
        suites: Vec<String>,
        /// The nearest, or where it is.
        hint: String,
    },
    /// Nothing is left to run.
    #[error(
        "nothing to run: no cell has a case that fits{}{}",
        .options.iter().map(|option| format!(" {option}")).collect::<String>(),
        .left_out.iter().map(|line| format!("\n  {line}")).collect::<String>()
    )]
    Empty {
        /// What was asked for, as options.
        options: Vec<String>,
        /// Suites that could not be run, with the reasons.
        left_out: Vec<String>,
    },
    /// The kernel is another one than that with which the run was begun.
    #[error(
        "kernel {kernel} is another one than that with which {run} was begun: its source, series, fragments or compiler have changed"
    )]
    Changed {
        /// Its name in patchbench.yaml.
        kernel: String,
        /// The run that is taken up.
        run: String,
    },
    /// A file of a suite is another one than that with which the run was begun.
    #[error("{} is another one than that with which {run} was begun", .path.display())]
    ScenarioChanged {
        /// The file.
        path: PathBuf,
        /// The run that is taken up.
        run: String,
    },
    /// `--up-to` names no prefix of this kernel's series.
    #[error("--up-to: {why}")]
    UpTo {
        /// What is wrong with it.
        why: String,
    },
    /// A guest ran another kernel or module than was built for it.
    #[error("{cell}: the guest ran {what}: what it showed is nobody's verdict")]
    OtherCode {
        /// The cell.
        cell: String,
        /// The module, or vmlinux, with its build id and that of the build.
        what: String,
        /// The initramfs that the guest had.
        image: PathBuf,
    },
    /// The file of a cell's job is not one.
    #[error("{}: {message}", .path.display())]
    Job {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A file of the run could not be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl ToolError for RunError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Spec(error) => Some(error),
            Self::Topology(error) => Some(error),
            Self::Source(error) => Some(error),
            Self::OwnTree(error) => Some(error),
            Self::Build(error) => Some(error),
            Self::Fragment(error) => Some(error),
            Self::Guest(error) => Some(error),
            Self::Vm(error) => Some(error),
            Self::Cache(error) => Some(error),
            Self::Lacking(error) => Some(error),
            Self::Expect(error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        match self {
            Self::Unknown { .. }
            | Self::NoCase { .. }
            | Self::UpTo { .. }
            | Self::Empty { .. }
            | Self::Changed { .. }
            | Self::ScenarioChanged { .. } => Fault::Usage,
            Self::NoMock { .. } => Fault::Kernel,
            _ => Fault::Machinery,
        }
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::OtherCode { image, .. } => {
                return Some(format!(
                    "remove {}, and run it again; if it comes back, the tool has mixed up its builds: report it",
                    image.display()
                ));
            }
            Self::Unknown { hint, .. } | Self::NoCase { hint, .. } => hint,
            Self::NoQemu { .. } => "cargo xtask setup installs one, --qemu PATH names one",
            Self::NoMock { .. } => {
                "do without the mock bus: `cargo xtask boot TOPOLOGY`, or suites on production modules"
            }
            Self::NoNdctl { tried } if tried.is_empty() => {
                "name its sources under `ndctl:` in patchbench.yaml, or a tree with --ndctl DIR"
            }
            Self::NoNdctl { .. } => "--ndctl DIR takes a tree of your own",
            Self::Empty { .. } => {
                "`cargo xtask run --list` shows the cells that there are; --suite and --topology add to them"
            }
            Self::Changed { .. } | Self::ScenarioChanged { .. } => {
                "begin a new run; `results merge` makes one of several"
            }
            Self::UpTo { .. } => {
                "--up-to [SERIES:]N takes the first N patches of a series of the kernel; 0 is the kernel without it"
            }
            Self::Job { .. } => fault::OURS,
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
