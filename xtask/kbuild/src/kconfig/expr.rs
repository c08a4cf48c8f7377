//! Expressions of Kconfig: `A && (B || !C) && D = y`, see Documentation/kbuild/kconfig-language.rst.

use std::fmt;

use super::DotConfig;

/// Value of an expression: 0 is n, 1 is m, 2 is y; none where a macro decides.
pub type Tristate = Option<u8>;

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A symbol by name.
    Symbol(String),
    /// A quoted string, or one of y, m, n.
    Literal(String),
    /// `$(…)`: not run.
    Macro(String),
    /// `!a`.
    Not(Box<Expr>),
    /// `a && b`.
    And(Box<Expr>, Box<Expr>),
    /// `a || b`.
    Or(Box<Expr>, Box<Expr>),
    /// `a = b`, `a != b`, `a < b` and so on.
    Compare(Box<Expr>, String, Box<Expr>),
}

impl Expr {
    /// Reads an expression. Whatever is not understood is a [`Expr::Macro`]: unknown, but no error, as the
    /// tree may be newer than this code.
    pub fn parse(text: &str) -> Self {
        let mut parser = Parser { tokens: tokens(text), at: 0 };
        match parser.or() {
            Some(expr) if parser.at == parser.tokens.len() => expr,
            _ => Self::Macro(text.trim().to_owned()),
        }
    }

    /// Its value under a configuration.
    pub fn eval(&self, config: &DotConfig) -> Tristate {
        match self {
            Self::Symbol(name) => Some(tristate(config.value(name))),
            Self::Literal(text) => Some(tristate(text)),
            Self::Macro(_) => None,
            Self::Not(inner) => inner.eval(config).map(|value| 2 - value),
            Self::And(a, b) => match (a.eval(config), b.eval(config)) {
                (Some(0), _) | (_, Some(0)) => Some(0),
                (a, b) => Some(a?.min(b?)),
            },
            Self::Or(a, b) => match (a.eval(config), b.eval(config)) {
                (Some(2), _) | (_, Some(2)) => Some(2),
                (a, b) => Some(a?.max(b?)),
            },
            Self::Compare(a, op, b) => {
                let holds = compare(&a.text(config)?, op, &b.text(config)?);
                Some(if holds { 2 } else { 0 })
            }
        }
    }

    /// The parts that are joined by `&&`.
    pub fn conjuncts(&self) -> Vec<&Expr> {
        match self {
            Self::And(a, b) => [a.conjuncts(), b.conjuncts()].concat(),
            other => vec![other],
        }
    }

    /// The symbols in it, each once, in order.
    pub fn symbols(&self) -> Vec<&str> {
        let mut names = match self {
            Self::Symbol(name) => vec![name.as_str()],
            Self::Literal(_) | Self::Macro(_) => Vec::new(),
            Self::Not(inner) => inner.symbols(),
            Self::And(a, b) | Self::Or(a, b) | Self::Compare(a, _, b) => [a.symbols(), b.symbols()].concat(),
        };
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(*name));
        names
    }

    fn text(&self, config: &DotConfig) -> Option<String> {
        match self {
            Self::Symbol(name) => Some(config.value(name).trim_matches('"').to_owned()),
            Self::Literal(text) => Some(text.clone()),
            _ => None,
        }
    }
}

fn tristate(value: &str) -> u8 {
    match value {
        "y" => 2,
        "m" => 1,
        _ => 0,
    }
}

