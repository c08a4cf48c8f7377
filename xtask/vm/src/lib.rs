//! Boots a guest under QEMU and brings back a [`Transcript`](event::Transcript) of it.
//!
//! Nothing here judges: what the guest reported, what stood on its console and how it ended is all that is returned.

mod accel;
mod accept;
mod answers;
mod boot;
mod command;
mod console;
mod deadlines;
mod early;
mod error;
mod files;
mod frames;
mod kvm;
mod lost_interrupt;
mod probe;
mod qmp;
mod replay;
mod requests;
mod shell;
mod sockets;
mod transcript;
mod watch;

pub use accel::Accel;
pub use boot::{Boot, no_requests};
pub use command::{Machine, command_line};
pub use deadlines::{Deadlines, timeout_scale};
pub use early::{EarlyGuest, LateFile};
pub use error::VmError;
pub use kvm::{NoGuest, kvm_works};
pub use lost_interrupt::LostAt;
pub use probe::{QemuFacts, probe};
pub use qmp::{Qmp, QmpError};
pub use replay::replay_script;
pub use requests::{HostRequests, QemuRequests};
