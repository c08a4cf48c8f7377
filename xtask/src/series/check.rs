//! `series check`: each patch of a series builds and holds what it must, alone on those before it.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};

use engine::run;
use engine::run::{Options, Plan, Policy, Request, RunContext, RunError};
use engine::series::check::{Check, Outcome, Row, heading, of_verdict};
use engine::series::mail::{Message, patch_ids};
use engine::series::range::one_patch;
use event::{Collect, Fan, Sink};
use fault::{Fault, ToolError};
use kbuild::{Compared, Known, Warnings, is_source};
use kernlog::Verdict;
use report::text::neutralise;
use report::{Store, Terminal, Verbosity};
use source::{Prepared, Sources};
use spec::{Patch, Project, Series};

use super::place::{patches_on, prefix, sources};
use crate::args::{GuestArgs, KernelArgs};
use crate::context::workspace;
use crate::help::{EXECUTION, OUTPUT, SELECTION};
use crate::range::RangeArgs;
use crate::record::{resolved, started};
use crate::{Context, Exit, Footer, Format, Usage, setup};

/// How the patch on standard input is called as a series.
const MAIL: &str = "stdin";
/// Nobody reviews a longer patch.
const LONGEST_MAIL: u64 = 64 << 20;

/// Checks a series patch by patch: each applies, builds and brings no new warning
///
/// Each lets cxl_test build as well, and with --boot keeps the chosen cells green. Warnings are those at W=1, and of sparse, where
/// that is installed, in the files that the patch touches.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    /// The series: a folder in patches/; with --git, any name for the commits
    #[arg(value_name = "SERIES", required_unless_present = "b4")]
    name: Option<String>,
    #[command(flatten)]
    kernel: KernelArgs,
    #[command(flatten)]
    range: RangeArgs,
    /// Begin with patch N; those before it are taken for checked
    #[arg(
        long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..),
        help_heading = SELECTION
    )]
    from: u32,
    /// With --boot, this topology; repeatable [default: those under `defaults:` of patchbench.yaml]
    #[arg(long = "topology", value_name = "TOPOLOGY", requires = "boot", help_heading = SELECTION)]
    topologies: Vec<String>,
    /// With --boot, this suite, or one variant or case of it; repeatable [default: those under `defaults:` of patchbench.yaml]
    #[arg(long = "suite", value_name = "SUITE[:VARIANT][/CASE]", requires = "boot", help_heading = SELECTION)]
    suites: Vec<String>,
    /// Boot the chosen cells at each patch, with what the series promises there
    #[arg(long, help_heading = EXECUTION)]
    boot: bool,
    #[command(flatten)]
    guest: GuestArgs,
    /// Check the one patch on standard input, for b4's review-perpatch-check-cmd
    ///
    /// As part of the series where it is one of its patches, else on top of it, or on the bare kernel where none is named. The
    /// answer is JSON as b4 wants it. In the checkout of this tool:
    /// git config --global b4.review-perpatch-check-cmd "$PWD/target/debug/xtask --project $PWD series check --b4"
    #[arg(long, conflicts_with = "from", help_heading = OUTPUT, hide_short_help = true)]
    b4: bool,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask series check memdev-attach", "Every patch, on the default kernel"),
    (
        "cargo xtask series check mine --git ~/linux v7.0..mine --boot --suite enumerate",
        "A branch of your own, booted",
    ),
])
.exits(&[
    ("0", "each patch is as it should be; with --b4 always, since what is wrong stands in the answer"),
    ("1", "a patch brings a new warning, or turns a cell red"),
    ("3", "a patch does not apply or build, or cxl_test does not build with it"),
]);

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    if args.kernel.up_to.is_some() {
        let message = "--up-to: every prefix of the series is checked".to_owned();
        return Err(Usage { message, hint: Some("--from N begins later".to_owned()) }.into());
    }
    let name = args.name.clone().unwrap_or_default();
    let project = &if name.is_empty() {
        project.clone()
    } else {
        args.range.for_series(project.clone(), &name, ctx)?
    };
    setup::ensure(ctx, false, args.guest.qemu.as_deref().filter(|_| args.boot))?;
    let workspace = workspace();
    let sink: Box<dyn Sink> = match (ctx.format, ctx.verbosity()) {
        (Format::Human, Verbosity::Verbose) => Box::new(Terminal::stdout(Verbosity::Verbose)),
        _ => Box::new(Collect::default()),
    };
    let context =
        RunContext { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: sink.as_ref() };
    if args.b4 {
        return b4(args, project, ctx, context);
    }
    let checker =
        Checker { args, name, project, ctx, context, table: ctx.format == Format::Human, foot: None };
    let subjects: Vec<String> = checker.patches()?.into_iter().map(|patch| patch.subject).collect();
    let from = usize::try_from(args.from).unwrap_or(usize::MAX);
    if from > subjects.len() {
        let message = format!("--from {from}: series {} has {} patches here", checker.name, subjects.len());
        let hint = Some(format!("`cargo xtask series show {}` numbers them", checker.name));
        return Err(Usage { message, hint }.into());
    }
    if checker.table {
        let left = subjects.len() + 1 - from;
        let patches = if left == 1 { "one patch".to_owned() } else { format!("{left} patches") };
        ctx.print(&format!("first the kernel before patch {from} is built, which may take minutes; then {patches}, one at a time"));
        anstream::println!("{}", heading());
    }
    let rows = checker.rows(&subjects, from)?;
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(&rows)?);
    }
    Ok(exit(&rows, subjects.len() + 2 - from, ctx))
}

