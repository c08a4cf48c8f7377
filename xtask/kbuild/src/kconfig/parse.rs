//! The Kconfig files of a tree, as a table of symbols with all that can keep them off.

use std::collections::HashMap;
use std::path::Path;

use fs_err as fs;

use super::expr::Expr;
use super::line::{Line, statements};

/// An expression with the place that says it: `drivers/cxl/Kconfig:12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub expr: Expr,
    pub at: String,
}

/// One `config X` entry; a symbol may have several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Definition {
    pub at: String,
    /// `depends on` lines, and those of the enclosing ifs, menus and choices.
    pub depends: Vec<Condition>,
    /// Conditions under which a user may set it; none without a prompt.
    pub prompt: Option<Vec<Condition>>,
    /// `range` lines as written.
    pub ranges: Vec<String>,
    /// Number of the choice that it is a member of.
    pub choice: Option<usize>,
}

/// All that is known of a symbol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Symbol {
    /// `bool`, `tristate`, `int`, `hex`, `string`; empty where no entry says it.
    pub kind: String,
    pub definitions: Vec<Definition>,
    /// Symbols that select it, with the condition.
    pub selected_by: Vec<(String, Option<Expr>)>,
}

/// The symbols of a kernel tree.
#[derive(Debug, Default)]
pub struct KconfigTree {
    pub(super) symbols: HashMap<String, Symbol>,
    choices: usize,
    /// Files that are being read, outermost first.
    open: Vec<String>,
}

/// An open `if`, `menu` or `choice`.
#[derive(Default)]
struct Frame {
    opened_by: &'static str,
    depends: Vec<Condition>,
    visible: Vec<Condition>,
    choice: Option<usize>,
}

/// What attribute lines belong to.
enum Subject {
    Symbol(String),
    Frame,
    Nothing,
}

impl KconfigTree {
    /// Reads `Kconfig` at the top of a tree and all that it includes, for x86. Files that cannot be read are
    /// left out: this explains what kconfig has decided already.
    pub fn load(src: &Path) -> Self {
        let mut tree = Self::default();
        tree.file(src, "Kconfig", &mut Vec::new());
        tree
    }

    /// Whether any entry defines the symbol.
    pub fn knows(&self, symbol: &str) -> bool {
        self.symbols.get(symbol).is_some_and(|symbol| !symbol.definitions.is_empty())
    }

    /// The defined symbols most like this one, best first, at most three.
    pub fn nearest(&self, symbol: &str) -> Vec<&str> {
        let mut known: Vec<(f64, &str)> = self
            .symbols
            .iter()
            .filter(|(_, known)| !known.definitions.is_empty())
            .map(|(name, _)| (strsim::jaro_winkler(symbol, name), name.as_str()))
            .filter(|(likeness, _)| *likeness > 0.88)
            .collect();
        known.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        known.into_iter().take(3).map(|(_, name)| name).collect()
    }

