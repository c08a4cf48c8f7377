//! Logs for the tests, with markers that are the agent's.

use wire::Markers;

fn markers() -> Markers {
    Markers::new(&[7; 32], 4)
}

/// What the agent announces of them.
pub(super) fn anchor() -> String {
    markers().anchor().to_owned()
}

/// A log in which `patchbench[tok]: …` stands for the genuine markers of the cases `one` and `two`.
pub(super) fn genuine(log: &str) -> String {
    let mut markers = markers();
    let all = [("begin", "one"), ("end", "one"), ("begin", "two"), ("end", "two")];
    all.iter().fold(log.to_owned(), |log, (what, case)| {
        let marker = markers.write(what, case);
        log.replace(&format!("patchbench[tok]: {what} {case}"), &marker)
    })
}
