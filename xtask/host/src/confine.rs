//! The box that a stranger's code runs in: a build of somebody's tree, an emulator that somebody's kernel talks to.
//!
//! A Makefile runs as the user who calls make, and QEMU's emulation of CXL is no security boundary (QEMU's docs/system/security.rst
//! names accelerators with hardware support alone). So what runs their code sees the system's programs read-only, the folders that it
//! works in, and nothing else: not the home folder, no other process, no network.
//!
//! There are two ways. Namespaces, made by bubblewrap, hide what is not the box's. Where an ordinary user may not have them, Landlock
//! refuses it. Either comes with a filter of system calls and with limits.

mod detect;
mod inside;
mod landlock;
mod limits;
mod namespaces;
mod policy;
mod prepare;
mod strength;
mod syscalls;
mod system;
#[cfg(test)]
mod tests;

pub use inside::Confinement;
pub(crate) use limits::Watched;
pub use limits::{Broken, Limits};
pub use policy::{Policy, policy, set_policy};
pub(crate) use prepare::Prepared;
pub use strength::Strength;
pub(crate) use system::is_harmless;
