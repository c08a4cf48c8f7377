//! What boots beside the kernel: the initramfs with agent, userland and modules, and the job laid on top of it.
//!
//! Everything is deterministic: the same inputs give the same bytes. Nothing here starts a guest.

mod agent;
mod busybox;
mod closure;
mod cpio;
mod error;
mod image;
mod job;
mod ndctl;
mod userland;

pub use agent::agent;
pub use busybox::Busybox;
pub use cpio::Archive;
pub use error::GuestError;
pub use image::{Image, Inputs, guest_mode, image};
pub use job::{JobFile, job_archive, wait_archive};
pub use ndctl::{Ndctl, NdctlTree};
pub use userland::Closed;
