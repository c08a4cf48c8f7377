//! kconfig fragments: reading them with their directives, and laying several over each other.
//!
//! A fragment is what `scripts/kconfig/merge_config.sh` reads, and more: a comment line `#: …` directly above
//! an option says for which kernels it is meant.
//!
//! ```text
//! #: since 6.15            from this version on, included
//! #: until 7.0             before this version
//! #: optional REASON       reported when it cannot be set, and no error
//! CONFIG_CXL_FEATURES=y
//! # CONFIG_RD_GZIP is not set
//! ```

use std::path::{Path, PathBuf};
use std::{fmt, io};

use fs_err as fs;

use fault::{Fault, ToolError};

/// A fragment that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FragmentError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// A line is neither option, comment nor directive.
    #[error("{}:{line}: {message}", .file.display())]
    Line {
        /// The file that cannot be used.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong with it, and what is allowed.
        message: String,
    },
}

impl ToolError for FragmentError {
    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Read(error) if error.kind() == io::ErrorKind::NotFound => {
                Some("`kconfig:` of a kernel names files of kconfig/ without their .config".to_owned())
            }
            Self::Read(error) => error.hint(),
            Self::Line { .. } => None,
        }
    }
}

/// Major and minor version of a kernel; `6.15` and `6.15-rc1` are the same here, as an option comes with rc1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u32, pub u32);

impl Release {
    /// Reads the start of a version: `6.12.117`, `7.3-rc2`, `6.15`.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, rest) = text.split_once('.')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Some(Self(major.parse().ok()?, rest[..digits].parse().ok()?))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// What an option is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `# CONFIG_X is not set`, `=n`.
    No,
    /// `=m`.
    Module,
    /// `=y`.
    Yes,
    /// A number, or a string with its quotes.
    Text(String),
}

impl Value {
    /// Reads what stands behind `=`.
    pub fn parse(text: &str) -> Option<Self> {
        let quoted = text.len() >= 2 && text.starts_with('"') && text.ends_with('"');
        let number = || {
            let digits = text.strip_prefix('-').unwrap_or(text);
            match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
                Some(hex) => !hex.is_empty() && hex.chars().all(|c| c.is_ascii_hexdigit()),
                None => !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()),
            }
        };
        match text {
            "n" => Some(Self::No),
            "m" => Some(Self::Module),
            "y" => Some(Self::Yes),
            _ if quoted || number() => Some(Self::Text(text.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "n",
            Self::Module => "m",
            Self::Yes => "y",
            Self::Text(text) => text,
        })
    }
}

/// One option as a fragment asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Name without `CONFIG_`.
    pub symbol: String,
    /// Wanted value.
    pub value: Value,
    /// File name of the fragment and line: `cxl.config:12`.
    pub at: String,
    /// Not before this version.
    pub since: Option<Release>,
    /// Not from this version on.
    pub until: Option<Release>,
    /// Why its loss is no error.
    pub optional: Option<String>,
}

impl Setting {
    /// Why the option is not for this kernel; none if it is.
    pub fn not_for(&self, version: Release) -> Option<String> {
        if let Some(since) = self.since.filter(|since| version < *since) {
            return Some(format!("since {since}"));
        }
        self.until.filter(|until| version >= *until).map(|until| format!("until {until}"))
    }

    /// All that makes a difference to a build; words and line numbers do not.
    pub(super) fn identity(&self) -> String {
        format!("{}{:?} {:?} {}", self.line(), self.since, self.until, self.optional.is_some())
    }

    /// The line that asks kconfig for it.
    pub fn line(&self) -> String {
        match self.value {
            Value::No => format!("# CONFIG_{} is not set\n", self.symbol),
            _ => format!("CONFIG_{}={}\n", self.symbol, self.value),
        }
    }
}

/// A fragment file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    /// File name, as errors show it.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Its options in order.
    pub settings: Vec<Setting>,
}

impl Fragment {
    /// Reads a fragment.
    ///
    /// # Errors
    /// [`FragmentError`], with file and line.
    pub fn load(path: &Path) -> Result<Self, FragmentError> {
        let text = fs::read_to_string(path)?;
        Self::parse(path, text)
    }

