//! Which cells are meant: `kernel=lts & topology=switch*`, `!(suite=mock | suite=ndctl)`.
//!
//! `!` binds closest, then `&`, then `|`. A pattern may have `*` in it, as in a shell.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use fault::{Fault, ToolError};
use specfile::did_you_mean;

use super::selector::fits;

/// What a cell is named by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Entry of `patchbench.yaml`.
    Kernel,
    /// `plain` or another.
    Flavour,
    /// Name of the topology.
    Topology,
    /// Name of the suite.
    Suite,
    /// Name of the suite's variant.
    Variant,
}

const FIELDS: [(&str, Field); 5] = [
    ("kernel", Field::Kernel),
    ("flavour", Field::Flavour),
    ("topology", Field::Topology),
    ("suite", Field::Suite),
    ("variant", Field::Variant),
];

/// Parentheses in parentheses: more of them than this nobody means.
const DEEPEST: usize = 32;

/// An expression over the names of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFilter {
    text: String,
    expression: Expression,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    Is(Field, String),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// An expression that cannot be read. Shows the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    text: String,
    /// Byte of the text at which it was given up.
    at: usize,
    message: String,
    hint: Option<String>,
}

impl FilterError {
    /// The same in one line, for within another message.
    fn one_line(&self) -> String {
        let rest = self.text[self.at..].trim_end();
        let place = if rest.is_empty() { "at its end".to_owned() } else { format!("at `{rest}`") };
        let hint = self.hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{place}: {}{hint}", self.message)
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.text[..self.at].chars().count();
        write!(f, "{}\n  {}\n  {:column$}^", self.message, self.text, "")
    }
}

impl std::error::Error for FilterError {}

impl ToolError for FilterError {
    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        let form = "FIELD=PATTERN with !, &, | and parentheses: 'kernel=lts & topology=switch*'";
        Some(self.hint.clone().unwrap_or_else(|| form.to_owned()))
    }
}

impl CellFilter {
    /// Whether the cell with these names is meant. A name that is not known yet is none: then there may be no answer
    /// either.
    pub fn holds<'a>(&self, name: impl Fn(Field) -> Option<&'a str>) -> Option<bool> {
        self.expression.holds(&name)
    }
}

impl Expression {
    fn holds<'a>(&self, name: &dyn Fn(Field) -> Option<&'a str>) -> Option<bool> {
        // What decides, decides whatever the unknown parts come to.
        let decided = |parts: &[Self], by: bool| {
            let answers: Vec<_> = parts.iter().map(|part| part.holds(name)).collect();
            if answers.contains(&Some(by)) { Some(by) } else { (!answers.contains(&None)).then_some(!by) }
        };
        match self {
            Self::Is(field, pattern) => name(*field).map(|name| fits(pattern, name)),
            Self::Not(inner) => inner.holds(name).map(|holds| !holds),
            Self::All(parts) => decided(parts, false),
            Self::Any(parts) => decided(parts, true),
        }
    }
}

