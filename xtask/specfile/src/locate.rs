//! Finds the line of a field in a YAML text, for findings about values that are well-formed.
//!
//! The serde parser reports a place only in its errors, and a value that it has deserialized no longer knows where it
//! stood. saphyr reads the same text into nodes that do.

use saphyr::{LoadableYamlNode, MarkedYaml};

/// A step down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a map.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// Reads the path of a field, such as `windows[0].targets[1]`, as the serde parser's errors write it.
pub fn steps(field: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in field.split('.').filter(|part| !part.is_empty()) {
        let (key, rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        if !key.is_empty() {
            steps.push(Step::Key(key.to_owned()));
        }
        let indices = rest.split('[').skip(1).map(|index| index.trim_end_matches(']').parse());
        steps.extend(indices.flatten().map(Step::Index));
    }
    steps
}

/// Line and column of what lies at the end of these steps, counted from 1; of the last thing on the way there if the
/// way ends before. None where the text is no YAML.
///
/// The text is to be one that the serde parser has accepted: that one limits depth and the repetition of aliases.
pub fn locate(text: &str, steps: &[Step]) -> Option<(usize, usize)> {
    let documents = MarkedYaml::load_from_str(text).ok()?;
    let mut node = documents.first()?;
    for step in steps {
        let below = match step {
            Step::Key(key) => node.data.as_mapping_get(key),
            Step::Index(index) => node.data.as_sequence_get(*index),
        };
        let Some(below) = below else { break };
        node = below;
    }
    let start = node.span.start;
    Some((start.line(), start.col() + 1))
}

/// Line and column, counted from 1, at which a field begins: its key, or its item in a list. None where the text has no such
/// field, or is no YAML.
///
/// The text is to be one that the serde parser has accepted, as for [`locate`].
pub fn find(text: &str, steps: &[Step]) -> Option<(usize, usize)> {
    let documents = MarkedYaml::load_from_str(text).ok()?;
    let (mut node, mut place) = (documents.first()?, None);
    for step in steps {
        let begin;
        (begin, node) = match step {
            Step::Key(key) => {
                let named = |(name, _): &(&MarkedYaml, &MarkedYaml)| name.data.as_str() == Some(key);
                node.data.as_mapping()?.iter().find(named)?
            }
            Step::Index(index) => {
                let item = node.data.as_sequence_get(*index)?;
                (item, item)
            }
        };
        place = Some((begin.span.start.line(), begin.span.start.col() + 1));
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
summary: s
host-bridges:
- id: hb0
  root-ports:
  - device: { id: mem0, volatile: 257M }
  - empty
windows:
  - { size: 4G, targets: [hb0, hb1] }
";

    #[test]
    fn a_field_has_a_line_and_a_column() {
        let wrong: Vec<_> = [
            ("summary", (1, 10)),
            ("host-bridges[0].id", (3, 7)),
            ("host-bridges[0].root-ports[0].device.volatile", (5, 35)),
            ("host-bridges[0].root-ports[1]", (6, 5)),
            ("windows[0].targets[1]", (8, 32)),
            // Not there: the map in which it is missed.
            ("host-bridges[0].root-ports[0].device.lsa", (5, 13)),
            ("host-bridges[0].root-ports[0].device.lsa.more", (5, 13)),
        ]
        .into_iter()
        .map(|(field, place)| (field, Some(place), locate(TEXT, &steps(field))))
        .filter(|(_, wanted, found)| wanted != found)
        .collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn a_field_that_is_there_is_found_where_its_key_stands() {
        let found = |field| find(TEXT, &steps(field));
        assert_eq!(found("host-bridges[0].root-ports"), Some((4, 3)));
        assert_eq!(found("windows[0].targets[1]"), Some((8, 32)));
        assert_eq!(found("windows[0].size"), Some((8, 7)));
        // Unlike with `locate`, what is not there is nowhere.
        assert_eq!(found("windows[1]"), None);
        assert_eq!(found("host-bridges[0].root-ports[0].device.lsa"), None);
        assert_eq!(found("summary.more"), None);
        let text = "a:\n  - 1\nb: &x { c: 1 }\nd: *x\n";
        assert_eq!(find(text, &steps("a")), Some((1, 1)));
        assert_eq!(find(text, &steps("d")), Some((4, 1)));
        assert_eq!(find(text, &[]), None);
    }

    #[test]
    fn columns_are_counted_in_characters_and_aliases_lead_to_what_they_repeat() {
        let text = "ä: { ö: 1 }\na: &x [1, 2]\nb: *x\n";
        assert_eq!(locate(text, &steps("ä.ö")), Some((1, 9)));
        assert_eq!(locate(text, &steps("a[1]")), Some((2, 11)));
        assert_eq!(locate(text, &steps("b[1]")), Some((2, 11)));
        assert_eq!(locate("a: [", &steps("a")), None);
        assert_eq!(locate("", &steps("a")), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String, field: String) {
            let _ = (locate(&text, &steps(&field)), find(&text, &steps(&field)));
        }
    }
}
