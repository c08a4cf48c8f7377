//! Words of a request, and the command that QEMU is given.

use std::time::Duration;

use serde_json::Value;

use crate::Qmp;

/// QEMU answers at once; a busy host takes longer.
pub(super) const ANSWER: Duration = Duration::from_secs(30);
/// Where a device stands in QEMU's tree of objects.
pub(super) fn path(device: &str) -> String {
    format!("/machine/peripheral/{device}")
}

pub(super) fn run(command: &str, arguments: Value, qmp: &Qmp) -> Result<String, String> {
    let answer = qmp.command(command, arguments, ANSWER).map_err(|error| error.to_string())?;
    // `{}` is QEMU's answer where there is nothing to report.
    let empty = answer.as_object().is_some_and(serde_json::Map::is_empty);
    Ok(if empty { String::new() } else { answer.to_string() })
}

/// A word that cannot be anything but an id or a name.
pub(super) fn id(word: &str) -> Result<&str, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.chars().all(plain) {
        Ok(word)
    } else {
        Err(format!("{word:?} is not an id"))
    }
}

/// Decimal, or hexadecimal after 0x.
pub(super) fn number(word: &str) -> Result<u64, String> {
    let parsed = match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => word.parse(),
    };
    parsed.map_err(|error| format!("{word:?} is not a number: {error}"))
}
