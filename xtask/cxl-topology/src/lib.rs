//! Topologies: read, checked, numbered; then turned into QEMU arguments, into what `/sys/bus/cxl` must show, and
//! into text. Pure but for the reading.

mod assign;
pub mod bytes;
mod capabilities;
pub mod draw;
mod expect;
pub mod generate;
mod load;
mod model;
#[cfg(test)]
mod properties;
pub mod qemu;
mod random;
pub mod raw;
pub mod regions;
mod rules;
mod text;

pub use capabilities::{Capabilities, Lacking, QemuVersion};
pub use expect::expect;
pub use load::{Linted, TopologyError, lint, names};
pub use model::{Below, Device, HostBridge, Placed, Port, Slot, Switch, Topology, Window};
pub use random::{random, shrink};
pub use rules::{Finding, RULES, Rule, Severity, rule};
pub use text::{one_liner, tree};
