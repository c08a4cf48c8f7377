//! How strong a box is.

use std::fmt;
use std::path::PathBuf;

/// How strong the box of this machine is, found out by making one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strength {
    /// Namespaces, by this bubblewrap.
    Namespaces {
        /// The program.
        bwrap: PathBuf,
    },
    /// Landlock with this ABI, without namespaces.
    Landlock {
        /// ABI of the running kernel.
        abi: u32,
        /// Why there are no namespaces.
        why: String,
    },
    /// Nothing.
    None {
        /// What is missing.
        why: String,
    },
}

impl Strength {
    /// Whether nothing of what a box promises is missing.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Namespaces { .. })
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespaces { .. } => f.write_str("namespaces, system calls filtered"),
            Self::Landlock { abi, why } => {
                write!(f, "Landlock (ABI {abi}), system calls filtered; no namespaces: {why}")
            }
            Self::None { why } => write!(f, "none: {why}"),
        }
    }
}
