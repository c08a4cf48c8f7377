//! What the host and the guest's agent say to each other.
//!
//! The host packs a [`Job`] into the guest's initramfs as [`JOB_PATH`]. The agent answers with one
//! [`FromGuest`] a line (JSON, newline-terminated) on the virtio-serial port named [`PORT_NAME`], and the
//! host answers an [`FromGuest::Ask`] with one [`ToGuest`] a line on the same port. Without a host on the
//! other end (a replay by hand) the agent still runs its job.
//!
//! Types, and the one text form of what is expected ([`tree`]): nothing else, so that neither side can drift.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub mod tree;

/// Version of everything in this crate. Agent and host are always built together; a mismatch means that a
/// stale image was booted and is an error on both sides.
pub const PROTOCOL: u32 = 1;

/// Name of the virtio-serial port, as in `/sys/class/virtio-ports/*/name`.
pub const PORT_NAME: &str = "patchbench.0";

/// Where the job lies in the guest.
pub const JOB_PATH: &str = "/bench/job.json";

/// What the topology must look like from inside, for the `cxl-expect` command of the agent.
pub const EXPECT_PATH: &str = "/bench/expect.json";

/// Where `scenarios/lib.sh` lies in the guest; cases source it.
pub const LIB_PATH: &str = "/bench/lib.sh";

/// Folder with the suite's files (cases and whatever lies beside them).
pub const SUITE_PATH: &str = "/bench/suite";

/// Folder of ndctl's own tests and their helpers, in a guest with that userland.
pub const TESTS_PATH: &str = "/usr/share/ndctl/test";

/// Prefix of the lines that the agent writes into the kernel log (`/dev/kmsg`), so that a splat on the
/// console can be attributed to the case during which it came. A marker is
/// `patchbench[TOKEN]: begin CASE` or `patchbench[TOKEN]: end CASE`; TOKEN is [`Job::token`].
pub const MARKER: &str = "patchbench";

/// All that one boot of a guest has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// [`PROTOCOL`] of the host that wrote this.
    pub protocol: u32,
    /// Random text that marks the genuine markers in the kernel log: a case cannot know it in advance.
    pub token: String,
    /// Modules to load before the first case, in order.
    pub modules: Vec<String>,
    /// Whether to load modules by modalias on uevents, as udev would.
    pub autoload: bool,
    /// Whether the userland's own udevd does so instead.
    pub udev: bool,
    /// Modules (canonical names, `_` not `-`) that autoloading leaves alone; cases may load them by name.
    pub withhold: Vec<String>,
    /// How many CXL memdevs must be there (bound or not) before the first case; waits at most `settle_ms`.
    pub memdevs: u32,
    /// Longest wait for the device tree to come to rest before the first case, in milliseconds.
    pub settle_ms: u64,
    /// The cases in the order in which they run.
    pub cases: Vec<Case>,
    /// Extra environment of every case.
    pub env: BTreeMap<String, String>,
    /// Give a shell on the console instead of running cases.
    pub shell: bool,
}

/// One case of a [`Job`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name of the case within its suite: the script's file name without `.sh`.
    pub name: String,
    /// Path of the script in the guest.
    pub script: String,
    /// Deadline in milliseconds; then the case's process group is killed and its end is `TimedOut`.
    pub timeout_ms: u64,
}

/// What the guest says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case")]
pub enum FromGuest {
    /// First line of every boot.
    Hello {
        /// [`PROTOCOL`] of the agent.
        protocol: u32,
        /// `uname -r`.
        release: String,
        /// Milliseconds since the guest kernel's start.
        uptime_ms: u64,
    },
    /// Something worth knowing that belongs to no case: a module that did not load, a wait that ran out.
    Note {
        /// One line of text.
        text: String,
    },
    /// The case of this index in [`Job::cases`] starts.
    Begin {
        /// Index in [`Job::cases`].
        case: u32,
    },
    /// Output of the running case (stdout and stderr together), not split at line ends.
    Output {
        /// Index in [`Job::cases`].
        case: u32,
        /// Bytes as lossy UTF-8; control characters are still in it.
        text: String,
    },
    /// The case has ended and all of its output was sent.
    End {
        /// Index in [`Job::cases`].
        case: u32,
        /// How it ended.
        how: CaseEnd,
        /// Wall time in milliseconds.
        ms: u64,
        /// Bytes of output beyond the agent's cap, which were dropped.
        dropped: u64,
    },
    /// A case asks for what only the host can do, e.g. `["device-del", "mem0"]`.
    Ask {
        /// Names the answer.
        id: u32,
        /// The request's words.
        words: Vec<String>,
    },
    /// Last line: all cases were run, the guest powers off.
    Bye {
        /// How many cases were run.
        ran: u32,
    },
}

