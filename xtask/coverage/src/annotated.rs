//! A patch as a diff, with how often its lines ran beside them.

use std::collections::HashMap;

use crate::{Coverage, SeriesLines, State};

/// Width of the counts.
const WIDTH: usize = 7;

/// A patch of the series, by its index, as a diff with a gutter: how often an added line ran, `-` where it did not, `?` where that is
/// not known, and nothing where it has no code. A line that a later patch wrote over is marked `~`: what ran there is that one's.
pub fn annotated(coverage: &Coverage, lines: &SeriesLines, patch: usize) -> String {
    let Some(of) = lines.patches.get(patch) else { return String::new() };
    let mine: HashMap<(&str, u32), (&str, u32)> = lines
        .lines
        .iter()
        .filter(|line| line.patch == patch)
        .map(|line| ((line.file.as_str(), line.line_in_patch), (line.file.as_str(), line.line)))
        .collect();
    let covered = coverage.patches.get(patch).into_iter().flat_map(|patch| &patch.lines);
    let covered: HashMap<(&str, u32), _> =
        covered.map(|line| ((line.file.as_str(), line.line), line)).collect();
    let mut text = String::new();
    let (mut file, mut at, mut in_hunk) = ("", 0, false);
    for line in of.diff.lines() {
        let mut gutter = String::new();
        if let Some(start) = new_start(line) {
            (at, in_hunk) = (start, true);
        } else if line.starts_with("diff --git ") {
            in_hunk = false;
        } else if !in_hunk {
            if let Some(name) = line.strip_prefix("+++ ") {
                file = name.strip_prefix("b/").unwrap_or(name);
            }
        } else if line.starts_with('+') {
            let counted = lines.lines.iter().any(|line| line.file == file);
            gutter = match mine.get(&(file, at)).and_then(|place| covered.get(place)) {
                Some(line) => match line.state {
                    State::Ran => line.count.to_string(),
                    State::NotRun => "-".to_owned(),
                    State::Unknown => "?".to_owned(),
                    State::NoCode => String::new(),
                },
                None if counted => "~".to_owned(),
                None => String::new(),
            };
            at += 1;
        } else if !line.starts_with(['-', '\\']) {
            at += 1;
        }
        text.push_str(format!("{gutter:>WIDTH$} {line}").trim_end());
        text.push('\n');
    }
    text
}

/// Where a hunk begins in the new file: of `@@ -1,2 +3,4 @@` the 3.
fn new_start(line: &str) -> Option<u32> {
    let (_, new) = line.strip_prefix("@@ -")?.split_once(" +")?;
    new.split([',', ' ']).next()?.parse().ok()
}
