//! A small client of QEMU's machine protocol, over a socket that QEMU has connected to.
//!
//! Limits: no out-of-band execution, no file descriptors. Events are kept up to a bound.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// No message that we cause is longer; `query-qmp-schema` has some 200 KiB.
const LONGEST_LINE: u64 = 8 << 20;
/// Older events are forgotten. A guest can cause them (`DEVICE_DELETED`, `RTC_CHANGE`), so there is a bound.
const EVENTS_KEPT: usize = 1024;
/// QEMU's main loop takes what we write at once, or it hangs.
const WRITE_WAIT: Duration = Duration::from_secs(10);

/// A command that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QmpError {
    /// QEMU refused; its own words.
    #[error("{0}")]
    Refused(String),
    /// No answer came.
    #[error("QEMU did not answer {command} within {} s", .after.as_secs())]
    TimedOut {
        /// The command's name.
        command: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection is gone, and QEMU with it.
    #[error("QEMU is gone")]
    Closed,
}

/// The connection. Used from many threads.
pub struct Qmp {
    writer: Mutex<UnixStream>,
    shared: Arc<Shared>,
    reader: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: u64,
    closed: bool,
    pending: BTreeMap<u64, Sender<Result<Value, QmpError>>>,
    events: VecDeque<Value>,
    /// How many events were forgotten: the number of the first that is kept.
    first: usize,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Qmp {
    /// Starts the connection. The greeting needs no wait: QEMU queues the commands until it has greeted.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn start(stream: &UnixStream) -> std::io::Result<Self> {
        let stream = stream.try_clone()?;
        stream.set_write_timeout(Some(WRITE_WAIT))?;
        let shared = Arc::new(Shared::default());
        let reader = thread::Builder::new().name("qmp".into()).spawn({
            let (stream, shared) = (stream.try_clone()?, Arc::clone(&shared));
            move || read(stream, &shared)
        })?;
        let qmp = Self { writer: Mutex::new(stream), shared, reader: Mutex::new(Some(reader)) };
        // Its answer is of no interest: without it every later command is refused, which its error reports.
        drop(qmp.send("qmp_capabilities", &Value::Null));
        Ok(qmp)
    }

    /// Carries out one command and waits for its answer at most this long.
    ///
    /// # Errors
    /// [`QmpError`] in all its forms.
    pub fn command(&self, name: &str, arguments: Value, longest: Duration) -> Result<Value, QmpError> {
        let (id, answer) = self.send(name, &arguments)?;
        match answer.recv_timeout(longest) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(QmpError::Closed),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                lock(&self.shared.state).pending.remove(&id);
                Err(QmpError::TimedOut { command: name.to_owned(), after: longest })
            }
        }
    }

    /// Carries out one command of the human monitor; what it printed. It has no errors, only text.
    ///
    /// # Errors
    /// As [`Qmp::command`].
    pub fn human(&self, line: &str, longest: Duration) -> Result<String, QmpError> {
        self.monitor(json!({ "command-line": line }), longest)
    }

    /// The same, seen from one processor of the guest.
    ///
    /// # Errors
    /// As [`Qmp::command`].
    pub fn human_at(&self, cpu: u64, line: &str, longest: Duration) -> Result<String, QmpError> {
        self.monitor(json!({ "command-line": line, "cpu-index": cpu }), longest)
    }

    fn monitor(&self, arguments: Value, longest: Duration) -> Result<String, QmpError> {
        let text = self.command("human-monitor-command", arguments, longest)?;
        Ok(text.as_str().unwrap_or_default().trim().to_owned())
    }

    fn send(
        &self,
        name: &str,
        arguments: &Value,
    ) -> Result<(u64, mpsc::Receiver<Result<Value, QmpError>>), QmpError> {
        let (sender, answer) = mpsc::channel();
        let id = {
            let mut state = lock(&self.shared.state);
            if state.closed {
                return Err(QmpError::Closed);
            }
            state.next += 1;
            let id = state.next;
            state.pending.insert(id, sender);
            id
        };
        let mut message = json!({ "execute": name, "id": id });
        if !arguments.is_null() {
            message["arguments"] = arguments.clone();
        }
        let line = format!("{message}\r\n");
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(line.as_bytes()).map_err(|_| QmpError::Closed)?;
        Ok((id, answer))
    }

    /// Number that the next event will have, for [`Qmp::wait_event`].
    pub fn next_event(&self) -> usize {
        let state = lock(&self.shared.state);
        state.first + state.events.len()
    }

    /// Waits at most this long for an event, from the one with this number on.
    ///
    /// # Errors
    /// [`QmpError::TimedOut`], [`QmpError::Closed`].
    pub fn wait_event(
        &self,
        from: usize,
        longest: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, QmpError> {
        let until = Instant::now() + longest;
        let mut state = lock(&self.shared.state);
        loop {
            let skip = from.saturating_sub(state.first);
            if let Some(event) = state.events.iter().skip(skip).find(|event| wanted(event)) {
                return Ok(event.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if state.closed {
                return Err(QmpError::Closed);
            } else if left.is_zero() {
                return Err(QmpError::TimedOut { command: "with the event".into(), after: longest });
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Why QEMU shut down, from the last event that names it: `guest-shutdown`, `guest-reset`, `guest-panic`,
    /// `host-signal`, … (`ShutdownCause` in QEMU's qapi/run-state.json). Once QEMU is gone this is final.
    pub fn shutdown_reason(&self) -> Option<String> {
        if let Some(reader) = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = reader.join();
        }
        let state = lock(&self.shared.state);
        let event = state.events.iter().rev().find(|event| event["event"] == "SHUTDOWN")?;
        Some(event["data"]["reason"].as_str()?.to_owned())
    }
}

fn read(stream: UnixStream, shared: &Shared) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut stream).take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            // The greeting, and whatever is not JSON, is none of ours.
            Ok(_) => {
                if let Ok(message) = serde_json::from_slice(&line) {
                    take(message, shared);
                }
            }
        }
    }
    let mut state = lock(&shared.state);
    state.closed = true;
    state.pending.clear();
    shared.changed.notify_all();
}

