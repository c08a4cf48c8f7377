//! Cases that are asked for by name, and that no suite has.

use std::path::Path;

use spec::{CaseFile, Suite, fits};
use specfile::did_you_mean;

use super::RunError;
use super::wanted::wanted;

/// Refuses a name that is no case of these suites. A pattern may fit nothing, and what a suite finds in the userland is known later.
///
/// # Errors
/// [`RunError::NoCase`], with the nearest name.
pub(super) fn check(patterns: &[String], suites: &[&Suite], scenarios: &Path) -> Result<(), RunError> {
    let is_misspelt = |pattern: &&String| {
        let may_be_found = |suite: &&&Suite| {
            suite.found.is_some() && pattern.split_once('/').is_none_or(|(name, _)| fits(name, &suite.name))
        };
        !pattern.contains('*')
            && !suites.iter().any(|suite| has(suite, pattern))
            && !suites.iter().any(|suite| may_be_found(&suite))
    };
    let Some(case) = patterns.iter().find(is_misspelt) else { return Ok(()) };
    let names: Vec<String> = suites.iter().flat_map(|suite| names(suite, case)).collect();
    let hint = match did_you_mean(case, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean '{near}'?"),
        None => match elsewhere(case, scenarios) {
            Some(suite) => format!("suite {suite} has it: --suite {suite}"),
            None => {
                "`cargo xtask run --list -v` shows the cases that there are; --suite adds to them".to_owned()
            }
        },
    };
    let suites = suites.iter().map(|suite| suite.name.clone()).collect();
    Err(RunError::NoCase { case: case.clone(), suites, hint })
}

fn has(suite: &Suite, pattern: &str) -> bool {
    let patterns = [pattern.to_owned()];
    suite.cases.iter().any(|case| wanted(&patterns, &suite.name, &case.name))
}

/// The names of a suite's cases, written as this one is.
fn names(suite: &Suite, like: &str) -> impl Iterator<Item = String> {
    let whole = like.contains('/');
    let name = move |case: &CaseFile| {
        if whole { format!("{}/{}", suite.name, case.name) } else { case.name.clone() }
    };
    suite.cases.iter().map(name)
}

/// The first suite of all that has the case. One that cannot be read has none: what is wrong with it is said when it is wanted.
fn elsewhere(case: &str, scenarios: &Path) -> Option<String> {
    let known = Suite::names(scenarios).unwrap_or_default();
    known.into_iter().find(|name| Suite::load(scenarios, name).is_ok_and(|suite| has(&suite, case)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of cases that are asked for of some of the project's suites.
    fn said(patterns: &[&str], suites: &[&str]) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a workspace");
        let scenarios = root.join("scenarios");
        let suites: Vec<_> =
            suites.iter().map(|name| Suite::load(&scenarios, name).expect("a suite")).collect();
        let patterns: Vec<_> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        match check(&patterns, &suites.iter().collect::<Vec<_>>(), &scenarios) {
            Ok(()) => "nothing".to_owned(),
            Err(error @ RunError::NoCase { .. }) => {
                let hint = fault::ToolError::hint(&error).unwrap_or_default();
                format!("{error}; {hint}")
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_misspelt_case_is_met_with_the_nearest() {
        insta::assert_snapshot!(said(&["callbak-once"], &["attach"]), @"suite attach has no case 'callbak-once'; did you mean 'callback-once'?");
        insta::assert_snapshot!(said(&["cycle", "callbak-once"], &["attach", "mock"]), @"none of the suites attach, mock has a case 'callbak-once'; did you mean 'callback-once'?");
        insta::assert_snapshot!(said(&["attach/callbak-once"], &["attach"]), @"suite attach has no case 'attach/callbak-once'; did you mean 'attach/callback-once'?");
        insta::assert_snapshot!(said(&["cycle"], &["attach"]), @"suite attach has no case 'cycle'; suite mock has it: --suite mock");
        insta::assert_snapshot!(said(&["zzz"], &["attach"]), @"suite attach has no case 'zzz'; `cargo xtask run --list -v` shows the cases that there are; --suite adds to them");
    }

    #[test]
    fn what_may_be_there_is_not_refused() {
        assert_eq!(said(&["cycle", "callback-once"], &["attach", "mock"]), "nothing");
        assert_eq!(said(&["mock/cycle"], &["attach", "mock"]), "nothing");
        // A pattern may fit nothing.
        assert_eq!(said(&["callbak-*"], &["attach"]), "nothing");
        // The suite finds cases later, unless another one is named.
        assert_eq!(said(&["cxl-topology"], &["attach", "ndctl"]), "nothing");
        assert!(said(&["attach/cxl-topology"], &["attach", "ndctl"]).starts_with("none of the suites"));
    }
}
