//! A case of a suite: a shell script with a header.
//!
//! The header is the lines of the script's leading comment that start with `#: `; together they are one YAML map.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use specfile::SpecError;

use super::kmsg::{KernelMessages, RawMessages};
use super::userland::{FoundCases, Userland};

/// What a case has where it says nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// How long it may take.
    pub timeout: Duration,
    /// What its guest has besides the modules.
    pub userland: Userland,
    /// What is asserted of the kernel's messages.
    pub kmsg: KernelMessages,
}

/// One case of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFile {
    /// The script's file name without `.sh`.
    pub name: String,
    /// The script that runs it, relative to the suite's folder.
    pub script: String,
    /// What it promises, in one line.
    pub summary: String,
    /// Without which it is skipped.
    pub needs: Needs,
    /// How long it may take in the guest.
    pub timeout: Duration,
    /// What its guest has besides the modules.
    pub userland: Userland,
    /// Modules that nothing loads by itself while it runs, as those that modprobe.d(5) denies; not empty means a boot of
    /// its own or with others that deny the same.
    pub deny: Vec<String>,
    /// Added to the kernel's command line, likewise.
    pub cmdline: Vec<String>,
    /// Boots alone: it leaves the kernel in a state that no other case should see.
    pub isolate: bool,
    /// What is asserted of the kernel's messages while it runs.
    pub kmsg: KernelMessages,
}

/// What a case needs from the kernel and the topology.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needs {
    /// Modules that have to be among those built.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Memory devices that the topology has to have, at least.
    #[serde(default)]
    pub memdevs: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    summary: String,
    #[serde(default)]
    needs: Needs,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    userland: Option<Userland>,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    cmdline: Vec<String>,
    #[serde(default)]
    isolate: bool,
    kmsg: Option<RawMessages>,
}

impl CaseFile {
    /// The case of a script that was found in the userland.
    pub fn found(name: &str, found: &FoundCases, shared: &Shared) -> Self {
        Self {
            name: name.to_owned(),
            script: found.run_by.clone(),
            summary: format!("{name}, unmodified"),
            needs: Needs::default(),
            timeout: shared.timeout,
            userland: shared.userland,
            deny: Vec::new(),
            cmdline: Vec::new(),
            isolate: false,
            kmsg: shared.kmsg.clone(),
        }
    }

    pub(super) fn load(path: &Path, name: &str, shared: &Shared) -> Result<Self, SpecError> {
        specfile::check_name(name).map_err(|why| SpecError::invalid(path, "name", why))?;
        let header = header(&specfile::read(path)?, path)?;
        let raw: RawCase = specfile::parse_yaml(&header, path).map_err(|error| match error {
            SpecError::Parse { file, message, hint: None } if message.contains("missing field") => {
                let hint = Some("a case starts with `#: summary: what it promises`".to_owned());
                SpecError::Parse { file, message, hint }
            }
            SpecError::Parse { file, message, .. } if message.contains("unknown field `withhold`") => {
                SpecError::Parse { file, message, hint: Some("`withhold` is called `deny` now".to_owned()) }
            }
            error => error,
        })?;
        specfile::check_names(path, "needs.modules", &raw.needs.modules)?;
        specfile::check_names(path, "deny", &raw.deny)?;
        check_cmdline(path, "cmdline", &raw.cmdline)?;
        Ok(Self {
            name: name.to_owned(),
            script: format!("{name}.sh"),
            summary: raw.summary,
            needs: raw.needs,
            timeout: raw.timeout.unwrap_or(shared.timeout),
            userland: raw.userland.unwrap_or(shared.userland),
            deny: raw.deny.iter().map(|module| module.replace('-', "_")).collect(),
            cmdline: raw.cmdline,
            isolate: raw.isolate,
            kmsg: raw.kmsg.unwrap_or_default().over(&shared.kmsg, path, &header)?,
        })
    }
}

/// The YAML in a script's leading comment. Every other line becomes an empty one and `#:` two blanks, so that
/// line and column of an error are the script's own.
fn header(script: &str, path: &Path) -> Result<String, SpecError> {
    let mut yaml = String::new();
    let mut over = false;
    for (at, line) in script.lines().enumerate() {
        match line.strip_prefix("#:") {
            Some(_) if over => {
                let message = format!("line {} comes after the first command", at + 1);
                return Err(SpecError::invalid(path, "header", message)
                    .with_hint("lines `#: key: value` belong to the comment at the top of the script"));
            }
            Some(text) => {
                yaml.push_str("  ");
                yaml.push_str(text);
            }
            None => over = over || !(line.trim().is_empty() || line.starts_with('#')),
        }
        yaml.push('\n');
    }
    Ok(yaml)
}

/// Parameters that change what the console shows (Documentation/admin-guide/kernel-parameters.txt): the host's own words rely on it.
const OF_CONSOLE: [&str; 10] = [
    "quiet",
    "loglevel",
    "console",
    "earlycon",
    "earlyprintk",
    "ignore_loglevel",
    "printk.devkmsg",
    "printk.console_no_auto_verbose",
    "printk.console_suspend",
    "printk.time",
];

/// Words of a kernel command line: one word each, and nothing that the host's own words rely on.
pub(crate) fn check_cmdline(file: &Path, field: &str, words: &[String]) -> Result<(), SpecError> {
    // The kernel takes - and _ for the same in a parameter's name.
    let name = |word: &str| word.split('=').next().unwrap_or_default().replace('-', "_");
    if let Some(word) = words.iter().find(|word| OF_CONSOLE.contains(&name(word).as_str())) {
        let message = format!("`{word}` changes what the console shows, by which the guest is judged");
        return Err(SpecError::invalid(file, field, message).with_hint("leave it out".to_owned()));
    }
    let bad = |word: &&String| word.is_empty() || !word.chars().all(|c| c.is_ascii_graphic() && c != '"');
    match words.iter().find(bad) {
        Some(word) => Err(SpecError::invalid(
            file,
            field,
            format!("`{}` is not one word of a kernel command line", word.escape_debug()),
        )),
        None => Ok(()),
    }
}

/// `500ms`, `60s`, `2m`.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
}

pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{}` is no time such as 500ms, 60s or 2m, from 1ms to 60m", text.escape_debug());
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return Err(wrong()),
    };
    let ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms)).ok_or_else(wrong)?;
    if !(1..=3_600_000).contains(&ms) {
        return Err(wrong());
    }
    Ok(Duration::from_millis(ms))
}
