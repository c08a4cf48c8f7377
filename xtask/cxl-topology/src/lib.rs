//! CXL topologies as QEMU emulates them and Linux enumerates them: read from YAML, checked, numbered, and turned into
//! QEMU arguments, legal regions, what `/sys/bus/cxl` must show, and pictures.
//!
//! The crate starts no process: it reads files, and the rest is pure. It depends on two others of this project:
//! `specfile` (errors of YAML files that name file, line and field) and `wire` (the types of what sysfs must show, which
//! a guest reads too). What a QEMU can do is [`Capabilities`], which its user fills in from QMP's
//! `device-list-properties` of the types in [`typename`]; without a QEMU, [`Capabilities::of_release`] goes by the
//! release.
//!
//! # From YAML to QEMU's arguments
//!
//! [`Topology::from_yaml`] reads a text, [`Topology::load`] a file and what it extends. Both check it against [`RULES`].
//!
//! ```
//! use cxl_topology::qemu::{Backing, machine_args};
//! use cxl_topology::{Capabilities, QemuVersion, Topology};
//!
//! let topology = Topology::from_yaml(
//!     "small",
//!     "
//!     summary: one device
//!     host-bridges:
//!       - id: hb0
//!         root-ports:
//!           - device: { id: mem0, volatile: 256M, qemu: { x-speed: 16 } }
//!     windows:
//!       - { size: 1G, targets: [hb0] }
//!     ",
//! )?;
//! let qemu = Capabilities::of_release(QemuVersion::new(10, 0, 2));
//! let args = machine_args(&topology, &qemu, &Backing::Ram)?;
//! assert!(args[1].starts_with("q35,cxl=on,cxl-fmw.0.targets.0=hb0,cxl-fmw.0.size=1G"));
//! let device = "cxl-type3,id=mem0,bus=hb0.rp0,volatile-memdev=mem0.ram,sn=0x4301c4a2e313bcca,x-speed=16";
//! assert_eq!(args.last().unwrap(), device);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a QEMU lacks is a [`Lacking`], and a broken rule a [`Finding`]:
//!
//! ```
//! # use cxl_topology::qemu::{Backing, machine_args};
//! # use cxl_topology::{Capabilities, QemuVersion, Topology};
//! # let text = |size: &str| format!(
//! #     "{{summary: s, host-bridges: [{{id: hb0, root-ports: [device: {{id: mem0, volatile: {size}}}]}}]}}");
//! let topology = Topology::from_yaml("small", &text("256M"))?;
//! let old = Capabilities::of_release(QemuVersion::new(7, 2, 22));
//! let lacking = machine_args(&topology, &old, &Backing::Ram).unwrap_err();
//! assert_eq!(lacking.to_string(), "the volatile memory of mem0 needs QEMU 8.1 or newer, this is 7.2.22");
//!
//! let error = Topology::from_yaml("small", &text("300M")).unwrap_err().to_string();
//! assert!(error.contains("device.volatile: 300M is not a multiple of 256M [device-size]"));
//! # Ok::<(), cxl_topology::TopologyError>(())
//! ```
//!
//! # Regions and pictures
//!
//! ```
//! use cxl_topology::{Topology, draw, one_liner, regions};
//!
//! # let text = "{summary: s, host-bridges: [{id: hb0, root-ports: [
//! #     device: {id: mem0, volatile: 256M}, device: {id: mem1, volatile: 256M}]}],
//! #     windows: [{size: 1G, targets: [hb0]}]}";
//! let topology = Topology::from_yaml("pair", text)?; // two devices below one host bridge
//! let (legal, more) = regions::legal(&topology, 100);
//! assert!(!more);
//! let two_ways = legal.iter().find(|listed| listed.region.devices.len() == 2).unwrap();
//! assert_eq!(
//!     two_ways.region.to_string(),
//!     "cxl create-region -d decoder0.0 -m -t ram -w 2 -g 256 -s 536870912 mem0 mem1"
//! );
//! assert_eq!(one_liner(&topology), "hb0[rp: mem0 256M ram, mem1 256M ram] | 1G window → hb0");
//! assert!(draw::svg(&topology).starts_with("<svg "));
//! # Ok::<(), cxl_topology::TopologyError>(())
//! ```
//!
//! # A new property
//!
//! A field that becomes one property of a QEMU device is written in one file, that of its part: `raw/device.rs`,
//! `raw/port.rs` (switches too) or `raw/bridge.rs`. The field's doc comment is its text in `topologies/schema.json`, and
//! a row of the table below it ([`raw::Property`]) has QEMU's name, the release that brought it, the value and what is
//! printed.

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
pub mod setting;
mod text;
pub mod typename;
mod version;
mod walk;

pub use capabilities::{Capabilities, Lacking, lacking};
pub use expect::expect;
pub use load::{Linted, TopologyError, lint, names};
pub use model::{Below, Device, HostBridge, Port, Slot, Switch, Topology, Window};
pub use random::{random, shrink};
pub use rules::{Finding, RULES, Rule, Severity, rule};
pub use text::{one_liner, tree};
pub use version::{NoVersion, QemuVersion};
pub use walk::{Placed, PlacedPort};
