//! Reading YAML with errors that name the place and the next step, and the rule for names.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use fault::{Fault, ToolError};

/// A file of the user that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// It could not be read.
    #[error("cannot read {}", .file.display())]
    Read {
        /// The file or folder.
        file: PathBuf,
        /// The error of the system.
        source: io::Error,
        /// What to do about it.
        hint: Option<String>,
    },
    /// It is no YAML, or not the YAML that belongs here.
    #[error("{}: {message}", .file.display())]
    Parse {
        /// The file that it came from.
        file: PathBuf,
        /// Field, what is wrong, line and column.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// It is well-formed but makes no sense.
    #[error("{}: {field}: {message}", .file.display())]
    Invalid {
        /// The file or folder.
        file: PathBuf,
        /// Path of the field, as `kernels.lts.source`.
        field: String,
        /// What is wrong with it.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl SpecError {
    /// An [`SpecError::Invalid`] without a hint.
    pub fn invalid(file: impl Into<PathBuf>, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { file: file.into(), field: field.into(), message: message.into(), hint: None }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn with_hint(mut self, text: impl Into<String>) -> Self {
        match &mut self {
            Self::Read { hint, .. } | Self::Parse { hint, .. } | Self::Invalid { hint, .. } => {
                *hint = Some(text.into());
            }
        }
        self
    }

    /// The same error, with "did you mean" if something known is near.
    #[must_use]
    pub fn with_near<'a>(self, word: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let known: Vec<_> = known.collect();
        match did_you_mean(word, known.iter().copied()) {
            Some(near) => self.with_hint(format!("did you mean `{near}`?")),
            None if known.is_empty() => self,
            None => self.with_hint(format!("known: {}", known.join(", "))),
        }
    }
}

/// Reads a file as text.
///
/// # Errors
/// [`SpecError::Read`], with a hint where a file that has to be there is missing.
pub fn read(path: &Path) -> Result<String, SpecError> {
    fs::read_to_string(path).map_err(|source| SpecError::Read {
        hint: (source.kind() == io::ErrorKind::InvalidData).then(|| "it has to be UTF-8 text".to_owned()),
        file: path.to_owned(),
        source,
    })
}

/// Reads a YAML file.
///
/// # Errors
/// [`SpecError::Read`] and [`SpecError::Parse`].
pub fn load_yaml<T: DeserializeOwned>(path: &Path) -> Result<T, SpecError> {
    parse_yaml(&read(path)?, path)
}

/// Parses YAML text that came from `file`.
///
/// # Errors
/// [`SpecError::Parse`].
pub fn parse_yaml<T: DeserializeOwned>(text: &str, file: &Path) -> Result<T, SpecError> {
    serde_yaml::from_str(text).map_err(|error| {
        let message = error.to_string();
        SpecError::Parse { file: file.to_owned(), hint: near_field(&message), message }
    })
}

/// Deserializes a map that refuses a key that stands twice, of which serde would silently take the last.
///
/// # Errors
/// The deserializer's, and the doubled key.
pub fn unique_map<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord + fmt::Display,
    V: Deserialize<'de>,
{
    struct Unique<K, V>(PhantomData<(K, V)>);

    impl<'de, K, V> Visitor<'de> for Unique<K, V>
    where
        K: Deserialize<'de> + Ord + fmt::Display,
        V: Deserialize<'de>,
    {
        type Value = BTreeMap<K, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some(key) = access.next_key::<K>()? {
                if map.contains_key(&key) {
                    return Err(serde::de::Error::custom(format!("the key `{key}` stands twice")));
                }
                map.insert(key, access.next_value()?);
            }
            Ok(map)
        }
    }

    deserializer.deserialize_map(Unique(PhantomData))
}

/// Reads "unknown field `kernal`, expected one of `kernel`, `flavour`" as serde words it.
fn near_field(message: &str) -> Option<String> {
    let (before, after) = message.split_once(", expected ")?;
    let unknown =
        before.rsplit_once("unknown field `").or_else(|| before.rsplit_once("unknown variant `"))?;
    let known = after.split('`').skip(1).step_by(2);
    did_you_mean(unknown.1.trim_end_matches('`'), known).map(|near| format!("did you mean `{near}`?"))
}

