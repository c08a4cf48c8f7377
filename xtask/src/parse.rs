//! `parse`: any log, judged.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use serde::Serialize;

use engine::run;
use engine::run::{Plan, Request, RunContext};
use event::Null;
use kbuild::{Resolved, Symbols};
use kernlog::{Case, Kind, LogReport, Splat, Totals, Verdict};
use report::lines;
use report::lines::Verbosity;
use report::stdout_width;
use report::text::one_line;

use super::help::{KERNEL, SELECTION};
use super::{Context, Exit, Footer, Format, Usage};

/// Judges any log: KTAP, meson's results, a kernel's console
///
/// Reads each file once, with little memory however long it is, and judges as a run judges its own logs. Splats are looked for
/// whatever the kind.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// Files to judge; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    symbols: SymbolArgs,
    /// What the files are
    #[arg(long, value_enum, default_value_t = KindArg::Auto, help_heading = SELECTION)]
    kind: KindArg,
}

const FOOTER: Footer = Footer::new(&[
    ("dmesg | cargo xtask parse -", "Whether this machine's kernel has printed a splat"),
    (
        "cargo xtask parse --kernel lts console.log",
        "With file and line in the traces, from the build of that name",
    ),
])
.exits(&[
    ("0", "green"),
    ("1", "red: a test failed, or the kernel printed a splat"),
    ("2", "a file that cannot be read; the others are judged all the same"),
    ("4", "nothing to judge"),
]);

/// Which build printed the logs: its traces then get file and line.
#[derive(Debug, clap::Args)]
#[group(id = "build")]
#[command(next_help_heading = KERNEL)]
struct SymbolArgs {
    /// The kernel of patchbench.yaml that printed the logs: traces get file and line
    ///
    /// It has to be built: cargo xtask build --kernel KERNEL --flavour debug-info
    #[arg(long, value_name = "KERNEL", conflicts_with = "vmlinux")]
    kernel: Option<String>,
    /// The flavour of that kernel; others have no debug info
    #[arg(long, value_name = "FLAVOUR", requires = "kernel", default_value = "debug-info")]
    flavour: String,
    /// The vmlinux of the kernel that printed the logs, with debug info
    #[arg(long, value_name = "FILE")]
    vmlinux: Option<PathBuf>,
    /// The folder below which its modules lie, unstripped; repeatable [default: that of vmlinux]
    #[arg(long, value_name = "DIR", requires = "vmlinux")]
    modules: Vec<PathBuf>,
}

impl SymbolArgs {
    fn open(&self, ctx: &Context) -> Result<Option<Symbols>> {
        if let Some(vmlinux) = &self.vmlinux {
            let beside = || vmlinux.parent().map(|dir| dir.join("")).into_iter().collect();
            let modules = if self.modules.is_empty() { beside() } else { self.modules.clone() };
            return Ok(Some(Symbols::open(vmlinux, modules)?));
        }
        let Some(kernel) = &self.kernel else { return Ok(None) };
        let project = ctx.project()?;
        let request = Request {
            kernel: Some(kernel.clone()),
            flavour: Some(self.flavour.clone()),
            ..Request::default()
        };
        let plan = Plan::kernel_only(&project, &request)?;
        let workspace = super::context::workspace();
        let context =
            RunContext { workspace: &workspace, root: &project.root, cache: &ctx.cache, sink: &Null };
        let name = format!("{kernel}, flavour {}", self.flavour);
        let refuse = |message: String, hint: String| anyhow!(Usage { message, hint: Some(hint) });
        let Some(built) = run::find_built(&context, &plan)? else {
            let build = format!("cargo xtask build --kernel {kernel} --flavour {}", self.flavour);
            return Err(refuse(format!("{name} is not built"), build));
        };
        match Symbols::of(&built, false) {
            Some(symbols) => Ok(Some(symbols?)),
            None => Err(refuse(
                format!("{name} has no debug info: functions would keep their offsets"),
                "the flavour debug-info has it".to_owned(),
            )),
        }
    }
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum KindArg {
    /// As its content shows
    Auto,
    /// KTAP 1, TAP 13 or 14, bare or within a console log
    Ktap,
    /// testlog.txt, testlog.json, testlog.junit.xml or the output of `meson test`
    Meson,
    /// log.yaml of LAVA or TuxRun, or its results in YAML or JSON
    Lava,
    /// A kernel's console, dmesg, syslog or journal
    KernelLog,
}

impl KindArg {
    fn kind(self) -> Option<Kind> {
        match self {
            Self::Auto => None,
            Self::Ktap => Some(Kind::Ktap),
            Self::Meson => Some(Kind::Meson),
            Self::Lava => Some(Kind::Lava),
            Self::KernelLog => Some(Kind::KernelLog),
        }
    }
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let mut worst = Exit::Success;
    let mut symbols = args.symbols.open(ctx)?;
    for file in &args.files {
        let exit = match read(file, args.kind.kind()) {
            Ok(mut report) => {
                if let Some(symbols) = &mut symbols {
                    let resolved = symbols.annotate(&mut report.splats)?;
                    report.notes.extend(unresolved(resolved));
                }
                show(file, &report, symbols.is_some(), ctx)?;
                Exit::from(report.verdict)
            }
            // The other files are judged all the same.
            Err(error) => {
                let error = Usage::of_file("read", file, error);
                super::context::show_error(&error);
                Exit::from(&error)
            }
        };
        worst = worse(worst, exit);
    }
    Ok(worst)
}

/// A note where frames have no file and line.
fn unresolved(resolved: Resolved) -> Option<String> {
    let Resolved { frames, found } = resolved;
    (found < frames).then(|| match found {
        0 => format!("none of {frames} frames is of this build: functions keep their offsets"),
        _ => format!(
            "{} of {frames} frames keep their offsets: not of this build, or of assembly",
            frames - found
        ),
    })
}

fn read(file: &Path, kind: Option<Kind>) -> io::Result<LogReport> {
    let input: Box<dyn Read> = match file.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(File::open(file)?),
    };
    kernlog::judge(input, kind)
}

