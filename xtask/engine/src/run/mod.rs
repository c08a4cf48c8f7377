//! From a request to a verdict: plan, schedule, preparation of the kernels, the lives of their cells.
//!
//! `planner` makes a `plan` of a request; `pool` does what the `schedule` says, by an `engine`; `engines` has those
//! that there are.

pub mod accel;
mod cell;
mod cells;
mod code;
mod commands;
mod context;
mod engine;
mod engines;
mod error;
mod execute;
mod expand;
mod flakes;
mod fuzz;
mod guest;
mod hardware;
mod head_start;
mod history;
mod job;
mod kernel;
mod machine;
mod misspelt;
mod ndctl;
mod options;
mod order;
mod own_tree;
mod plan;
mod planner;
mod pool;
mod prepare;
mod promises;
mod provider;
mod qemu;
mod readiness;
mod request;
mod scenarios;
mod schedule;
mod selection;
mod shard;
mod wanted;

pub use cells::{Boot, Cell};
pub use commands::{commands, install_command, make_commands};
pub use context::RunContext;
pub use engine::Engine;
pub use engines::LocalEngine;
pub use error::RunError;
pub use execute::{Finished, Kept, execute, execute_below};
pub use fuzz::{Failures, RandomTopologies, Smallest};
pub use guest::{Shell, shell};
pub use job::CellJob;
pub use kernel::PreparedKernel;
pub use options::{Options, Policy};
pub use order::Order;
pub use own_tree::{Settled, settle};
pub use plan::Plan;
pub use prepare::{build, build_without_mock, find_built, prepare, prepare_guests, warnings, work_slot};
pub use qemu::find_qemu;
pub use readiness::{Readiness, readiness};
pub use request::Request;
pub use schedule::{Limits, Resources};
pub use selection::name_of;
pub use shard::Shard;
