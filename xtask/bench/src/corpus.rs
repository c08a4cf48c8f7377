//! How right the judging of logs is: a folder of logs whose authors say what is in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use walkdir::WalkDir;

use kernlog::kernel_log::{HelperClass, LogScan, helper_class, scan_log};
use kernlog::{Splat, SplatKind};

/// A log, and the report in it by its author's title.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    /// Empty where nothing is to be found.
    title: String,
    log: Vec<u8>,
}

/// What became of a log.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    /// Its report was found, and the function that its title names.
    Right,
    /// Its report was found, and its title names no function.
    Found,
    /// Its report was found, and another function was blamed, or none.
    Blamed(Option<String>),
    /// Its report was not found.
    Missed,
    /// It has no report, and none was found.
    Clean,
    /// It has no report, and one was found.
    FalseAlarm(String),
}

/// The logs of a class.
#[derive(Debug, Default)]
struct Tally {
    logs: u32,
    found: u32,
    /// Reports whose title names a function, and those of them where it was the one that was blamed.
    named: u32,
    right: u32,
    false_alarms: u32,
    /// Reports of which a helper was blamed.
    helpers: u32,
}

/// Judges every log below a folder and says what was found, class by class, and each log that was not judged as its title says.
pub(super) fn measure(folder: &Path) -> Result<()> {
    let mut classes: BTreeMap<&'static str, Tally> = BTreeMap::new();
    let mut untitled = 0;
    for path in files(folder)? {
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let Some(entry) = entry(&bytes) else {
            untitled += 1;
            continue;
        };
        let scan = scan_log(&entry.log, None);
        let judged = judge(&entry.title, &scan);
        let helper = first(&scan).and_then(|splat| helper_class(splat.function.as_deref()?));
        classes.entry(class(&scan, &entry.title)).or_default().add(&judged, helper.is_some());
        tell(path.strip_prefix(folder).unwrap_or(&path), &entry.title, &judged, helper);
    }
    ensure!(
        !classes.is_empty(),
        "{}: no log there begins with a line `TITLE: …`, and an empty one after it",
        folder.display()
    );
    anstream::print!("{}", table(&classes));
    if untitled > 0 {
        anstream::println!("not judged: {untitled} files without a title");
    }
    Ok(())
}

/// The files below a folder, by their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("looking for logs in {}", folder.display()))?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// The head of `KEY: value` lines and comments up to the first empty line, and the log after it. An empty head stands before a log
/// that has no report. None where no line of the head is `TITLE:`.
fn entry(bytes: &[u8]) -> Option<Entry> {
    if let Some(log) = bytes.strip_prefix(b"\n") {
        return Some(Entry { title: String::new(), log: log.to_vec() });
    }
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let title = head.lines().find_map(|line| line.strip_prefix("TITLE:"))?.trim().to_owned();
    Some(Entry { title, log: bytes[end + 2..].to_vec() })
}

/// The first report, a boot that broke off included.
fn first(scan: &LogScan) -> Option<&Splat> {
    scan.splats.first().or(scan.unfinished.as_ref())
}

fn judge(title: &str, scan: &LogScan) -> Judged {
    match (first(scan), title) {
        (None, "") => Judged::Clean,
        (Some(splat), "") => Judged::FalseAlarm(splat.title.clone()),
        (None, _) => Judged::Missed,
        (Some(splat), _) => blame(title, splat),
    }
}

/// Whether the function of a report is one of those that its title names.
fn blame(title: &str, splat: &Splat) -> Judged {
    let named = functions(title);
    let function = splat.function.as_deref().map(plain);
    if named.is_empty() {
        Judged::Found
    } else if function.is_some_and(|function| named.iter().any(|name| plain(name) == function)) {
        Judged::Right
    } else {
        Judged::Blamed(splat.function.clone())
    }
}

/// The functions after the last ` in ` of a title; of a race there are two. `in corrupted` says that the author could not tell, and
/// `in preemptible code` that it is of the heading. A helper that a title names is never blamed here, so such a title says nothing.
fn functions(title: &str) -> Vec<&str> {
    let Some((_, names)) = title.rsplit_once(" in ") else { return Vec::new() };
    let names = names.split(" / ").map(|name| name.split([' ', '(', '.']).next().unwrap_or_default());
    let says_nothing =
        |name: &str| ["corrupted", "preemptible"].contains(&name) || helper_class(name).is_some();
    names.filter(|name| is_symbol(name) && !says_nothing(name)).collect()
}

fn is_symbol(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
}

/// A function without what the wrappers of system calls put before its name.
fn plain(function: &str) -> &str {
    const WRAPPERS: [&str; 7] = ["__x64_", "__ia32_", "__arm64_", "__se_", "__do_", "__riscv_", "compat_"];
    WRAPPERS.iter().find_map(|wrapper| function.strip_prefix(wrapper)).unwrap_or(function)
}

/// The class under which a log is counted: the kind of its first report, or what its title says where none was found.
fn class(scan: &LogScan, title: &str) -> &'static str {
    match (first(scan), title) {
        (Some(splat), title) if !title.is_empty() => splat.kind.word(),
        (_, "") => "no report",
        _ => "not found",
    }
}

