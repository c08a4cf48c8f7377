use super::*;

#[test]
fn what_is_said_is_of_the_named_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let src = folder.path().join("src");
    fs::create_dir_all(src.join("tools/testing/cxl/test")).expect("made");
    fs::write(src.join("tools/testing/cxl/test/mock.c"), "").expect("written");
    let lines = [
        "../src/drivers/cxl/mem.c:12:5: warning: unused variable 'x' [-Wunused-variable]".to_owned(),
        format!("{}/drivers/cxl/cxlmem.h:7: warning: Function parameter 'p' not described", src.display()),
        "../src/drivers/cxl/other.c:1:1: warning: not asked for".to_owned(),
        "test/mock.c:3:1: error: symbol 'y' redeclared".to_owned(),
    ];
    let printed =
        Printed { lines: Arc::new(Mutex::new(lines.into())), unknown: BTreeSet::from(["hdm".to_owned()]) };
    let files =
        ["drivers/cxl/mem.c", "drivers/cxl/cxlmem.h", "tools/testing/cxl/test/mock.c", "drivers/cxl/hdm.c"]
            .map(str::to_owned);
    let warnings = printed.of(&files, &src, BTreeSet::new());
    let shown: Vec<String> = warnings.found.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(format!("{}\nnot compiled: {:?}", shown.join("\n"), warnings.not_compiled), @r#"
    drivers/cxl/cxlmem.h:7: Function parameter 'p' not described
    drivers/cxl/mem.c:12: unused variable 'x' [-Wunused-variable]
    tools/testing/cxl/test/mock.c:3: symbol 'y' redeclared
    not compiled: {"drivers/cxl/hdm.c"}
    "#);
}
