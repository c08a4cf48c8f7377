//! From a request to a verdict: plan, preparation of the kernel, one cell after the other.

pub mod accel;
mod cell;
mod commands;
mod error;
mod execute;
mod expand;
mod flakes;
mod fuzz;
mod guest;
mod ndctl;
mod order;
mod plan;
mod prepare;
mod promises;
mod request;

pub use commands::{commands, make_commands, work_slot};
pub use error::RunError;
pub use execute::{Bench, Finished, Options, execute};
pub use fuzz::{Drawn, Reds, Smallest};
pub use guest::{Shell, find_qemu, shell};
pub use order::Order;
pub use plan::{Boot, Cell, Plan};
pub use prepare::{Ready, build, find_built, prepare, prepare_guests};
pub use request::Request;
