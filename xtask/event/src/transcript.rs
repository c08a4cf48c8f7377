//! What one boot left behind, before anyone judges it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use wire::{CaseEnd, Health};

/// Everything that is known of one boot: the agent's frames in digested form, the console, the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// By what the genuine markers of the cases are told, see [`wire::Markers`]; none where the agent did not come to announce it.
    pub anchor: Option<String>,
    /// The planned cases in order, each with what became of it.
    pub cases: Vec<CaseRun>,
    /// `uname -r`, which the agent reports when it starts; none where it did not start.
    pub release: Option<String>,
    /// Whether the agent has reported the end of the last case.
    pub bye: bool,
    /// Notes of the agent outside of any case.
    pub notes: Vec<String>,
    /// The console log (serial port), raw.
    #[serde(skip)]
    pub console: Vec<u8>,
    /// Bytes of the console that came after those that are kept, and were not judged.
    pub console_dropped: u64,
    /// The kernel's own log as the agent read it from `/dev/kmsg`, whatever the console showed.
    #[serde(skip)]
    pub kmsg: String,
    /// What the kernel counted, in order: before the first case, at the end of each, at the end.
    pub health: Vec<HealthReading>,
    /// The kernel ([`wire::KERNEL`]) and the modules that ran, each with its build id; with more than one where it was loaded again as
    /// another one.
    pub build_ids: BTreeMap<String, BTreeSet<String>>,
    /// How the virtual machine ended.
    pub end: VmEnd,
}

/// What the kernel counted at some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthReading {
    /// The case at the end of which it was read.
    pub case: Option<String>,
    /// What was read.
    pub health: Health,
}

/// One planned case, as the agent reported it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseRun {
    /// Name within the suite.
    pub name: String,
    /// Whether it was started.
    pub begun: bool,
    /// How it ended, if it did.
    pub end: Option<CaseEnd>,
    /// Wall time in milliseconds; up to the machine's end for one that did not end.
    pub ms: u64,
    /// Deadline in milliseconds.
    pub timeout_ms: u64,
    /// What it printed.
    pub output: String,
    /// Bytes of output that were dropped beyond the cap, none of them a result.
    pub dropped: u64,
    /// Whether results were dropped, too.
    pub cut: bool,
    /// Whether it, or a process that it left behind, cannot be killed: it hangs in the kernel.
    pub left: bool,
}

/// How a virtual machine ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VmEnd {
    /// The guest powered itself off and QEMU exited 0.
    PoweredOff,
    /// The guest asked for a reset (`-no-reboot` makes it an exit): a panic with `panic=-1`.
    Reset,
    /// Still running at the outer deadline, and killed.
    Deadline {
        /// The deadline in milliseconds.
        ms: u64,
    },
    /// The kernel had reported its death on the console, nothing more came, and QEMU was killed.
    Dead,
    /// QEMU itself died: status or signal in words, and the last lines of its stderr.
    QemuDied {
        /// In words: "exit status 1", "SIGKILL".
        how: String,
        /// Last lines of its stderr.
        stderr: String,
    },
    /// The user interrupted.
    Interrupted,
}

impl VmEnd {
    /// The assertion of its own that failed in QEMU, as it printed it. That says nothing about the guest, as long as the same
    /// guest does not cause it again and again.
    pub fn broken_assertion(&self) -> Option<&str> {
        let Self::QemuDied { how, stderr } = self else { return None };
        let assertion =
            stderr.lines().find(|line| line.contains("Assertion `") || line.contains("assertion failed"));
        assertion.filter(|_| how == "SIGABRT").map(str::trim)
    }

    /// The signal with which somebody else ended QEMU: a user, or the kernel of a host that is out of memory. That says nothing
    /// about the guest either. What this tool kills itself is none of these.
    pub fn killed_by(&self) -> Option<&str> {
        let Self::QemuDied { how, .. } = self else { return None };
        // Of a signal that it catches QEMU exits by itself, and names the reason (`ShutdownCause` in its qapi/run-state.json).
        let names = ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "host-signal"];
        names.into_iter().find(|name| how.split(' ').any(|word| word == *name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_of_qemu_is_distinguished_from_other_deaths() {
        let printed =
            "qemu-system-x86_64: system/physmem.c:2678: iotlb_to_section: Assertion `x < y' failed.";
        let died =
            |how: &str, stderr: &str| VmEnd::QemuDied { how: how.to_owned(), stderr: stderr.to_owned() };
        assert_eq!(died("SIGABRT", &format!("warning: x\n{printed}\n")).broken_assertion(), Some(printed));
        assert_eq!(died("SIGKILL", printed).broken_assertion(), None);
        assert_eq!(died("SIGABRT", "terminated").broken_assertion(), None);
        assert_eq!(VmEnd::PoweredOff.broken_assertion(), None);
    }

    #[test]
    fn what_others_kill_is_distinguished_from_what_dies() {
        let died = |how: &str| VmEnd::QemuDied { how: how.to_owned(), stderr: String::new() };
        assert_eq!(died("SIGKILL").killed_by(), Some("SIGKILL"));
        assert_eq!(died("exit status 0 after host-signal").killed_by(), Some("host-signal"));
        assert_eq!(died("SIGSEGV").killed_by(), None);
        assert_eq!(died("exit status 1").killed_by(), None);
        assert_eq!(VmEnd::Dead.killed_by(), None);
    }
}