/// Checks the mail on standard input.
fn b4(args: &Args, project: &Project, ctx: &Context, context: RunContext<'_>) -> Result<Exit> {
    let mut mail = Vec::new();
    std::io::stdin().lock().take(LONGEST_MAIL).read_to_end(&mut mail).context("reading standard input")?;
    let mail = Message::parse(&mail).context("reading the mail on standard input")?;
    let rows = if mail.has_diff() { rows_of_mail(args, &mail, project, ctx, context)? } else { Vec::new() };
    let answers = rows.last().map(Row::for_b4).unwrap_or_default();
    anstream::println!("{}", serde_json::to_string_pretty(&answers)?);
    // What is wrong with the patch stands in the answer: b4 takes another exit code for a broken command.
    Ok(Exit::Success)
}

fn rows_of_mail(
    args: &Args,
    mail: &Message,
    project: &Project,
    ctx: &Context,
    context: RunContext<'_>,
) -> Result<Vec<Row>> {
    let name = args.name.clone().unwrap_or_default();
    let checker = Checker { args, name, project, ctx, context, table: false, foot: None };
    if !checker.name.is_empty() {
        let patches = checker.patches()?;
        let read = |patch: &Patch| -> Result<Message> {
            let file = &patch.file;
            let bytes = fs_err::read(file)?;
            Message::parse(&bytes).with_context(|| format!("reading {}", file.display()))
        };
        let mails = patches.iter().map(read).collect::<Result<Vec<_>>>()?;
        let ids = patch_ids(&std::iter::once(mail).chain(&mails).collect::<Vec<_>>())?;
        if let Some(at) = ids[1..].iter().position(|id| *id == ids[0]) {
            let subjects: Vec<String> = patches.into_iter().map(|patch| patch.subject).collect();
            return checker.rows(&subjects[..=at], at + 1);
        }
    }
    let requires = if checker.name.is_empty() { Vec::new() } else { vec![checker.name.clone()] };
    let subject = mail.subject().title;
    let patches = one_patch(MAIL, mail, &subject, &requires, &project.patches_dir(), &ctx.cache)?;
    let project = &project.clone().with_patches(patches);
    let checker = Checker { name: MAIL.to_owned(), project, ..checker };
    checker.rows(&[subject], 1)
}

/// The worst of the rows, of which there should have been so many.
fn exit(rows: &[Row], wanted: usize, ctx: &Context) -> Exit {
    if host::signals::requested() {
        return Exit::Interrupted;
    }
    let failed: Vec<_> = rows.iter().filter(|row| row.failed().next().is_some()).collect();
    if ctx.format == Format::Human {
        let numbers: Vec<String> = failed.iter().map(|row| row.number.to_string()).collect();
        match numbers.as_slice() {
            [] if rows.len() == 2 => anstream::println!("1 patch, as it should be"),
            [] => anstream::println!("{} patches, each as it should be", rows.len() - 1),
            [one] => anstream::println!("patch {one} is not as it should be"),
            _ => anstream::println!("patches {} are not as they should be", numbers.join(", ")),
        }
    }
    let unbuilt = |row: &&Row| {
        row.failed().any(|(check, _)| matches!(check, Check::Applies | Check::Builds | Check::Mock))
    };
    match () {
        () if failed.iter().any(unbuilt) || rows.len() < wanted => Exit::Unbuilt,
        () if !failed.is_empty() => Exit::Red,
        () => Exit::Success,
    }
}

struct Checker<'a> {
    args: &'a Args,
    name: String,
    project: &'a Project,
    ctx: &'a Context,
    context: RunContext<'a>,
    /// Rows are printed as they come.
    table: bool,
    /// Shows what is going on while a row is made.
    foot: Option<Arc<Terminal>>,
}

