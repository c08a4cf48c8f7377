//! A word in a file of a kernel's tree: what distinguishes a kernel that has something from one that has not, where versions do
//! not (backports, a developer's own tree).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A word in a file of a kernel's tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Symbol {
    /// Path from the top of the tree.
    pub file: String,
    /// An identifier.
    pub symbol: String,
}

impl Symbol {
    /// Whether it stands in this text as a word of its own.
    pub fn stands_in(&self, text: &str) -> bool {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        !self.symbol.is_empty()
            && text.match_indices(&self.symbol).any(|(at, found)| {
                !text[..at].ends_with(part_of_word) && !text[at + found.len()..].starts_with(part_of_word)
            })
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.symbol, self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_count() {
        let symbol = Symbol { file: "a.h".to_owned(), symbol: "cxl_attach".to_owned() };
        for (text, expected) in [
            ("struct cxl_attach {", true),
            ("cxl_attach", true),
            ("struct cxl_attach_more;", false),
            ("xcxl_attach(cxl_attach)", true),
            ("devm_cxl_attach()", false),
            ("", false),
        ] {
            assert_eq!(symbol.stands_in(text), expected, "{text}");
        }
    }
}
