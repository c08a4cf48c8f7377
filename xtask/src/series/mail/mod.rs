//! Patches as mails: mailboxes split, a mail taken out of its encodings, its subject understood, and all of it written back as
//! `git format-patch` writes.

mod mbox;
mod message;
mod patch_id;
mod subject;
#[cfg(test)]
mod tests;

pub use mbox::split;
pub(in crate::series) use message::start_of_patch;
pub use message::{MailError, Mailbox, Message};
pub use patch_id::{patch_ids, refusal};
pub use subject::{Subject, slug};
