//! The machine that the tool runs on: processes, the cache, packages, the doctor.

pub mod apt;
mod cache;
pub mod confine;
mod digest;
mod distribution;
pub mod elf;
pub mod git;
mod io_at;
mod links;
mod process;
pub mod requirements;
pub mod setup;
pub mod signals;
mod temp;

pub use apt::{AptError, PrivateApt};
pub use cache::{Cache, CacheError, Guard, write_stamp};
pub use confine::Confinement;
pub use digest::{digest, hex, sha256};
pub use distribution::Distribution;
pub use git::{plain_git, users_git};
pub use io_at::io_at;
pub use links::link_among;
pub use process::{Output, Process, ProcessError, Running, Status, quote};
pub use temp::{TempFolder, collect as collect_left_behind};