impl FromStr for CellFilter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let expression = parser.any()?;
        match parser.peek() {
            None => Ok(Self { text: text.to_owned(), expression }),
            Some(')') => Err(parser.error("there is no `(` for this `)`", None)),
            Some(_) => Err(parser.error("here `&` or `|` is missing", None)),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Result<Expression, FilterError> {
        self.list('|', Self::all, Expression::Any)
    }

    fn all(&mut self) -> Result<Expression, FilterError> {
        self.list('&', Self::one, Expression::All)
    }

    fn list(
        &mut self,
        between: char,
        part: fn(&mut Self) -> Result<Expression, FilterError>,
        join: fn(Vec<Expression>) -> Expression,
    ) -> Result<Expression, FilterError> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.take(between) {
            // As people write it who think of C.
            self.take(between);
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { join(parts) })
    }

    fn one(&mut self) -> Result<Expression, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("this is nested too deeply", None));
        }
        let found = if self.take('!') {
            Expression::Not(Box::new(self.one()?))
        } else if self.take('(') {
            let inner = self.any()?;
            if !self.take(')') {
                return Err(self.error("here `)` is missing", None));
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(found)
    }

    fn comparison(&mut self) -> Result<Expression, FilterError> {
        let known = || FIELDS.iter().map(|(name, _)| *name);
        let all = || format!("one of {}", known().collect::<Vec<_>>().join(", "));
        let start = self.skip_blanks();
        let word = self.word();
        let Some((_, field)) = FIELDS.iter().find(|(name, _)| *name == word) else {
            self.at = start;
            if word.is_empty() {
                return Err(self.error("here a comparison is missing, like `kernel=lts`", None));
            }
            let near = did_you_mean(word, known());
            let hint = near.map_or_else(all, |near| format!("did you mean `{near}`?"));
            return Err(self.error(&format!("a cell has no `{word}`"), Some(hint)));
        };
        let not = self.take('!');
        if !self.take('=') {
            return Err(self.error(&format!("after `{word}` there is `=` or `!=`"), None));
        }
        // As people write it who think of C.
        self.take('=');
        self.skip_blanks();
        let pattern = self.word();
        if pattern.is_empty() {
            return Err(self.error("here a name or a pattern is missing", None));
        }
        let is = Expression::Is(*field, pattern.to_owned());
        Ok(if not { Expression::Not(Box::new(is)) } else { is })
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn skip_blanks(&mut self) -> usize {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.at
    }

    /// A name or a pattern; empty where there is none.
    fn word(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"._+-*".contains(c));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn error(&self, message: &str, hint: Option<String>) -> FilterError {
        FilterError { text: self.text.to_owned(), at: self.at, message: message.to_owned(), hint }
    }
}

impl fmt::Display for CellFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Serialize for CellFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for CellFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: FilterError| serde::de::Error::custom(error.one_line()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CELL: [&str; 5] = ["lts", "plain", "switch", "mock", "a+b"];

    fn holds(text: &str, cell: [Option<&str>; 5]) -> Option<bool> {
        let filter: CellFilter = text.parse().expect(text);
        filter.holds(|field| cell[FIELDS.iter().position(|(_, known)| *known == field).expect("known")])
    }

    #[test]
    fn expressions_hold_or_not() {
        for (text, expected) in [
            ("kernel=lts", true),
            ("kernel = lts & topology = sw*", true),
            ("kernel!=lts", false),
            ("kernel=merged | suite=mock", true),
            ("kernel=merged & suite=ndctl | topology=switch", true),
            ("kernel=merged & (suite=ndctl | topology=switch)", false),
            ("!(flavour=debug) & !suite=ndctl", true),
            ("variant=a+* && kernel==lts || suite=x", true),
        ] {
            assert_eq!(holds(text, CELL.map(Some)), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_decides_only_what_it_must() {
        let open = [Some("lts"), Some("plain"), Some("none"), Some("mock"), None];
        assert_eq!(holds("variant=a", open), None);
        assert_eq!(holds("variant=a & kernel=merged", open), Some(false));
        assert_eq!(holds("variant=a | kernel=lts", open), Some(true));
        assert_eq!(holds("!(variant=a | kernel=merged)", open), None);
    }

    #[test]
    fn errors_point_at_the_place() {
        let error = |text: &str| fault::shown(&text.parse::<CellFilter>().expect_err(text));
        insta::assert_snapshot!(error("kernel=lts & topolgy=switch*"), @r"
        a cell has no `topolgy`
          kernel=lts & topolgy=switch*
                       ^
        hint: did you mean `topology`?
        ");
        insta::assert_snapshot!(error("(kernel=lts | suite=mock"), @r"
        here `)` is missing
          (kernel=lts | suite=mock
                                  ^
        hint: FIELD=PATTERN with !, &, | and parentheses: 'kernel=lts & topology=switch*'
        ");
        insta::assert_snapshot!(error("kernel=lts suite=mock"), @r"
        here `&` or `|` is missing
          kernel=lts suite=mock
                     ^
        hint: FIELD=PATTERN with !, &, | and parentheses: 'kernel=lts & topology=switch*'
        ");
        insta::assert_snapshot!(error("kernel~lts"), @r"
        after `kernel` there is `=` or `!=`
          kernel~lts
                ^
        hint: FIELD=PATTERN with !, &, | and parentheses: 'kernel=lts & topology=switch*'
        ");
        insta::assert_snapshot!(error("kernel="), @r"
        here a name or a pattern is missing
          kernel=
                 ^
        hint: FIELD=PATTERN with !, &, | and parentheses: 'kernel=lts & topology=switch*'
        ");
        assert!(error("").starts_with("here a comparison is missing, like `kernel=lts`\n"));
        assert!(error(&"(".repeat(1000)).starts_with("this is nested too deeply"));
        let yaml = serde_yaml::from_str::<CellFilter>("kernl=a").expect_err("wrong").to_string();
        assert_eq!(yaml, "at `kernl=a`: a cell has no `kernl` (did you mean `kernel`?)");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            match text.parse::<CellFilter>() {
                Ok(filter) => prop_assert_eq!(filter.to_string(), text),
                Err(error) => prop_assert!(!error.to_string().is_empty() && !error.one_line().is_empty()),
            }
        }

        #[test]
        fn what_is_written_as_a_filter_is_read_the_same(text in "[a-z!&|()= *]{0,24}") {
            let text = text.replace('a', "kernel").replace('b', "suite");
            if let Ok(filter) = text.parse::<CellFilter>() {
                let again: CellFilter = filter.to_string().parse().expect("it was read before");
                prop_assert_eq!(again, filter);
            }
        }
    }
}
