//! Builds the transcript of one boot from the agent's frames. Pure but for the clock
//! that it is handed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use event::{CaseRun, HealthReading, Transcript, VmEnd};
use wire::{FromGuest, Job, PROTOCOL};

use super::frames::Line;

/// The agent drops output beyond 1 MiB; this is for one that does not.
const OUTPUT_CAP: usize = 2 << 20;
/// Notes beyond this are counted only.
const NOTES: usize = 200;
/// The agent stops at 48 MiB of the kernel's log; this is for one that does not.
const KMSG_CAP: usize = 64 << 20;
/// No guest loads as many modules, nor reloads them in as many versions.
const BUILD_IDS: usize = 4096;
/// No note is longer.
const NOTE_LENGTH: usize = 4000;

/// A transcript in the making.
pub struct TranscriptBuilder {
    anchor: Option<String>,
    cases: Vec<CaseRun>,
    running: Option<(usize, Instant)>,
    release: Option<String>,
    bye: bool,
    notes: Vec<String>,
    more_notes: usize,
    kmsg: String,
    health: Vec<HealthReading>,
    build_ids: BTreeMap<String, BTreeSet<String>>,
}

impl TranscriptBuilder {
    /// Nothing was reported yet.
    pub fn new(job: &Job) -> Self {
        let cases = job.cases.iter().map(|case| CaseRun {
            name: case.name.clone(),
            begun: false,
            end: None,
            ms: 0,
            timeout_ms: case.timeout_ms,
            output: String::new(),
            dropped: 0,
            cut: false,
            left: false,
        });
        Self {
            anchor: None,
            cases: cases.collect(),
            running: None,
            release: None,
            bye: false,
            notes: Vec::new(),
            more_notes: 0,
            kmsg: String::new(),
            health: Vec::new(),
            build_ids: BTreeMap::new(),
        }
    }

    /// Enters one line. A frame that is in order comes back for those who follow the boot.
    pub fn take(&mut self, line: Line, now: Instant) -> Option<FromGuest> {
        let frame = match line {
            Line::Frame(frame) => frame,
            Line::Noise(text) => {
                self.note(format!("not a frame on the agent's port: {text}"));
                return None;
            }
        };
        match self.enter(&frame, now) {
            Ok(()) => Some(frame),
            Err(problem) => {
                self.note(format!("out of order on the agent's port: {problem}"));
                None
            }
        }
    }

    fn enter(&mut self, frame: &FromGuest, now: Instant) -> Result<(), String> {
        match frame {
            FromGuest::Hello { .. } if self.release.is_some() => return Err("a second hello".into()),
            FromGuest::Hello { protocol, release, .. } => {
                if *protocol != PROTOCOL {
                    return Err(format!("the agent has protocol {protocol}, this tool {PROTOCOL}"));
                }
                self.release = Some(release.clone());
            }
            FromGuest::Note { text } => self.note(text.clone()),
            FromGuest::Markers { .. } if self.anchor.is_some() => return Err("markers once more".into()),
            FromGuest::Markers { anchor } => self.anchor = Some(anchor.clone()),
            FromGuest::Begin { case } => {
                if let Some((running, _)) = self.running {
                    return Err(format!("case {case} begins while case {running} runs"));
                }
                let run = self.case(*case)?;
                if run.begun {
                    return Err(format!("case {case} begins again"));
                }
                run.begun = true;
                self.running = Some((*case as usize, now));
            }
            FromGuest::Output { case, text } => {
                self.runs(*case)?;
                let run = self.case(*case)?;
                let room = OUTPUT_CAP.saturating_sub(run.output.len()).min(text.len());
                let cut = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                run.output.push_str(&text[..cut]);
                run.dropped += (text.len() - cut) as u64;
                // What is dropped here was not looked at.
                run.cut |= cut < text.len();
            }
            FromGuest::End { case, how, ms, dropped, cut, left } => {
                self.runs(*case)?;
                let run = self.case(*case)?;
                run.end = Some(*how);
                run.ms = *ms;
                run.dropped += dropped;
                run.cut |= cut;
                run.left = *left;
                self.running = None;
            }
            FromGuest::Kmsg { text } => self.log(text)?,
            FromGuest::Health { health } => {
                // Three for each case are more than there are.
                if self.health.len() > 2 + 3 * self.cases.len() {
                    return Err("too many counts of the kernel's".into());
                }
                let case = self.running().map(|(_, name)| name.to_owned());
                self.health.push(HealthReading { case, health: *health });
            }
            FromGuest::Code { build_ids } => self.code(build_ids)?,
            FromGuest::Bye { .. } => self.bye = true,
            // Their own room checks them, and answers the guest.
            FromGuest::Ask { .. }
            | FromGuest::FileBegin { .. }
            | FromGuest::FileData { .. }
            | FromGuest::FileEnd { .. } => {}
        }
        Ok(())
    }

