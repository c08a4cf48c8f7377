//! How long a guest may stay silent. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use wire::{FromGuest, Job};

use super::Accel;

/// Longest that the agent takes to end a case beyond its deadline: TERM, KILL, reading the pipe's rest (8 s), and
/// listing `/sys/bus/cxl` (6 s).
const ENDING: Duration = Duration::from_secs(14);

/// How much longer everything takes on a kernel with KASAN, lockdep and their like.
pub fn timeout_scale(instrumented: bool) -> u32 {
    if instrumented { 5 } else { 1 }
}

/// Bounds on each step of a boot. A step that takes longer ends the boot as a deadline; together they bound it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadlines {
    /// From QEMU's start to the agent's hello.
    pub boot: Duration,
    /// Granted on top of every other step.
    pub slack: Duration,
}

impl Deadlines {
    /// What a guest needs on two busy cores, several times over: a plain kernel reaches the agent's hello under TCG after
    /// some 4 s. `scale` times as long where the guest or the machine is slow.
    pub fn new(accel: Accel, scale: u32) -> Self {
        let (boot, slack) = match accel {
            Accel::Kvm => (30, 10),
            Accel::Tcg => (90, 20),
        };
        let seconds = |plain: u64| Duration::from_secs(plain).saturating_mul(scale);
        Self { boot: seconds(boot), slack: seconds(slack) }
    }

    /// The same for a guest that took this many seconds to boot when it last did: some times as long.
    #[must_use]
    pub fn at_least(mut self, seconds: f64) -> Self {
        /// A boot that takes ten times as long as the last one does not come up.
        const TIMES: f64 = 10.0;
        let recorded = Duration::try_from_secs_f64(seconds * TIMES).unwrap_or_default();
        self.boot = self.boot.max(recorded);
        self
    }

    /// How long the next step may take after this frame; none where the frame starts no step.
    pub fn after(self, frame: &FromGuest, job: &Job) -> Option<Duration> {
        let milliseconds = Duration::from_millis;
        match frame {
            FromGuest::Hello { .. } => {
                // Each module may take as long as the whole settling.
                let waits = u32::try_from(job.modules.len()).unwrap_or(u32::MAX).saturating_add(1);
                Some(milliseconds(job.settle_ms).saturating_mul(waits).saturating_add(self.slack))
            }
            FromGuest::Begin { case } => {
                let case = job.cases.get(*case as usize)?;
                Some(milliseconds(case.timeout_ms).saturating_add(ENDING).saturating_add(self.slack))
            }
            FromGuest::End { .. } | FromGuest::Bye { .. } => Some(self.slack),
            FromGuest::Note { .. }
            | FromGuest::Markers { .. }
            | FromGuest::Output { .. }
            | FromGuest::Ask { .. }
            | FromGuest::Kmsg { .. }
            | FromGuest::Health { .. }
            | FromGuest::Code { .. }
            | FromGuest::FileBegin { .. }
            | FromGuest::FileData { .. }
            | FromGuest::FileEnd { .. } => None,
        }
    }

    /// Longest that the whole boot can take.
    pub fn whole(self, job: &Job) -> Duration {
        let hello = FromGuest::Hello { protocol: 0, release: String::new(), uptime_ms: 0 };
        let cases = (0..u32::try_from(job.cases.len()).unwrap_or(u32::MAX))
            .filter_map(|case| self.after(&FromGuest::Begin { case }, job))
            .fold(Duration::ZERO, |sum, each| sum.saturating_add(each).saturating_add(self.slack));
        let settle = self.after(&hello, job).unwrap_or_default();
        self.boot.saturating_add(settle).saturating_add(cases).saturating_add(self.slack)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wire::Case;

    use super::*;

    #[test]
    fn every_step_of_a_boot_is_bounded_and_their_sum_too() {
        let case = |timeout_ms| Case { name: "a".into(), script: "x".into(), timeout_ms };
        let job = Job {
            protocol: 0,
            modules: vec!["cxl_test".into()],
            autoload: true,
            udev: false,
            deny: Vec::new(),
            memdevs: 0,
            settle_ms: 5_000,
            cases: vec![case(60_000), case(1_000), case(u64::MAX)],
            env: BTreeMap::new(),
            shell: false,
        };
        let deadlines = Deadlines { boot: Duration::from_secs(90), slack: Duration::from_secs(20) };
        let after = |frame| deadlines.after(&frame, &job).map(|longest| longest.as_secs());
        let hello = FromGuest::Hello { protocol: 0, release: String::new(), uptime_ms: 0 };
        assert_eq!(after(hello), Some(5 + 5 + 20));
        assert_eq!(after(FromGuest::Begin { case: 0 }), Some(60 + 14 + 20));
        assert_eq!(after(FromGuest::Begin { case: 9 }), None);
        assert_eq!(after(FromGuest::Bye { ran: 1 }), Some(20));
        // Output is no excuse for going on for ever.
        assert_eq!(after(FromGuest::Output { case: 0, text: String::new() }), None);
        let short = Job { cases: job.cases[..2].to_vec(), ..job.clone() };
        assert_eq!(deadlines.whole(&short).as_secs(), 90 + 30 + (94 + 20) + (35 + 20) + 20);
        // No overflow.
        assert!(deadlines.whole(&job) > deadlines.whole(&short));
    }
}
