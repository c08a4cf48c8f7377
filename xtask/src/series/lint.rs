//! `series lint`: what reviewers would notice first.

use std::path::Path;

use anyhow::{Context as _, Result};

use engine::series::lint;
use engine::series::lint::{Finding, Severity};
use engine::series::mail::{Message, patch_ids};
use host::quote;
use host::requirements::find_program;
use report::text::neutralise;
use spec::{Kernel, Project, Series};

use super::kernel::kernel_for;
use super::{mails, place};
use crate::help::{KERNEL, SELECTION};
use crate::range::RangeArgs;
use crate::{Context, Exit, Footer, Format, Usage};

/// Checks the form of a series as reviewers do first, checkpatch.pl included
///
/// Subjects, counters, sign-offs, trailers, change notes, whitespace, `checkpatch.pl --strict` of its kernel, and that each hunk
/// lies where it says.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    /// The series: a folder in patches/; with --git, any name for the commits
    #[arg(value_name = "SERIES")]
    name: String,
    /// The kernel that it is for [default: the first of patchbench.yaml with this series]
    #[arg(long, value_name = "KERNEL", help_heading = KERNEL)]
    kernel: Option<String>,
    #[command(flatten)]
    range: RangeArgs,
    /// Check only what needs no kernel: neither checkpatch.pl nor the places of hunks
    #[arg(long, conflicts_with = "kernel", help_heading = SELECTION)]
    offline: bool,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask series lint memdev-attach --offline", "What needs no kernel"),
    ("cargo xtask series lint mine --git ~/linux v7.0..mine", "A branch of your own"),
])
.exits(&[("0", "no error; there may be warnings"), ("1", "there is an error")]);

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let project = &args.range.for_series(project.clone(), &args.name, ctx)?;
    let mails = mails::load(project, &args.name)?;
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let named: Vec<(String, Message)> =
        mails.series.patches.iter().map(|patch| name(&patch.file)).zip(mails.patches).collect();
    let mut findings = lint::rules(&mails.series, mails.cover.as_ref(), &named);
    if !mails.series.posted.patch_ids.is_empty() {
        let ids = patch_ids(&named.iter().map(|(_, patch)| patch).collect::<Vec<_>>())?;
        let ids: Vec<_> = named.iter().map(|(file, _)| file.clone()).zip(ids).collect();
        findings.extend(lint::recorded(&mails.series, &ids));
    }
    let mut checked = String::from("without a kernel");
    if !args.offline {
        let kernel = kernel_for(project, &args.name, args.kernel.as_deref())?;
        checked = on_kernel(kernel, &mails.series, project, ctx, &mut findings)
            .with_context(|| format!("checking series {} on kernel {}", args.name, kernel.name))?;
    }
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    if project.range().is_some() {
        name_commits(&mut findings, &named);
    }
    show(&args.name, &checked, &findings, ctx)?;
    if let Some(range) = project.range().filter(|_| findings.iter().any(|finding| finding.line.is_some())) {
        let dir = quote(&range.dir);
        ctx.print(&format!(
            "lines are those of: git -C {dir} format-patch --no-signature {}",
            range.commits()
        ));
    }
    let broken = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if broken { Exit::Red } else { Exit::Success })
}

/// The files of a range are made for the moment: what counts is the commit.
fn name_commits(findings: &mut [Finding], named: &[(String, Message)]) {
    for finding in findings {
        let patch = named.iter().find(|(file, _)| *file == finding.file);
        if let Some(commit) = patch.and_then(|(_, patch)| patch.commit.as_deref()) {
            finding.file = format!("{} {}", commit.get(..12).unwrap_or(commit), finding.file);
        }
    }
}

/// The findings of its kernel's checkpatch.pl; returns which kernel that was.
fn on_kernel(
    kernel: &Kernel,
    series: &Series,
    project: &Project,
    ctx: &Context,
    findings: &mut Vec<Finding>,
) -> Result<String> {
    let sources = place::sources(ctx);
    let all = Series::load_all(&project.patches_dir(), std::slice::from_ref(&series.name))?;
    let prepared = sources.prepare(kernel, &all)?;
    let own = prepared.applied.last().map(|applied| applied.patches.as_slice()).unwrap_or_default();
    let contained = own.is_empty();
    let files: Vec<&Path> = if contained {
        series.patches.iter().map(|patch| patch.file.as_path()).collect()
    } else {
        own.iter().map(|patch| patch.file.as_path()).collect()
    };
    let displaced = sources.displaced(&prepared)?;
    findings.extend(lint::in_place(&displaced).into_iter().filter(|finding| {
        files.iter().any(|file| file.file_name().is_some_and(|name| name.to_string_lossy() == finding.file))
    }));
    if find_program("perl").is_none() {
        let message = "checkpatch.pl needs perl, which is not here".to_owned();
        return Err(Usage {
            message,
            hint: Some("cargo xtask setup installs it; --offline does without".to_owned()),
        }
        .into());
    }
    findings.extend(lint::checkpatch(&sources, &prepared, &files)?);
    let place = if contained { ", which has it already" } else { "" };
    Ok(format!("on {} ({}){place}", kernel.name, prepared.version))
}

fn show(name: &str, checked: &str, findings: &[Finding], ctx: &Context) -> Result<()> {
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(findings)?);
        return Ok(());
    }
    let mut text = String::new();
    for finding in findings {
        text.push_str(&format!("{finding}\n"));
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let counted = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        n => Some(format!("{n} {word}s")),
    };
    let counts = [counted(errors, "error"), counted(findings.len() - errors, "warning")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let counts = if counts.is_empty() { "clean".to_owned() } else { counts.join(", ") };
    anstream::print!("{}", neutralise(&text));
    anstream::println!("{name}: {counts}, {checked}");
    Ok(())
}
