//! Why a mail cannot be read.

use fault::{Fault, ToolError};

/// Why a mail cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct MailError {
    pub(super) what: String,
}

impl ToolError for MailError {
    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        Some("take the mail as it was sent: the archive's raw message, or `b4 mbox MESSAGE-ID`".to_owned())
    }
}
