//! What a subcommand that there is none of was meant to be. clap's own idea of what is similar goes too far: `bisect` for `list`.

use std::iter;

use clap::Error;
use clap::error::{ContextKind, ContextValue};

/// Words that are tried, and what does it.
const ELSEWHERE: &[(&str, &str)] = &[(
    "list",
    "'cargo xtask run --list' shows the cells; kernel, series, topology and results have a 'list' of their own",
)];

/// The error with suggestions that are near, and with the way to what has another name.
pub(super) fn suggesting(mut error: Error) -> Error {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand).cloned() else {
        return error;
    };
    if let Some(ContextValue::Strings(mut names)) = error.remove(ContextKind::SuggestedSubcommand) {
        names.retain(|name| specfile::did_you_mean(&word, iter::once(name.as_str())).is_some());
        if !names.is_empty() {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(names));
        }
    }
    let elsewhere: Vec<_> =
        ELSEWHERE.iter().filter(|(known, _)| *known == word).map(|(_, tip)| (*tip).into()).collect();
    if !elsewhere.is_empty() {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(elsewhere));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str) -> String {
        let error = crate::tree().try_get_matches_from(["cargo xtask", word]).expect_err("there is none");
        let text = suggesting(error).to_string();
        text.lines()
            .filter(|line| line.contains("error") || line.contains("tip"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        insta::assert_snapshot!(shown("list"), @"
        error: unrecognized subcommand 'list'
          tip: 'cargo xtask run --list' shows the cells; kernel, series, topology and results have a 'list' of their own
        ");
        insta::assert_snapshot!(shown("bisekt"), @"
        error: unrecognized subcommand 'bisekt'
          tip: some similar subcommands exist: 'bisect-run', 'bisect'
        ");
        insta::assert_snapshot!(shown("xyz"), @"error: unrecognized subcommand 'xyz'");
    }
}