    fn log(&mut self, text: &str) -> Result<(), String> {
        if self.kmsg.len() + text.len() > KMSG_CAP {
            return Err(format!("more than {KMSG_CAP} bytes of the kernel's log"));
        }
        self.kmsg.push_str(text);
        Ok(())
    }

    fn code(&mut self, build_ids: &BTreeMap<String, String>) -> Result<(), String> {
        let known: usize = self.build_ids.values().map(BTreeSet::len).sum();
        if known + build_ids.len() > BUILD_IDS {
            return Err("too many modules".into());
        }
        for (name, id) in build_ids {
            self.build_ids.entry(name.clone()).or_default().insert(id.clone());
        }
        Ok(())
    }

    fn case(&mut self, index: u32) -> Result<&mut CaseRun, String> {
        let planned = self.cases.len();
        self.cases.get_mut(index as usize).ok_or_else(|| format!("case {index} of {planned}"))
    }

    fn runs(&self, case: u32) -> Result<(), String> {
        match self.running {
            Some((running, _)) if running == case as usize => Ok(()),
            _ => Err(format!("case {case} reports and does not run")),
        }
    }

    /// Adds a note; too many are counted only.
    pub fn note(&mut self, mut text: String) {
        if self.notes.len() == NOTES {
            self.more_notes += 1;
            return;
        }
        if text.len() > NOTE_LENGTH {
            text = text.chars().take(NOTE_LENGTH / 4).chain("…".chars()).collect();
        }
        self.notes.push(text);
    }

    /// Index and name of the case that runs.
    pub fn running(&self) -> Option<(u32, &str)> {
        let (index, _) = self.running?;
        Some((u32::try_from(index).ok()?, self.cases[index].name.as_str()))
    }

