//! Recorded commands, run beside each other as make would run them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use fs_err::OpenOptions;

use host::{Process, Status, signals};

use super::recorded::{Recorded, shown};
use crate::BuildError;
use crate::headline::Headline;
use crate::make::{Make, Progress};

/// A command to run, and what is said of it.
pub(super) struct Job {
    /// kbuild's word for it: `CC [M]`.
    pub(super) verb: &'static str,
    /// What it makes, absolute.
    pub(super) target: PathBuf,
    /// Where it runs, absolute.
    pub(super) dir: PathBuf,
    /// For a shell.
    pub(super) script: String,
}

impl Job {
    /// The recorded command of a target.
    pub(super) fn of(recorded: &Recorded, verb: &'static str, fixdep: &Path) -> Self {
        let (target, dir) = (recorded.target.clone(), recorded.dir.clone());
        Self { verb, target, dir, script: recorded.script(fixdep) }
    }
}

/// A command that failed.
pub(super) struct Failed {
    /// What it should have made.
    pub(super) target: PathBuf,
    /// The error that it printed.
    pub(super) headline: Option<String>,
    /// How it ended.
    pub(super) status: Status,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs commands.
pub(super) struct Jobs<'a> {
    make: &'a Make<'a>,
    progress: Progress,
    /// Commands run so far.
    done: u64,
}

impl<'a> Jobs<'a> {
    pub(super) fn new(make: &'a Make<'a>, progress: Progress) -> Self {
        Self { make, progress, done: 0 }
    }

    /// Commands that were run.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Runs these, as many beside each other as make would, and returns those that failed, in the order given. What each prints
    /// is kept in one piece in the log.
    pub(super) fn run(&mut self, jobs: &[Job]) -> Result<Vec<Failed>, BuildError> {
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || -> Result<(), BuildError> {
            // As make without -k: after the first error nothing more is begun.
            while lock(&failed).is_empty() {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(index) else { break };
                if let Some(error) = self.perform(job)? {
                    lock(&failed).push((index, error));
                }
            }
            Ok(())
        };
        let threads = self.make.jobs.clamp(1, jobs.len().max(1));
        let ended: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        for result in ended {
            result.unwrap_or_else(|cause| std::panic::resume_unwind(cause))?;
        }
        if signals::requested() {
            return Err(BuildError::Interrupted);
        }
        self.done += jobs.len() as u64;
        if let Some(last) = jobs.last() {
            self.make.report(self.progress, self.done, self.shown(&last.target));
        }
        let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed.sort_by_key(|(index, _)| *index);
        Ok(failed.into_iter().map(|(_, error)| error).collect())
    }

    /// Runs one; what failed, if it did.
    fn perform(&self, job: &Job) -> Result<Option<Failed>, BuildError> {
        let mut process = Process::new("sh", ["-c", &format!("exec 2>&1\n{}", job.script)]).dir(&job.dir);
        process = self.make.below(process);
        let output = process.output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut log = OpenOptions::new().create(true).append(true).open(self.make.log)?;
        log.write_all(
            format!("  {:7} {}\n# {}\n{text}", job.verb, self.shown(&job.target), job.script).as_bytes(),
        )?;
        if output.status.success() {
            return Ok(None);
        }
        let mut headline = Headline::default();
        text.lines().for_each(|line| headline.take(line));
        let headline = headline.text(self.make.src);
        Ok(Some(Failed { target: job.target.clone(), headline, status: output.status }))
    }

    fn shown(&self, target: &Path) -> String {
        shown(target, self.make.obj, self.make.src)
    }
}
