//! Words that the pages avoid.

use std::fs;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::{Regex, RegexBuilder};

use super::pages::{Page, root};

/// A word, and what to say instead.
pub struct Avoided {
    pattern: Regex,
    instead: String,
}

/// The list of docs/words/avoid.txt.
pub fn avoided() -> Vec<Avoided> {
    let text = fs::read_to_string(root().join("docs/words/avoid.txt")).expect("docs/words/avoid.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (pattern, instead) = line.split_once(" = ").unwrap_or_else(|| panic!("no ` = ` in {line}"));
            let pattern = RegexBuilder::new(&format!(r"\b(?:{pattern})\b")).case_insensitive(true).build();
            Avoided { pattern: pattern.expect("a regex"), instead: instead.to_owned() }
        })
        .collect()
}

/// Where the prose of a page has such words; code is left alone.
pub fn found(page: &Page, words: &[Avoided]) -> Vec<String> {
    let mut failures = Vec::new();
    let mut code = false;
    for (event, range) in Parser::new_ext(&page.text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => code = true,
            Event::End(TagEnd::CodeBlock) => code = false,
            Event::Text(text) if !code => {
                let line = page.line(range.start);
                failures.extend(words.iter().filter_map(|word| {
                    let found = word.pattern.find(&text)?.as_str();
                    Some(format!("{}:{line}: \"{found}\": {}", page.name, word.instead))
                }));
            }
            _ => {}
        }
    }
    failures
}