    /// The finished transcript.
    pub fn close(
        mut self,
        (console, console_dropped): (Vec<u8>, u64),
        end: VmEnd,
        now: Instant,
    ) -> Transcript {
        if let Some((index, begun)) = self.running {
            self.cases[index].ms =
                u64::try_from(now.saturating_duration_since(begun).as_millis()).unwrap_or(u64::MAX);
        }
        if self.more_notes > 0 {
            self.notes.push(format!("{} more notes were dropped", self.more_notes));
        }
        Transcript {
            anchor: self.anchor,
            cases: self.cases,
            release: self.release,
            bye: self.bye,
            notes: self.notes,
            console,
            console_dropped,
            kmsg: self.kmsg,
            health: self.health,
            build_ids: self.build_ids,
            end,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use wire::{Case, CaseEnd};

    use super::*;

    fn job() -> Job {
        let case = |name: &str| Case { name: name.into(), script: "x".into(), timeout_ms: 1000 };
        Job {
            protocol: PROTOCOL,
            modules: Vec::new(),
            autoload: false,
            udev: false,
            deny: Vec::new(),
            memdevs: 0,
            settle_ms: 0,
            cases: vec![case("a"), case("b")],
            env: BTreeMap::new(),
            shell: false,
        }
    }

    fn close(lines: &str) -> Transcript {
        let mut transcript = TranscriptBuilder::new(&job());
        super::super::frames::read(lines.as_bytes(), |line| {
            transcript.take(line, Instant::now());
        });
        transcript.close((Vec::new(), 0), VmEnd::PoweredOff, Instant::now())
    }

    #[test]
    fn a_boot_as_it_should_be() {
        let transcript = close(
            r#"{"frame":"hello","protocol":5,"release":"6.12","uptime_ms":3}
{"frame":"begin","case":0}
{"frame":"output","case":0,"text":"o"}
{"frame":"output","case":0,"text":"k\n"}
{"frame":"end","case":0,"how":{"exit":0},"ms":5,"dropped":0,"cut":false,"left":false}
{"frame":"bye","ran":1}
"#,
        );
        assert_eq!((transcript.release.as_deref(), transcript.bye), (Some("6.12"), true));
        assert_eq!(transcript.cases[0].output, "ok\n");
        assert_eq!(transcript.cases[0].end, Some(CaseEnd::Exit(0)));
        assert!(!transcript.cases[1].begun);
        assert!(transcript.notes.is_empty(), "{:?}", transcript.notes);
    }

    #[test]
    fn what_is_out_of_order_is_noted_and_changes_nothing() {
        let transcript = close(
            r#"{"frame":"hello","protocol":99,"release":"x","uptime_ms":3}
{"frame":"begin","case":7}
{"frame":"output","case":0,"text":"o"}
{"frame":"begin","case":1}
{"frame":"begin","case":0}
{"frame":"end","case":0,"how":{"exit":0},"ms":5,"dropped":0,"cut":false,"left":false}
boo
{"frame":"end","case":1,"how":"timed-out","ms":5,"dropped":9,"cut":false,"left":false}
{"frame":"begin","case":1}
"#,
        );
        insta::assert_snapshot!(transcript.notes.join("\n"), @r"
        out of order on the agent's port: the agent has protocol 99, this tool 5
        out of order on the agent's port: case 7 of 2
        out of order on the agent's port: case 0 reports and does not run
        out of order on the agent's port: case 0 begins while case 1 runs
        out of order on the agent's port: case 0 reports and does not run
        not a frame on the agent's port: boo
        out of order on the agent's port: case 1 begins again
        ");
        assert_eq!(transcript.cases[1].end, Some(CaseEnd::TimedOut));
        assert_eq!(transcript.cases[0].end, None);
    }

    #[test]
    fn floods_are_bounded() {
        let mut transcript = TranscriptBuilder::new(&job());
        transcript.take(Line::Frame(FromGuest::Begin { case: 0 }), Instant::now());
        for _ in 0..300 {
            let text = "ä".repeat(8 << 10);
            transcript.take(Line::Frame(FromGuest::Output { case: 0, text }), Instant::now());
            transcript.note("x".repeat(1 << 20));
        }
        let transcript = transcript.close((Vec::new(), 0), VmEnd::PoweredOff, Instant::now());
        assert_eq!(transcript.cases[0].output.len() as u64 + transcript.cases[0].dropped, 300 * 16 * 1024);
        assert!(transcript.cases[0].output.len() <= OUTPUT_CAP);
        assert_eq!(transcript.notes.len(), NOTES + 1);
        assert_eq!(transcript.notes[NOTES], "100 more notes were dropped");
        assert!(transcript.notes[0].len() < NOTE_LENGTH);
    }

    proptest! {
        #[test]
        fn nothing_that_a_guest_says_is_too_much(
            frames in proptest::collection::vec((0u8..6, 0u32..4, "\\PC{0,5}"), 0..60),
        ) {
            let mut transcript = TranscriptBuilder::new(&job());
            for (kind, case, text) in frames {
                let frame = match kind {
                    0 => FromGuest::Hello { protocol: case, release: text, uptime_ms: 0 },
                    1 => FromGuest::Begin { case },
                    2 => FromGuest::Output { case, text },
                    3 => FromGuest::End { case, how: CaseEnd::Exit(0), ms: 1, dropped: 0, cut: false, left: false },
                    4 => FromGuest::Bye { ran: case },
                    _ => FromGuest::Ask { id: case, words: vec![text] },
                };
                transcript.take(Line::Frame(frame), Instant::now());
            }
            let transcript = transcript.close((Vec::new(), 0), VmEnd::PoweredOff, Instant::now());
            for case in transcript.cases {
                prop_assert!(case.begun || (case.end.is_none() && case.output.is_empty()));
            }
        }
    }
}
