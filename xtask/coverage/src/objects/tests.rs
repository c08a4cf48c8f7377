//! With a real compiler and a real gcov, where there are any.

use testing::{COUNTED_HEADER, COUNTED_SOURCE, CountedProgram};

use super::*;
use crate::SeriesLine;

/// All lines of both files.
fn lines() -> SeriesLines {
    let of = |file: &'static str, text: &'static str| {
        text.lines().zip(1..).map(move |(text, line)| SeriesLine {
            file: file.to_owned(),
            line,
            patch: 0,
            line_in_patch: line,
            text: text.to_owned(),
        })
    };
    let lines = of("drivers/cxl/x.c", COUNTED_SOURCE).chain(of("drivers/cxl/x.h", COUNTED_HEADER)).collect();
    SeriesLines { series: "s".to_owned(), patches: Vec::new(), lines }
}

const IN_GUEST: &str = "somewhere/work/obj/drivers/cxl/x.gcda";

#[test]
fn counters_meet_their_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(program) = CountedProgram::new(folder.path(), COUNTED_SOURCE) else { return };
    let (lines, notes) = (lines(), program.notes());
    let objects = Objects::of(&notes, &lines).expect("notes");
    assert!(objects.compiles("drivers/cxl/x.h") && !objects.compiles("drivers/cxl/y.c"));
    let counts = objects.counts(&program.archive(IN_GUEST)).expect("counted");
    let shown: Vec<String> = lines
        .lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let count = counts.get(&at).copied().unwrap_or_default();
            let gutter = if objects.has_code(at) { count.to_string() } else { String::new() };
            format!("{gutter:1} {}", line.text.replace('\t', "  ")).trim_end().to_owned()
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
      #include "x.h"
      int g(int a);
      /* text */
    1 int g(int a)
      {
    1   if (a > 2)
    0     return f(a);
    1   return f(0);
      }
    1 int main(void)
      {
    1   return g(1) != 2;
      }
    1 static inline int f(int a)
      {
    1   if (a)
    0     return 1;
    1   return 2;
      }
    "#);
}

#[test]
fn counters_of_another_build_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(program) = CountedProgram::new(folder.path(), COUNTED_SOURCE) else { return };
    let (lines, notes) = (lines(), program.notes());
    let objects = Objects::of(&notes, &lines).expect("notes");
    let other = folder.path().join("other");
    let other = CountedProgram::new(&other, &COUNTED_SOURCE.replace("a > 2", "a > 3 || a < -3"));
    let other = other.expect("a compiler");
    let error = objects.counts(&other.archive(IN_GUEST)).expect_err("another build");
    insta::assert_snapshot!(error, @"gcov cannot use what was counted in somewhere/work/obj/drivers/cxl/x.gcda: stamp mismatch with notes file");
    let error = objects.counts(&program.archive("work/obj/drivers/cxl/y.gcda")).expect_err("unknown");
    insta::assert_snapshot!(error, @"the guest counts in work/obj/drivers/cxl/y.gcda, which its build does not know");
    let error = objects.counts(&program.archive(IN_GUEST)[..700]).expect_err("cut");
    assert!(matches!(error, CoverageError::Io(_)), "{error}");
    let empty = folder.path().join("none");
    assert!(matches!(Objects::of(&empty, &lines), Err(CoverageError::NoNotes(_))));
}
