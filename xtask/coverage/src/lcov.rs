//! The format of lcov's `.info` files (geninfo(1)), for the tools that read them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{Coverage, State};

/// A coverage as lcov's tools read it: of each file the lines of the series that have code, and how often they ran. A line of which
/// nothing is known is not in it.
pub fn lcov(coverage: &Coverage) -> String {
    let mut files: BTreeMap<&str, BTreeMap<u32, u64>> = BTreeMap::new();
    for line in coverage.lines().filter(|line| matches!(line.state, State::Ran | State::NotRun)) {
        files.entry(&line.file).or_default().insert(line.line, line.count);
    }
    let mut text = String::new();
    for (file, lines) in files {
        let _ = writeln!(text, "TN:{}\nSF:{file}", name(&coverage.series));
        for (line, count) in &lines {
            let _ = writeln!(text, "DA:{line},{count}");
        }
        let hit = lines.values().filter(|count| **count > 0).count();
        let _ = writeln!(text, "LF:{}\nLH:{hit}\nend_of_record", lines.len());
    }
    text
}

/// A test's name has letters, digits and underscores (geninfo(1), "TN").
fn name(series: &str) -> String {
    series.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
