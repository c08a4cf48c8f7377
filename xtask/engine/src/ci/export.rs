//! A workflow as the system's own file.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// For which system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// GitHub Actions.
    Github,
    /// GitLab CI/CD.
    Gitlab,
}

impl System {
    /// Where the system looks for it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Github => ".github/workflows/patchbench.yml",
            Self::Gitlab => ".gitlab-ci.yml",
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::Github => include_str!("github.yml.j2"),
            Self::Gitlab => include_str!("gitlab.yml.j2"),
        }
    }
}

/// What is to be run. All names are such as patchbench.yaml has them: letters, digits and `_-+.`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Workflow {
    /// Kernels with their flavours: each is built once.
    pub builds: Vec<Build>,
    /// The matrix of patchbench.yaml.
    pub matrix: String,
    /// Into how many parts it is cut.
    pub shards: u32,
    /// The command that makes the file again.
    pub command: String,
}

/// One kernel in one flavour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Build {
    /// Entry of patchbench.yaml.
    pub kernel: String,
    /// Flavour.
    pub flavour: String,
}

/// The template does not render; not known to happen.
#[derive(Debug, thiserror::Error)]
#[error("rendering the workflow")]
pub struct CiError(#[from] minijinja::Error);

/// The workflow's file.
///
/// # Errors
/// [`CiError`].
pub fn export(system: System, workflow: &Workflow) -> Result<String, CiError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    // GitHub's own expressions have the usual braces.
    syntax.block_delimiters("<%", "%>").variable_delimiters("<<", ">>").comment_delimiters("<#", "#>");
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build()?);
    Ok(environment.render_str(system.template(), Serde(workflow))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workflow() -> Workflow {
        let build =
            |kernel: &str, flavour: &str| Build { kernel: kernel.to_owned(), flavour: flavour.to_owned() };
        Workflow {
            builds: vec![build("lts", "plain"), build("merged", "plain")],
            matrix: "default".to_owned(),
            shards: 3,
            command: "cargo xtask ci export github --shards 3".to_owned(),
        }
    }

    #[test]
    fn both_are_yaml_and_say_what_is_run() {
        for system in [System::Github, System::Gitlab] {
            let text = export(system, &workflow()).expect("it renders");
            let yaml: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
            assert!(yaml.is_mapping());
            assert!(text.contains("cargo xtask run --matrix default --shard"), "{text}");
            assert!(text.contains("cargo xtask results merge"), "{text}");
            assert!(text.contains("\"merged\""), "{text}");
            assert!(!text.contains('\t') && !text.contains("<%"), "{text}");
        }
    }

    #[test]
    fn for_github() {
        insta::assert_snapshot!(export(System::Github, &workflow()).expect("it renders"), @r#"
        # Made by `cargo xtask ci export github --shards 3`; make it again when kernels or matrix change.
        # Each kernel is built once and kept in the cache; the matrix runs in 3 shards; their results are merged into one report.
        name: patchbench
        on:
          push:
          pull_request:
          workflow_dispatch:
        permissions:
          contents: read
        concurrency:
          group: patchbench-${{ github.ref }}
          cancel-in-progress: true
        jobs:
          build:
            name: build ${{ matrix.kernel }} ${{ matrix.flavour }}
            runs-on: ubuntu-24.04
            timeout-minutes: 180
            strategy:
              fail-fast: false
              matrix:
                include:
                  - { kernel: "lts", flavour: "plain" }
                  - { kernel: "merged", flavour: "plain" }
            steps:
              - uses: actions/checkout@v4
              - uses: actions/cache@v4
                with:
                  path: |
                    ~/.cache/cxl-patchbench/agent
                    ~/.cache/cxl-patchbench/applied
                    ~/.cache/cxl-patchbench/builds
                    ~/.cache/cxl-patchbench/git-1
                    ~/.cache/cxl-patchbench/images
                    ~/.cache/cxl-patchbench/ndctl
                  key: patchbench-${{ matrix.kernel }}-${{ matrix.flavour }}-${{ hashFiles('patchbench.yaml', 'patches/**', 'kconfig/**') }}
                  restore-keys: patchbench-${{ matrix.kernel }}-${{ matrix.flavour }}-
              - run: cargo xtask setup
              - run: cargo xtask build --kernel "${{ matrix.kernel }}" --flavour "${{ matrix.flavour }}"
          run:
            needs: build
            name: shard ${{ matrix.shard }}
            runs-on: ubuntu-24.04
            timeout-minutes: 180
            strategy:
              fail-fast: false
              matrix:
                shard: [1, 2, 3]
            steps:
              - uses: actions/checkout@v4
              - uses: actions/cache/restore@v4
                with:
                  path: |
                    ~/.cache/cxl-patchbench/agent
                    ~/.cache/cxl-patchbench/applied
                    ~/.cache/cxl-patchbench/builds
                    ~/.cache/cxl-patchbench/git-1
                    ~/.cache/cxl-patchbench/images
                    ~/.cache/cxl-patchbench/ndctl
                  key: patchbench-lts-plain-${{ hashFiles('patchbench.yaml', 'patches/**', 'kconfig/**') }}
              - uses: actions/cache/restore@v4
                with:
                  path: |
                    ~/.cache/cxl-patchbench/agent
                    ~/.cache/cxl-patchbench/applied
                    ~/.cache/cxl-patchbench/builds
                    ~/.cache/cxl-patchbench/git-1
                    ~/.cache/cxl-patchbench/images
                    ~/.cache/cxl-patchbench/ndctl
                  key: patchbench-merged-plain-${{ hashFiles('patchbench.yaml', 'patches/**', 'kconfig/**') }}
              - run: cargo xtask setup --ndctl
              - run: cargo xtask run --matrix default --shard ${{ matrix.shard }}/3
              - uses: actions/upload-artifact@v4
                if: always()
                with:
                  name: shard-${{ matrix.shard }}
                  path: results/2*
                  if-no-files-found: ignore
          report:
            needs: run
            if: always()
            runs-on: ubuntu-24.04
            timeout-minutes: 30
            steps:
              - uses: actions/checkout@v4
              - uses: actions/download-artifact@v4
                with:
                  pattern: shard-*
                  path: shards
                  merge-multiple: true
              # The exit code is that of the merged verdict.
              - run: cargo xtask results merge shards/2*
              - if: always()
                run: cargo xtask results html latest --output report.html
              - uses: actions/upload-artifact@v4
                if: always()
                with:
                  name: report
                  path: |
                    report.html
                    results/2*/junit.xml
        "#);
    }

    #[test]
    fn for_gitlab() {
        insta::assert_snapshot!(export(System::Gitlab, &workflow()).expect("it renders"), @r#"
        # Made by `cargo xtask ci export github --shards 3`; make it again when kernels or matrix change.
        # Each kernel is built once and handed on; the matrix runs in 3 shards; their results are merged into one report.
        stages: [build, run, report]

        default:
          # Root in a container: the tool installs what is missing.
          image: rust:1-bookworm

        variables:
          XDG_CACHE_HOME: $CI_PROJECT_DIR/.cache
          CARGO_HOME: $CI_PROJECT_DIR/.cache/cargo

        build:
          stage: build
          timeout: 3h
          parallel:
            matrix:
              - KERNEL: ["lts"]
                FLAVOUR: ["plain"]
              - KERNEL: ["merged"]
                FLAVOUR: ["plain"]
          cache:
            key: patchbench-$KERNEL-$FLAVOUR
            paths:
              - .cache/cxl-patchbench/git-1
              - .cache/cxl-patchbench/applied
              - .cache/cxl-patchbench/work
          script:
            - cargo xtask setup
            - cargo xtask build --kernel "$KERNEL" --flavour "$FLAVOUR"
          artifacts:
            expire_in: 1 day
            paths:
              - .cache/cxl-patchbench/builds

        run:
          stage: run
          timeout: 3h
          needs: [build]
          parallel: 3
          script:
            - cargo xtask setup --ndctl
            - cargo xtask run --matrix default --shard "$CI_NODE_INDEX/$CI_NODE_TOTAL"
          artifacts:
            when: always
            paths: ["results/2*"]
            reports:
              junit: results/2*/junit.xml

        report:
          stage: report
          needs: [run]
          when: always
          script:
            # The exit code is that of the merged verdict; the report is written whatever it is.
            - |
              status=0
              cargo xtask results merge results/2* || status=$?
              cargo xtask results html latest --output report.html
              exit $status
          artifacts:
            when: always
            paths: [report.html]
        "#);
    }
}
