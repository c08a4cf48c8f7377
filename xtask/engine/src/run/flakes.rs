//! Cases whose outcome changes from run to run: by what ran before them in the same guest, or without any reason that shows.
//! Pure.

use std::collections::BTreeSet;

use event::Dependence;

/// One run of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Observation {
    /// Name of the case within its suite.
    pub(super) case: String,
    /// Whether it, or a splat during it, was red.
    pub(super) red: bool,
    /// The cases that ran before it in the same guest.
    pub(super) before: Vec<String>,
}

/// A case that was red in some of its runs, or in all of them and never first in its guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suspect {
    /// Name of the case within its suite.
    pub(super) case: String,
    /// How often it ran.
    pub(super) runs: u32,
    /// How often it was red.
    pub(super) red: u32,
    /// On what it may depend, the likeliest first.
    pub(super) theories: Vec<Dependence>,
}

impl Suspect {
    /// Whether it was red in some runs and not in others.
    pub(super) fn is_mixed(&self) -> bool {
        self.red > 0 && self.red < self.runs
    }
}

/// So few runs on a side prove nothing: any two cases would seem to depend on each other.
const LEAST: usize = 2;

/// The suspects, in the order of their first run.
pub(super) fn suspects(observations: &[Observation]) -> Vec<Suspect> {
    let mut names: Vec<&str> = Vec::new();
    for observation in observations {
        if !names.contains(&observation.case.as_str()) {
            names.push(&observation.case);
        }
    }
    let of = |name: &str| observations.iter().filter(|o| o.case == name).collect::<Vec<_>>();
    names.into_iter().filter_map(|name| suspect(name, &of(name))).collect()
}

fn suspect(name: &str, runs: &[&Observation]) -> Option<Suspect> {
    let red: Vec<_> = runs.iter().filter(|run| run.red).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let suspect = |theories| Suspect {
        case: name.to_owned(),
        runs: count(runs.len()),
        red: count(red.len()),
        theories,
    };
    if red.is_empty() {
        return None;
    }
    if red.len() == runs.len() {
        let alone = runs.iter().any(|run| run.before.is_empty());
        return (!alone).then(|| suspect(vec![Dependence::After { case: None }]));
    }
    let green: Vec<_> = runs.iter().filter(|run| !run.red).collect();
    if red.len() < LEAST || green.len() < LEAST {
        return Some(suspect(Vec::new()));
    }
    let others: BTreeSet<&String> = runs.iter().flat_map(|run| &run.before).collect();
    let mut theories = Vec::new();
    for other in others {
        let (in_red, in_green) = (
            red.iter().filter(|run| run.before.contains(other)).count(),
            green.iter().filter(|run| run.before.contains(other)).count(),
        );
        let case = Some(other.clone());
        if in_red == red.len() && in_green == 0 {
            theories.push(Dependence::After { case });
        } else if in_red == 0 && in_green == green.len() {
            theories.push(Dependence::Without { case: other.clone() });
        }
    }
    Some(suspect(theories))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a b!`: a guest in which `a` was green and then `b` red.
    fn shown(guests: &[&str]) -> String {
        let mut observations = Vec::new();
        for guest in guests {
            let mut before = Vec::new();
            for word in guest.split_whitespace() {
                let case = word.trim_end_matches('!').to_owned();
                observations.push(Observation {
                    case: case.clone(),
                    red: word.ends_with('!'),
                    before: before.clone(),
                });
                before.push(case);
            }
        }
        let line = |s: Suspect| format!("{} {}/{} {:?}", s.case, s.red, s.runs, s.theories);
        suspects(&observations).into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn order_is_told_from_chance() {
        insta::assert_snapshot!(shown(&["a b!", "b a", "a b!", "b a"]), @r#"b 2/4 [After { case: Some("a") }]"#);
        insta::assert_snapshot!(shown(&["a b", "b! a", "a b", "b! a"]), @r#"b 2/4 [Without { case: "a" }]"#);
        insta::assert_snapshot!(shown(&["a b!", "a b", "a b!", "a b"]), @"b 2/4 []");
        insta::assert_snapshot!(shown(&["a b!", "b a"]), @"b 1/2 []");
        insta::assert_snapshot!(shown(&["a b!", "a b!"]), @"b 2/2 [After { case: None }]");
        insta::assert_snapshot!(shown(&["a b!", "b! a"]), @"");
        insta::assert_snapshot!(shown(&["a b", "b a"]), @"");
    }
}
