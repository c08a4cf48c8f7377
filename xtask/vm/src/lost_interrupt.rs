//! A processor that QEMU itself has lost.
//!
//! Seldom (once in some 400 boots of two processors on a busy machine, QEMU 10.0.2), a guest under multi-threaded TCG
//! stands still although its kernel is sound: one of its processors sleeps in HLT, with interrupts enabled, while its
//! local APIC holds a timer interrupt as being in service. Whoever served it would have ended it before the next HLT,
//! so nobody ever did: it was lost between QEMU's APIC and its processor. Everything of the same or a lower priority
//! waits behind it, timers first, and what the kernel then reports are RCU stalls and hung tasks that are none of its
//! own. A kernel that hangs by itself looks different: it spins, or sleeps with nothing in service.

use std::time::{Duration, Instant};

use super::Qmp;

/// A guest that is silent for this long is looked at. Cases that wait for something are silent too: a look costs
/// two commands a processor.
const SILENCE: Duration = Duration::from_secs(3);
/// What is seen twice, this far apart, stays so.
const AGAIN: Duration = Duration::from_secs(1);
/// QEMU answers at once, or it has other troubles.
const ANSWER: Duration = Duration::from_secs(2);

/// A processor that waits for the end of an interrupt that it was never given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LostInterrupt {
    /// Number of the processor.
    pub(super) cpu: u64,
    /// The interrupt's vector.
    pub(super) vector: u8,
}

/// Looks at the processors of a guest that is silent.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    looked: Option<Instant>,
    seen: Option<LostInterrupt>,
}

impl Lookout {
    /// What was lost, if the guest has been silent since `last` and two looks agree.
    pub(super) fn look(&mut self, qmp: &Qmp, last: Instant) -> Option<LostInterrupt> {
        let wait = if self.seen.is_some() { AGAIN } else { SILENCE };
        if last.elapsed() < SILENCE || self.looked.is_some_and(|looked| looked.elapsed() < wait) {
            return None;
        }
        let now = processors(qmp).into_iter().find_map(|cpu| lost_by(qmp, cpu));
        self.looked = Some(Instant::now());
        let before = std::mem::replace(&mut self.seen, now);
        now.filter(|_| before == now)
    }
}

fn processors(qmp: &Qmp) -> Vec<u64> {
    let answer = qmp.command("query-cpus-fast", serde_json::Value::Null, ANSWER).unwrap_or_default();
    let indexes = answer.as_array().into_iter().flatten().filter_map(|cpu| cpu["cpu-index"].as_u64());
    indexes.collect()
}

fn lost_by(qmp: &Qmp, cpu: u64) -> Option<LostInterrupt> {
    let ask = |line: &str| qmp.human_at(cpu, line, ANSWER).ok();
    if !sleeps(&ask("info registers")?) {
        return None;
    }
    let vector = in_service(&ask("info lapic")?)?;
    Some(LostInterrupt { cpu, vector })
}

/// Whether a processor is in HLT with interrupts enabled, by `info registers` (`x86_cpu_dump_state()` of QEMU).
fn sleeps(registers: &str) -> bool {
    /// `EFLAGS.IF`.
    const INTERRUPTS: u64 = 1 << 9;
    let word = |name: &str| registers.split_whitespace().find_map(|word| word.strip_prefix(name));
    let flags =
        ["RFL=", "EFL="].into_iter().find_map(word).and_then(|text| u64::from_str_radix(text, 16).ok());
    word("HLT=") == Some("1") && flags.is_some_and(|flags| flags & INTERRUPTS != 0)
}

/// The interrupt of the highest priority that is in service, by `info lapic` (`x86_cpu_dump_local_apic_state()`).
fn in_service(lapic: &str) -> Option<u8> {
    let line = lapic.lines().find_map(|line| line.trim_start().strip_prefix("ISR"))?;
    line.split_whitespace().filter_map(|word| word.parse().ok()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Both as QEMU 10.0.2 printed them of a guest that stood still, shortened.
    const REGISTERS: &str = "CPU#1\r\nRAX=0000000000000000 RBX=0000000000000000\r\n\
        RIP=ffffffff813ff873 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\r\n";
    const LAPIC: &str = "dumping local APIC state for CPU 1 \r\n\r\n\
        LVTT\t 0x000200ec active-hi edge                 periodic     Fixed  (vec 236)\r\n\
        ESR\t 0x00000000\r\nISR\t 236 \r\nIRR\t 32 33 34 236 \r\n\r\n";

    #[test]
    fn a_sleeper_with_an_interrupt_in_service_is_lost() {
        assert!(sleeps(REGISTERS));
        assert_eq!(in_service(LAPIC), Some(236));
        assert_eq!(in_service(&LAPIC.replace("ISR\t 236", "ISR\t 49 236")), Some(236));
    }

    #[test]
    fn everybody_else_is_not() {
        // A stopped processor of a dying kernel: HLT with interrupts disabled, in the handler that stops it.
        assert!(!sleeps(&REGISTERS.replace("00000246", "00000046")));
        assert!(!sleeps(&REGISTERS.replace("HLT=1", "HLT=0")));
        assert_eq!(in_service(&LAPIC.replace("ISR\t 236", "ISR\t (none)")), None);
        for nothing in ["", "HLT=", "RFL=zz HLT=1", "unknown command: 'info lapic'"] {
            assert!(!sleeps(nothing));
            assert_eq!(in_service(nothing), None);
        }
    }
}
