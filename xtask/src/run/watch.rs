//! `--watch`: a round on every save.
//!
//! A round is this program once more, with the same arguments, which is read and stopped as any run: nothing of a run is
//! different because it is watched. What leads to what is in `state`, which is pure; here are the clock, the files, the terminal
//! and the processes.

mod files;
mod log;
mod reds;
mod round;
mod screen;
mod state;
mod terminal;

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _, stderr, stdin, stdout};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use notify::event::ModifyKind;
use notify::{ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use host::signals;
use spec::project::{FILE, LOCAL_FILE};
use spec::{Project, Source};

use self::files::{Root, sorted};
use self::round::{Command, Round};
use self::state::{Action, Input, Key, Now, Watch};
use self::terminal::Terminal;
use super::Args;
use crate::{Context, Exit, Format, Usage};

/// How long keys are waited for before files and the run are looked at.
const TICK: Duration = Duration::from_millis(50);

/// Rounds, until the user leaves.
pub(super) fn run(args: &Args, ctx: &Context, project: &Project) -> Result<Exit> {
    check(ctx)?;
    let roots = roots(args, project)?;
    let watched = roots_in_words(&roots, &project.root);
    let (files, found) = channel();
    let _watcher = watcher(&roots, files)?;
    let command = Command::of_this_process().context("finding this program")?;
    let (tell, told) = channel();
    let terminal = Terminal::take().context("taking the terminal")?;
    let mut session = Session {
        begun: Instant::now(),
        watch: Watch::new(),
        watched,
        roots,
        found,
        command,
        options: options(ctx),
        tell,
        told,
        round: None,
        terminal,
    };
    let left = session.go();
    let Session { round, terminal, .. } = session;
    let is_running = round.is_some();
    // The screen first: a guest may take a moment to end.
    drop(terminal);
    if is_running && !ctx.quiet {
        // A terminal that is gone takes nothing, and eprintln! would panic, which kills the run and leaves its make behind.
        let _ = writeln!(stderr(), "stopping the run under way");
    }
    drop(round);
    left
}

/// Refuses what cannot be watched.
fn check(ctx: &Context) -> Result<()> {
    let wrong = |message: &str, hint: &str| {
        Err(Usage { message: message.to_owned(), hint: Some(hint.to_owned()) }.into())
    };
    if ctx.format == Format::Json {
        return wrong(
            "--watch is a screen for people",
            "without --watch, --format json prints one run's events",
        );
    }
    if !stdout().is_terminal() || !stdin().is_terminal() {
        return wrong(
            "--watch needs a terminal, for its screen and its keys",
            "without --watch it is run once",
        );
    }
    Ok(())
}

/// The options by which another subcommand finds the same project.
fn options(ctx: &Context) -> Vec<String> {
    let dir = |dir: &Path| dir.display().to_string();
    vec!["--project".to_owned(), dir(&ctx.root), "--cache-dir".to_owned(), dir(ctx.cache.path())]
}

/// What is watched: the trees that the kernels are built from as they stand, that of ndctl, and what a run takes from the project.
fn roots(args: &Args, project: &Project) -> Result<Vec<Root>> {
    let mut roots = Vec::new();
    for dir in trees(args, project)? {
        roots.push(Root::tree(&dir).with_context(|| format!("looking at {}", dir.display()))?);
    }
    let folders = [
        project.patches_dir(),
        project.scenarios_dir(),
        project.topologies_dir(),
        project.root.join("kconfig"),
    ];
    for dir in folders.iter().filter(|dir| dir.is_dir()) {
        roots.push(Root::of_project(dir).with_context(|| format!("looking at {}", dir.display()))?);
    }
    roots.push(Root::files(&project.root, &[FILE, LOCAL_FILE])?);
    Ok(roots)
}

fn trees(args: &Args, project: &Project) -> Result<Vec<PathBuf>> {
    let mut trees: BTreeSet<PathBuf> = args.ndctl.iter().cloned().collect();
    let kernels: Vec<_> = match (&args.kernel.linux, &args.choose.matrix) {
        (Some(dir), _) => {
            trees.insert(dir.clone());
            Vec::new()
        }
        (None, Some(_)) => project.kernels.values().collect(),
        (None, None) => {
            vec![project.kernel(args.kernel.kernel.as_deref().unwrap_or(&project.defaults.kernel))?]
        }
    };
    for source in kernels.iter().flat_map(|kernel| &kernel.sources) {
        match source {
            Source::Git { location, dirty: true, .. } => trees.insert(location.into()),
            Source::Dir { path } => trees.insert(path.clone()),
            _ => false,
        };
    }
    Ok(trees.into_iter().collect())
}

/// What is watched, in one line: folders of the project by their names.
fn roots_in_words(roots: &[Root], project: &Path) -> String {
    let project = fs_err::canonicalize(project).unwrap_or_else(|_| project.to_owned());
    let word = |root: &Root| match root.dir.strip_prefix(&project) {
        _ if !root.only.is_empty() => root.only[0].to_owned(),
        Ok(inside) => inside.display().to_string(),
        Err(_) => root.dir.display().to_string(),
    };
    roots.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// What watches the folders, and tells which paths were written to; none where events were lost.
fn watcher(roots: &[Root], tell: Sender<Option<Vec<PathBuf>>>) -> Result<RecommendedWatcher> {
    let told = move |event: notify::Result<notify::Event>| {
        let paths = match event {
            Ok(event) if event.need_rescan() => None,
            Ok(event) if is_change(event.kind) => Some(event.paths),
            Ok(_) => return,
            Err(_) => None,
        };
        // Who listens no more has left.
        let _ = tell.send(paths);
    };
    let mut watcher = notify::recommended_watcher(told).map_err(unwatchable)?;
    for root in roots {
        let mode = if root.only.is_empty() { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        watcher.watch(&root.dir, mode).map_err(unwatchable)?;
    }
    Ok(watcher)
}

/// Whether a file has another content, or is another, after this. That one was opened and read is none: a run reads all of them.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)))
}

fn unwatchable(error: notify::Error) -> anyhow::Error {
    match error.kind {
        ErrorKind::MaxFilesWatch => {
            let message = "the system watches no more folders for this user".to_owned();
            let hint = "sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512";
            Usage { message, hint: Some(hint.to_owned()) }.into()
        }
        _ => anyhow::Error::new(error).context("watching the files"),
    }
}

/// A watch as it goes on.
struct Session {
    begun: Instant,
    watch: Watch,
    watched: String,
    roots: Vec<Root>,
    found: Receiver<Option<Vec<PathBuf>>>,
    command: Command,
    options: Vec<String>,
    tell: Sender<Input>,
    told: Receiver<Input>,
    round: Option<Round>,
    terminal: Terminal,
}

impl Session {
    fn go(&mut self) -> Result<Exit> {
        loop {
            for input in self.inputs()? {
                if matches!(input, Input::Ended(_)) {
                    self.round = None;
                }
                let action = self.watch.on(input, &self.now());
                if let Some(exit) = action.map(|action| self.carry_out(action)).transpose()?.flatten() {
                    return Ok(exit);
                }
            }
            if signals::requested() {
                return Ok(Exit::Interrupted);
            }
            let text = screen::screen(&self.watch, &self.watched, &self.now(), Terminal::size());
            if self.terminal.draw(&text).is_err() {
                // It is gone, and with it who would read of an error.
                return Ok(Exit::Interrupted);
            }
        }
    }

    /// What has happened since the last time.
    fn inputs(&mut self) -> Result<Vec<Input>> {
        let mut inputs: Vec<Input> = Terminal::keys(TICK).into_iter().map(Input::Key).collect();
        inputs.extend(self.told.try_iter());
        let changed = self.changed()?;
        if !changed.is_empty() {
            inputs.push(Input::Changed(changed));
        }
        inputs.push(Input::Git(self.roots.iter().find_map(Root::git_is_at)));
        inputs.push(Input::Tick);
        Ok(inputs)
    }

    /// The files that count and have changed.
    fn changed(&mut self) -> Result<BTreeSet<String>> {
        let (mut paths, mut changed) = (BTreeSet::new(), BTreeSet::new());
        let mut were_lost = false;
        for some in self.found.try_iter() {
            were_lost |= some.is_none();
            paths.extend(some.into_iter().flatten());
        }
        if were_lost {
            // A run that reads a cold tree makes more events than the system keeps: that alone is no change.
            for root in &self.roots {
                paths.extend(root.differing().context("looking for what has changed")?);
            }
        }
        for (index, paths) in sorted(&self.roots, paths) {
            changed.extend(self.roots[index].counted(paths).context("asking git which files count")?);
        }
        Ok(changed)
    }

    fn now(&self) -> Now {
        Now { at: self.begun.elapsed(), clock: jiff::Zoned::now().strftime("%H:%M:%S").to_string() }
    }

    /// Does it. Returns how the tool ends, where the user leaves.
    fn carry_out(&mut self, action: Action) -> Result<Option<Exit>> {
        match action {
            Action::Start(only) => {
                let only = only.map(|cells| serde_json::to_string(&cells)).transpose()?;
                let round = Round::start(&self.command, only.as_deref(), self.tell.clone());
                self.round = Some(round.context("starting a round")?);
            }
            Action::Stop => {
                if let Some(round) = &self.round {
                    round.stop();
                }
            }
            Action::Show(log) => {
                let (command, options) = (&self.command, &self.options);
                let mut shown = Ok(());
                self.terminal.aside(|| shown = log::show(&log, command, options))?;
                shown?;
            }
            Action::Leave(Key::Quit) => return Ok(Some(Exit::Success)),
            Action::Leave(_) => return Ok(Some(Exit::Interrupted)),
        }
        Ok(None)
    }
}
