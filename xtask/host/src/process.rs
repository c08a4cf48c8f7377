//! The one process wrapper. Nothing else in this workspace starts a process.
//!
//! Every child leads a process group of its own, so that its whole family can be ended: at its deadline, on
//! Ctrl-C, when the tool panics, and when its [`Running`] is dropped. What it prints goes to a log file, to
//! a short tail for error messages, and to a callback, as asked.

mod error;
mod output;
mod running;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fs_err::File;
use rustix::process::Signal;

use super::confine::{self, Confinement, Prepared};
use super::signals::{self, GRACE, Group};
use output::OnLine;
use running::{Shared, drain, open_log};

pub use error::{ProcessError, Status};
pub use output::Output;
pub use running::Running;

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
    confinement: Option<Confinement>,
}

#[derive(Default)]
enum Stdin {
    #[default]
    Null,
    Bytes(Vec<u8>),
    File(PathBuf),
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

    /// Its standard input; empty unless set.
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

    /// Puts it into a box, as strong as this machine and [`confine::policy`](crate::confine::policy) make one: it runs what a stranger wrote.
    #[must_use]
    pub fn confined(mut self, inside: Confinement) -> Self {
        self.confinement = Some(inside);
        self
    }

    /// The command, ready to paste into a shell. A box that is around it is not shown: by hand nobody needs it.
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
        let (program, command) = (running.program.clone(), running.command.clone());
        let output = running.finish();
        match &output.broken {
            _ if signals::requested() => Err(ProcessError::Interrupted),
            Some(broken) => Err(ProcessError::Limit { program, command, broken: broken.clone() }),
            None => Ok(output),
        }
    }

    /// Starts it and returns at once.
    ///
    /// # Errors
    /// [`ProcessError::Start`], [`ProcessError::Interrupted`], [`ProcessError::Io`] for its log.
    pub fn start(mut self) -> Result<Running, ProcessError> {
        if signals::requested() {
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

        let boxed = self
            .confinement
            .as_ref()
            .map(|inside| Prepared::new(inside, Path::new(&self.program), self.dir.as_deref()));
        let boxed = boxed.transpose().map_err(fail)?.flatten().map(Arc::new);
        let mut expression = self.expression(boxed.as_ref())?;
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
        let watched =
            boxed.as_ref().zip(self.confinement.as_ref()).map(|(boxed, inside)| boxed.watch(inside));
        let broken = None;
        Ok(Running {
            program,
            command,
            log: self.log,
            handle,
            group,
            readers,
            shared,
            started,
            boxed,
            watched,
            broken,
        })
    }

    fn expression(&self, boxed: Option<&Arc<Prepared>>) -> Result<duct::Expression, ProcessError> {
        let mut words = boxed.map(|boxed| boxed.words.clone()).unwrap_or_default();
        words.push(self.program.clone());
        words.extend(self.args.iter().cloned());
        let mut expression = duct::cmd(&words[0], &words[1..]).unchecked();
        for (key, value) in boxed.map(|boxed| boxed.env()).unwrap_or_default() {
            expression = expression.env(key, value);
        }
        if let Some(dir) = &self.dir {
            expression = expression.dir(dir);
        }
        for (key, value) in &self.env {
            expression = expression.env(key, value);
        }
        for key in &self.env_remove {
            expression = expression.env_remove(key);
        }
        if boxed.is_some() {
            let own = |key: &OsStr| self.env.iter().any(|(name, _)| name.as_os_str() == key);
            let strange = std::env::vars_os().map(|(key, _)| key);
            for key in strange.filter(|key| !confine::is_harmless(key) && !own(key)) {
                expression = expression.env_remove(key);
            }
        }
        if !self.interactive {
            expression = match &self.stdin {
                Stdin::Null => expression.stdin_null(),
                Stdin::Bytes(bytes) => expression.stdin_bytes(bytes.clone()),
                Stdin::File(path) => expression.stdin_file(File::open(path)?.into_file()),
            };
        }
        let (interactive, die, boxed) = (self.interactive, self.die_with_parent, boxed.cloned());
        Ok(expression.before_spawn(move |command| {
            // One in a box leads a session of its own as well, from which no terminal can be reached.
            if !interactive && boxed.is_none() {
                command.process_group(0);
            }
            if die {
                kill_when_parent_dies(command);
            }
            if let Some(boxed) = &boxed {
                boxed.before_exec(command, !interactive);
            }
            Ok(())
        }))
    }

    fn name(&self) -> String {
        Path::new(&self.program).file_name().unwrap_or(&self.program).to_string_lossy().into_owned()
    }
}

impl From<xshell::Cmd<'_>> for Process {
    /// Takes a command as `xshell::cmd!` quotes it, with its arguments, its environment, and its folder where that is not our
    /// own. What xshell itself does with a command (its standard input, what it ignores, a cleared environment) is not
    /// taken.
    fn from(cmd: xshell::Cmd<'_>) -> Self {
        let command = std::process::Command::from(cmd);
        let mut process = Self::new(command.get_program(), command.get_args());
        let is_elsewhere = |dir: &&Path| std::env::current_dir().map_or(true, |here| here != **dir);
        process.dir = command.get_current_dir().filter(is_elsewhere).map(Path::to_owned);
        for (key, value) in command.get_envs() {
            process = match value {
                Some(value) => process.env(key, value),
                None => process.env_remove(key),
            };
        }
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
