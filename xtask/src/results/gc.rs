//! `results gc`.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;

use cxl_topology::bytes::Bytes;
use report::Folder;
use report::folder::RUN;
use report::text::counted;

use super::runs;
use crate::help::{EXECUTION, SELECTION};
use crate::{Context, Exit, Footer, Format, Usage};

/// Removes old runs, bisections and mutations; never the latest
///
/// The baseline stays, and what is still running. With both options a run goes that is not among the newest N and older than AGE.
/// Bisections (results/bisect) and mutations (results/mutate) count apart.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// Keep the newest N [default: none of them for their number]
    #[arg(long, value_name = "N", required_unless_present = "older_than", help_heading = SELECTION)]
    keep: Option<usize>,
    /// Keep what is younger: 12h, 30d, 8w [default: nothing for its age]
    #[arg(long, value_name = "AGE", value_parser = age, help_heading = SELECTION)]
    older_than: Option<Duration>,
    /// Show what would be removed, and remove nothing
    #[arg(long, help_heading = EXECUTION)]
    dry_run: bool,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask results gc --keep 20 --dry-run", "What would go, if the newest 20 stay"),
    (
        "cargo xtask results gc --keep 20 --older-than 30d",
        "Removes what is older than 30 days and not among them",
    ),
]);

fn age(text: &str) -> Result<Duration, String> {
    let wrong = || "a number and h, d or w: 12h, 30d, 8w".to_owned();
    let unit = match text.chars().last() {
        Some('h') => 3600,
        Some('d') => 24 * 3600,
        Some('w') => 7 * 24 * 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number.checked_mul(unit).map(Duration::from_secs).ok_or_else(wrong)
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let results = ctx.results();
    let dir = results.dir();
    let baseline = runs::baseline_id(ctx);
    let (mut names, mut counts, mut freed, mut left) = (Vec::new(), Vec::new(), 0, 0);
    for folders in runs::kinds(ctx) {
        if !args.dry_run {
            folders.sweep()?;
        }
        let all = folders.list()?;
        let kept = [folders.latest(), baseline.clone()];
        let mut old = old(&all, args.keep.unwrap_or(0), args.older_than, Timestamp::now());
        old.retain(|one| !kept.contains(&Some(one.id.clone())) && !one.is_locked());
        for one in &old {
            freed += size(one);
            names.push(one.dir.strip_prefix(dir).unwrap_or(&one.dir).display().to_string());
            if !args.dry_run {
                folders.remove(one)?;
            }
        }
        left += all.len() - old.len();
        if !old.is_empty() || folders.word() == RUN.word {
            counts.push(counted(old.len(), folders.word()));
        }
    }
    match ctx.format {
        Format::Json => {
            let removed = serde_json::json!({ "removed": names, "bytes": freed, "dry-run": args.dry_run });
            anstream::println!("{removed}");
        }
        Format::Human => {
            for name in &names {
                ctx.print(name);
            }
            let would = if args.dry_run { "would remove" } else { "removed" };
            anstream::println!("{would} {}, {}; {left} left", counts.join(" and "), human(freed));
        }
    }
    if args.keep == Some(0) && args.older_than.is_none() && names.is_empty() && left == 0 {
        let hint = Some("`cargo xtask run` makes one".to_owned());
        return Err(Usage { message: "there is no run".to_owned(), hint }.into());
    }
    Ok(Exit::Success)
}

/// Those of the runs, the oldest first, that are not among the newest and older than asked for.
fn old(runs: &[Folder], keep: usize, older_than: Option<Duration>, now: Timestamp) -> Vec<Folder> {
    let age = |run: &Folder| Duration::try_from(now.duration_since(run.time)).unwrap_or_default();
    let beyond = &runs[..runs.len().saturating_sub(keep)];
    beyond.iter().filter(|run| older_than.is_none_or(|least| age(run) > least)).cloned().collect()
}

fn size(run: &Folder) -> u64 {
    let files = walkdir::WalkDir::new(&run.dir).into_iter().filter_map(Result::ok);
    files
        .filter_map(|entry| entry.metadata().ok())
        .filter(std::fs::Metadata::is_file)
        .map(|meta| meta.len())
        .sum()
}

/// In whole megabytes, rounded up.
fn human(bytes: u64) -> String {
    Bytes(bytes.div_ceil(1 << 20) << 20).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use report::Folders;

    #[test]
    fn what_is_among_the_newest_or_young_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        for day in 20..25 {
            std::fs::create_dir(dir.path().join(format!("202611{day}T100000Z-aaaaaa"))).expect("a folder");
        }
        let runs = Folders::of_runs(dir.path()).list().expect("runs");
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        let old = |keep, age| -> Vec<String> {
            let all = old(&runs, keep, age, now);
            all.iter().map(|run| run.id[6..8].to_owned()).collect()
        };
        assert_eq!(old(2, None), ["20", "21", "22"]);
        assert_eq!(old(9, None), [""; 0]);
        assert_eq!(old(0, Some(age("2d").expect("an age"))), ["20", "21", "22"]);
        assert_eq!(old(4, Some(age("48h").expect("an age"))), ["20"]);
        assert!(age("3").is_err() && age("é").is_err() && age("99999999999999999w").is_err());
    }
}
