//! One change of a source.

use std::fmt;

/// What was done to the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// A condition is negated.
    Negate,
    /// A condition always holds.
    Always,
    /// A condition never holds.
    Never,
    /// `&&` in the place of `||`, or the other way round.
    Logic,
    /// `<` in the place of `<=`, `==` of `!=`, and so on.
    Compare,
    /// A statement is left out.
    Drop,
    /// A `goto` is left out.
    DropGoto,
    /// A call is left out whose result is an error: there is none.
    SkipCall,
    /// 0 is returned in the place of an error, or NULL of an error pointer.
    Succeed,
    /// An error is returned in the place of 0, or an error pointer of NULL.
    Fail,
    /// `true` in the place of `false`, or the other way round.
    Bool,
    /// A number is one more.
    OffByOne,
    /// Two calls behind each other change places.
    Swap,
}

impl Operator {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Negate => "negate",
            Self::Always => "always",
            Self::Never => "never",
            Self::Logic => "logic",
            Self::Compare => "compare",
            Self::Drop => "drop",
            Self::DropGoto => "drop-goto",
            Self::SkipCall => "skip-call",
            Self::Succeed => "succeed",
            Self::Fail => "fail",
            Self::Bool => "bool",
            Self::OffByOne => "off-by-one",
            Self::Swap => "swap",
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One change of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// The line on which it begins, from 1.
    pub line: u32,
    /// What is done.
    pub operator: Operator,
    /// Whether it takes a lock, a reference or something of a device's away, or their order: that may show only in who holds what.
    pub of_lifetime: bool,
    /// The bytes that are replaced.
    pub from: usize,
    /// Their end.
    pub to: usize,
    /// By what.
    pub text: String,
}

impl Mutant {
    /// The source with the change.
    pub fn apply(&self, source: &str) -> String {
        let (before, after) = (&source[..self.from], &source[self.to..]);
        format!("{before}{}{after}", self.text)
    }
}
