//! Follows a running guest: takes its frames, carries its requests, and sees when it will not go on.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use serde_json::json;

use event::VmEnd;
use host::{Running, signals};
use wire::{FromGuest, Job, ToGuest};

use super::answers::Answers;
use super::console::Console;
use super::files::Files;
use super::frames::{self, Line};
use super::lost_interrupt::{self, Lookout, LostInterrupt};
use super::sockets::Connected;
use super::transcript::TranscriptBuilder;
use super::{Deadlines, HostRequests, Qmp};

/// How late QEMU's end, a deadline or an interrupt is noticed at most.
const TICK: Duration = Duration::from_millis(10);
/// A kernel that has reported its death is waited for until its console has been silent for this long …
const DYING_SILENCE: Duration = Duration::from_secs(5);
/// … but no longer than this, should it print for ever.
const DYING: Duration = Duration::from_secs(60);
/// Console and port are two ways: a frame that was sent before the death may be seen after it.
const ON_ITS_WAY: Duration = Duration::from_secs(1);
/// Lines that wait for us; then the guest waits.
const QUEUE: usize = 256;
/// Requests of the guest that are worked on at the same time.
const REQUESTS: usize = 16;
/// The kernel reads its console at once, or it hangs.
const WRITE_WAIT: Duration = Duration::from_secs(10);
/// How long a hanging kernel may take to print where it hangs.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What is needed to follow one boot.
pub struct Watch<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    job: &'env Job,
    deadlines: Deadlines,
    requests: &'env dyn HostRequests,
    qmp: &'env Qmp,
    console: &'env Console,
    connected: &'env Connected,
    lines: Receiver<Line>,
    answers: Answers,
    files: Files,
    /// Requests that are being worked on.
    busy: Arc<AtomicUsize>,
    /// The step that the guest is at: what is waited for, until when, how long that is.
    step: (String, Instant, Duration),
    last_frame: Option<Instant>,
    lookout: Lookout,
}

