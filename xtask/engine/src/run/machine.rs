//! What the machine can carry: how many guests at a time, in how much memory, and how busy others keep it.

use std::num::NonZeroUsize;
use std::path::Path;
use std::{fs, thread};

use cxl_topology::Capabilities;
use vm::Accel;

use super::Cell;
use super::head_start::HeadStart;
use super::history::History;
use super::schedule::{Limits, Resources};

/// What guests of one kernel find on this machine.
pub(super) struct Machine<'a> {
    pub(super) qemu: &'a Path,
    pub(super) capabilities: &'a Capabilities,
    pub(super) accel: Accel,
    pub(super) history: History,
    /// Where a guest may wait that was started before its modules were there.
    pub(super) head_start: &'a HeadStart,
}

impl Machine<'_> {
    /// What a cell needs, and how soon it should start.
    pub(super) fn resources(&self, cell: &Cell) -> Resources {
        let times = self.history.of(&cell.id);
        Resources { memory: memory(cell), seconds: times.expected(cell), was_red: times.was_red() }
    }
}

/// What QEMU takes beside the guest's memory: its own code, TCG's translations, the images that it loads.
const QEMU: u64 = 512 << 20;
/// Of what is free, what guests may take: the rest is for make and the files that it reads.
const SHARE: u64 = 80;
/// The longest that a busy machine may make a deadline, in times.
const SLOWEST: u32 = 4;

/// How many guests run at a time where nothing else is asked for: one a processor. A guest has two, but most of the time at most one of them
/// is busy.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// What this machine has now.
pub(super) fn limits(jobs: Option<usize>) -> Limits {
    let free = available(&fs::read_to_string("/proc/meminfo").unwrap_or_default());
    // Where the tool runs in a container, that is what bounds it.
    let number = |name: &str| -> Option<u64> {
        fs::read_to_string(format!("/sys/fs/cgroup/memory.{name}")).ok()?.trim().parse().ok()
    };
    let contained = number("max").zip(number("current")).map(|(max, current)| max.saturating_sub(current));
    let memory = [free, contained].into_iter().flatten().min().unwrap_or(u64::MAX);
    Limits { slots: jobs.unwrap_or_else(processors), memory: memory / 100 * SHARE }
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

/// The memory that a guest of this cell can come to fill: its own, and that of its devices.
pub(super) fn memory(cell: &Cell) -> u64 {
    let of_devices: u64 = cell.topology.devices().iter().map(|at| at.device.backing().0).sum();
    cell.topology.memory.0 + of_devices + QEMU
}

/// How many times as long everything takes because others want the processors too.
pub(super) fn slowness() -> u32 {
    slowness_of(&fs::read_to_string("/proc/loadavg").unwrap_or_default(), processors())
}

/// The mean number of tasks that wanted a processor in the last minute, for each processor.
fn slowness_of(loadavg: &str, processors: usize) -> u32 {
    let load: f64 = loadavg.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0);
    #[expect(clippy::cast_precision_loss, reason = "a number of processors")]
    let times = load / processors.max(1) as f64;
    (1..SLOWEST).find(|whole| times <= f64::from(*whole)).unwrap_or(SLOWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_read() {
        let text = "MemTotal:       24576000 kB\nMemFree:          100000 kB\nMemAvailable:   20000000 kB\n";
        assert_eq!(available(text), Some(20_000_000 << 10));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn a_busy_machine_is_slow_within_bounds() {
        let all: Vec<u32> = ["0.10", "2.00", "2.01", "5.5", "99.0", "", "x"]
            .iter()
            .map(|load| slowness_of(&format!("{load} 1.00 1.00 3/400 1234\n"), 2))
            .collect();
        assert_eq!(all, [1, 1, 2, 3, 4, 1, 1]);
    }
}
