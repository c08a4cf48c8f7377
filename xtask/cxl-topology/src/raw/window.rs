//! A fixed memory window.

use serde::{Deserialize, Serialize};

use crate::bytes::Bytes;

/// A fixed memory window: a range of host physical addresses that is interleaved over host bridges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RawWindow {
    /// Its size, in multiples of 256M.
    pub size: Bytes,
    /// Ids of the host bridges, in interleave order: 1, 2, 3, 4, 6, 8, 12 or 16 of them.
    pub targets: Vec<String>,
    /// Bytes that go to one target before the next has its turn: 256, 512, 1k, 2k, 4k, 8k or 16k.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Bytes>,
}

impl RawWindow {
    /// Its granularity; QEMU's default where the file says nothing.
    pub fn granularity_or_default(&self) -> Bytes {
        self.granularity.unwrap_or(Bytes(256))
    }
}
