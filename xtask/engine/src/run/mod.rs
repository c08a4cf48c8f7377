//! From a request to a verdict: plan, schedule, preparation of the kernels, the lives of their cells.

pub mod accel;
mod cell;
mod commands;
mod error;
mod execute;
mod expand;
mod flakes;
mod fuzz;
mod guest;
mod history;
mod machine;
mod ndctl;
mod order;
mod plan;
mod planner;
mod pool;
mod prepare;
mod promises;
mod request;
mod schedule;
mod selection;
mod shard;

pub use commands::{commands, make_commands, work_slot};
pub use error::RunError;
pub use execute::{Finished, Options, Policy, RunContext, execute};
pub use fuzz::{Failures, RandomTopologies, Smallest};
pub use guest::{Shell, find_qemu, shell};
pub use order::Order;
pub use plan::{Boot, Cell, Plan};
pub use prepare::{PreparedKernel, build, find_built, prepare, prepare_guests, warnings};
pub use request::Request;
pub use selection::name_of;
pub use shard::Shard;