impl Checker<'_> {
    /// The lines at the foot of the terminal, which show what is going on; none where all of it is shown, or nothing is.
    fn foot(&self) -> Option<Arc<Terminal>> {
        let wanted = self.table && self.ctx.verbosity() == Verbosity::Normal;
        wanted.then(Terminal::foot).flatten().map(Arc::new)
    }

    /// The kernel with the first patches of this series, with what that requires and nothing else.
    fn plan(&self, count: usize) -> Result<Plan> {
        prefix(self.project, &self.name, &self.args.kernel.request(), count)
    }

    /// The patches that go onto this kernel.
    fn patches(&self) -> Result<Vec<Patch>> {
        let plan = self.plan(0)?;
        let bare = self.sources().prepare(&plan.kernel, &plan.series)?;
        let series = Series::load(&self.project.patches_dir(), &self.name)?;
        patches_on(&series, &self.sources(), &bare)
    }

    fn sources(&self) -> Sources {
        sources(self.ctx)
    }

    /// Checks the tree before, then one patch after the other.
    fn rows(&self, subjects: &[String], from: usize) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let mut state = State::default();
        for number in from - 1..=subjects.len() {
            let subject = if number < from { "" } else { subjects[number - 1].as_str() };
            let mut row = Row::new(number, subject);
            let begun = Instant::now();
            // Gone before the row is printed.
            let foot = self.foot();
            let sink = foot.as_ref().map_or(self.context.sink, |foot| foot);
            let step = Checker {
                context: RunContext { sink, ..self.context },
                foot: foot.clone(),
                name: self.name.clone(),
                ..*self
            };
            let goes_on = step
                .check(&mut row, &mut state, number < from, (number, subjects.len()))
                .with_context(|| self.broken_off(number, from, subjects.len()))?;
            row.seconds = begun.elapsed().as_secs_f64();
            drop(step);
            drop(foot);
            if self.table {
                anstream::println!("{}", neutralise(&row.to_string()).trim_end());
            }
            rows.push(row);
            if !goes_on || host::signals::requested() {
                break;
            }
        }
        Ok(rows)
    }

    /// What an error cut short; after an interrupt, how to go on.
    fn broken_off(&self, number: usize, from: usize, last: usize) -> String {
        let name = &self.name;
        if !host::signals::requested() {
            return format!("checking patch {number} of series {name}");
        }
        let next = number.max(from);
        format!(
            "stopped before patch {next} of {last} was checked; `cargo xtask series check {name} --from {next}` goes on from there"
        )
    }

    /// Makes the checks of a row. Returns false where nothing can come after it.
    fn check(
        &self,
        row: &mut Row,
        state: &mut State,
        before: bool,
        (number, last): (usize, usize),
    ) -> Result<bool> {
        let plan = self.plan(number)?;
        let prepared = match self.sources().prepare(&plan.kernel, &plan.series) {
            Ok(prepared) => prepared,
            Err(error) if error.fault() == Fault::Kernel => {
                row.note(Check::Applies, Outcome::Failed(fault::inlined(&error)));
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        if !before {
            row.note(Check::Applies, Outcome::Ok);
        }
        let built = match run::build(&self.context, &plan) {
            Ok((_, built)) => built,
            Err(RunError::Build(error)) if error.fault() == Fault::Kernel => {
                row.note(Check::Builds, Outcome::Failed(fault::inlined(&error)));
                // What compiles all the same still answers for itself.
                self.warnings(row, state, &plan, (&prepared, before, last))?;
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        };
        row.note(Check::Builds, Outcome::Ok);
        let mock = match &built.mock {
            kbuild::Mock::Root(_) => Outcome::Ok,
            kbuild::Mock::DoesNotCompile(why) => Outcome::Failed(why.clone()),
            kbuild::Mock::Absent => Outcome::Skipped("the tree has no tools/testing/cxl".to_owned()),
            kbuild::Mock::LeftOut => Outcome::Skipped("they were left out".to_owned()),
        };
        row.note(Check::Mock, mock);
        self.warnings(row, state, &plan, (&prepared, before, last))?;
        if self.args.boot && row.failed().all(|(check, _)| check == Check::Warnings) {
            row.note(Check::Boots, self.boot(number)?);
        }
        Ok(true)
    }

    /// The warnings at W=1 about what a patch touches, compared with those before it. Of the tree before the first one it is
    /// asked once, about all that the series touches. Files that did not compile with the last patch are looked at with this
    /// one.
    fn warnings(
        &self,
        row: &mut Row,
        state: &mut State,
        plan: &Plan,
        (prepared, before, last): (&Prepared, bool, usize),
    ) -> Result<()> {
        let touched = if before {
            self.touched(prepared, last)?
        } else {
            self.sources().changed(prepared, &state.tree, &prepared.tree)?
        };
        state.tree.clone_from(&prepared.tree);
        let touched: BTreeSet<String> = touched.into_iter().chain(state.known.owed().cloned()).collect();
        let compiled: Vec<String> = touched.into_iter().filter(|file| is_source(file)).collect();
        let warnings = if compiled.is_empty() {
            Warnings::default()
        } else {
            match run::warnings(&self.context, plan, &compiled) {
                // The configuration itself cannot be made.
                Err(RunError::Build(error)) if error.fault() == Fault::Kernel => {
                    Warnings::of_broken(&compiled)
                }
                warnings => warnings?,
            }
        };
        let compared = state.known.compare(row.number, &compiled, &warnings);
        if !before {
            row.note(Check::Warnings, of_warnings(&compared, &warnings));
        }
        Ok(())
    }

    /// Files that the patches up to the last that applies touch.
    fn touched(&self, base: &Prepared, last: usize) -> Result<Vec<String>> {
        let mut files = BTreeSet::new();
        for count in 1..=last {
            let plan = self.plan(count)?;
            let Ok(prepared) = self.sources().prepare(&plan.kernel, &plan.series) else { break };
            files.extend(self.sources().changed(base, &base.tree, &prepared.tree)?);
        }
        Ok(files.into_iter().collect())
    }

    /// Runs the chosen cells on a prefix of the series; on the whole of it, with the kernel's other series.
    fn boot(&self, number: usize) -> Result<Outcome> {
        let listed = self.args.kernel.request().kernel(self.project)?.series;
        let series = if listed.contains(&self.name) { None } else { Some(vec![self.name.clone()]) };
        let request = Request {
            series,
            up_to: Some(format!("{}:{number}", self.name)),
            git: self.project.range().cloned(),
            topologies: self.args.topologies.clone(),
            suites: self.args.suites.clone(),
            ..self.args.kernel.request()
        };
        let plans = [Plan::new(self.project, &request)?];
        let options = Options {
            engine: self.args.guest.on.clone(),
            qemu: run::find_qemu(self.args.guest.qemu.as_deref())?,
            accel: self.args.guest.accel,
            policy: Policy { learn: true, ..Policy::default() },
        };
        let store = Arc::new(
            Store::create(&self.project.root.join("results"), resolved(&plans, &request, &options))
                .context("creating the run's folder")?,
        );
        let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(Arc::clone(&store))];
        if let Some(foot) = &self.foot {
            sinks.push(Box::new(Arc::clone(foot)));
        }
        if self.ctx.format == Format::Human && self.ctx.verbosity() == Verbosity::Verbose {
            let terminal = Terminal::stdout(Verbosity::Verbose).side_by_side(options.policy.jobs());
            sinks.push(Box::new(terminal));
        }
        let sink = Fan(sinks);
        sink.emit(&started(&store, &plans));
        let context = RunContext { sink: &sink, ..self.context };
        let finished = run::execute(&context, &plans, &options, &store)?;
        let results = format!("cargo xtask results show {}", store.id());
        let verdict = if finished.interrupted { Verdict::Infrastructure } else { finished.verdict };
        Ok(of_verdict(verdict, &results))
    }
}

/// What is known of the tree that a patch goes onto.
#[derive(Default)]
struct State {
    tree: String,
    known: Known,
}

/// What is new fails the check. What may be old, and what could not be looked at, is reported beside it.
fn of_warnings(compared: &Compared, warnings: &Warnings) -> Outcome {
    let new = compared.new.iter().map(|(warning, since)| match since {
        Some(number) => format!("{warning}, or with patch {number}, which broke the file"),
        None => warning.to_string(),
    });
    let perhaps = compared
        .perhaps
        .iter()
        .map(|warning| format!("{warning}, which may be old: nothing is known of the file before"));
    let list = |files: &BTreeSet<String>| files.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let of_files = |files: &BTreeSet<String>, what: &str| {
        (!files.is_empty()).then(|| format!("{what}: {}", list(files)))
    };
    let broken = of_files(&warnings.broken, "does not compile");
    let absent = of_files(&warnings.not_compiled, "not compiled by this configuration");
    let lines: Vec<String> = new.chain(perhaps).chain(broken).chain(absent).collect();
    match lines.join("\n") {
        text if !compared.new.is_empty() => Outcome::Failed(text),
        text if !text.is_empty() => Outcome::Skipped(text),
        _ => Outcome::Ok,
    }
}
