//! Patches as mails: mailboxes split, a mail taken out of its encodings, its subject understood, and all of it written back as
//! `git format-patch` writes.

mod error;
mod header;
mod hunk;
mod mbox;
mod message;
mod patch_id;
mod subject;
#[cfg(test)]
mod tests;
mod text;

pub use error::MailError;
pub use header::Mailbox;
pub(in crate::series) use hunk::hunk;
pub use mbox::split;
pub use message::Message;
pub use patch_id::{Refusal, patch_ids, refusal};
pub use subject::{Subject, slug};
pub(in crate::series) use text::start_of_patch;
