use super::*;
use crate::{SeriesLine, SeriesPatch, annotated, lcov};

const FIRST: &str = "\
diff --git a/drivers/cxl/mem.c b/drivers/cxl/mem.c
index 1..2 100644
--- a/drivers/cxl/mem.c
+++ b/drivers/cxl/mem.c
@@ -10,2 +10,5 @@ static int probe(void)
 before
+\tif (broken)
+\t\treturn -ENXIO;
+\told();
-gone
 after
";
const SECOND: &str = "\
diff --git a/drivers/cxl/mem.c b/drivers/cxl/mem.c
--- a/drivers/cxl/mem.c
+++ b/drivers/cxl/mem.c
@@ -13,1 +13,1 @@
-\told();
+\tnew();
diff --git a/drivers/cxl/port.c b/drivers/cxl/port.c
--- a/drivers/cxl/port.c
+++ b/drivers/cxl/port.c
@@ -1,0 +2,2 @@
+/* why */
+int port;
diff --git a/drivers/cxl/Kconfig b/drivers/cxl/Kconfig
--- a/drivers/cxl/Kconfig
+++ b/drivers/cxl/Kconfig
@@ -1,0 +2,1 @@
+config CXL
";

fn lines() -> SeriesLines {
    let patch =
        |subject: &str, diff: &str| SeriesPatch { subject: subject.to_owned(), diff: diff.to_owned() };
    let line = |file: &str, line: u32, patch: usize, text: &str| SeriesLine {
        file: file.to_owned(),
        line,
        patch,
        line_in_patch: line,
        text: text.to_owned(),
    };
    SeriesLines {
        series: "the-series".to_owned(),
        patches: vec![patch("cxl/mem: Refuse what is broken", FIRST), patch("cxl: Say why", SECOND)],
        lines: vec![
            line("drivers/cxl/mem.c", 11, 0, "\tif (broken)"),
            line("drivers/cxl/mem.c", 12, 0, "\t\treturn -ENXIO;"),
            line("drivers/cxl/mem.c", 13, 1, "\tnew();"),
            line("drivers/cxl/port.c", 2, 1, "/* why */"),
            line("drivers/cxl/port.c", 3, 1, "int port;"),
        ],
    }
}

fn place(topology: &str, case: &str) -> Place {
    Place {
        topology: topology.to_owned(),
        suite: "attach".to_owned(),
        case: (!case.is_empty()).then(|| case.to_owned()),
    }
}

fn measured() -> Measured {
    let mut measured = Measured::default();
    measured.add(place("direct", ""), [(0, 1)].into());
    measured.add(place("direct", "one"), [(0, 2)].into());
    measured.add(place("direct", "two"), [(0, 2)].into());
    measured.add(place("switch", "one"), [(0, 3), (2, 5)].into());
    measured.add(place("switch", "one"), [(2, 1)].into());
    measured
}

fn coverage(measured: &Measured) -> Coverage {
    Coverage::of(&lines(), &|line| line < 3, &|file| file == "drivers/cxl/mem.c", measured)
}

#[test]
fn what_nothing_runs_comes_first() {
    let coverage = coverage(&measured());
    insta::assert_snapshot!(coverage, @"
    1 line run by no case
      drivers/cxl/mem.c:12                     patch 1   return -ENXIO;

    patch                                                                    covered  coverable
        1  cxl/mem: Refuse what is broken                                          1          2
        2  cxl: Say why                                                            1          1
      all  66 %                                                                    2          3

    1 line ran only on switch:
      drivers/cxl/mem.c: 13

    1 case runs all that ran:
      switch attach/one
    ");
}

#[test]
fn counts_stand_beside_the_lines_of_a_patch() {
    let coverage = coverage(&measured());
    insta::assert_snapshot!(annotated(&coverage, &lines(), 0), @"
      diff --git a/drivers/cxl/mem.c b/drivers/cxl/mem.c
      index 1..2 100644
      --- a/drivers/cxl/mem.c
      +++ b/drivers/cxl/mem.c
      @@ -10,2 +10,5 @@ static int probe(void)
       before
    8 +	if (broken)
    - +		return -ENXIO;
    ~ +	old();
      -gone
       after
    ");
    insta::assert_snapshot!(annotated(&coverage, &lines(), 1), @"
      diff --git a/drivers/cxl/mem.c b/drivers/cxl/mem.c
      --- a/drivers/cxl/mem.c
      +++ b/drivers/cxl/mem.c
      @@ -13,1 +13,1 @@
      -	old();
    6 +	new();
      diff --git a/drivers/cxl/port.c b/drivers/cxl/port.c
      --- a/drivers/cxl/port.c
      +++ b/drivers/cxl/port.c
      @@ -1,0 +2,2 @@
      +/* why */
      +int port;
      diff --git a/drivers/cxl/Kconfig b/drivers/cxl/Kconfig
      --- a/drivers/cxl/Kconfig
      +++ b/drivers/cxl/Kconfig
      @@ -1,0 +2,1 @@
      +config CXL
    ");
}

#[test]
fn lcov_hears_of_lines_with_code_alone() {
    let coverage = coverage(&measured());
    insta::assert_snapshot!(lcov(&coverage), @"
    TN:the_series
    SF:drivers/cxl/mem.c
    DA:11,8
    DA:12,0
    DA:13,6
    LF:3
    LH:2
    end_of_record
    ");
    let states: Vec<_> = coverage.lines().map(|line| (line.state, line.reason.as_str())).collect();
    insta::assert_debug_snapshot!(states, @r#"
    [
        (
            Ran,
            "",
        ),
        (
            NotRun,
            "no case ran it",
        ),
        (
            Ran,
            "",
        ),
        (
            NoCode,
            "drivers/cxl/port.c is not compiled in this configuration",
        ),
        (
            NoCode,
            "drivers/cxl/port.c is not compiled in this configuration",
        ),
    ]
    "#);
}

#[test]
fn what_a_crashed_guest_may_have_run_is_not_known() {
    let mut measured = measured();
    measured.lost.insert(place("switch", "two"));
    let coverage = coverage(&measured);
    assert_eq!(coverage.totals, Totals { coverable: 3, covered: 2, unknown: 1 });
    insta::assert_snapshot!(coverage.to_string().lines().take(3).collect::<Vec<_>>().join("\n"), @"
    1 line not known: no counters came of switch attach/two
      drivers/cxl/mem.c:12                     patch 1   return -ENXIO;
    ");
    assert!(!lcov(&coverage).contains("DA:12"), "nothing is known of it");
}

#[test]
fn a_case_that_others_make_needless_is_left_out() {
    let mut measured = Measured::default();
    measured.add(place("direct", "most"), (0..6).map(|line| (line, 1)).collect());
    measured.add(place("direct", "left"), [0, 1, 2, 6].map(|line| (line, 1)).into());
    measured.add(place("direct", "right"), [3, 4, 5, 7].map(|line| (line, 1)).into());
    let chosen: Vec<String> = groups::smallest(&measured).iter().map(ToString::to_string).collect();
    assert_eq!(chosen, ["direct attach/left", "direct attach/right"]);
}

#[test]
fn the_schema_is_that_of_the_document() {
    let schema = serde_json::to_value(schemars::schema_for!(Coverage)).expect("JSON");
    let text = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.json");
    if std::env::var_os("PATCHBENCH_UPDATE").is_some() {
        fs_err::write(&file, &text).expect("written");
    }
    let kept = fs_err::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "{} is stale: PATCHBENCH_UPDATE=1 writes it anew", file.display());
}