fn take(mut message: Value, shared: &Shared) {
    let mut state = lock(&shared.state);
    if message.get("event").is_some() {
        if state.events.len() == EVENTS_KEPT {
            state.events.pop_front();
            state.first += 1;
        }
        state.events.push_back(message);
        shared.changed.notify_all();
    } else if let Some(sender) = message["id"].as_u64().and_then(|id| state.pending.remove(&id)) {
        let result = match message.get("error") {
            Some(error) => Err(QmpError::Refused(error["desc"].as_str().unwrap_or("no reason given").into())),
            None => Ok(message["return"].take()),
        };
        let _ = sender.send(result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client, and the other end as QEMU has it.
    fn pair() -> (Qmp, BufReader<UnixStream>) {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        (Qmp::start(&ours).expect("it starts"), BufReader::new(theirs))
    }

    fn answer(qemu: &mut BufReader<UnixStream>, with: &str) -> String {
        let mut line = String::new();
        qemu.read_line(&mut line).expect("a command");
        let id = serde_json::from_str::<Value>(&line).expect("JSON")["id"].clone();
        let text = with.replace("ID", &id.to_string());
        qemu.get_mut().write_all(text.as_bytes()).expect("the answer is written");
        line.trim_end().to_owned()
    }

    #[test]
    fn commands_answers_errors_and_events() {
        let (qmp, mut qemu) = pair();
        let other = thread::spawn(move || {
            let mut seen = vec![answer(&mut qemu, "{\"QMP\":{}}\n{\"return\":{},\"id\":ID}\n")];
            seen.push(answer(&mut qemu, "garbage\n{\"event\":\"A\"}\n{\"return\":7,\"id\":ID}\n"));
            seen.push(answer(&mut qemu, "{\"error\":{\"class\":\"X\",\"desc\":\"no such ID\"},\"id\":ID}\n"));
            let bye = "{\"event\":\"SHUTDOWN\",\"data\":{\"reason\":\"guest-reset\"}}\n";
            qemu.get_mut().write_all(bye.as_bytes()).expect("the event is written");
            seen
        });
        let second = Duration::from_secs(5);
        assert_eq!(qmp.command("one", json!({"a": 1}), second), Ok(json!(7)));
        assert_eq!(qmp.command("two", Value::Null, second), Err(QmpError::Refused("no such 3".into())));
        let event = qmp.wait_event(0, second, |event| event["event"] == "A");
        assert_eq!(event, Ok(json!({"event": "A"})));
        assert_eq!(qmp.shutdown_reason().as_deref(), Some("guest-reset"));
        assert_eq!(qmp.command("three", Value::Null, second), Err(QmpError::Closed));
        assert_eq!(qmp.wait_event(0, second, |_| false), Err(QmpError::Closed));
        insta::assert_snapshot!(other.join().expect("no panic").join("\n"), @r#"
        {"execute":"qmp_capabilities","id":1}
        {"execute":"one","id":2,"arguments":{"a":1}}
        {"execute":"two","id":3}
        "#);
    }

    #[test]
    fn a_mute_qemu_is_waited_for_only_so_long() {
        let (qmp, _qemu) = pair();
        let error = qmp.command("x", Value::Null, Duration::from_millis(20)).expect_err("no answer");
        assert_eq!(error.to_string(), "QEMU did not answer x within 0 s");
    }
}
