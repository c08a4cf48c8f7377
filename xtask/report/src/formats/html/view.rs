//! What the template shows, as plain values: every text of a guest or a file is harmless, the template escapes the rest.

use serde::Serialize;

use kernlog::{CaseOutcome, Verdict};

use super::case::Case;
use super::name;
use crate::diff::Diff;
use crate::lines::letter;
use crate::picture::Picture;
use crate::stored::{Progress, Stored};
use crate::summary::{CellSummary, Summary};
use crate::text::{duration, one_line};

/// `good`, `bad`, or nothing for what was skipped.
pub(super) fn cell_class(cell: &CellSummary) -> &'static str {
    class(cell.verdict)
}

fn class(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Pass) => "good",
        Some(Verdict::Skip) => "",
        _ => "bad",
    }
}

#[derive(Serialize)]
pub(super) struct Badge {
    word: &'static str,
    class: &'static str,
}

pub(super) fn verdict(run: &Stored) -> Badge {
    let is_open = run.progress() == Progress::Running || run.summary.only_interrupted();
    let class = if is_open { "" } else { class(run.summary.verdict) };
    Badge { word: run.word(), class }
}

#[derive(Serialize)]
pub(super) struct Chip {
    word: &'static str,
    letter: char,
    count: u64,
}

/// How many cases ended how.
pub(super) fn chips(summary: &Summary) -> Vec<Chip> {
    let chip =
        |(outcome, count): (CaseOutcome, u64)| Chip { word: outcome.word(), letter: letter(outcome), count };
    summary.totals.words().into_iter().map(chip).collect()
}

#[derive(Serialize)]
pub(super) struct Cell {
    name: String,
    word: &'static str,
    class: &'static str,
    guest: String,
    seconds: String,
    counts: String,
    reason: String,
}

fn cell(cell: &CellSummary) -> Cell {
    let counts = cell.totals.words().into_iter().map(|(outcome, count)| format!("{count} {outcome}"));
    let mut counts: Vec<String> = counts.collect();
    counts.extend(cell.unstable.iter().map(|unstable| format!("unstable: {unstable}")));
    let guest = [&cell.release, &cell.accel].into_iter().flatten().map(|text| one_line(text));
    Cell {
        name: name::of(&cell.cell),
        word: cell.verdict.map_or("not finished", Verdict::word),
        class: cell_class(cell),
        guest: guest.collect::<Vec<_>>().join(", "),
        seconds: duration(cell.seconds),
        counts: one_line(&counts.join(", ")),
        reason: one_line(&cell.reason),
    }
}

/// Every cell.
pub(super) fn cells(summary: &Summary) -> Vec<Cell> {
    summary.cells.iter().map(cell).collect()
}

/// Cells that are red as a whole.
pub(super) fn broken(summary: &Summary) -> Vec<Cell> {
    summary.cells.iter().filter(|cell| cell.red_by_itself()).map(cell).collect()
}

#[derive(Serialize)]
pub(super) struct Splat {
    expected: bool,
    kind: &'static str,
    title: String,
    module: Option<String>,
    cell: String,
    case: Option<String>,
    line: u64,
    fingerprint: String,
    excerpt: Vec<String>,
    /// A case whose log is that of the splat's guest.
    index: Option<usize>,
}

/// Every splat, those that nobody expected first.
pub(super) fn splats(summary: &Summary, cases: &[Case]) -> Vec<Splat> {
    let mut splats = Vec::new();
    for (at, cell) in summary.cells.iter().enumerate() {
        for found in &cell.splats {
            let splat = &found.splat;
            let of_cell = || cases.iter().filter(|case| case.cell == at);
            let during = of_cell().find(|case| Some(case.name) == splat.case.as_deref());
            splats.push(Splat {
                expected: found.expected,
                kind: splat.kind.word(),
                title: one_line(&splat.title),
                module: splat.module.as_deref().map(one_line),
                cell: name::of(&cell.cell),
                case: splat.case.as_deref().map(one_line),
                line: splat.line,
                fingerprint: one_line(&splat.fingerprint),
                excerpt: splat.excerpt.iter().map(|line| one_line(line)).collect(),
                index: during.or(of_cell().next()).map(|case| case.row.index),
            });
        }
    }
    splats.sort_by_key(|splat| splat.expected);
    splats
}

