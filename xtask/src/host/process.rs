//! The one process wrapper. Nothing else in this workspace starts a process.
//!
//! Every child leads a process group of its own, so that its whole family can be ended: at its deadline, on
//! Ctrl-C, when the tool panics, and when its [`Running`] is dropped. What it prints goes to a log file, to
//! a short tail for error messages, and to a callback, as asked.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, PipeReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::interrupt::{self, GRACE, Group};

/// How many last lines an error shows.
const TAIL: usize = 20;
/// No line of the tail is longer; the log has it whole.
const TAIL_WIDTH: usize = 400;
/// How often a wait looks at its deadline. QEMU's end is noticed at most this late.
const TICK: Duration = Duration::from_millis(10);

/// Is called for each line of output.
type OnLine = Box<dyn FnMut(&str) + Send>;

/// A process about to be started.
#[derive(Default)]
pub struct Process {
    program: OsString,
    args: Vec<OsString>,
    dir: Option<PathBuf>,
    env: Vec<(OsString, OsString)>,
    env_remove: Vec<OsString>,
    stdin: Stdin,
    log: Option<PathBuf>,
    deadline: Option<Duration>,
    on_line: Option<OnLine>,
    interactive: bool,
    die_with_parent: bool,
}

#[derive(Default)]
enum Stdin {
    #[default]
    Null,
    Bytes(Vec<u8>),
    File(PathBuf),
}

/// A finished process.
#[derive(Debug, Clone)]
pub struct Output {
    /// How it ended.
    pub status: Status,
    /// Standard output, whole.
    pub stdout: Vec<u8>,
    /// The last lines of stdout and stderr together.
    pub tail: Vec<String>,
    /// Wall time.
    pub took: Duration,
}

impl Output {
    /// Standard output as text, without the last line end.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end_matches('\n').to_owned()
    }
}

/// How a process ended; signals by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(ExitStatus);

impl Status {
    /// Exited with 0.
    pub fn success(self) -> bool {
        self.0.success()
    }

    /// Exit code; none when a signal ended it.
    pub fn code(self) -> Option<i32> {
        self.0.code()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.code(), self.0.signal()) {
            (Some(code), _) => write!(f, "exit status {code}"),
            (None, Some(number)) => match signal_hook::low_level::signal_name(number) {
                Some(name) => write!(f, "{name}"),
                None => write!(f, "signal {number}"),
            },
            (None, None) => write!(f, "{}", self.0),
        }
    }
}