impl<'scope, 'env> Watch<'scope, 'env> {
    /// Starts reading the agent's port.
    pub fn new(
        scope: &'scope Scope<'scope, 'env>,
        (job, deadlines): (&'env Job, Deadlines),
        requests: &'env dyn HostRequests,
        qmp: &'env Qmp,
        console: &'env Console,
        connected: &'env Connected,
        files: Files,
    ) -> Self {
        let (sender, lines) = mpsc::sync_channel(QUEUE);
        scope.spawn(move || {
            // Nobody listens any more: then nobody wants to know.
            frames::read(&connected.agent, |line| drop(sender.send(line)));
        });
        // It fails only on a socket that is gone, which is noticed when it is used.
        let _ = connected.console.set_write_timeout(Some(WRITE_WAIT));
        Self {
            scope,
            job,
            deadlines,
            requests,
            qmp,
            console,
            connected,
            lines,
            answers: Answers::start(scope, &connected.agent),
            files,
            busy: Arc::default(),
            step: (String::new(), Instant::now(), Duration::ZERO),
            last_frame: None,
            lookout: Lookout::default(),
        }
    }

    /// Follows until QEMU ends (nothing) or must be ended (as what).
    ///
    /// # Errors
    /// QEMU has lost an interrupt: what the guest does from here on proves nothing about its kernel.
    pub fn follow(
        &mut self,
        qemu: &mut Running,
        started: Instant,
        transcript: &mut TranscriptBuilder,
        on_frame: &mut dyn FnMut(&FromGuest),
    ) -> Result<Option<VmEnd>, LostInterrupt> {
        self.step = ("the agent's hello".into(), started + self.deadlines.boot, self.deadlines.boot);
        loop {
            match self.lines.recv_timeout(TICK) {
                Ok(line) => self.take(line, transcript, on_frame),
                Err(RecvTimeoutError::Timeout) => {}
                // The port is closed: QEMU is about to end.
                Err(RecvTimeoutError::Disconnected) => thread::sleep(TICK),
            }
            // A flood of frames must not keep us from looking at the clock, nor the clock from the frames.
            for line in self.lines.try_iter().take(QUEUE).collect::<Vec<_>>() {
                self.take(line, transcript, on_frame);
            }
            if qemu.wait(Duration::ZERO).is_some() {
                return Ok(None);
            }
            if signals::requested() {
                return Ok(Some(VmEnd::Interrupted));
            }
            if self.is_dead() {
                return Ok(Some(VmEnd::Dead));
            }
            let heard = [self.last_frame, self.console.last()].into_iter().flatten().max();
            if let Some(lost) = self.lookout.look(self.qmp, heard.unwrap_or(started)) {
                return Err(lost);
            }
            let (waiting, until, longest) = &self.step;
            if Instant::now() >= *until {
                transcript
                    .note(format!("the guest hangs: {waiting} did not come within {} s", longest.as_secs()));
                let ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
                // Before they are asked to speak, which moves them.
                for processor in lost_interrupt::at_the_end(self.qmp)? {
                    transcript.note(processor);
                }
                if !self.last_words() {
                    transcript.note("the kernel does not answer to SysRq on its console".to_owned());
                }
                return Ok(Some(VmEnd::Deadline { ms }));
            }
        }
    }

    /// Takes what is still on its way when QEMU is gone.
    pub fn rest(&mut self, transcript: &mut TranscriptBuilder, on_frame: &mut dyn FnMut(&FromGuest)) {
        while let Ok(line) = self.lines.recv() {
            self.take(line, transcript, on_frame);
        }
        for note in self.files.close() {
            transcript.note(note);
        }
    }

    fn take(&mut self, line: Line, transcript: &mut TranscriptBuilder, on_frame: &mut dyn FnMut(&FromGuest)) {
        let now = Instant::now();
        let Some(frame) = transcript.take(line, now) else { return };
        self.last_frame = Some(now);
        if let Some(longest) = self.deadlines.after(&frame, self.job) {
            let waiting = match (&frame, transcript.running()) {
                (FromGuest::Hello { .. }, _) => "the first case".into(),
                (FromGuest::Begin { .. }, Some((_, name))) => format!("the end of case {name}"),
                (FromGuest::Bye { .. }, _) => "power-off".into(),
                _ => "the next case".into(),
            };
            self.step = (waiting, now + longest, longest);
        }
        on_frame(&frame);
        if let Some(answer) = self.files.take(&frame, transcript.running()) {
            if let Some(note) = answer.note {
                transcript.note(note);
            }
            self.answers.send(answer.file, answer.result);
        }
        match frame {
            FromGuest::Hello { .. } => self.answers.send_frame(&ToGuest::Hello),
            FromGuest::Ask { id, words } => self.answer(id, words),
            FromGuest::Bye { .. } => self.answers.send_frame(&ToGuest::Bye),
            _ => {}
        }
    }

    /// On a thread of its own: to unplug a device takes seconds in which the guest goes on.
    fn answer(&self, id: u32, words: Vec<String>) {
        let answers = self.answers.clone();
        if self.busy.fetch_add(1, Ordering::SeqCst) >= REQUESTS {
            self.busy.fetch_sub(1, Ordering::SeqCst);
            answers.send(id, Err(format!("{REQUESTS} requests are being worked on already")));
            return;
        }
        let (busy, requests, qmp) = (Arc::clone(&self.busy), self.requests, self.qmp);
        self.scope.spawn(move || {
            answers.send(id, requests.answer(&words, qmp));
            busy.fetch_sub(1, Ordering::SeqCst);
        });
    }

    /// The kernel has reported its death, nothing came from the agent since, and the console is silent.
    fn is_dead(&self) -> bool {
        let Some(died) = self.console.died() else { return false };
        // Somebody only printed the words.
        if self.last_frame.is_some_and(|frame| frame > died + ON_ITS_WAY) {
            return false;
        }
        let silent = self.console.last().is_some_and(|last| last.elapsed() >= DYING_SILENCE);
        silent || died.elapsed() >= DYING
    }

    /// Has a hanging kernel print where it hangs: SysRq by a break on the serial line works without any
    /// process, as long as interrupts are served. `l` shows the processors, `w` the blocked tasks. Whether it says
    /// anything.
    fn last_words(&self) -> bool {
        let before = self.console.last();
        let mut keyboard = &self.connected.console;
        for key in ["l", "w"] {
            if self.qmp.command("chardev-send-break", json!({ "id": "console" }), LAST_WORDS).is_err()
                || keyboard.write_all(key.as_bytes()).is_err()
            {
                break;
            }
            thread::sleep(LAST_WORDS / 4);
        }
        let until = Instant::now() + LAST_WORDS;
        while Instant::now() < until
            && self.console.last().is_some_and(|last| last.elapsed() < LAST_WORDS / 4)
        {
            thread::sleep(TICK);
        }
        self.console.last() > before
    }
}
