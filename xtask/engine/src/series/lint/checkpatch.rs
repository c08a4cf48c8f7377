//! The `checkpatch.pl` of the kernel that a series is for.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use host::Process;
use source::{Prepared, Sources};

use super::{Finding, Severity};

/// What it reads beside itself.
const FILES: [&str; 3] = ["checkpatch.pl", "spelling.txt", "const_structs.checkpatch"];

/// Runs `checkpatch.pl --strict` of a kernel's own tree on patches. Errors of it are errors, warnings and checks are warnings.
///
/// # Errors
/// The kernel has none, or perl cannot be run.
pub fn checkpatch(sources: &Sources, prepared: &Prepared, patches: &[&Path]) -> Result<Vec<Finding>> {
    let folder = tempfile::tempdir().context("making a folder")?;
    for name in FILES {
        let text = sources.file(prepared, &format!("scripts/{name}"))?;
        let text = text.with_context(|| format!("this kernel has no scripts/{name}"))?;
        let path = folder.path().join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    let mut findings = Vec::new();
    for patch in patches {
        let options = [
            "checkpatch.pl",
            "--no-tree",
            "--strict",
            "--terse",
            "--show-types",
            "--no-summary",
            "--color=never",
            "--",
        ];
        let output =
            Process::new("perl", options).arg(patch).dir(folder.path()).env("LC_ALL", "C.UTF-8").output()?;
        let text = output.text();
        let reported: Vec<Finding> = text.lines().filter_map(|line| finding(line, patch)).collect();
        let command = || {
            format!(
                "perl scripts/checkpatch.pl --strict {}\n  | {}",
                patch.display(),
                output.tail.join("\n  | ")
            )
        };
        // It ends with 1 where it has findings.
        anyhow::ensure!(
            output.status.success() || !reported.is_empty(),
            "checkpatch.pl failed\n  command: {}",
            command()
        );
        findings.extend(reported);
    }
    Ok(findings)
}

/// `FILE:LINE: WARNING:TYPE: what`, as `--terse --show-types` prints it.
pub(super) fn finding(line: &str, patch: &Path) -> Option<Finding> {
    let rest = line.strip_prefix(&*patch.to_string_lossy())?.strip_prefix(':')?;
    let (number, rest) = rest.split_once(": ")?;
    let (level, rest) = rest.split_once(':')?;
    let (kind, message) = rest.split_once(": ")?;
    let severity = match level {
        "ERROR" => Severity::Error,
        "WARNING" | "CHECK" => Severity::Warning,
        _ => return None,
    };
    Some(Finding {
        file: patch.file_name()?.to_string_lossy().into_owned(),
        line: number.parse().ok(),
        severity,
        rule: format!("checkpatch/{kind}"),
        message: message.to_owned(),
    })
}
