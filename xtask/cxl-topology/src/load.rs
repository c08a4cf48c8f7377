//! Topologies on disk: `topologies/NAME.yaml`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fault::{Fault, ToolError};
use specfile::{SpecError, check_name, did_you_mean, entries};

use super::capabilities::{Capabilities, lacking};
use super::model::Topology;
use super::rules::{self, Finding, Severity};
use super::setting::Source;
use crate::raw::{self, Origins, RawTopology};

/// A topology that cannot be used. It is for the user to correct: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// The file is not there.
    #[error("there is no topology {name:?} in {}", dir.display())]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// Where it was looked for.
        dir: PathBuf,
        /// The nearest name, or all that there are.
        hint: String,
    },
    /// The file cannot be read or is no YAML of this form.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The file breaks rules.
    #[error("{}", listed(file, findings))]
    Invalid {
        /// The file that breaks them.
        file: PathBuf,
        /// All that is wrong with it, and what is questionable.
        findings: Vec<Finding>,
    },
}

fn listed(file: &Path, findings: &[Finding]) -> String {
    let mut text = format!("{} is not a topology that can work:", file.display());
    for finding in findings {
        let _ = write!(text, "\n{finding}");
    }
    text
}

/// A topology with the rules that it breaks.
#[derive(Debug)]
pub struct Linted {
    /// The topology, as far as it is one.
    pub topology: Topology,
    /// Broken rules, in the order of the rules, with their locations.
    pub findings: Vec<Finding>,
    /// Where each part was written.
    pub origins: Origins,
}

impl Linted {
    /// What this QEMU lacks for it, with the locations.
    pub fn lacking(&self, qemu: &Capabilities) -> Vec<Finding> {
        // What breaks a rule is not to be taken for what another QEMU might have.
        let broken = |field: &str| self.findings.iter().any(|finding| finding.field == field);
        let lacking = lacking(&self.topology, qemu).into_iter().filter(|lacking| !broken(&lacking.field));
        lacking
            .map(|lacking| Finding { location: self.origins.location(&lacking.field), ..lacking.finding() })
            .collect()
    }
}

/// Reads `DIR/NAME.yaml` and checks it against every rule.
///
/// # Errors
/// It is not there, or cannot be read.
pub fn lint(dir: &Path, name: &str) -> Result<Linted, TopologyError> {
    let file = dir.join(format!("{name}.yaml"));
    if check_name(name).is_err() || !file.is_file() {
        return Err(unknown(dir, name));
    }
    let (raw, origins) = raw::load(dir, name)?;
    Ok(linted(name, &raw, dir, origins))
}

fn linted(name: &str, raw: &RawTopology, dir: &Path, origins: Origins) -> Linted {
    let mut findings = rules::check(raw);
    findings.extend(rules::check_files(raw, dir));
    for finding in &mut findings {
        finding.location = origins.location(&finding.field);
    }
    let source = Source { dir: Some(dir), origins: Some(&origins) };
    Linted { topology: Topology::unchecked(name, raw, source), findings, origins }
}

/// The topology, unless it breaks rules.
fn checked(file: &Path, linted: Linted) -> Result<Topology, TopologyError> {
    let Linted { topology, findings, .. } = linted;
    if findings.iter().any(|finding| finding.rule.severity == Severity::Error) {
        return Err(TopologyError::Invalid { file: file.to_owned(), findings });
    }
    Ok(Topology { warnings: findings, ..topology })
}

impl Topology {
    /// Reads and checks the text of a file. Files that it names lie in the current folder; it can extend no other.
    ///
    /// # Errors
    /// It is no YAML of this form, or breaks rules. The file in the errors is `NAME.yaml`.
    pub fn from_yaml(name: &str, text: &str) -> Result<Self, TopologyError> {
        let file = PathBuf::from(format!("{name}.yaml"));
        let (raw, origins) = raw::parse(&file, text)?;
        checked(&file, linted(name, &raw, Path::new(""), origins))
    }

