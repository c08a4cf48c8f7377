//! One run of a round: this very program once more, whose events are read as it goes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Duration;

use event::Stamped;
use host::{Process, ProcessError};

use super::state::Input;

/// How often a run under way is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How long a run may take to end its guests and its make: the tool gives each three seconds.
const TO_STOP: Duration = Duration::from_secs(15);

/// The program and the arguments of a round.
#[derive(Debug, Clone)]
pub(super) struct Command {
    program: PathBuf,
    args: Vec<OsString>,
}

impl Command {
    /// That of this process, as a run that is read by a program.
    ///
    /// # Errors
    /// The system does not say which program this is.
    pub(super) fn of_this_process() -> std::io::Result<Self> {
        Ok(Self { program: std::env::current_exe()?, args: run_once(std::env::args_os().skip(1)) })
    }

    /// Another subcommand, in the same project.
    pub(super) fn other(&self, args: &[&str]) -> Process {
        Process::new(&self.program, args)
    }
}

/// The same arguments for a run that does not watch.
fn run_once(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let (mut once, mut is_format) = (Vec::new(), false);
    for arg in args {
        let is_value = std::mem::replace(&mut is_format, arg == "--format");
        let is_ours = arg == "--watch" || arg.to_string_lossy().starts_with("--format=");
        if !is_value && !is_format && !is_ours {
            once.push(arg);
        }
    }
    once.extend(["--format".into(), "json".into()]);
    once
}

/// A run under way. Dropping it stops it.
pub(super) struct Round {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Round {
    /// Begins a run, of these cells alone where some are named, and tells what comes of it: its end last.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn start(
        command: &Command,
        only: Option<&str>,
        tell: Sender<Input>,
    ) -> Result<Self, ProcessError> {
        let line = tell.clone();
        let only = only.map(|cells| format!("--only-cells={cells}"));
        let process =
            Process::new(&command.program, command.args.iter().chain(only.map(OsString::from).as_ref()));
        let mut running = process
            .on_line(move |text| {
                let input = match serde_json::from_str::<Stamped>(text) {
                    Ok(stamped) => Input::Event(Box::new(stamped.event)),
                    Err(_) => Input::Said(text.to_owned()),
                };
                // Who listens no more has left.
                let _ = line.send(input);
            })
            .start()?;
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while running.wait(LOOK).is_none() {
                if asked.load(Ordering::SeqCst) {
                    running.stop(TO_STOP);
                }
            }
            // What it printed last is told before its end.
            let _ = tell.send(Input::Ended(running.finish().status.code()));
        });
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Asks it to end, as Ctrl-C would.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_has_the_same_arguments_but_does_not_watch() {
        let of = |line: &str| {
            let args = run_once(line.split(' ').map(OsString::from));
            args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("run --watch --suite attach"), "run --suite attach --format json");
        assert_eq!(of("--format human run -j 2 --watch"), "run -j 2 --format json");
        assert_eq!(of("run --linux ../linux --watch --format=human"), "run --linux ../linux --format json");
    }
}
