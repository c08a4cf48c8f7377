//! Regions: which are legal in a topology, and why another is not.
//!
//! The rules are Linux's (`drivers/cxl/core/region.c`, 6.12 and 7.3, the same in both), which refuses a region before
//! anything is written to the hardware, and QEMU's decoders (`hw/cxl/cxl-component-utils.c`).

mod check;
mod list;
mod sample;
#[cfg(test)]
mod tests;

use std::fmt;

use wire::PciPath;

use super::model::Device;
use crate::bytes::Bytes;

pub use check::check;
pub use list::{Listed, legal};
pub use sample::sample;

/// Interleave ways of a region, by the encoding of CXL 3.0 (`ways_to_eiw()`).
pub const WAYS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];

/// Interleave granularities of a region, by the encoding of CXL 3.0 (`granularity_to_eig()`).
pub const GRANULARITIES: [u64; 7] = [256, 512, 1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10];

/// Unit of a region's share of each device (`alloc_hpa()`).
pub const UNIT: Bytes = Bytes::mib(256);

/// A kind of memory that a device has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Volatile: `ram` of `cxl create-region`.
    Ram,
    /// Persistent: `pmem`.
    Pmem,
}

impl Kind {
    /// All of them, in the order of their DPA.
    pub const ALL: [Self; 2] = [Self::Ram, Self::Pmem];

    /// How much of it a device has.
    pub fn of(self, device: &Device) -> Option<Bytes> {
        match self {
            Self::Ram => device.volatile,
            Self::Pmem => device.persistent,
        }
    }
}

/// As `cxl create-region -t` takes it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ram => "ram",
            Self::Pmem => "pmem",
        })
    }
}

/// A region that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Index of its window, which is N of `decoder0.N` too.
    pub window: usize,
    /// The memory that it is made of.
    pub kind: Kind,
    /// Ids of its devices, in interleave order; their number is the ways.
    pub devices: Vec<String>,
    /// Bytes that go to one device before the next has its turn.
    pub granularity: Bytes,
    /// Bytes of all its devices together.
    pub size: Bytes,
}

/// The command that creates it.
impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, kind, devices, granularity, size } = self;
        write!(
            f,
            "cxl create-region -d decoder0.{window} -m -t {kind} -w {} -g {} -s {} {}",
            devices.len(),
            granularity.0,
            size.0,
            devices.join(" ")
        )
    }
}

/// What a decoder of a port holds for a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoder {
    /// Id of the host bridge or switch.
    pub id: String,
    /// Where the guest finds it.
    pub at: PciPath,
    /// Among how many of its ports it divides.
    pub ways: usize,
    /// By how much.
    pub granularity: Bytes,
    /// Numbers of those ports, in interleave order.
    pub targets: Vec<u32>,
}

/// Why a region is not legal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub why: String,
    /// The function that refuses it.
    pub who: &'static str,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.why, self.who)
    }
}