#[derive(Serialize)]
pub(super) struct TopologyView {
    name: String,
    url: String,
    marked: Vec<String>,
    cells: Vec<Cell>,
}

/// A picture in a document of its own, so that its style is not the page's.
pub(super) fn picture(picture: &Picture, summary: &Summary) -> TopologyView {
    let mut url = String::from("data:image/svg+xml,");
    for byte in picture.svg.bytes() {
        if byte.is_ascii_alphanumeric() || b" -_.~!*()/:;=,".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    let cells = summary.cells.iter().filter(|cell| cell.cell.topology == picture.topology).map(cell);
    TopologyView {
        name: one_line(&picture.topology),
        url,
        marked: picture.marked.iter().map(|id| one_line(id)).collect(),
        cells: cells.map(|cell| Cell { name: cell.name, ..cell }).collect(),
    }
}

#[derive(Serialize)]
pub(super) struct Stage {
    kernel: String,
    name: String,
    end: &'static str,
    seconds: String,
    note: String,
}

pub(super) fn stages(summary: &Summary) -> Vec<Stage> {
    let stage = |stage: &crate::StageSummary| Stage {
        kernel: one_line(&match stage.flavour.as_str() {
            "plain" => stage.kernel.clone(),
            flavour => format!("{}+{flavour}", stage.kernel),
        }),
        name: stage.stage.to_string(),
        end: match stage.end {
            event::StageEnd::Done => "",
            event::StageEnd::Cached => "from the cache",
            event::StageEnd::Failed => "failed",
        },
        seconds: duration(stage.seconds),
        note: one_line(&stage.note),
    };
    summary.stages.iter().map(stage).collect()
}

/// The notices of the run, each once.
pub(super) fn notices(summary: &Summary) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for notice in &summary.notices {
        let text = one_line(notice);
        match counted.iter_mut().find(|(other, _)| *other == text) {
            Some((_, times)) => *times += 1,
            None => counted.push((text, 1)),
        }
    }
    counted
        .into_iter()
        .map(|(text, times)| if times > 1 { format!("{text} ({times} times)") } else { text })
        .collect()
}

#[derive(Serialize)]
pub(super) struct Against {
    from: String,
    closing: String,
    text: String,
}

pub(super) fn diff(diff: &Diff) -> Against {
    Against { from: one_line(&diff.from), closing: diff.closing_line(), text: diff.text() }
}

#[derive(Serialize)]
pub(super) struct Version {
    name: &'static str,
    value: String,
}

/// The versions of what the run was made with.
pub(super) fn versions(run: &Stored) -> Vec<Version> {
    let summary = &run.summary;
    let each = |of: &dyn Fn(&CellSummary) -> Option<String>| -> String {
        let mut all: Vec<String> = summary.cells.iter().filter_map(of).collect();
        all.sort();
        all.dedup();
        all.join(", ")
    };
    let resolved = |key: &str| match &run.resolved[key] {
        serde_json::Value::String(text) => text.clone(),
        _ => String::new(),
    };
    let mut series = Vec::new();
    named_series(&run.resolved, &mut series);
    let rows = [
        ("begun", summary.time.clone()),
        ("tool", format!("cxl-patchbench {}", summary.version)),
        ("kernel", each(&|cell| cell.release.clone())),
        ("series", series.join(", ")),
        ("QEMU", resolved("qemu")),
        ("accelerator", each(&|cell| cell.accel.clone())),
        ("folder", run.dir.display().to_string()),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    rows.map(|(name, value)| Version { name, value: one_line(&value) }).collect()
}

/// The series of every kernel, wherever they stand in what was resolved: of a merged run, for each that it was made of.
fn named_series(resolved: &serde_json::Value, found: &mut Vec<String>) {
    let one = |series: &serde_json::Value| {
        let (name, patches) = (series["name"].as_str()?, series["patches"].as_array()?.len());
        Some(format!("{name} v{} ({patches} patches)", series["version"]))
    };
    for series in resolved["series"].as_array().into_iter().flatten().filter_map(one) {
        if !found.contains(&series) {
            found.push(series);
        }
    }
    let kernels = resolved["kernels"].as_array().into_iter().flatten();
    let merged = resolved["merged"].as_object().into_iter().flat_map(|runs| runs.values());
    kernels.chain(merged).for_each(|below| named_series(below, found));
}
