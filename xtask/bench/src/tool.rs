//! The tool as it is called, and how its times are shown.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use host::{Output, Process};
use xtask::Context;

/// The tool, for one kernel.
pub(super) struct Bench<'a> {
    pub(super) ctx: &'a Context,
    pub(super) kernel: Option<&'a str>,
}

impl Bench<'_> {
    /// The tool with these arguments.
    pub(super) fn tool(&self, args: &[&str]) -> Result<Duration> {
        self.tool_in(&self.ctx.root, args)
    }

    pub(super) fn tool_in(&self, project: &Path, args: &[&str]) -> Result<Duration> {
        Ok(self.process(project, args)?.run()?.took)
    }

    /// The tool with these arguments, whatever its exit status.
    pub(super) fn output(&self, args: &[&str]) -> Result<Output> {
        Ok(self.process(&self.ctx.root, args)?.output()?)
    }

    fn process(&self, project: &Path, args: &[&str]) -> Result<Process> {
        let program = std::env::current_exe().context("finding this program")?.with_file_name("xtask");
        let mut process = Process::new(program, args)
            .arg("--project")
            .arg(project)
            .arg("--cache-dir")
            .arg(self.ctx.cache.path());
        if let Some(kernel) = self.kernel {
            process = process.arg("--kernel").arg(kernel);
        }
        Ok(process)
    }
}

/// Longer than any guest takes that is measured here.
const GUEST: Duration = Duration::from_secs(60);
/// So often QEMU does not stand still one after the other.
const TRIES: usize = 3;

/// How long a shell command takes that boots a guest by hand. A guest that stands still is QEMU's loss, seldom, and measured anew: by
/// hand nobody looks after it.
pub(super) fn replayed(command: &str) -> Result<Duration> {
    let mut tries = 1;
    loop {
        match Process::new("sh", ["-c", command]).deadline(GUEST).run() {
            Ok(output) => return Ok(output.took),
            Err(host::ProcessError::Deadline { .. }) if tries < TRIES => {
                anstream::eprintln!("a guest that was booted by hand stood still: once more");
                tries += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

pub(super) fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

pub(super) fn line(what: &str, time: Duration, how: &str) {
    anstream::println!("{what:24} {:8.2} s   {how}", time.as_secs_f64());
}
