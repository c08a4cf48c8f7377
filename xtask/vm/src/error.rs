//! What can go wrong around a guest. What goes wrong within one is a transcript, not an error.

use std::io;
use std::path::PathBuf;

use fault::ToolError;
use host::ProcessError;

use super::LostAt;

/// The guest could not be started or followed.
#[derive(Debug, thiserror::Error)]
pub enum VmError {
    /// QEMU could not be started.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file or socket of ours failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// QEMU runs and does not open its sockets.
    #[error("QEMU did not connect within {} s\n  command: {command}{}", .after.as_secs(), lines(.tail))]
    Silent {
        /// Ready to paste.
        command: String,
        /// How long it was waited for.
        after: std::time::Duration,
        /// Its last lines.
        tail: Vec<String>,
    },
    /// QEMU has lost an interrupt of the guest, which stands still since.
    #[error("QEMU lost interrupt {vector} of the guest's processor {cpu}: {at}, and the processor sleeps")]
    LostInterrupt {
        /// Number of the processor.
        cpu: u64,
        /// The interrupt's vector.
        vector: u8,
        /// Where it got stuck.
        at: LostAt,
    },
    /// The binary answers, but not as QEMU's machine protocol does.
    #[error("{} is not a QEMU that can be used: {why}{}", .qemu.display(), lines(.tail))]
    NotQemu {
        /// The binary.
        qemu: PathBuf,
        /// What was missing.
        why: String,
        /// Its last lines.
        tail: Vec<String>,
    },
    /// A template of ours does not render: a defect of the tool.
    #[error("rendering {name}")]
    Template {
        /// Name of the file that it makes.
        name: &'static str,
        /// The template engine's error.
        source: minijinja::Error,
    },
}

impl ToolError for VmError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Process(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }

    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::Silent { .. } => "try the command by hand",
            Self::LostInterrupt { .. } => "this is QEMU's own fault, and seldom: try again, or with KVM",
            Self::NotQemu { .. } => "--qemu PATH names another one; `cargo xtask setup` installs one",
            Self::Template { .. } => fault::OURS,
            Self::Process(_) | Self::Io(_) => return None,
        };
        Some(hint.to_owned())
    }
}

fn lines(tail: &[String]) -> String {
    tail.iter().flat_map(|line| ["\n  | ", line]).collect()
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn a_template_that_does_not_render_says_why_once() {
        let source = minijinja::Error::new(minijinja::ErrorKind::UndefinedError, "no such value");
        let error = VmError::Template { name: "replay.sh", source };
        let cause = error.source().expect("a cause").to_string();
        assert!(!error.to_string().contains(&cause));
        assert_eq!(fault::one_line(&error), format!("rendering replay.sh: {cause}"));
    }
}
