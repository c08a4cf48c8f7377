//! A processor that QEMU itself has lost.
//!
//! Seldom (once in some 400 boots of two processors on a busy machine, QEMU 10.0.2), a guest under multi-threaded TCG
//! stands still although its kernel is sound: one of its processors sleeps in HLT, with interrupts enabled, while its
//! local APIC holds a timer interrupt as being in service. Whoever served it would have ended it before the next HLT,
//! so nobody ever did: it was lost between QEMU's APIC and its processor. Everything of the same or a lower priority
//! waits behind it, timers first, and what the kernel then reports are RCU stalls and hung tasks that are none of its
//! own. A processor that sleeps on and on while an interrupt waits for it, and none is in service, was lost likewise: real
//! ones wake. So was one that sleeps with its one-shot timer run out, of which the APIC knows nothing: Linux sets the timer
//! anew when it has come, or masks it when there is nothing to wait for (kernel/time/tick-oneshot.c, `tick_program_event()`;
//! arch/x86/kernel/apic/apic.c, `lapic_timer_shutdown()`). A kernel that hangs by itself looks different: it spins, or sleeps
//! with nothing to serve.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use super::Qmp;

/// A guest that is silent for this long is looked at. Cases that wait for something are silent too: a look costs
/// two commands a processor.
const SILENCE: Duration = Duration::from_secs(3);
/// What is seen twice, this far apart, stays so.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a guest that hangs is looked at, `AGAIN` apart. A busy host lets a processor sleep for a moment with its tick
/// pending, so two looks would prove nothing.
const LOOKS: u32 = 6;
/// QEMU answers at once, or it has other troubles.
const ANSWER: Duration = Duration::from_secs(2);

/// A processor that sleeps through an interrupt of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LostInterrupt {
    /// Number of the processor.
    pub(super) cpu: u64,
    /// The interrupt's vector.
    pub(super) vector: u8,
    /// How far it came.
    pub(super) at: LostAt,
    /// What a timer that ran out had been set to: a later one is another. 0 of other interrupts.
    set_to: u32,
}

/// Where QEMU lost an interrupt, as its local APIC has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostAt {
    /// In service, which a processor that sleeps has none of.
    Service,
    /// Pending, with nothing in service that it would have to wait for.
    Pending,
    /// Between the timer, which ran out, and the APIC.
    Timer,
}

impl fmt::Display for LostAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "it is in service at the APIC",
            Self::Pending => "it is pending at the APIC",
            Self::Timer => "its timer ran out, the APIC does not have it",
        })
    }
}

/// What QEMU says of a processor.
#[derive(Debug)]
struct Processor {
    cpu: u64,
    registers: String,
    lapic: String,
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
        let now = numbers(qmp).into_iter().find_map(|cpu| Processor::ask(qmp, cpu)?.surely_lost());
        self.looked = Some(Instant::now());
        let before = std::mem::replace(&mut self.seen, now);
        now.filter(|_| before == now)
    }
}

/// Looks at a guest that hangs: the interrupt that one of its processors sleeps through, or else a line for each of them,
/// with what it does and which interrupts wait for it. No lines where QEMU does not answer.
pub(super) fn at_the_end(qmp: &Qmp) -> Result<Vec<String>, LostInterrupt> {
    let look = || numbers(qmp).into_iter().map_while(|cpu| Processor::ask(qmp, cpu)).collect::<Vec<_>>();
    let seen = look();
    let mut lost: Vec<_> = seen.iter().filter_map(Processor::lost).collect();
    for _ in 1..LOOKS {
        if lost.is_empty() {
            break;
        }
        thread::sleep(AGAIN);
        let now: Vec<_> = look().iter().filter_map(Processor::lost).collect();
        lost.retain(|before| now.contains(before));
    }
    match lost.first() {
        Some(lost) => Err(*lost),
        None => Ok(seen.iter().map(Processor::to_string).collect()),
    }
}

fn numbers(qmp: &Qmp) -> Vec<u64> {
    let answer = qmp.command("query-cpus-fast", serde_json::Value::Null, ANSWER).unwrap_or_default();
    let indexes = answer.as_array().into_iter().flatten().filter_map(|cpu| cpu["cpu-index"].as_u64());
    indexes.collect()
}

impl Processor {
    fn ask(qmp: &Qmp, cpu: u64) -> Option<Self> {
        let ask = |line: &str| qmp.human_at(cpu, line, ANSWER).ok();
        Some(Self { cpu, registers: ask("info registers")?, lapic: ask("info lapic")? })
    }

    fn lost(&self) -> Option<LostInterrupt> {
        // The class of a vector is its upper half; TPR masks its own class and those below it.
        let wakes = |vector: &u8| vector >> 4 > self.task_priority() >> 4;
        let pending = || self.lost_at(self.highest("IRR").filter(wakes)?, LostAt::Pending, 0);
        self.surely_lost().or_else(pending)
    }

