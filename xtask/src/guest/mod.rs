//! What boots beside the kernel: the initramfs with agent, busybox and modules, and the job laid on top of it.
//!
//! Everything is deterministic: the same inputs give the same bytes. Nothing here starts a guest.

mod agent;
mod busybox;
mod cpio;
mod error;
mod image;
mod job;

pub use agent::agent;
pub use busybox::Busybox;
pub use cpio::Archive;
pub use error::GuestError;
pub use image::{Image, Inputs, image};
pub use job::{JobFile, job_archive};
