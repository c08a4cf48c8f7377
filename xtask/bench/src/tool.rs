//! The tool as it is called, and how its times are shown.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use host::Process;
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
        let program = std::env::current_exe().context("finding this program")?.with_file_name("xtask");
        let mut process = Process::new(program, args)
            .arg("--project")
            .arg(project)
            .arg("--cache-dir")
            .arg(self.ctx.cache.path());
        if let Some(kernel) = self.kernel {
            process = process.arg("--kernel").arg(kernel);
        }
        Ok(process.run()?.took)
    }
}

pub(super) fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

pub(super) fn line(what: &str, time: Duration, how: &str) {
    anstream::println!("{what:24} {:8.2} s   {how}", time.as_secs_f64());
}