    /// What no sound processor sleeps through for a second.
    fn surely_lost(&self) -> Option<LostInterrupt> {
        match self.highest("ISR") {
            Some(vector) => self.lost_at(vector, LostAt::Service, 0),
            None => self.lost_by_timer(),
        }
    }

    fn lost_by_timer(&self) -> Option<LostInterrupt> {
        let (vector, set_to) = self.timer_run_out().filter(|_| self.highest("IRR").is_none())?;
        self.lost_at(vector, LostAt::Timer, set_to)
    }

    fn lost_at(&self, vector: u8, at: LostAt, set_to: u32) -> Option<LostInterrupt> {
        self.sleeps().then_some(LostInterrupt { cpu: self.cpu, vector, at, set_to })
    }

    /// So that an interrupt wakes it.
    fn sleeps(&self) -> bool {
        self.halted() && self.takes_interrupts()
    }

    /// In HLT, by `info registers` (`x86_cpu_dump_state()` of QEMU).
    fn halted(&self) -> bool {
        self.register("HLT=") == Some("1")
    }

    fn takes_interrupts(&self) -> bool {
        /// `EFLAGS.IF`.
        const INTERRUPTS: u64 = 1 << 9;
        let flags = ["RFL=", "EFL="].into_iter().find_map(|name| self.register(name));
        flags.and_then(|text| u64::from_str_radix(text, 16).ok()).is_some_and(|flags| flags & INTERRUPTS != 0)
    }

    fn register(&self, name: &str) -> Option<&str> {
        self.registers.split_whitespace().find_map(|word| word.strip_prefix(name))
    }

    /// A line of `info lapic` (`x86_cpu_dump_local_apic_state()` of QEMU), behind its name.
    fn lapic_line(&self, name: &str) -> &str {
        let mut lines = self.lapic.lines().filter_map(|line| line.trim_start().split_once(['\t', ' ']));
        lines.find_map(|(first, rest)| (first == name).then_some(rest)).unwrap_or_default()
    }

    /// The vectors of a register of the local APIC.
    fn vectors(&self, name: &str) -> impl Iterator<Item = u8> {
        self.lapic_line(name).split_whitespace().filter_map(|word| word.parse().ok())
    }

    /// The vector of the local APIC's timer and what it was set to, where it is to come once and the time is over.
    fn timer_run_out(&self) -> Option<(u8, u32)> {
        let (entry, timer) = (self.lapic_line("LVTT"), self.lapic_line("Timer"));
        let count = |name: &str| -> Option<u32> {
            timer.split_once(name)?.1.trim_start_matches([' ', '=']).split_whitespace().next()?.parse().ok()
        };
        let armed = entry.contains(" one-shot ") && !entry.contains(" masked ");
        let vector = entry.split_once("(vec ")?.1.split_once(')')?.0.parse().ok()?;
        let set_to = count("initial_count").filter(|set_to| *set_to > 0)?;
        (armed && count("current_count") == Some(0)).then_some((vector, set_to))
    }

    fn highest(&self, name: &str) -> Option<u8> {
        self.vectors(name).max()
    }

