//! What the files are to say.

use crate::series::mail::Mailbox;

/// What the files are to say, beside what the series does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// The version [default: that of the series].
    pub version: Option<u32>,
    /// The commit that it is based on [default: that of the series].
    pub base: Option<String>,
    /// `RFC`, or the name of a tree, before `PATCH`.
    pub prefix: Option<String>,
    /// Who sends it and signs it off; none for the sign-offs as they are.
    pub signoff: Option<Mailbox>,
}
