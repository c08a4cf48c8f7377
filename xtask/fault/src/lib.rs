//! What an error is to whoever called the tool: whose fault it is, from which the exit code follows, and the way out.
//!
//! The text of an error says what happened and nothing else. Its hint is printed once, below all causes.

use std::error::Error;

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The command line or a file of the user's: exit code 2.
    Usage,
    /// The kernel's: a series does not apply, or a tree does not build: exit code 3.
    Kernel,
    /// The machinery's: something is missing or broke: exit code 4.
    Machinery,
    /// Nobody's: the user interrupted: exit code 130.
    Interrupted,
}

/// An error of the tool.
pub trait ToolError: Error {
    /// Whose fault it is.
    fn fault(&self) -> Fault {
        Fault::Machinery
    }

    /// What to do about it, where that is known: without `hint:` before it.
    fn hint(&self) -> Option<String> {
        None
    }
}