/// A process that could not be started or did not end well. Shows all that is needed to try it by hand.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started at all.
    #[error("cannot start {program}: {source}\n  command: {command}")]
    Start {
        /// The program.
        program: String,
        /// Ready to paste.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// It failed.
    #[error("{program} ended with {status}{}", details(.command, .tail, .log.as_deref()))]
    Failed {
        /// The program.
        program: String,
        /// Ready to paste.
        command: String,
        /// How it ended.
        status: Status,
        /// Its last lines.
        tail: Vec<String>,
        /// Where all of its lines are.
        log: Option<PathBuf>,
    },
    /// It was still running at its deadline, and killed.
    #[error("{program} was killed at its deadline of {} s{}", .deadline.as_secs_f32(), details(.command, .tail, .log.as_deref()))]
    Deadline {
        /// The program.
        program: String,
        /// Ready to paste.
        command: String,
        /// The deadline.
        deadline: Duration,
        /// Its last lines.
        tail: Vec<String>,
        /// Where all of its lines are.
        log: Option<PathBuf>,
    },
    /// The user interrupted.
    #[error("interrupted")]
    Interrupted,
    /// Its log could not be written, its input not be read.
    #[error("{doing} {}: {source}", .path.display())]
    Io {
        /// In the gerund: "writing".
        doing: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn details(command: &str, tail: &[String], log: Option<&Path>) -> String {
    let mut text = format!("\n  command: {command}");
    for line in tail {
        text.push_str("\n  | ");
        text.push_str(line);
    }
    if let Some(log) = log {
        text.push_str(&format!("\n  log: {}", log.display()));
    }
    text
}

impl Process {
    /// A process with its arguments.
    pub fn new<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, args: impl IntoIterator<Item = A>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: args.into_iter().map(|a| a.as_ref().to_owned()).collect(),
            ..Self::default()
        }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Its working folder.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// One variable of its environment.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((key.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Takes one variable out of its environment.
    #[must_use]
    pub fn env_remove(mut self, key: impl AsRef<OsStr>) -> Self {
        self.env_remove.push(key.as_ref().to_owned());
        self
    }

    /// Its standard input; empty unless told.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Stdin::Bytes(bytes.into());
        self
    }

    /// Its standard input from a file.
    #[must_use]
    pub fn stdin_file(mut self, path: impl AsRef<Path>) -> Self {
        self.stdin = Stdin::File(path.as_ref().to_owned());
        self
    }

    /// Appends all of its output, and the command itself, to this file.
    #[must_use]
    pub fn log(mut self, path: impl AsRef<Path>) -> Self {
        self.log = Some(path.as_ref().to_owned());
        self
    }

    /// Ends its group after this long.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Is called for each line that it prints, on stdout or stderr.
    #[must_use]
    pub fn on_line(mut self, callback: impl FnMut(&str) + Send + 'static) -> Self {
        self.on_line = Some(Box::new(callback));
        self
    }

    /// Gives it our terminal: stdin, stdout and stderr are ours, and so is the process group, so that the
    /// terminal's job control works. For a shell in the guest, and for `sudo` asking for a password.
    #[must_use]
    pub fn interactive(mut self) -> Self {
        self.interactive = true;
        self
    }

    /// Kills it when the thread that started it is gone, even if the tool itself is killed with KILL.
    #[must_use]
    pub fn die_with_parent(mut self) -> Self {
        self.die_with_parent = true;
        self
    }

    /// The command, ready to paste into a shell.
    pub fn command_line(&self) -> String {
        let mut text = String::new();
        if let Some(dir) = &self.dir {
            text.push_str(&format!("cd {} && ", quote(dir.as_os_str())));
        }
        for (key, value) in &self.env {
            text.push_str(&format!("{}={} ", key.to_string_lossy(), quote(value)));
        }
        text.push_str(&quote(&self.program));
        for arg in &self.args {
            text.push(' ');
            text.push_str(&quote(arg));
        }
        text
    }

    /// Runs it to its end; any end but exit status 0 is an error.
    ///
    /// # Errors
    /// [`ProcessError`] in all its forms.
    pub fn run(self) -> Result<Output, ProcessError> {
        let (program, command, log) = (self.name(), self.command_line(), self.log.clone());
        let output = self.output()?;
        if output.status.success() {
            Ok(output)
        } else {
            Err(ProcessError::Failed { program, command, status: output.status, tail: output.tail, log })
        }
    }

    /// Runs it and returns its standard output as text, without the last line end.
    ///
    /// # Errors
    /// As [`Process::run`].
    pub fn read(self) -> Result<String, ProcessError> {
        self.run().map(|output| output.text())
    }

    /// Runs it to its end, whatever its exit status.
    ///
    /// # Errors
    /// All but [`ProcessError::Failed`].
    pub fn output(self) -> Result<Output, ProcessError> {
        let deadline = self.deadline;
        let mut running = self.start()?;
        let begun = Instant::now();
        loop {
            let left = deadline.map(|d| d.saturating_sub(begun.elapsed()));
            if running.wait(left.unwrap_or(Duration::from_secs(3600))).is_some() {
                break;
            }
            if left.is_some_and(|left| left.is_zero()) {
                running.stop(GRACE);
                return Err(ProcessError::Deadline {
                    program: running.program.clone(),
                    command: running.command.clone(),
                    deadline: deadline.unwrap_or_default(),
                    tail: running.tail(),
                    log: running.log.clone(),
                });
            }
        }
        let output = running.finish();
        if interrupt::requested() { Err(ProcessError::Interrupted) } else { Ok(output) }
    }

    /// Starts it and returns at once.
    ///
    /// # Errors
    /// [`ProcessError::Start`], [`ProcessError::Interrupted`], [`ProcessError::Io`] for its log.
    pub fn start(mut self) -> Result<Running, ProcessError> {
        if interrupt::requested() {
            return Err(ProcessError::Interrupted);
        }
        let (program, command) = (self.name(), self.command_line());
        let fail =
            |source| ProcessError::Start { program: program.clone(), command: command.clone(), source };
        let shared = Arc::new(Mutex::new(Shared {
            stdout: Vec::new(),
            tail: VecDeque::new(),
            log: self.log.as_deref().map(|path| open_log(path, &command)).transpose()?,
            on_line: self.on_line.take(),
        }));

        let mut expression = self.expression()?;
        let mut readers = Vec::new();
        if !self.interactive {
            let (out_reader, out_writer) = io::pipe().map_err(fail)?;
            let (err_reader, err_writer) = io::pipe().map_err(fail)?;
            expression = expression.stdout_file(out_writer).stderr_file(err_writer);
            readers.push(drain(out_reader, Arc::clone(&shared), true));
            readers.push(drain(err_reader, Arc::clone(&shared), false));
        }
        let started = Instant::now();
        let handle = expression.start().map_err(fail)?;
        // The expression holds our ends of the pipes; without them the readers see the end of file.
        drop(expression);
        let group =
            if self.interactive { None } else { handle.pids().first().map(|pid| Group::register(*pid)) };
        Ok(Running { program, command, log: self.log, handle, group, readers, shared, started })
    }

    fn expression(&self) -> Result<duct::Expression, ProcessError> {
        let mut expression = duct::cmd(&self.program, &self.args).unchecked();
        if let Some(dir) = &self.dir {
            expression = expression.dir(dir);
        }
        for (key, value) in &self.env {
            expression = expression.env(key, value);
        }
        for key in &self.env_remove {
            expression = expression.env_remove(key);
        }
        if !self.interactive {
            expression = match &self.stdin {
                Stdin::Null => expression.stdin_null(),
                Stdin::Bytes(bytes) => expression.stdin_bytes(bytes.clone()),
                Stdin::File(path) => expression.stdin_file(File::open(path).map_err(|source| {
                    ProcessError::Io { doing: "opening the input of a process,", path: path.clone(), source }
                })?),
            };
        }
        let (interactive, die) = (self.interactive, self.die_with_parent);
        Ok(expression.before_spawn(move |command| {
            if !interactive {
                command.process_group(0);
            }
            if die {
                kill_when_parent_dies(command);
            }
            Ok(())
        }))
    }

    fn name(&self) -> String {
        Path::new(&self.program).file_name().unwrap_or(&self.program).to_string_lossy().into_owned()
    }
}