/// How a case's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseEnd {
    /// Exit status: 0 pass, 4 skip, else fail.
    Exit(i32),
    /// Killed by this signal.
    Signal(i32),
    /// Killed by the agent at its deadline.
    TimedOut,
    /// Could not be started; the text of the error went out as output.
    NotStarted,
}

/// What the host says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case")]
pub enum ToGuest {
    /// Answer to [`FromGuest::Ask`].
    Answer {
        /// Id of the request.
        id: u32,
        /// Whether it was done.
        ok: bool,
        /// What came of it, or the error.
        text: String,
    },
}

/// What `/sys/bus/cxl` must show, derived from a topology by the host and compared by the agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Root decoders, one a fixed memory window, in the order of their host physical addresses.
    pub windows: Vec<ExpectWindow>,
    /// Ports: host bridges and switches.
    pub ports: Vec<ExpectPort>,
    /// Memory devices.
    pub memdevs: Vec<ExpectMemdev>,
    /// Regions to be created, and others to be refused; a sample.
    pub regions: Vec<ExpectRegion>,
}

/// A root decoder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectWindow {
    /// Bytes.
    pub size: u64,
    /// Interleave granularity in bytes, as `interleave_granularity` shows it: 256 for a window of one target,
    /// whatever the firmware said (Linux, `drivers/cxl/acpi.c`, `__cxl_parse_cfmws()`).
    pub granularity: u64,
    /// ACPI `_UID` of the target host bridges, in interleave order; their number is the ways.
    pub targets: Vec<u32>,
}

/// A port that is neither root nor endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectPort {
    /// Id in the topology file.
    pub id: String,
    /// Where it hangs, for the reader: `hb0` or `hb0/rp0/sw0`.
    pub place: String,
    /// The PCI device that is its `uport`.
    pub at: PciPath,
    /// Its downstream ports, sorted by device number.
    pub dports: Vec<ExpectDport>,
}

/// A downstream port of an [`ExpectPort`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectDport {
    /// Name in the topology, for the reader: `rp0`, `dp1`.
    pub name: String,
    /// PCI device number on the bus below the port.
    pub device: u8,
    /// PCIe port number, which is the N of sysfs' `dportN`.
    pub number: u32,
    /// Whether a memory device lies below, so that the dport must be there. Without one it may be: Linux 6.12
    /// adds all dports when the port is probed, 7.3 adds a dport when an endpoint attaches through it.
    pub required: bool,
}

/// A memory device and its endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectMemdev {
    /// Id in the topology file.
    pub id: String,
    /// Where it hangs, for the reader: `hb0/rp0` or `hb0/rp0/sw0/dp1`.
    pub place: String,
    /// The PCI device itself.
    pub at: PciPath,
    /// PCI serial number.
    pub serial: u64,
    /// Volatile bytes.
    pub ram: u64,
    /// Persistent bytes.
    pub pmem: u64,
    /// Bytes of the label storage area, as `label_storage_size` shows it; 0 for none.
    pub lsa: u64,
    /// NUMA node, as the memdev's `numa_node` shows it; -1 where the topology gives none.
    pub node: i32,
}

/// A region, and what decoders must show once it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectRegion {
    /// For the reader.
    pub name: String,
    /// Why it must be refused; none: it must not.
    pub refused: Option<String>,
    /// Index of the window: N of `decoder0.N`.
    pub window: u32,
    /// `ram` or `pmem`.
    pub kind: String,
    /// Interleave ways.
    pub ways: u32,
    /// Interleave granularity in bytes.
    pub granularity: u64,
    /// Bytes.
    pub size: u64,
    /// Serial numbers of the devices, in interleave order.
    pub serials: Vec<u64>,
    /// Decoders between root and endpoints.
    pub decoders: Vec<ExpectDecoder>,
}

/// What a decoder of a port shows for a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectDecoder {
    /// Id of the host bridge or switch.
    pub id: String,
    /// The PCI device that is the port's `uport`.
    pub at: PciPath,
    /// `interleave_ways`.
    pub ways: u32,
    /// `interleave_granularity`.
    pub granularity: u64,
    /// `target_list`: numbers of dports.
    pub targets: Vec<u32>,
}

/// A place in the PCI tree that does not depend on bus numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PciPath {
    /// ACPI `_UID` of the host bridge; QEMU makes it the bus number of the `pxb-cxl`.
    pub host_bridge: u32,
    /// PCI device number at each level below, function 0 throughout; empty for the host bridge itself.
    pub devices: Vec<u8>,
}
