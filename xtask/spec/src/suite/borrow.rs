//! Cases that a suite borrows from another: the same scripts, with other modules or on other topologies.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use specfile::SpecError;

use super::case::{CaseFile, Shared};
use super::folder::{self, FILE};

/// `cases-of:` in a `suite.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Borrowed {
    /// Whose they are.
    suite: String,
    /// Their names: what makes sense here too is for the borrower to say.
    cases: Vec<String>,
}

impl Borrowed {
    /// Adds them to the suite's own; returns the base suite's folder, since they may lean on what lies there.
    pub(super) fn join(
        &self,
        scenarios_dir: &Path,
        file: &Path,
        shared: &Shared,
        own: &mut Vec<CaseFile>,
    ) -> Result<PathBuf, SpecError> {
        specfile::check_names(file, "cases-of.suite", [&self.suite])?;
        specfile::check_names(file, "cases-of.cases", &self.cases)?;
        let base_suite = scenarios_dir.join(&self.suite);
        if !base_suite.join(FILE).is_file() {
            let known = folder::names(scenarios_dir)?;
            let message = format!("there is no suite `{}`", self.suite);
            return Err(SpecError::invalid(file, "cases-of.suite", message)
                .with_near(&self.suite, known.iter().map(String::as_str)));
        }
        let scripts = specfile::entries(&base_suite)?;
        let names: Vec<_> = scripts.iter().filter_map(|name| name.strip_suffix(".sh")).collect();
        for name in &self.cases {
            let refuse = |message: String| SpecError::invalid(file, "cases-of.cases", message);
            if !names.contains(&name.as_str()) {
                let message = format!("suite `{}` has no case `{name}`", self.suite);
                return Err(refuse(message).with_near(name, names.iter().copied()));
            }
            if own.iter().any(|case| case.name == *name) {
                return Err(refuse(format!("there is a case `{name}` already")));
            }
            own.push(CaseFile::load(&base_suite.join(format!("{name}.sh")), name, shared)?);
        }
        own.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(base_suite)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::Suite;

    /// The suite `b`, which borrows from `a`, with its cases `one` and `two`.
    fn borrow(yaml: &str) -> Result<String, String> {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |file: &str, text: &str| {
            let file = dir.path().join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            fs::write(file, text).expect("written");
        };
        write("a/suite.yaml", "summary: x\ntimeout: 2m\n");
        write("a/one.sh", "#: summary: one\n");
        write("a/two.sh", "#: summary: two\n#: timeout: 3s\n");
        write("b/suite.yaml", &format!("summary: x\ntimeout: 5s\n{yaml}"));
        write("b/own.sh", "#: summary: own\n");
        let here = format!("{}/", dir.path().display());
        let suite = Suite::load(dir.path(), "b").map_err(|error| fault::shown(&error).replace(&here, ""))?;
        let cases: Vec<_> =
            suite.cases.iter().map(|case| format!("{} {}", case.name, case.timeout.as_secs())).collect();
        Ok(format!(
            "{}; {}",
            cases.join(", "),
            suite.base_suite.is_some_and(|base_suite| base_suite.ends_with("a"))
        ))
    }

    #[test]
    fn they_join_the_suite_s_own_by_name_with_the_borrower_s_defaults() {
        assert_eq!(
            borrow("cases-of: { suite: a, cases: [two, one] }").as_deref(),
            Ok("one 5, own 5, two 3; true")
        );
        assert_eq!(borrow("").as_deref(), Ok("own 5; false"));
    }

    #[test]
    fn what_cannot_be_borrowed_is_said() {
        let error = |yaml: &str| borrow(yaml).expect_err("it is wrong");
        insta::assert_snapshot!(error("cases-of: { suite: aa, cases: [one] }"), @r"
        b/suite.yaml: cases-of.suite: there is no suite `aa`
        hint: did you mean `a`?
        ");
        insta::assert_snapshot!(error("cases-of: { suite: a, cases: [tow] }"), @r"
        b/suite.yaml: cases-of.cases: suite `a` has no case `tow`
        hint: known: one, two
        ");
        insta::assert_snapshot!(error("cases-of: { suite: a, cases: [one, one] }"), @"b/suite.yaml: cases-of.cases: there is a case `one` already");
        insta::assert_snapshot!(error("cases-of: { suite: a, cases: [../x] }"), @"b/suite.yaml: cases-of.cases: the name `../x` starts with a dot or a dash");
    }
}