impl Tally {
    fn add(&mut self, judged: &Judged, helper: bool) {
        self.logs += 1;
        self.helpers += u32::from(helper);
        match judged {
            Judged::Right => {
                self.found += 1;
                self.named += 1;
                self.right += 1;
            }
            Judged::Blamed(_) => {
                self.found += 1;
                self.named += 1;
            }
            Judged::Found => self.found += 1,
            Judged::FalseAlarm(_) => self.false_alarms += 1,
            Judged::Missed | Judged::Clean => {}
        }
    }

    /// The sum of several.
    fn sum<'a>(tallies: impl Iterator<Item = &'a Self>) -> Self {
        tallies.fold(Self::default(), |sum, one| Self {
            logs: sum.logs + one.logs,
            found: sum.found + one.found,
            named: sum.named + one.named,
            right: sum.right + one.right,
            false_alarms: sum.false_alarms + one.false_alarms,
            helpers: sum.helpers + one.helpers,
        })
    }
}

/// Says what was not as the title has it.
fn tell(path: &Path, title: &str, judged: &Judged, helper: Option<&HelperClass>) {
    let what = match judged {
        Judged::Right | Judged::Found | Judged::Clean => return,
        Judged::Blamed(Some(function)) => format!("blamed {function}"),
        Judged::Blamed(None) => "blamed nobody".to_owned(),
        Judged::Missed => "not found".to_owned(),
        Judged::FalseAlarm(found) => format!("false alarm: {found}"),
    };
    let helper = helper.map(|class| format!(" ({})", class.name)).unwrap_or_default();
    anstream::println!("{}: {title}: {what}{helper}", path.display());
}

/// Who is named as stuck in a stall or a hang is a convention, so these are no part of the sum of functions.
fn stuck(class: &str) -> bool {
    [
        SplatKind::RcuStall,
        SplatKind::SoftLockup,
        SplatKind::HardLockup,
        SplatKind::HungTask,
        SplatKind::WorkqueueStall,
    ]
    .iter()
    .any(|kind| kind.word() == class)
}

fn table(classes: &BTreeMap<&'static str, Tally>) -> String {
    let head = format!(
        "{:28} {:>5} {:>6} {:>12} {:>7} {:>13}\n",
        "class", "logs", "found", "function", "helpers", "false alarms"
    );
    let rows = classes.iter().map(|(class, tally)| row(class, tally));
    let all = Tally::sum(classes.values());
    let told = Tally::sum(classes.iter().filter(|(class, _)| !stuck(class)).map(|(_, tally)| tally));
    let sums = [row("all", &all), row("all but stalls and hangs", &told)];
    head + &rows.chain(sums).collect::<String>()
}

fn row(class: &str, tally: &Tally) -> String {
    let Tally { logs, found, named, right, false_alarms, helpers } = tally;
    let functions = match named {
        0 => String::new(),
        _ => format!("{right}/{named} {:3.0}%", f64::from(*right) * 100.0 / f64::from(*named)),
    };
    format!("{class:28} {logs:5} {found:6} {functions:>12} {helpers:7} {false_alarms:13}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OOPS: &str = "\
[    5.0] BUG: kernel NULL pointer dereference, address: 0000000000000010
[    5.1] Oops: 0000 [#1] SMP NOPTI
[    5.2] RIP: 0010:cxl_sample+0x12/0x340 [cxl_core]
[    5.3] ---[ end trace 0000000000000000 ]---
";

    fn judged(title: &str, log: &str) -> Judged {
        let entry = entry(format!("# a comment\nTITLE: {title}\nALT: other\n\n{log}").as_bytes())
            .expect("has a title");
        judge(&entry.title, &scan_log(&entry.log, None))
    }

    #[test]
    fn a_log_is_held_against_its_title() {
        assert_eq!(judged("BUG: NULL deref in cxl_sample", OOPS), Judged::Right);
        assert_eq!(judged("data-race in cxl_other / __x64_cxl_sample", OOPS), Judged::Right);
        assert_eq!(
            judged("BUG: NULL deref in cxl_other", OOPS),
            Judged::Blamed(Some("cxl_sample".to_owned()))
        );
        assert_eq!(judged("BUG: NULL deref", OOPS), Judged::Found);
        assert_eq!(judged("BUG: NULL deref in cxl_sample", "[    5.0] all is well\n"), Judged::Missed);
        assert_eq!(judged("", "[    5.0] all is well\n"), Judged::Clean);
        assert!(matches!(judged("", OOPS), Judged::FalseAlarm(title) if title.contains("cxl_sample")));
        assert_eq!(entry(b"\n[    5.0] no head\n").map(|entry| entry.title), Some(String::new()));
        assert_eq!(entry(b"[    5.0] no title\n\n"), None);
    }

    #[test]
    fn the_table_sums_up() {
        let mut classes: BTreeMap<&'static str, Tally> = BTreeMap::new();
        for (class, judged) in [
            ("oops", Judged::Right),
            ("oops", Judged::Blamed(None)),
            ("hung-task", Judged::Blamed(None)),
            ("no report", Judged::FalseAlarm("x".to_owned())),
            ("not found", Judged::Missed),
        ] {
            classes.entry(class).or_default().add(&judged, class == "hung-task");
        }
        insta::assert_snapshot!(table(&classes));
    }
}