    /// Reads a fragment's text; `path` is for errors only.
    ///
    /// # Errors
    /// [`FragmentError::Line`].
    pub fn parse(path: &Path, text: String) -> Result<Self, FragmentError> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let fail = |line, message| FragmentError::Line { file: path.to_owned(), line, message };
        let mut settings: Vec<Setting> = Vec::new();
        let mut directives = Directives::default();
        for (index, raw) in text.lines().enumerate() {
            let number = index + 1;
            let line = raw.trim();
            if let Some(directive) = line.strip_prefix("#:") {
                directives.add(directive.trim(), number).map_err(|message| fail(number, message))?;
                continue;
            }
            let Some((symbol, value)) = option(line).map_err(|message| fail(number, message))? else {
                directives.unused().map_or(Ok(()), |(at, message)| Err(fail(at, message)))?;
                continue;
            };
            let Directives { since, until, optional, .. } = std::mem::take(&mut directives);
            let at = format!("{name}:{number}");
            settings.push(Setting { symbol, value, at, since, until, optional });
        }
        directives.unused().map_or(Ok(()), |(at, message)| Err(fail(at, message)))?;
        Ok(Self { name, text, settings })
    }
}

/// The directives above the option that comes next.
#[derive(Default)]
struct Directives {
    line: usize,
    since: Option<Release>,
    until: Option<Release>,
    optional: Option<String>,
}

impl Directives {
    fn add(&mut self, text: &str, line: usize) -> Result<(), String> {
        self.line = line;
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let release =
            || Release::parse(rest).ok_or(format!("`{word}` wants a version such as 6.15, not `{rest}`"));
        let twice = match word {
            "since" => self.since.replace(release()?).is_some(),
            "until" => self.until.replace(release()?).is_some(),
            "optional" if rest.is_empty() => return Err("`optional` wants a reason".into()),
            "optional" => self.optional.replace(rest.to_owned()).is_some(),
            _ => return Err(format!("unknown directive `{word}`: known are since, until, optional")),
        };
        if twice { Err(format!("`{word}` twice for one option")) } else { Ok(()) }
    }

    fn unused(&self) -> Option<(usize, String)> {
        let used = self.since.is_some() || self.until.is_some() || self.optional.is_some();
        used.then(|| (self.line, "no option in the line below this directive".into()))
    }
}

/// Reads an option line; none for a comment or an empty line.
fn option(line: &str) -> Result<Option<(String, Value)>, String> {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if let Some(comment) = line.strip_prefix('#') {
        let unset = comment.trim().strip_prefix("CONFIG_").and_then(|rest| rest.strip_suffix(" is not set"));
        return Ok(unset.filter(|name| is_name(name)).map(|name| (name.to_owned(), Value::No)));
    }
    if line.is_empty() {
        return Ok(None);
    }
    let wrong = || {
        format!(
            "`{line}` is no kconfig line: wanted CONFIG_NAME=y, =m, =n, a number or a \"string\", \
             or # CONFIG_NAME is not set"
        )
    };
    let (name, value) =
        line.strip_prefix("CONFIG_").and_then(|rest| rest.split_once('=')).ok_or_else(wrong)?;
    if !is_name(name) {
        return Err(wrong());
    }
    Value::parse(value).map(|value| Some((name.to_owned(), value))).ok_or_else(wrong)
}

/// Fragments laid over each other for one kernel version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The options that hold, each once, in the order of their last appearance.
    pub settings: Vec<Setting>,
    /// What the reader should hear: options of other kernel versions, fragments that contradict each other.
    pub notices: Vec<String>,
}

impl Merged {
    /// The text to append to a base configuration.
    pub fn text(&self) -> String {
        self.settings.iter().map(Setting::line).collect()
    }
}

