//! Why a mail cannot be read.

use fault::{Fault, ToolError};

/// Why a mail cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct MailError {
    pub(super) what: String,
}

impl ToolError for MailError {
    fn fault(&self) -> Fault {
        Fault::Usage
    }
}