/// A file that cannot be read goes before a red one, that before one with nothing to judge.
fn worse(one: Exit, other: Exit) -> Exit {
    const ORDER: [Exit; 4] = [Exit::Usage, Exit::Red, Exit::Infrastructure, Exit::Success];
    ORDER.into_iter().find(|exit| [one, other].contains(exit)).unwrap_or(one)
}

/// The form of `--format json`.
#[derive(Serialize)]
struct Json<'a> {
    kind: Kind,
    cases: &'a [Case],
    totals: Totals,
    splats: Vec<JsonSplat<'a>>,
    notes: &'a [String],
    verdict: Verdict,
}

/// Every field, also those without a value.
#[derive(Serialize)]
struct JsonSplat<'a> {
    kind: &'static str,
    title: &'a str,
    fingerprint: &'a str,
    line: u64,
    function: Option<&'a str>,
    module: Option<&'a str>,
    case: Option<&'a str>,
    /// With symbols: where the function stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'a str>,
    /// With symbols: the report's lines, with file and line.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    trace: &'a [String],
}

impl<'a> JsonSplat<'a> {
    fn new(splat: &'a Splat, symbols: bool) -> Self {
        Self {
            kind: splat.kind.word(),
            title: &splat.title,
            fingerprint: &splat.fingerprint,
            line: splat.line,
            function: splat.function.as_deref(),
            module: splat.module.as_deref(),
            case: splat.case.as_deref(),
            at: splat.at.as_deref(),
            trace: if symbols { &splat.excerpt } else { &[] },
        }
    }
}

fn show(file: &Path, report: &LogReport, symbols: bool, ctx: &Context) -> Result<()> {
    if ctx.format == Format::Json {
        let LogReport { kind, ref cases, totals, ref notes, verdict, .. } = *report;
        let splats = report.splats.iter().map(|splat| JsonSplat::new(splat, symbols)).collect();
        anstream::println!(
            "{}",
            serde_json::to_string(&Json { kind, cases, totals, splats, notes, verdict })?
        );
        return Ok(());
    }
    let verbosity = ctx.verbosity();
    let width = stdout_width();
    let mut text = format!("{}: {}\n", one_line(&file.display().to_string()), report.kind.word());
    for case in &report.cases {
        if verbosity == Verbosity::Verbose || case.outcome.is_red() {
            let (name, output) = (&case.name, case.diagnostics.join("\n"));
            text += &lines::test_lines(name, case.outcome, &case.reason, case.seconds, &output, width);
        }
    }
    for splat in &report.splats {
        text += &lines::splat_lines(splat, "line", false, verbosity);
    }
    for note in report.notes.iter().filter(|_| verbosity > Verbosity::Quiet) {
        text += &format!("  note: {}\n", one_line(note));
    }
    anstream::println!("{text}  = {}{}", lines::verdict_word(report.verdict), summary(report));
    Ok(())
}

/// How many tests ended how, and how many splats there are.
fn summary(report: &LogReport) -> String {
    let count = |(outcome, count): (_, u64)| format!("{count} {outcome}");
    let mut parts: Vec<String> = report.totals.words().into_iter().map(count).collect();
    match report.splats.len() as u64 + report.dropped {
        0 => {}
        1 => parts.push("1 splat".to_owned()),
        many => parts.push(format!("{many} splats")),
    }
    if parts.is_empty() {
        let nothing = match report.verdict {
            Verdict::Skip => "nothing to judge",
            _ => "no splat",
        };
        parts.push(nothing.to_owned());
    }
    format!(": {}", parts.join(", "))
}
