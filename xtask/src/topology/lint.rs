//! `topology lint`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use cxl_topology::{Capabilities, Finding, RULES, Rule, Severity};
use report::text::neutralise;

use super::find;
use crate::args::program;
use crate::help::{EXECUTION, SELECTION};
use crate::{Context, Exit, Footer, Format, Usage};

/// Checks topologies against every rule
///
/// A finding names the file, the line, the rule and what to do.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The topologies to check [default: all]
    #[arg(value_name = "TOPOLOGY")]
    names: Vec<String>,
    /// Explain a rule and what happens without it, or every rule: `all`
    #[arg(long, value_name = "RULE", conflicts_with = "names", help_heading = SELECTION)]
    explain: Option<String>,
    /// For this QEMU [default: qemu-system-x86_64 on the PATH, else QEMU 10.0.2 as it is known]
    #[arg(long, value_name = "PROGRAM", value_parser = program(), help_heading = EXECUTION)]
    qemu: Option<PathBuf>,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask topology lint", "All of them"),
    ("cargo xtask topology lint --explain window-size", "Why a rule is there"),
])
.exits(&[("0", "no rule is broken; there may be warnings"), ("2", "a rule is broken")]);

/// A finding for programs.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Found<'a> {
    topology: &'a str,
    rule: &'a str,
    severity: String,
    file: Option<&'a Path>,
    line: Option<usize>,
    column: Option<usize>,
    field: &'a str,
    message: &'a str,
    why: &'a str,
    hint: &'a str,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    if let Some(name) = &args.explain {
        return explain(name);
    }
    let dir = ctx.topologies();
    let names = if args.names.is_empty() { cxl_topology::names(&dir)? } else { args.names.clone() };
    let (_, qemu) = find::qemu(ctx, args.qemu.as_deref())?;
    let mut all = Vec::new();
    for name in &names {
        find::known(ctx, name)?;
        all.push((name.as_str(), findings(&dir, name, &qemu)?));
    }
    if ctx.format == Format::Json {
        let found: Vec<_> = all.iter().flat_map(|(name, all)| all.iter().map(|f| found(name, f))).collect();
        anstream::println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        let width = names.iter().map(String::len).max().unwrap_or(0);
        for (name, findings) in &all {
            anstream::println!("{name:width$}  {}", counted(findings));
            for finding in findings {
                let text = format!("{finding}\n  why: {}", finding.rule.why);
                anstream::println!("{}", neutralise(&text));
            }
        }
    }
    let broken = all.iter().flat_map(|(_, all)| all).any(|found| found.rule.severity == Severity::Error);
    Ok(if broken { Exit::Usage } else { Exit::Success })
}

/// What is wrong with the file, and what this QEMU lacks for it.
fn findings(dir: &Path, name: &str, qemu: &Capabilities) -> Result<Vec<Finding>> {
    let mut linted = cxl_topology::lint(dir, name)?;
    let lacking = linted.lacking(qemu);
    linted.findings.extend(lacking);
    Ok(linted.findings)
}

fn counted(findings: &[Finding]) -> String {
    let count = |severity, word: &str| match findings.iter().filter(|f| f.rule.severity == severity).count() {
        0 => None,
        1 => Some(format!("1 {word}")),
        n => Some(format!("{n} {word}s")),
    };
    let counts = [count(Severity::Error, "error"), count(Severity::Warning, "warning")];
    let counts: Vec<_> = counts.into_iter().flatten().collect();
    if counts.is_empty() { "sound".to_owned() } else { counts.join(", ") }
}

fn found<'a>(topology: &'a str, finding: &'a Finding) -> Found<'a> {
    let location = finding.location.as_ref();
    Found {
        topology,
        rule: finding.rule.name,
        severity: finding.rule.severity.to_string(),
        file: location.map(|location| location.file.as_path()),
        line: location.map(|location| location.line),
        column: location.map(|location| location.column),
        field: &finding.field,
        message: &finding.message,
        why: finding.rule.why,
        hint: &finding.hint,
    }
}

fn explain(name: &str) -> Result<Exit> {
    let rules: Vec<&Rule> = match name {
        "all" => RULES.to_vec(),
        name => vec![cxl_topology::rule(name).map_err(|hint| Usage {
            message: format!("there is no rule '{}'", name.escape_debug()),
            hint: Some(hint),
        })?],
    };
    let texts = rules.iter().map(|rule| {
        let Rule { name, severity, summary, why } = rule;
        format!("{name} ({severity}): {summary}\n\n{why}")
    });
    anstream::println!("{}", texts.collect::<Vec<_>>().join("\n\n\n"));
    Ok(Exit::Success)
}
