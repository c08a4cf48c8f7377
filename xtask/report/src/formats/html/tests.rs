use event::{Event, Sink};

use super::*;
use crate::testing::{events, hostile_cell};
use crate::{Store, Stored};

fn run(results: &std::path::Path) -> Stored {
    let store = Store::create(results, serde_json::json!({ "qemu": "</script><b>" })).expect("a store");
    for event in &events() {
        store.emit(event);
        if let Event::CellStarted { cell } = event {
            let boot = store.cell_dir(cell).expect("a folder").join("boot0");
            std::fs::create_dir_all(&boot).expect("a folder");
            let log =
                "[    1.0] patchbench[ab]: begin ports\n</script><script>alert(1)</script> \x1b[2J\n<!-- \n";
            std::fs::write(boot.join("console.log"), log).expect("written");
        }
    }
    Stored::load(store.dir()).expect("a run")
}

#[test]
fn what_others_say_is_text_wherever_it_stands() {
    let results = tempfile::tempdir().expect("a folder");
    let run = run(results.path());
    let svg = "<svg><text>\"'</text></svg>".to_owned();
    let picture = Picture { topology: "direct".to_owned(), svg, marked: vec!["<mem0>".to_owned()] };
    let diff = Diff { from: "<i>".to_owned(), ..Diff::of(&run.summary, &run.summary, &[]) };
    let page = html(&run, &[picture], Some(&diff)).expect("a page");
    // The page's own elements, and no other.
    assert_eq!(page.matches("<script").count(), page.matches("</script").count());
    assert_eq!(page.matches("<script nonce=").count(), 1);
    assert_eq!(page.matches("<script type=\"application/json\"").count(), 3, "the data, and two logs");
    for wrong in
        ["<b>", "<gone>", "<i>", "<mem0>", "<!-- ", "alert(1)</script", "\x1b", "\x07", "<svg><text>"]
    {
        let elements = page.replace("<figcaption><b>direct", "").replace("<b>1</b>", "");
        assert!(!elements.contains(wrong), "{wrong:?}");
    }
    assert!(
        page.contains("../../&lt;b&gt;") || page.contains("..&#x2f;..&#x2f;&lt;b&gt;"),
        "the hostile cell is there"
    );
    assert!(page.contains(r"\u003c/script\u003e\u003cscript\u003ealert(1)"), "so is its log");
    for fetched in ["http://", "https://", "//cdn", "@import", "url("] {
        let own = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!own.contains(fetched), "{fetched}");
    }
}

#[test]
fn what_was_counted_has_a_panel() {
    let results = tempfile::tempdir().expect("a folder");
    let run = run(results.path());
    assert!(!html(&run, &[], None).expect("a page").contains("id=\"coverage\""));
    let coverage = serde_json::json!({
        "series": "<s>",
        "patches": [{ "n": 1, "subject": "cxl: Say <i>why</i>", "coverable": 1, "covered": 0, "lines": [
            { "file": "drivers/cxl/mem.c", "line": 2, "text": "\treturn a < b;", "state": "not-run", "reason": "no case ran it", "count": 0, "cases": [] },
        ] }],
        "totals": { "coverable": 1, "covered": 0, "unknown": 0 },
        "only": [{ "topologies": ["<t>"], "lines": ["drivers/cxl/mem.c:2"] }],
        "smallest": ["<t> attach/one"],
    });
    let diff = "--- a/drivers/cxl/mem.c\n+++ b/drivers/cxl/mem.c\n@@ -1,0 +2,1 @@\n+\treturn a < b;\n";
    let lines = serde_json::json!({
        "series": "<s>",
        "patches": [{ "subject": "cxl: Say <i>why</i>", "diff": diff }],
        "lines": [{ "file": "drivers/cxl/mem.c", "line": 2, "patch": 0, "line_in_patch": 2, "text": "\treturn a < b;" }],
    });
    std::fs::create_dir(run.dir.join("coverage")).expect("made");
    std::fs::write(run.dir.join("coverage/lines.json"), lines.to_string()).expect("written");
    std::fs::write(run.dir.join("coverage.json"), coverage.to_string()).expect("written");
    let page = html(&run, &[], None).expect("a page");
    for part in [
        "Coverage of &lt;s&gt;",
        "0 of 1 lines with code ran",
        "      - +\treturn a &lt; b;",
        "no case ran it",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for wrong in ["<s>", "<i>", "<t>"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
}

#[test]
fn red_results_tell_what_of_a_topology_fails() {
    let mut summary = Summary::default();
    for event in &events() {
        summary.take(event);
    }
    assert_eq!(complaints(&summary, "direct"), ["port2 # SKIP no"]);
    assert_eq!(complaints(&summary, &hostile_cell().topology), [""; 0]);
}