impl From<xshell::Cmd<'_>> for Process {
    /// Takes a command as `xshell::cmd!` quotes it, with its folder, arguments and environment.
    fn from(cmd: xshell::Cmd<'_>) -> Self {
        let command = std::process::Command::from(cmd);
        let mut process = Self::new(command.get_program(), command.get_args());
        process.dir = command.get_current_dir().map(Path::to_owned);
        process
    }
}

#[expect(unsafe_code, reason = "prctl between fork and exec: async-signal-safe, allocates nothing")]
fn kill_when_parent_dies(command: &mut std::process::Command) {
    // SAFETY: the closure makes one prctl system call and touches no memory of ours.
    unsafe {
        command.pre_exec(|| {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(io::Error::from)
        });
    }
}

/// A process that runs. Dropping it ends its whole group.
pub struct Running {
    program: String,
    command: String,
    log: Option<PathBuf>,
    handle: duct::Handle,
    group: Option<Group>,
    readers: Vec<JoinHandle<()>>,
    shared: Arc<Mutex<Shared>>,
    started: Instant,
}

struct Shared {
    stdout: Vec<u8>,
    tail: VecDeque<String>,
    log: Option<File>,
    on_line: Option<OnLine>,
}

impl Running {
    /// Waits at most this long; its status once it has ended.
    pub fn wait(&mut self, longest: Duration) -> Option<Status> {
        let until = Instant::now() + longest;
        loop {
            match self.handle.try_wait() {
                Ok(Some(output)) => return Some(Status(output.status)),
                // The child cannot be waited for any more: it is gone, and its status with it.
                Err(_) => return Some(Status(ExitStatus::from_raw(0x7f00))),
                Ok(None) if Instant::now() >= until => return None,
                Ok(None) => thread::sleep(TICK.min(until.saturating_duration_since(Instant::now()))),
            }
        }
    }

    /// Ends its group: TERM, then KILL when it is still there after `grace`.
    pub fn stop(&mut self, grace: Duration) -> Status {
        if let Some(group) = &self.group {
            group.signal(Signal::TERM);
        }
        if let Some(status) = self.wait(grace) {
            return status;
        }
        if let Some(group) = &self.group {
            group.signal(Signal::KILL);
        }
        self.wait(GRACE).unwrap_or(Status(ExitStatus::from_raw(9)))
    }

