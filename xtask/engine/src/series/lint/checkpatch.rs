//! The `checkpatch.pl` of the kernel that a series is for.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use host::{Confinement, Process};
use source::{Prepared, Sources};

use super::{Finding, Severity};

/// What it reads beside itself.
const FILES: [&str; 3] = ["checkpatch.pl", "spelling.txt", "const_structs.checkpatch"];

/// Runs `checkpatch.pl --strict` of a kernel's own tree on patches. Errors of it are errors, warnings and checks are warnings.
///
/// What it can only guess is left out: whether a commit of a `Fixes:` exists, of which it would need the history, and whether
/// MAINTAINERS has to be changed for a new file, where that has an entry for it.
///
/// # Errors
/// The kernel has none, or perl cannot be run.
pub fn checkpatch(sources: &Sources, prepared: &Prepared, patches: &[&Path]) -> Result<Vec<Finding>> {
    let folder = host::TempFolder::new().context("making a folder")?;
    for name in FILES {
        let text = sources.file(prepared, &format!("scripts/{name}"))?;
        let text = text.with_context(|| format!("this kernel has no scripts/{name}"))?;
        let path = folder.path().join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    let maintainers = sources.file(prepared, "MAINTAINERS")?.unwrap_or_default();
    let mut findings = Vec::new();
    for patch in patches {
        let options = [
            "checkpatch.pl",
            "--no-tree",
            "--strict",
            "--terse",
            "--show-types",
            "--ignore=UNKNOWN_COMMIT_ID",
            "--no-summary",
            "--color=never",
            "--",
        ];
        // The script is the tree's.
        let inside = Confinement::new().read(folder.path()).read(patch);
        let process = Process::new("perl", options).arg(patch).dir(folder.path()).env("LC_ALL", "C.UTF-8");
        let output = process.confined(inside).output()?;
        let text = output.text();
        let mut reported: Vec<Finding> = text.lines().filter_map(|line| finding(line, patch)).collect();
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
        if let Ok(diff) = fs::read(patch) {
            let diff = String::from_utf8_lossy(&diff);
            reported.retain(|found| {
                found.rule != "checkpatch/FILE_PATH_CHANGES" || !are_maintained(&diff, &maintainers)
            });
        }
        findings.extend(reported);
    }
    Ok(findings)
}

/// Whether each file that a patch adds has an entry in MAINTAINERS, other than the one for the rest of the world.
pub(super) fn are_maintained(diff: &str, maintainers: &str) -> bool {
    let lines: Vec<&str> = diff.lines().collect();
    let created = lines.windows(2).filter(|pair| pair[0] == "--- /dev/null");
    let created = created.filter_map(|pair| pair[1].strip_prefix("+++ b/"));
    let renamed = lines.iter().filter_map(|line| line.strip_prefix("rename to "));
    let entries = maintainers.split("\nTHE REST\n").next().unwrap_or_default();
    let entries: Vec<&str> =
        entries.lines().filter_map(|line| line.strip_prefix("F:")).map(str::trim).collect();
    let mut added = created.chain(renamed).peekable();
    added.peek().is_some() && added.all(|file| entries.iter().any(|entry| is_of(file, entry)))
}

/// Whether an `F:` names a file: a folder with all below it, or a path in which `*` stands for anything but a slash.
fn is_of(file: &str, entry: &str) -> bool {
    if let Some(folder) = entry.strip_suffix('/') {
        return file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    }
    let pattern = regex::escape(entry).replace("\\*", "[^/]*").replace("\\?", "[^/]");
    regex::Regex::new(&format!("^{pattern}$")).is_ok_and(|pattern| pattern.is_match(file))
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