fn compare(a: &str, op: &str, b: &str) -> bool {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(hex) => i128::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    // As kconfig does: y, m, n and strings compare as strings, numbers as numbers.
    let order = match (number(a), number(b)) {
        (Some(a), Some(b)) => i128::cmp(&a, &b),
        _ => a.cmp(b),
    };
    match op {
        "=" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |expr: &Expr| match expr {
            Self::Or(..) | Self::And(..) => format!("({expr})"),
            _ => expr.to_string(),
        };
        match self {
            Self::Symbol(name) => f.write_str(name),
            Self::Literal(text) if ["y", "m", "n"].contains(&text.as_str()) => f.write_str(text),
            Self::Literal(text) => write!(f, "\"{text}\""),
            Self::Macro(text) => f.write_str(text),
            Self::Not(inner) => write!(f, "!{}", group(inner)),
            Self::And(a, b) => {
                let side =
                    |e: &Expr| if matches!(e, Self::Or(..)) { format!("({e})") } else { e.to_string() };
                write!(f, "{} && {}", side(a), side(b))
            }
            Self::Or(a, b) => {
                let side =
                    |e: &Expr| if matches!(e, Self::And(..)) { format!("({e})") } else { e.to_string() };
                write!(f, "{} || {}", side(a), side(b))
            }
            Self::Compare(a, op, b) => write!(f, "{a}{op}{b}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Op(&'static str),
    Word(String),
    Quoted(String),
    Macro(String),
    Other,
}

fn tokens(text: &str) -> Vec<Token> {
    const OPS: [&str; 11] = ["&&", "||", "!=", "<=", ">=", "=", "<", ">", "!", "(", ")"];
    let mut rest = text.trim();
    let mut tokens = Vec::new();
    while !rest.is_empty() {
        let (token, used) = if let Some(op) = OPS.iter().find(|op| rest.starts_with(**op)) {
            (Token::Op(op), op.len())
        } else if let Some(quote) = rest.chars().next().filter(|c| *c == '"' || *c == '\'') {
            let end = rest[1..].find(quote).map_or(rest.len(), |end| end + 2);
            (quoted(rest[..end].trim_matches(quote)), end)
        } else if rest.starts_with("$(") {
            let end = macro_end(rest);
            (Token::Macro(rest[..end].to_owned()), end)
        } else {
            let word = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
            match rest.find(|c| !word(c)).unwrap_or(rest.len()) {
                0 => (Token::Other, rest.chars().next().map_or(1, char::len_utf8)),
                end => (Token::Word(rest[..end].to_owned()), end),
            }
        };
        tokens.push(token);
        rest = rest[used..].trim_start();
    }
    tokens
}

fn quoted(text: &str) -> Token {
    if text.contains("$(") { Token::Macro(text.to_owned()) } else { Token::Quoted(text.to_owned()) }
}

fn macro_end(text: &str) -> usize {
    let mut depth = 0usize;
    for (index, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth <= 1 => return index + 1,
            ')' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn eat(&mut self, op: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Op(o)) if *o == op);
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Option<Expr> {
        let mut left = self.and()?;
        while self.eat("||") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Expr> {
        let mut left = self.unary()?;
        while self.eat("&&") {
            left = Expr::And(Box::new(left), Box::new(self.unary()?));
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Expr> {
        // Bounded by the text's length: each level eats a token.
        if self.eat("!") {
            return Some(Expr::Not(Box::new(self.unary()?)));
        }
        if self.eat("(") {
            let inner = self.or()?;
            return self.eat(")").then_some(inner);
        }
        let left = self.leaf()?;
        for op in ["=", "!=", "<=", ">=", "<", ">"] {
            if self.eat(op) {
                return Some(Expr::Compare(Box::new(left), op.to_owned(), Box::new(self.leaf()?)));
            }
        }
        Some(left)
    }

    fn leaf(&mut self) -> Option<Expr> {
        let token = self.tokens.get(self.at)?.clone();
        self.at += 1;
        match token {
            Token::Word(word) if ["y", "m", "n"].contains(&word.as_str()) => Some(Expr::Literal(word)),
            // A bare number is a constant; no kernel symbol is all digits.
            Token::Word(word) if word.chars().all(|c| c.is_ascii_digit()) => Some(Expr::Literal(word)),
            Token::Word(word) if word.starts_with("0x") => Some(Expr::Literal(word)),
            Token::Word(word) => Some(Expr::Symbol(word)),
            Token::Quoted(text) => Some(Expr::Literal(text)),
            Token::Macro(text) => Some(Expr::Macro(text)),
            Token::Op(_) | Token::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eval(text: &str) -> Tristate {
        let config = DotConfig::parse("CONFIG_Y=y\nCONFIG_M=m\nCONFIG_N12=12\nCONFIG_S=\"abc\"\n");
        Expr::parse(text).eval(&config)
    }

    #[test]
    fn expressions_have_the_value_that_kconfig_gives_them() {
        for (text, value) in [
            ("Y", Some(2)),
            ("M", Some(1)),
            ("ABSENT", Some(0)),
            ("Y && M", Some(1)),
            ("!M", Some(1)),
            ("!Y || M", Some(1)),
            ("ABSENT || (Y && !ABSENT)", Some(2)),
            ("M=m", Some(2)),
            ("M!=n && Y=y", Some(2)),
            ("N12 >= 9", Some(2)),
            ("N12 < 0xd", Some(2)),
            ("S = \"abc\"", Some(2)),
            ("S != 'abc'", Some(0)),
            ("$(cc-option,-mfoo)", None),
            ("$(success,test \"$(a)\" = b) || Y", Some(2)),
            ("ABSENT && $(x)", Some(0)),
            ("Y &&", None),
            ("(Y", None),
        ] {
            assert_eq!(eval(text), value, "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_as_it_was_written() {
        for text in ["A && (B || !C) && D=y", "!(A && B) || C", "A!=\"x y\"", "A || B && C"] {
            let shown = Expr::parse(text).to_string();
            assert_eq!(Expr::parse(&shown), Expr::parse(text), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[A-Zym()!&|=<>\"'$ ,é]{0,40}") {
            let expr = Expr::parse(&text);
            let _ = (expr.eval(&DotConfig::default()), expr.to_string(), expr.symbols());
        }
    }
}
