//! All that can go wrong between a source tree and a built kernel.

use std::path::PathBuf;
use std::{fmt, io};

use fault::{Fault, ToolError};
use host::ProcessError;

/// A kernel that could not be configured or built. Which of these speak of the kernel and which of the
/// machine, [`BuildError::is_infrastructure`] says.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A tool that a kernel build needs is not there.
    #[error("{program} not found: {why}")]
    Missing {
        /// Program.
        program: &'static str,
        /// Name of the need: the Debian package that brings the program.
        need: &'static str,
        /// What it is for.
        why: &'static str,
    },
    /// Options of the fragments did not survive `olddefconfig`.
    #[error("{}", lost_text(.0))]
    Lost(Vec<LostOption>),
    /// make failed.
    #[error("{doing} failed: {headline}\n  log: {}", .log.display())]
    Make {
        /// What was being made: "building the kernel".
        doing: &'static str,
        /// The first compiler, linker or modpost error with its context, not the last line of make.
        headline: String,
        /// All that make printed.
        log: PathBuf,
    },
    /// make was killed, the machine was full or lacks a library: no word about the kernel.
    #[error("{doing} was cut short: {headline}\n  log: {}", .log.display())]
    Machine {
        /// What was being made.
        doing: &'static str,
        /// The first line of the error, as make or a tool printed it.
        headline: String,
        /// The next step, where one is known.
        hint: Option<String>,
        /// All that make printed.
        log: PathBuf,
    },
    /// The kernel's own code for counters does not know those of this compiler, and a guest would crash.
    #[error(
        "this kernel cannot count lines that {compiler} compiled: {file} knows nothing of gcc {since} and later"
    )]
    Counters {
        /// The first line of `gcc --version`.
        compiler: String,
        /// The file of the kernel.
        file: &'static str,
        /// The gcc that brought other counters.
        since: u32,
    },
    /// A build left a symbolic link where the tool reads what it made.
    #[error("the build left a symbolic link, which is not followed: {}", .0.display())]
    Link(PathBuf),
    /// A version that cannot be read.
    #[error("`{0}` is no kernel version: wanted major.minor first")]
    Version(String),
    /// `tools/testing/cxl` does not compile in this tree, while the kernel itself does. Returned only by
    /// [`super::Mock::root`]: a build with such a tree succeeds.
    #[error(
        "cxl_test does not compile: {0}; the production modules are built and boot, suites on the mock bus cannot run"
    )]
    MockDoesNotCompile(String),
    /// There is no `tools/testing/cxl` in this tree. Returned likewise.
    #[error("the tree has no tools/testing/cxl: suites on the mock bus cannot run")]
    NoMock,
    /// The mock modules were not wanted of this build. Returned likewise.
    #[error("the mock modules were left out of this build")]
    MockLeftOut,
    /// A process could not be run, or a short one failed.
    #[error(transparent)]
    Process(ProcessError),
    /// A file of the build could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The user interrupted.
    #[error("interrupted")]
    Interrupted,
}

impl From<ProcessError> for BuildError {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Interrupted => Self::Interrupted,
            other => Self::Process(other),
        }
    }
}

/// One option that a fragment asks for and the resulting `.config` does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostOption {
    /// Name without `CONFIG_`.
    pub symbol: String,
    /// Where it is asked for: `cxl.config:12`.
    pub at: String,
    /// As in the fragment.
    pub wanted: String,
    /// As in `.config`; `n` for an absent one.
    pub got: String,
    /// Why: unmet dependencies, a select, a missing prompt. Never empty.
    pub because: Vec<String>,
}

impl fmt::Display for LostOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: CONFIG_{}: wanted {}, got {}", self.at, self.symbol, self.wanted, self.got)?;
        for reason in &self.because {
            write!(f, "\n    {reason}")?;
        }
        Ok(())
    }
}

fn lost_text(lost: &[LostOption]) -> String {
    let plural = if lost.len() == 1 { "" } else { "s" };
    let mut text = format!("{} kconfig option{plural} of the fragments cannot be set", lost.len());
    for option in lost {
        text.push_str("\n  ");
        text.push_str(&option.to_string());
    }
    text
}

impl ToolError for BuildError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Process(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        match self {
            Self::Missing { .. } | Self::Machine { .. } | Self::Counters { .. } => Fault::Machinery,
            Self::Interrupted => Fault::Interrupted,
            _ => Fault::Kernel,
        }
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { need, .. } => return Some(format!("install the package {need}")),
            Self::Lost(_) => {
                "set what is missing in the same fragment, or mark the option with \
                 `#: since X.Y`, `#: until X.Y` or `#: optional REASON` in the line above"
            }
            Self::Make { .. } => {
                "mend it in the tree or the series; the log has all of it, `cargo xtask build` tries again"
            }
            Self::Machine { hint: Some(hint), .. } => hint,
            Self::Machine { .. } => "try again; the log has all that make printed",
            Self::Counters { .. } => "count on a newer kernel, or put an older gcc first on the PATH",
            Self::Link(_) => {
                "see what in the tree's Makefiles makes it; a build has no business outside of its folder"
            }
            Self::Version(_) => "correct VERSION and PATCHLEVEL at the top of the tree's Makefile",
            Self::MockDoesNotCompile(_) | Self::NoMock => {
                "mend tools/testing/cxl, or choose suites that do without: `cargo xtask run --suite enumerate`"
            }
            Self::MockLeftOut => "`cargo xtask build` makes them",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
