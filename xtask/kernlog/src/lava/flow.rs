//! A mapping in YAML's flow style, on one line.

use std::collections::BTreeMap;

/// Mappings and lists within each other, at most.
const DEEPEST: usize = 8;

/// A value.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

impl Value {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }
}

/// Reads a mapping that takes up all of a text.
pub(super) fn mapping(text: &str) -> Option<BTreeMap<String, Value>> {
    let mut reader = Reader { rest: text };
    match reader.value(0)? {
        Value::Map(map) if reader.rest.trim().is_empty() => Some(map),
        _ => None,
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        self.rest = self.rest.trim_start();
        if depth == DEEPEST {
            return None;
        }
        match self.rest.chars().next()? {
            '{' => self.map(depth),
            '[' => self.list(depth),
            _ => self.scalar(&[',', '}', ']']).map(Value::Text),
        }
    }

    /// Takes a mark, if it comes next.
    fn takes(&mut self, mark: char) -> bool {
        let rest = self.rest.trim_start();
        let after = rest.strip_prefix(mark);
        self.rest = after.unwrap_or(rest);
        after.is_some()
    }

    fn map(&mut self, depth: usize) -> Option<Value> {
        let mut map = BTreeMap::new();
        self.takes('{');
        while !self.takes('}') {
            self.rest = self.rest.trim_start();
            let key = self.scalar(&[':', ',', '}'])?;
            if !self.takes(':') {
                return None;
            }
            map.insert(key, self.value(depth + 1)?);
            if !self.takes(',') && !self.rest.starts_with('}') {
                return None;
            }
        }
        Some(Value::Map(map))
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut list = Vec::new();
        self.takes('[');
        while !self.takes(']') {
            list.push(self.value(depth + 1)?);
            if !self.takes(',') && !self.rest.starts_with(']') {
                return None;
            }
        }
        Some(Value::List(list))
    }

    fn scalar(&mut self, ends: &[char]) -> Option<String> {
        match self.rest.chars().next()? {
            '"' => self.double_quoted(),
            '\'' => self.single_quoted(),
            _ => {
                // A colon ends a key only before a blank: times have colons.
                let ends = |(at, c): (usize, char)| {
                    let blank = self.rest[at + c.len_utf8()..].starts_with([' ', '{', '[', '"', '\'']);
                    ends.contains(&c) && (c != ':' || blank)
                };
                let end = self.rest.char_indices().find(|found| ends(*found)).map(|(at, _)| at)?;
                let text = self.rest[..end].trim().to_owned();
                self.rest = &self.rest[end..];
                Some(text)
            }
        }
    }

    fn single_quoted(&mut self) -> Option<String> {
        let mut out = String::new();
        let mut rest = &self.rest[1..];
        loop {
            let end = rest.find('\'')?;
            out.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('\'') {
                Some(after) => {
                    out.push('\'');
                    rest = after;
                }
                None => break,
            }
        }
        self.rest = rest;
        Some(out)
    }

    fn double_quoted(&mut self) -> Option<String> {
        let mut out = String::new();
        let mut rest = &self.rest[1..];
        loop {
            let end = rest.find(['"', '\\'])?;
            out.push_str(&rest[..end]);
            let escaped = rest[end..].starts_with('\\');
            rest = &rest[end + 1..];
            if !escaped {
                self.rest = rest;
                return Some(out);
            }
            let letter = rest.chars().next()?;
            rest = &rest[letter.len_utf8()..];
            let digits = match letter {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            let code = rest.get(..digits)?;
            rest = &rest[digits..];
            out.push(match letter {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'e' => '\x1b',
                'a' => '\x07',
                'b' => '\x08',
                '0' => '\0',
                _ if digits > 0 => {
                    u32::from_str_radix(code, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
                }
                other => other,
            });
        }
    }
}