    /// Its last lines so far.
    pub fn tail(&self) -> Vec<String> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).tail.iter().cloned().collect()
    }

    /// The command, ready to paste.
    pub fn command_line(&self) -> &str {
        &self.command
    }

    /// Process id of the group's leader.
    pub fn pid(&self) -> u32 {
        self.handle.pids().first().copied().unwrap_or(0)
    }

    /// Waits for its end and for its last line of output.
    pub fn finish(mut self) -> Output {
        let status = loop {
            if let Some(status) = self.wait(Duration::from_secs(3600)) {
                break status;
            }
        };
        let took = self.started.elapsed();
        // A grandchild that kept the pipe open would make the readers wait for ever.
        self.group = None;
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        Output {
            status,
            stdout: std::mem::take(&mut shared.stdout),
            tail: shared.tail.iter().cloned().collect(),
            took,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.group.is_some() && self.wait(Duration::ZERO).is_none() {
            self.stop(Duration::from_millis(500));
        }
    }
}

fn open_log(path: &Path, command: &str) -> Result<File, ProcessError> {
    let fail = |source| ProcessError::Io { doing: "writing the log", path: path.to_owned(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(fail)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(fail)?;
    writeln!(file, "+ {command}").map_err(fail)?;
    Ok(file)
}

fn drain(pipe: PipeReader, shared: Arc<Mutex<Shared>>, keep: bool) -> JoinHandle<()> {
    /// A longer line is handed on in pieces: memory stays bounded whatever the child prints.
    const LONGEST: u64 = 1 << 20;
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut pipe).take(LONGEST).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => shared.lock().unwrap_or_else(PoisonError::into_inner).take_line(&line, keep),
            }
        }
    })
}

impl Shared {
    fn take_line(&mut self, raw: &[u8], keep: bool) {
        if keep {
            self.stdout.extend_from_slice(raw);
        }
        if let Some(log) = &mut self.log {
            // A full disk must not kill the build; what was lost shows as a short log.
            let _ = log.write_all(raw);
        }
        let line = String::from_utf8_lossy(raw);
        let line = line.trim_end_matches(['\n', '\r']);
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line.chars().filter(|c| !c.is_control()).take(TAIL_WIDTH).collect());
        if let Some(callback) = &mut self.on_line {
            callback(line);
        }
    }
}

/// Quotes a word for a POSIX shell, where it needs it.
pub fn quote(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref().to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Process {
        Process::new("sh", ["-c", script])
    }

    #[test]
    fn output_and_status_are_kept() {
        let output = sh("echo out; echo err >&2; exit 3").output().expect("sh runs");
        assert_eq!(output.text(), "out");
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(output.tail.len(), 2);
    }

    #[test]
    fn a_failure_shows_command_status_and_tail() {
        let error = sh("echo 'no such thing' >&2; kill -SEGV $$").dir("/").run().expect_err("it fails");
        insta::assert_snapshot!(error, @r"
        sh ended with SIGSEGV
          command: cd / && sh -c 'echo '\''no such thing'\'' >&2; kill -SEGV $$'
          | no such thing
        ");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Process::new("no-such-program", ["x"]).run().expect_err("it is missing");
        assert!(error.to_string().starts_with("cannot start no-such-program: "), "{error}");
    }

    #[test]
    fn the_deadline_ends_the_whole_group() {
        let begun = Instant::now();
        let error =
            sh("sleep 60 & sleep 60").deadline(Duration::from_millis(100)).run().expect_err("too slow");
        assert!(matches!(error, ProcessError::Deadline { .. }), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_grandchild_that_keeps_the_pipe_does_not_hold_us() {
        let begun = Instant::now();
        let output = sh("sleep 60 & echo done").output().expect("sh runs");
        assert_eq!(output.text(), "done");
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn the_log_starts_with_the_command() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("deep/log");
        sh("echo hello").log(&log).run().expect("it runs");
        insta::assert_snapshot!(fs::read_to_string(log).expect("a log"), @r"
        + sh -c 'echo hello'
        hello
        ");
    }

    #[test]
    fn words_are_quoted_only_where_they_must_be() {
        assert_eq!(quote("a-b_c.d/e=f,g"), "a-b_c.d/e=f,g");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
    }
}
