//! What the kernel must not, may and must log while a case runs: `kmsg:` beside the suites, in a `suite.yaml`, and in a case's
//! header.

use std::fmt;
use std::path::Path;

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use specfile::{SpecError, locate, steps};

/// What is asserted of the kernel's messages of a case; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelMessages {
    /// Levels of which no message may come, exactly these.
    pub forbid: Vec<LogLevel>,
    /// Messages that may come all the same.
    pub allow: Vec<AllowedMessage>,
    /// Patterns each of which some message has to match, whatever its level.
    pub require: Vec<Pattern>,
}

/// A message that is expected, though its level is forbidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedMessage {
    /// What it matches.
    pub pattern: Pattern,
    /// Why it is expected.
    pub because: String,
}

/// Level of a kernel message, by the names that dmesg(1) has for them (`include/linux/kern_levels.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub enum LogLevel {
    Emerg,
    Alert,
    Crit,
    Err,
    Warn,
    Notice,
    Info,
    Debug,
}

impl LogLevel {
    const ALL: [Self; 8] =
        [Self::Emerg, Self::Alert, Self::Crit, Self::Err, Self::Warn, Self::Notice, Self::Info, Self::Debug];

    /// The level of a record's priority, whose other bits are the facility.
    pub fn of_priority(priority: u32) -> Self {
        Self::ALL[(priority & 7) as usize]
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Emerg => "emerg",
            Self::Alert => "alert",
            Self::Crit => "crit",
            Self::Err => "err",
            Self::Warn => "warn",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        })
    }
}

/// A regular expression, written and compared as its text.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// # Errors
    /// What is wrong with it, as a fragment of a sentence.
    fn new(text: &str) -> Result<Self, String> {
        let regex = Regex::new(text).map_err(|error| {
            // The lines before the last one draw where.
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
            format!("`{}` is no regular expression: {why}", text.escape_debug())
        })?;
        if regex.is_match("") {
            return Err(format!("`{}` matches every message", text.escape_debug()));
        }
        Ok(Self(regex))
    }

    /// Whether it stands somewhere in this text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.0)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl KernelMessages {
    /// Whether anything is asserted.
    pub fn is_empty(&self) -> bool {
        self.forbid.is_empty() && self.require.is_empty()
    }

    /// Whether a message of this level may not come.
    pub fn forbids(&self, level: LogLevel, message: &str) -> bool {
        self.forbid.contains(&level) && !self.allow.iter().any(|allowed| allowed.pattern.is_match(message))
    }
}

impl fmt::Display for KernelMessages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Display>(items: impl Iterator<Item = T>) -> String {
            items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
        }
        let allow = list(self.allow.iter().map(|allowed| &allowed.pattern));
        let parts = [
            ("forbids", list(self.forbid.iter())),
            ("allows", if self.forbid.is_empty() { String::new() } else { allow }),
            ("requires", list(self.require.iter())),
        ];
        let parts = parts.iter().filter(|(_, list)| !list.is_empty());
        f.write_str(&parts.map(|(what, list)| format!("{what} {list}")).collect::<Vec<_>>().join("; "))
    }
}

/// `kmsg:` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMessages {
    forbid: Option<Vec<LogLevel>>,
    #[serde(default)]
    allow: Vec<RawAllowed>,
    require: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAllowed {
    #[serde(rename = "match")]
    pattern: String,
    because: String,
}

impl RawMessages {
    /// Checked, on top of `base`: `forbid` and `require` take the place of what that has, and what `allow` has is added, since what
    /// all cases of a suite may see this one may, too. The text is that of the file, for the lines of errors.
    ///
    /// # Errors
    /// [`SpecError::Invalid`] for a pattern that is none, and for an empty reason.
    pub(super) fn over(
        self,
        base: &KernelMessages,
        file: &Path,
        text: &str,
    ) -> Result<KernelMessages, SpecError> {
        let place = Source { file, text };
        let allow = place.allowed(self.allow)?;
        let require = self.require.map(|require| place.patterns(&require)).transpose()?;
        Ok(KernelMessages {
            forbid: self.forbid.unwrap_or_else(|| base.forbid.clone()),
            allow: base.allow.iter().cloned().chain(allow).collect(),
            require: require.unwrap_or_else(|| base.require.clone()),
        })
    }
}

/// The file in which something is written.
struct Source<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn allowed(&self, raws: Vec<RawAllowed>) -> Result<Vec<AllowedMessage>, SpecError> {
        let allowed = raws.into_iter().enumerate().map(|(at, raw)| {
            let pattern = self.pattern(&format!("kmsg.allow[{at}].match"), &raw.pattern)?;
            let because = raw.because.trim().to_owned();
            if because.is_empty() {
                let error = self.refuse(&format!("kmsg.allow[{at}].because"), "the reason is empty");
                return Err(error.with_hint("write why the message is expected, verified, not guessed"));
            }
            Ok(AllowedMessage { pattern, because })
        });
        allowed.collect()
    }

    fn patterns(&self, texts: &[String]) -> Result<Vec<Pattern>, SpecError> {
        let at = |(at, text): (usize, &String)| self.pattern(&format!("kmsg.require[{at}]"), text);
        texts.iter().enumerate().map(at).collect()
    }

    fn pattern(&self, field: &str, text: &str) -> Result<Pattern, SpecError> {
        Pattern::new(text).map_err(|why| {
            self.refuse(field, &why).with_hint("a regular expression that stands somewhere in the message")
        })
    }

    fn refuse(&self, field: &str, message: &str) -> SpecError {
        let place = locate(self.text, &steps(field));
        let place = place.map(|(line, column)| format!(" at line {line} column {column}"));
        SpecError::invalid(self.file, field, format!("{message}{}", place.unwrap_or_default()))
    }
}