    /// By the line that begins `APR 0x00 TPR 0x00`. What cannot be read masks everything.
    fn task_priority(&self) -> u8 {
        let mut words = self.lapic.split_whitespace().skip_while(|word| *word != "TPR").skip(1);
        let value = words.next().and_then(|word| word.strip_prefix("0x"));
        value.and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(u8::MAX)
    }
}

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, .. } = self;
        let at = ["RIP=", "EIP="].into_iter().find_map(|name| self.register(name)).unwrap_or("?");
        let does = if self.halted() { "sleeps" } else { "runs" };
        let interrupts = if self.takes_interrupts() { "enabled" } else { "disabled" };
        write!(f, "processor {cpu} {does} at {at}, interrupts {interrupts}")?;
        for (name, title) in [("ISR", "in service"), ("IRR", "pending")] {
            let vectors: Vec<_> = self.vectors(name).map(|vector| vector.to_string()).collect();
            if !vectors.is_empty() {
                write!(f, ", {title} {}", vectors.join(" "))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Both as QEMU 10.0.2 printed them of a guest that stood still, shortened.
    const REGISTERS: &str = "CPU#1\r\nRAX=0000000000000000 RBX=0000000000000000\r\n\
        RIP=ffffffff813ff873 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\r\n";
    const LAPIC: &str = "dumping local APIC state for CPU 1 \r\n\r\n\
        LVTT\t 0x000200ec active-hi edge                 periodic     Fixed  (vec 236)\r\n\
        ESR\t 0x00000000\r\nISR\t 236 \r\nIRR\t 32 33 34 236 \r\n\r\n\
        APR 0x00 TPR 0x10 DFR 0x0f LDR 0x02 PPR 0xe0\r\n";
    // Of another that stood still for twenty minutes.
    const RUN_OUT: &str = "dumping local APIC state for CPU 1 \r\n\r\n\
        LVTTHMR\t 0x00010000 active-hi edge  masked                      Fixed  (vec 0)\r\n\
        LVTT\t 0x000000ec active-hi edge                 one-shot     Fixed  (vec 236)\r\n\
        Timer\t DCR=0x3 (divide by 16) initial_count = 34500 current_count = 0\r\n\
        ESR\t 0x00000000\r\nISR\t (none)\r\nIRR\t (none)\r\n\r\n\
        APR 0x01 TPR 0x10 DFR 0x0f LDR 0x00 PPR 0x10\r\n";

    fn lost(registers: &str, lapic: &str) -> Option<(u8, LostAt)> {
        let processor = Processor { cpu: 1, registers: registers.to_owned(), lapic: lapic.to_owned() };
        processor.lost().map(|lost| (lost.vector, lost.at))
    }

    #[test]
    fn a_sleeper_with_an_interrupt_in_service_is_lost() {
        assert_eq!(lost(REGISTERS, LAPIC), Some((236, LostAt::Service)));
        let two = LAPIC.replace("ISR\t 236", "ISR\t 49 236");
        assert_eq!(lost(REGISTERS, &two), Some((236, LostAt::Service)));
    }

    #[test]
    fn a_sleeper_that_an_interrupt_does_not_wake_is_lost() {
        let idle = LAPIC.replace("ISR\t 236", "ISR\t (none)");
        assert_eq!(lost(REGISTERS, &idle), Some((236, LostAt::Pending)));
        // Masked by its own task priority, or by one that is not to be read.
        for masked in ["TPR 0xe0", "TPR 0xff", "TPR 0xzz", "TPR", ""] {
            assert_eq!(lost(REGISTERS, &idle.replace("TPR 0x10", masked)), None);
        }
        assert!(lost(REGISTERS, &idle.replace("TPR 0x10", "TPR 0xd0")).is_some());
    }

    #[test]
    fn a_sleeper_whose_timer_ran_out_without_a_word_is_lost() {
        let of = |cpu: u64, lapic: &str| {
            Processor { cpu, registers: REGISTERS.to_owned(), lapic: lapic.to_owned() }.surely_lost()
        };
        let seen = of(1, RUN_OUT).expect("lost");
        assert_eq!((seen.vector, seen.at, seen.set_to), (236, LostAt::Timer, 34_500));
        // One that was set anew in between is no longer the same.
        assert_ne!(of(1, &RUN_OUT.replace("34500", "34501")), Some(seen));
        for (of_this, sound) in [
            ("current_count = 0", "current_count = 1"),
            ("initial_count = 34500", "initial_count = 0"),
            ("one-shot", "periodic"),
            ("one-shot", "tsc-deadline"),
            ("active-hi edge                 one-shot", "active-hi edge  masked         one-shot"),
            ("IRR\t (none)", "IRR\t 236 "),
            ("(vec 236)", ""),
            ("Timer", "Other"),
            ("initial_count = 34500", "initial_count = many"),
        ] {
            assert_eq!(of(1, &RUN_OUT.replace(of_this, sound)), None, "{sound}");
        }
        assert_eq!(lost(&REGISTERS.replace("HLT=1", "HLT=0"), RUN_OUT), None);
        assert_eq!(lost(REGISTERS, RUN_OUT), Some((236, LostAt::Timer)));
    }

    #[test]
    fn everybody_else_is_not() {
        // A stopped processor of a dying kernel: HLT with interrupts disabled, in the handler that stops it.
        assert_eq!(lost(&REGISTERS.replace("00000246", "00000046"), LAPIC), None);
        assert_eq!(lost(&REGISTERS.replace("HLT=1", "HLT=0"), LAPIC), None);
        assert_eq!(lost(REGISTERS, "ISR\t (none)\r\nIRR\t (none)\r\n\r\nAPR 0x00 TPR 0x10\r\n"), None);
        for nothing in ["", "HLT=", "RFL=zz HLT=1", "unknown command: 'info lapic'"] {
            assert_eq!(lost(nothing, LAPIC), None);
            assert_eq!(lost(REGISTERS, nothing), None);
        }
    }

    #[test]
    fn a_line_says_what_a_processor_does() {
        let line = |registers: &str, lapic: &str| {
            Processor { cpu: 1, registers: registers.to_owned(), lapic: lapic.to_owned() }.to_string()
        };
        assert_eq!(
            line(REGISTERS, LAPIC),
            "processor 1 sleeps at ffffffff813ff873, interrupts enabled, in service 236, pending 32 33 34 236"
        );
        let spins = REGISTERS.replace("HLT=1", "HLT=0").replace("00000246", "00000046");
        assert_eq!(line(&spins, ""), "processor 1 runs at ffffffff813ff873, interrupts disabled");
        assert_eq!(line("", ""), "processor 1 runs at ?, interrupts disabled");
    }
}