/// The known word nearest to a misspelt one, if one is near enough to be meant.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Checks a name that becomes a file name or a command's argument: it cannot leave its folder nor be taken
/// for an option.
///
/// # Errors
/// What is wrong with it, as a fragment of a sentence.
pub fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    match name.chars().next() {
        None => Err("the name is empty".to_owned()),
        Some('.' | '-') => Err(format!("the name `{}` starts with a dot or a dash", name.escape_debug())),
        Some(_) if name.len() > 100 => Err("the name is longer than 100 characters".to_owned()),
        Some(_) if name.contains("..") || !name.chars().all(allowed) => Err(format!(
            "the name `{}` has more than letters, digits, `_`, `-`, `+` and single dots",
            name.escape_debug()
        )),
        Some(_) => Ok(()),
    }
}

/// Checks each of the names in a list, as [`check_name`].
///
/// # Errors
/// [`SpecError::Invalid`] for the first that is not one.
pub fn check_names<'a>(
    file: &Path,
    field: &str,
    names: impl IntoIterator<Item = &'a String>,
) -> Result<(), SpecError> {
    names
        .into_iter()
        .try_for_each(|name| check_name(name))
        .map_err(|message| SpecError::invalid(file, field, message))
}

/// The folders in a folder, by name, sorted; none if it is not there. Those that cannot be a name are skipped.
///
/// # Errors
/// [`SpecError::Read`].
pub fn folders(dir: &Path) -> Result<Vec<String>, SpecError> {
    entries(dir).map(|all| {
        all.into_iter().filter(|name| check_name(name).is_ok() && dir.join(name).is_dir()).collect()
    })
}

/// The names of all entries of a folder, sorted; none if it is not there.
///
/// # Errors
/// [`SpecError::Read`].
pub fn entries(dir: &Path) -> Result<Vec<String>, SpecError> {
    let fail = |source| SpecError::Read { file: dir.to_owned(), source, hint: None };
    let listing = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.map_err(fail)?,
    };
    let mut names = Vec::new();
    for entry in listing {
        names.push(entry.map_err(fail)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

impl ToolError for SpecError {
    fn own_fault(&self) -> Fault {
        Fault::Usage
    }

    fn own_hint(&self) -> Option<String> {
        match self {
            Self::Read { hint: None, source, .. } => source.hint(),
            Self::Read { hint, .. } | Self::Parse { hint, .. } | Self::Invalid { hint, .. } => hint.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Thing {
        kernel: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Inner {
        size: u32,
    }

    fn error(text: &str) -> String {
        fault::shown(&parse_yaml::<Thing>(text, Path::new("thing.yaml")).expect_err("it is wrong"))
    }

    #[test]
    fn parse_errors_name_file_line_field_and_the_nearest_word() {
        insta::assert_snapshot!(error("kernel: a\nkernal: b\n"), @r"
        thing.yaml: unknown field `kernal`, expected `kernel` or `inner` at line 2 column 1
        hint: did you mean `kernel`?
        ");
        insta::assert_snapshot!(error("kernel: a\ninner:\n  size: big\n"), @r#"thing.yaml: inner.size: invalid type: string "big", expected u32 at line 3 column 9"#);
        insta::assert_snapshot!(error("kernel: [\n"), @"thing.yaml: kernel: invalid type: sequence, expected a string at line 1 column 9");
        insta::assert_snapshot!(error("kernel: a\nkernel: b\n"), @"thing.yaml: duplicate field `kernel`");
    }

    #[test]
    fn far_words_are_not_suggested() {
        assert_eq!(did_you_mean("direkt", ["direct", "switch"].into_iter()), Some("direct"));
        assert_eq!(did_you_mean("zzz", ["direct", "switch"].into_iter()), None);
    }

    #[test]
    fn names_cannot_leave_their_folder() {
        for bad in ["", ".", "..", "../x", "a/b", "/a", "-x", ".hidden", "a..b", "a b", "a\nb", "ä"] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        for good in ["lts", "linux-6.12", "a_b", "g++"] {
            assert!(check_name(good).is_ok(), "{good:?}");
        }
    }

    proptest! {
        #[test]
        fn a_good_name_is_one_component(name in ".{0,12}") {
            if check_name(&name).is_ok() {
                let path = Path::new("/root").join(&name);
                prop_assert_eq!(path.parent(), Some(Path::new("/root")));
                prop_assert_eq!(path.components().count(), 3);
            }
        }
    }
}
