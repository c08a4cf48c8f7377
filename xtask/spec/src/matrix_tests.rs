use std::fs;

use super::*;
use crate::Project;

const KERNELS: &str = "kernels:\n  lts: { source: { dir: /a } }\n  merged: { source: { dir: /b } }\n\
                       defaults: { kernel: lts, topologies: [direct], suites: [enumerate] }\n";

fn load(matrix: &str, local: Option<&str>) -> Result<Project, String> {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("patchbench.yaml"), format!("{KERNELS}matrix:\n{matrix}")).expect("written");
    if let Some(local) = local {
        fs::write(dir.path().join("patchbench.local.yaml"), local).expect("written");
    }
    let here = format!("{}/", dir.path().display());
    Project::load(dir.path()).map_err(|error| fault::shown(&error).replace(&here, ""))
}

fn error(matrix: &str) -> String {
    load(matrix, None).expect_err("it is wrong")
}

#[test]
fn what_is_not_said_is_as_in_the_defaults() {
    let project = load("  all: { kernels: all, topologies: all }\n", None).expect("a project");
    let matrix = project.matrix(None).expect("the only one");
    insta::assert_debug_snapshot!(matrix.products, @r#"
    [
        Axes {
            kernels: [
                "lts",
                "merged",
            ],
            flavours: [
                "plain",
            ],
            topologies: None,
            suites: Some(
                [
                    "enumerate",
                ],
            ),
            variants: [],
        },
    ]
    "#);
}

#[test]
fn includes_excludes_and_settings() {
    let text = "  m:
    kernels: [lts]
    include:
      - { kernels: [merged], flavours: [debug], suites: [mock:default] }
    exclude:
      - { cells: suite=mock & kernel=lts, because: it has been seen }
    settings:
      - { cells: flavour=debug, memory: 2G, retries: 1, cmdline: [a=1] }
      - { cells: kernel=merged, retries: 2, cmdline: [b=1] }
";
    let project = load(text, None).expect("a project");
    let matrix = project.matrix(Some("m")).expect("there");
    assert_eq!(matrix.products.len(), 2);
    assert_eq!(matrix.products[1].suites.as_deref(), Some(&["mock:default".to_owned()][..]));
    assert_eq!(matrix.exclude[0].because, "it has been seen");
    let of = |kernel: &'static str, flavour: &'static str| {
        Settings::of(&matrix.settings, |field| match field {
            Field::Kernel => Some(kernel),
            Field::Flavour => Some(flavour),
            _ => None,
        })
    };
    assert_eq!(of("lts", "plain"), Settings::default());
    let both = of("merged", "debug");
    assert_eq!(
        (both.memory, both.retries, both.cmdline.join(" ")),
        (Some(2 << 30), Some(2), "a=1 b=1".into())
    );
}

#[test]
fn errors_say_where_and_what_next() {
    insta::assert_snapshot!(error("  m:\n    kernels: [lts, mergd]\n"), @r"
    patchbench.yaml: matrix.m.kernels[1]: there is no kernel `mergd` at line 7 column 20
    hint: did you mean `merged`?
    ");
    insta::assert_snapshot!(error("  m:\n    topologies: [direct, direct]\n"), @"patchbench.yaml: matrix.m.topologies[1]: `direct` stands twice at line 7 column 26");
    insta::assert_snapshot!(error("  m:\n    kernels: lts\n"), @"patchbench.yaml: matrix.m.kernels: one name is a list too: [lts] at line 7 column 14");
    insta::assert_snapshot!(error("  m:\n    exclude:\n      - { cells: kernl=lts, because: x }\n"), @"patchbench.yaml: matrix.m.exclude[0]: at `kernl=lts`: a cell has no `kernl` (did you mean `kernel`?) at line 8 column 9");
    insta::assert_snapshot!(error("  m:\n    exclude:\n      - { cells: kernel=lts }\n"), @"patchbench.yaml: matrix.m.exclude[0]: missing field `because` at line 8 column 9");
    insta::assert_snapshot!(error("  m:\n    settings:\n      - { cells: kernel=lts, retries: 99 }\n"), @"patchbench.yaml: matrix.m.settings[0].retries: 99 is not from 0 to 10 at line 8 column 39");
    insta::assert_snapshot!(error("  m:\n    settings:\n      - { cells: kernel=lts }\n"), @r"
    patchbench.yaml: matrix.m.settings[0]: it sets nothing at line 8 column 9
    hint: memory, timeout-times, retries, repeat, isolate or cmdline
    ");
    insta::assert_snapshot!(error("  m: { suits: all }\n"), @r"
    patchbench.yaml: matrix.m: unknown field `suits`, expected one of `kernels`, `flavours`, `topologies`, `suites`, `variants`, `include`, `exclude`, `settings` at line 6 column 8
    hint: did you mean `suites`?
    ");
    let project = load("  one: { kernels: all }\n  two: { kernels: all }\n", None).expect("a project");
    let here = format!("{}/", project.root.display());
    let asked = |name| fault::shown(&project.matrix(name).expect_err("none")).replace(&here, "");
    insta::assert_snapshot!(asked(None), @r"
    patchbench.yaml: matrix: there are several, and none is called `default`
    hint: --matrix one or --matrix two
    ");
    insta::assert_snapshot!(asked(Some("onr")), @r"
    patchbench.yaml: matrix: there is no matrix `onr`
    hint: did you mean `one`?
    ");
}

#[test]
fn the_local_file_replaces_a_matrix_as_a_whole() {
    let local = "matrix:\n  m: { kernels: [merged] }\n  own: { kernels: [x] }\n";
    let error = load("  m: { kernels: [lts], flavours: [debug] }\n", Some(local)).expect_err("no kernel x");
    assert!(
        error.starts_with("patchbench.local.yaml: matrix.own.kernels[0]: there is no kernel `x`"),
        "{error}"
    );
    let project =
        load("  m: { kernels: [lts], flavours: [debug] }\n", Some("matrix: { m: { kernels: [merged] } }\n"));
    let product = &project.expect("a project").matrices["m"].products[0];
    assert_eq!((product.kernels.join(","), product.flavours.join(",")), ("merged".into(), "plain".into()));
}
