//! Finds the line of a field in a YAML text, for complaints about values that are well-formed.
//!
//! The parser tells a place only in its errors, so that is what is made: the text is read up to the field, and there
//! reading fails.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A step down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a map.
    Key(String),
    /// Into a list.
    Index(usize),
}

/// Reads `windows[0].targets[1]`.
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

/// Line and column of what lies at the end of these steps, counted from 1; of the last thing on the way there if
/// the way ends before.
pub fn locate(text: &str, steps: &[Step]) -> Option<(usize, usize)> {
    (0..=steps.len()).rev().find_map(|depth| {
        let seek = Seek(&steps[..depth]);
        let error = seek.deserialize(serde_yaml::Deserializer::from_str(text)).err()?;
        error.to_string().contains(FOUND).then_some(())?;
        error.location().map(|at| (at.line(), at.column()))
    })
}

/// What the error at the right place says.
const FOUND: &str = "\u{1}here";

struct Seek<'a>(&'a [Step]);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is no map and no list ends here: the place, if it is the last step.
        f.write_str(if self.0.is_empty() { FOUND } else { "more" })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.0.split_first() else { return Err(de::Error::custom(FOUND)) };
        while let Some(key) = map.next_key::<String>()? {
            if *first == Step::Key(key) {
                map.next_value_seed(Seek(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.0.split_first() else { return Err(de::Error::custom(FOUND)) };
        let mut index = 0;
        while if *first == Step::Index(index) {
            list.next_element_seed(Seek(rest))?.is_some()
        } else {
            list.next_element::<IgnoredAny>()?.is_some()
        } {
            index += 1;
        }
        Ok(())
    }
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
}