    /// The other members of a choice.
    pub(super) fn members(&self, choice: usize) -> Vec<&str> {
        let member = |symbol: &Symbol| symbol.definitions.iter().any(|d| d.choice == Some(choice));
        let mut names: Vec<_> =
            self.symbols.iter().filter(|(_, symbol)| member(symbol)).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    fn file(&mut self, src: &Path, name: &str, frames: &mut Vec<Frame>) {
        // A cycle would be an error of kconfig's; here it must only end.
        if self.open.iter().any(|open| open == name) {
            return;
        }
        let Ok(bytes) = fs::read(src.join(name)) else { return };
        self.open.push(name.to_owned());
        let depth = frames.len();
        let mut subject = Subject::Nothing;
        for line in statements(&String::from_utf8_lossy(&bytes)) {
            let at = format!("{name}:{}", line.number);
            match line.word.as_str() {
                "source" | "osource" => self.file(src, line.rest.trim_matches('"'), frames),
                "rsource" | "orsource" => {
                    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
                    let inner = folder.join(line.rest.trim_matches('"'));
                    self.file(src, &inner.to_string_lossy(), frames);
                }
                _ => self.statement(&line, at, frames, &mut subject),
            }
        }
        frames.truncate(depth);
        self.open.pop();
    }

    fn statement(&mut self, line: &Line, at: String, frames: &mut Vec<Frame>, subject: &mut Subject) {
        match line.word.as_str() {
            "config" | "menuconfig" => {
                let depends = frames.iter().flat_map(|frame| frame.depends.clone()).collect();
                let choice = frames.iter().rev().find_map(|frame| frame.choice);
                let definition = Definition { at, depends, choice, ..Definition::default() };
                self.symbols.entry(line.rest.clone()).or_default().definitions.push(definition);
                *subject = Subject::Symbol(line.rest.clone());
            }
            "if" => {
                let depends = vec![Condition { expr: Expr::parse(&line.rest), at }];
                frames.push(Frame { opened_by: "if", depends, ..Frame::default() });
                *subject = Subject::Nothing;
            }
            "menu" => {
                frames.push(Frame { opened_by: "menu", ..Frame::default() });
                *subject = Subject::Frame;
            }
            "choice" => {
                self.choices += 1;
                frames.push(Frame { opened_by: "choice", choice: Some(self.choices), ..Frame::default() });
                *subject = Subject::Frame;
            }
            "endif" | "endmenu" | "endchoice" => {
                if frames.last().is_some_and(|frame| line.word.ends_with(frame.opened_by)) {
                    frames.pop();
                }
                *subject = Subject::Nothing;
            }
            "comment" | "mainmenu" => *subject = Subject::Nothing,
            _ => self.attribute(line, at, frames, subject),
        }
    }

    fn attribute(&mut self, line: &Line, at: String, frames: &mut [Frame], subject: &Subject) {
        let condition = |text: &str| Condition { expr: Expr::parse(text), at: at.clone() };
        match (line.word.as_str(), subject) {
            ("depends", Subject::Symbol(name)) => {
                if let (Some(d), Some(expr)) = (self.definition(name), depends_on(&line.rest)) {
                    d.depends.push(Condition { expr, at });
                }
            }
            ("depends", Subject::Frame) => {
                if let (Some(frame), Some(expr)) = (frames.last_mut(), depends_on(&line.rest)) {
                    frame.depends.push(Condition { expr, at });
                }
            }
            ("visible", Subject::Frame) => {
                if let (Some(frame), Some(rest)) = (frames.last_mut(), line.rest.strip_prefix("if")) {
                    frame.visible.push(condition(rest));
                }
            }
            ("bool" | "tristate" | "int" | "hex" | "string" | "prompt", Subject::Symbol(name)) => {
                let visible: Vec<_> = frames.iter().flat_map(|frame| frame.visible.clone()).collect();
                let (prompt, when) = split_if(&line.rest);
                if line.word != "prompt" {
                    self.symbols.entry(name.clone()).or_default().kind.clone_from(&line.word);
                }
                if let Some(definition) = self.definition(name).filter(|_| !prompt.is_empty()) {
                    definition.prompt = Some(visible.into_iter().chain(when.map(condition)).collect());
                }
            }
            ("def_bool" | "def_tristate", Subject::Symbol(name)) => {
                let kind = line.word.trim_start_matches("def_").to_owned();
                self.symbols.entry(name.clone()).or_default().kind = kind;
            }
            ("range", Subject::Symbol(name)) => {
                if let Some(definition) = self.definition(name) {
                    definition.ranges.push(format!("{} ({at})", line.rest));
                }
            }
            ("select", Subject::Symbol(name)) => {
                let (target, when) = split_if(&line.rest);
                let selector = (name.clone(), when.map(Expr::parse));
                self.symbols.entry(target.to_owned()).or_default().selected_by.push(selector);
            }
            _ => {}
        }
    }

    fn definition(&mut self, name: &str) -> Option<&mut Definition> {
        self.symbols.get_mut(name)?.definitions.last_mut()
    }
}

/// `on EXPR`, or `on EXPR if COND` of newer kernels, which holds where COND does not.
fn depends_on(rest: &str) -> Option<Expr> {
    let (expr, when) = split_if(rest.strip_prefix("on")?);
    let expr = Expr::parse(expr);
    Some(match when.map(Expr::parse) {
        Some(when) => Expr::Or(Box::new(expr), Box::new(Expr::Not(Box::new(when)))),
        None => expr,
    })
}

/// Splits `"prompt" if COND`; an `if` within quotes is none.
fn split_if(text: &str) -> (&str, Option<&str>) {
    let mut quote = None;
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, 'i') if text[index..].starts_with("if") => {
                let free = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || "\"'()!$".contains(c));
                let behind = &text[index + 2..];
                if free(text[..index].chars().next_back()) && free(behind.chars().next()) {
                    return (text[..index].trim(), Some(behind.trim()));
                }
            }
            _ => {}
        }
    }
    (text.trim(), None)
}
