//! The environment variables that the tool reads. Programs that it starts (git, apt, curl, make, ccache) read their own.

use std::env;

use crate::origin::Origin;

/// Name, and what it is for.
const VARIABLES: &[(&str, &str)] = &[
    ("XDG_CACHE_HOME", "the cache is in cxl-patchbench below it"),
    ("HOME", "the cache is in .cache/cxl-patchbench below it without XDG_CACHE_HOME; ~/ in paths of files"),
    ("PATH", "where programs are looked for"),
    ("TMPDIR", "where temporary folders are made that are not in the cache"),
    ("CARGO", "the cargo that builds the guest's agent and runs the tests"),
    ("COLUMNS", "how wide the report of a bisection is"),
    ("TZ", "whose day it is when an expectation expires"),
    ("SOURCE_DATE_EPOCH", "the date of the manual pages, in seconds since 1970"),
    ("NO_COLOR", "no colours, if it is not empty"),
    ("CLICOLOR", "no colours, if it is 0"),
    ("CLICOLOR_FORCE", "colours also into a file or pipe, if it is not empty and not 0"),
    ("TERM", "no colours, if it is dumb or not there"),
    ("CI", "colours also without TERM, if it is there"),
    ("GITHUB_ACTIONS", "a run prints annotations for GitHub's log, if it is true"),
    ("GITHUB_STEP_SUMMARY", "the file that a run then adds its summary to"),
];

/// Each variable with its value, where it has one.
pub(super) fn entries() -> Vec<(&'static str, Option<String>, Origin)> {
    let value = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    VARIABLES.iter().map(|(name, what)| (*name, value(name), Origin::Found { how: what })).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What only tests and the build itself read.
    const OF_TESTS: [&str; 3] = ["PATCHBENCH_UPDATE", "PATCHBENCH_REAL", "PATCHBENCH_REAL_KCONFIG"];
    /// What the shell hands to the completions, and nobody sets.
    const OF_COMPLETIONS: [&str; 2] = ["_CLAP_IFS", "_CLAP_COMPLETE_INDEX"];

    #[test]
    fn every_variable_that_the_sources_read_is_listed() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        let reads = regex::Regex::new(r#"env::var(?:_os)?\("([A-Z_]+)"\)"#).expect("a regex");
        let mut seen = 0;
        for entry in walkdir::WalkDir::new(sources).into_iter().filter_map(Result::ok) {
            let path = entry.path();
            let in_src = path.components().any(|part| part.as_os_str() == "src");
            if !in_src || path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(path).expect("a source");
            for name in reads.captures_iter(&text).map(|found| found[1].to_owned()) {
                seen += 1;
                let is_known = VARIABLES.iter().any(|(known, _)| *known == name);
                let is_other = OF_TESTS.contains(&name.as_str()) || OF_COMPLETIONS.contains(&name.as_str());
                assert!(is_known || is_other, "{}: {name}", path.display());
            }
        }
        assert!(seen > 5, "the pattern finds {seen} reads");
    }
}
