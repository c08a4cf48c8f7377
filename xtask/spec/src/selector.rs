//! Which part of a suite is meant: `SUITE`, `SUITE:VARIANT`, `SUITE/CASE` or `SUITE:VARIANT/CASE`, as cells and cases are
//! shown. Variant and case may have `*` in them, as in a shell.

use std::str::FromStr;

use specfile::check_name;

/// A part of a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Name of the suite.
    pub suite: String,
    /// Which of its variants; all where none is named.
    pub variant: Option<String>,
    /// Which of its cases; all where none is named.
    pub case: Option<String>,
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (head, case) = match text.split_once('/') {
            Some((head, case)) => (head, Some(case)),
            None => (text, None),
        };
        let (suite, variant) = match head.split_once(':') {
            Some((suite, variant)) => (suite, Some(variant)),
            None => (head, None),
        };
        check_name(suite)?;
        for part in [variant, case].into_iter().flatten() {
            // Stands for anything.
            check_name(&part.replace(['*', '+'], "x"))?;
        }
        let owned = |part: Option<&str>| part.map(str::to_owned);
        Ok(Self { suite: suite.to_owned(), variant: owned(variant), case: owned(case) })
    }
}

/// Matches a name against a pattern in which `*` stands for anything.
pub fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => name.strip_prefix(head).is_some_and(|tail| {
            (0..=tail.len()).filter(|at| tail.is_char_boundary(*at)).any(|at| fits(rest, &tail[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn suite_variant_and_case() {
        let parts = |text: &str| {
            let Selector { suite, variant, case } = text.parse::<Selector>()?;
            Ok::<_, String>(format!("{suite} {} {}", variant.unwrap_or_default(), case.unwrap_or_default()))
        };
        assert_eq!(parts("mock").as_deref(), Ok("mock  "));
        assert_eq!(parts("mock:default/cycle").as_deref(), Ok("mock default cycle"));
        assert_eq!(parts("mock:a+b*").as_deref(), Ok("mock a+b* "));
        assert_eq!(parts("ndctl/cxl-*").as_deref(), Ok("ndctl  cxl-*"));
        for wrong in ["", "mock:", "mock/", "../x", "mock:a/../b", ":x"] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("tree", "tree", true),
            ("tree", "trees", false),
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("*/tree", "enumerate/tree", true),
            ("a*b*c", "a-b-b-c", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} on {name}");
        }
    }

    proptest! {
        #[test]
        fn every_name_matches_itself_and_any_cut_of_it(name in "[a-z/é-]{0,12}", at in 0usize..12) {
            prop_assert!(fits(&name, &name));
            let cut = name.char_indices().map(|(i, _)| i).nth(at).unwrap_or(name.len());
            let pattern = format!("{}*", &name[..cut]);
            prop_assert!(fits(&pattern, &name));
        }
    }
}