/// Lays fragments over each other: the later one wins, and a contradiction is reported.
pub fn merge(fragments: &[Fragment], version: Release) -> Merged {
    let mut settings: Vec<Setting> = Vec::new();
    let mut notices = Vec::new();
    let mut elsewhere = Vec::new();
    for setting in fragments.iter().flat_map(|fragment| &fragment.settings) {
        if let Some(why) = setting.not_for(version) {
            elsewhere.push(format!("{} ({why})", setting.symbol));
            continue;
        }
        if let Some(index) = settings.iter().position(|earlier| earlier.symbol == setting.symbol) {
            let earlier = settings.remove(index);
            if earlier.value != setting.value {
                notices.push(format!(
                    "kconfig: CONFIG_{} is {} in {} and {} in {}: the later one holds",
                    setting.symbol, earlier.value, earlier.at, setting.value, setting.at
                ));
            }
        }
        settings.push(setting.clone());
    }
    if !elsewhere.is_empty() {
        notices.push(format!("kconfig: left out as not meant for {version}: {}", elsewhere.join(", ")));
    }
    Merged { settings, notices }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Fragment, FragmentError> {
        Fragment::parse(Path::new("kconfig/t.config"), text.into())
    }

    fn error(text: &str) -> String {
        parse(text).expect_err("it is wrong").to_string()
    }

    #[test]
    fn options_and_directives_are_read() {
        let text = "# words\n\nCONFIG_A=y\n#: since 6.15\n#: optional only with binutils 2.40\nCONFIG_B=m\n\
                    # CONFIG_C is not set\nCONFIG_D=\"a b\"\nCONFIG_E=-0x1F\nCONFIG_F=n\n";
        let fragment = parse(text).expect("it is right");
        let lines: Vec<_> =
            fragment.settings.iter().map(|s| format!("{} {}", s.at, s.line().trim())).collect();
        insta::assert_debug_snapshot!(lines, @r#"
        [
            "t.config:3 CONFIG_A=y",
            "t.config:6 CONFIG_B=m",
            "t.config:7 # CONFIG_C is not set",
            "t.config:8 CONFIG_D=\"a b\"",
            "t.config:9 CONFIG_E=-0x1F",
            "t.config:10 # CONFIG_F is not set",
        ]
        "#);
        assert_eq!(fragment.settings[1].since, Some(Release(6, 15)));
        assert_eq!(fragment.settings[1].optional.as_deref(), Some("only with binutils 2.40"));
        assert_eq!(fragment.settings[2].since, None, "a directive holds for one option");
    }

    #[test]
    fn wrong_lines_are_named() {
        insta::assert_snapshot!(error("CONFIG_A=y\nCXL=y\n"), @"kconfig/t.config:2: `CXL=y` is no kconfig line: wanted CONFIG_NAME=y, =m, =n, a number or a \"string\", or # CONFIG_NAME is not set");
        insta::assert_snapshot!(error("CONFIG_A=yes\n"), @"kconfig/t.config:1: `CONFIG_A=yes` is no kconfig line: wanted CONFIG_NAME=y, =m, =n, a number or a \"string\", or # CONFIG_NAME is not set");
        insta::assert_snapshot!(error("#: sicne 6.1\nCONFIG_A=y\n"), @"kconfig/t.config:1: unknown directive `sicne`: known are since, until, optional");
        insta::assert_snapshot!(error("#: since soon\nCONFIG_A=y\n"), @"kconfig/t.config:1: `since` wants a version such as 6.15, not `soon`");
        insta::assert_snapshot!(error("#: optional\nCONFIG_A=y\n"), @"kconfig/t.config:1: `optional` wants a reason");
        insta::assert_snapshot!(error("\n#: since 6.1\n\nCONFIG_A=y\n"), @"kconfig/t.config:2: no option in the line below this directive");
        insta::assert_snapshot!(error("CONFIG_A=y\n#: until 6.1\n"), @"kconfig/t.config:2: no option in the line below this directive");
    }

    #[test]
    fn the_later_fragment_wins_and_is_heard() {
        let first = parse("CONFIG_A=y\nCONFIG_B=y\n#: since 7.0\nCONFIG_C=y\n#: until 6.12\nCONFIG_D=y\n");
        let second = Fragment::parse(Path::new("u.config"), "CONFIG_A=m\nCONFIG_B=y\n".into());
        let merged = merge(&[first.expect("right"), second.expect("right")], Release(6, 12));
        assert_eq!(merged.text(), "CONFIG_A=m\nCONFIG_B=y\n");
        insta::assert_debug_snapshot!(merged.notices, @r#"
        [
            "kconfig: CONFIG_A is y in t.config:1 and m in u.config:1: the later one holds",
            "kconfig: left out as not meant for 6.12: C (since 7.0), D (until 6.12)",
        ]
        "#);
    }

    #[test]
    fn versions_are_read() {
        for (text, release) in [
            ("6.12.117", Some(Release(6, 12))),
            ("7.3-rc2", Some(Release(7, 3))),
            ("6.9", Some(Release(6, 9))),
            ("6.", None),
            ("six.one", None),
            ("6", None),
        ] {
            assert_eq!(Release::parse(text), release, "{text}");
        }
        assert!(Release(6, 9) < Release(6, 12));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(symbols in proptest::collection::vec("[A-Z0-9_]{1,12}", 1..20)) {
            let text: String = symbols.iter().flat_map(|s| ["CONFIG_", s, "=m\n"]).collect();
            let again: String = parse(&text).expect("right").settings.iter().map(Setting::line).collect();
            prop_assert_eq!(text, again);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = parse(&text);
        }
    }
}