    /// Reads and checks `DIR/NAME.yaml`.
    ///
    /// # Errors
    /// It is not there, cannot be read, or breaks rules.
    pub fn load(dir: &Path, name: &str) -> Result<Self, TopologyError> {
        checked(&dir.join(format!("{name}.yaml")), lint(dir, name)?)
    }

    /// The same with broken rules as warnings.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn load_unchecked(dir: &Path, name: &str) -> Result<Self, TopologyError> {
        let Linted { topology, findings, .. } = lint(dir, name)?;
        Ok(Self { warnings: findings, ..topology })
    }
}

/// Names of all topologies in this folder, sorted; none where there is no folder.
///
/// # Errors
/// The folder cannot be read.
pub fn names(dir: &Path) -> Result<Vec<String>, SpecError> {
    let name = |file: String| file.strip_suffix(".yaml").map(str::to_owned);
    Ok(entries(dir)?.into_iter().filter_map(name).filter(|name| check_name(name).is_ok()).collect())
}

fn unknown(dir: &Path, name: &str) -> TopologyError {
    let known = match names(dir) {
        Ok(known) => known,
        Err(error) => return error.into(),
    };
    let hint = match did_you_mean(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None if known.is_empty() => "the folder has no *.yaml".to_owned(),
        None => format!("known are {}", known.join(", ")),
    };
    TopologyError::Unknown { name: name.to_owned(), dir: dir.to_owned(), hint }
}

impl ToolError for TopologyError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Spec(error) => Some(error),
            _ => None,
        }
    }

    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Unknown { hint, .. } => Some(hint.clone()),
            Self::Invalid { .. } => {
                Some("`cargo xtask topology lint --explain RULE` explains the rule in brackets".to_owned())
            }
            Self::Spec(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn shipped() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies")
    }

    #[test]
    fn the_shipped_ones_can_all_be_loaded() {
        let names = names(&shipped()).expect("the folder");
        assert_eq!(names, ["direct", "fan", "later", "mixed", "none", "switch", "two-bridges"]);
        for name in names {
            let topology = Topology::load(&shipped(), &name).expect("a sound file");
            assert_eq!(topology.name, name);
            assert!(!topology.summary.is_empty(), "{name}");
        }
    }

    #[test]
    fn the_topology_of_the_readme_is_sound() {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("text");
        let yaml =
            text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a topology");
        let topology = Topology::from_yaml("readme", yaml).expect("sound");
        assert_eq!(topology.warnings, []);
    }

    #[test]
    fn an_unknown_name_is_answered_with_a_near_one() {
        let load = |name| fault::shown(&Topology::load(&shipped(), name).expect_err("no such file"));
        assert!(load("dirct").ends_with("hint: did you mean direct?"));
        assert!(
            load("xyzzy").ends_with("hint: known are direct, fan, later, mixed, none, switch, two-bridges")
        );
        assert!(load("../topologies/direct").starts_with("there is no topology"));
        assert!(load("").starts_with("there is no topology"));
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "summary: s\nwindows: [{ size: 1M, targets: [hb9] }]\n";
        fs::write(folder.path().join("bad.yaml"), text).expect("written");
        let error = fault::shown(&Topology::load(folder.path(), "bad").expect_err("it is bad"));
        let error = error.replace(&folder.path().display().to_string(), "DIR");
        insta::assert_snapshot!(error, @r#"
        DIR/bad.yaml is not a topology that can work:
        DIR/bad.yaml:2:19: error: windows[0].size: 1M is not a multiple of 256M [window-size]
          hint: use 256M
        DIR/bad.yaml:2:33: error: windows[0].targets[0]: there is no host bridge "hb9" [window-target]
          hint: the host bridges are: 
        hint: `cargo xtask topology lint --explain RULE` explains the rule in brackets
        "#);
    }

    #[test]
    fn a_malformed_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("bad.yaml"), "summary: [").expect("written");
        let error = fault::shown(&Topology::load(folder.path(), "bad").expect_err("it is bad"));
        assert!(error.contains("bad.yaml"), "{error}");
    }
}
