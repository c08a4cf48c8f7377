//! A `.config`, as kconfig writes it.

use std::collections::HashMap;

/// The values of a `.config`. An absent symbol is off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DotConfig(HashMap<String, String>);

impl DotConfig {
    /// Reads a `.config`'s text; lines of no interest are skipped.
    pub fn parse(text: &str) -> Self {
        let values = text.lines().filter_map(|line| line.strip_prefix("CONFIG_")?.split_once('='));
        Self(values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The value of a symbol (no `CONFIG_`): `y`, `m`, a number, a string with its quotes; `n` when absent.
    pub fn value(&self, symbol: &str) -> &str {
        self.0.get(symbol).map_or("n", String::as_str)
    }
}
