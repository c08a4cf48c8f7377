//! A kernel: where its source comes from, which series go on top, which fragments configure it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A named entry of `patchbench.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kernel {
    /// Its key under `kernels`.
    pub name: String,
    /// Where its source may come from; the first available wins.
    pub sources: Vec<Source>,
    /// Series to apply, in order: folders under `patches/`.
    pub series: Vec<String>,
    /// Fragments to configure it with, in order: files under `kconfig/` without `.config`.
    pub kconfig: Vec<String>,
}

/// One place that a kernel's source can come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawSource", rename_all = "lowercase")]
pub enum Source {
    /// A package of the distribution with `/usr/src/linux-source-*.tar.xz` in it.
    Apt {
        /// Name of the package.
        package: String,
        /// Another suite of the same distribution; none for those of this machine's release.
        suite: Option<String>,
    },
    /// A source package of the distribution: its upstream tarball, as it is.
    #[serde(rename = "deb-src")]
    DebSrc {
        /// Name of the source package.
        package: String,
        /// Another suite of the same distribution; none for those of this machine's release.
        suite: Option<String>,
    },
    /// A git repository.
    Git {
        /// Path or URL.
        location: String,
        /// What to take from it: a branch, a tag, a commit.
        reference: String,
        /// Take the working tree with its uncommitted changes instead; only for a path.
        dirty: bool,
    },
    /// A folder, with whatever its `.gitignore` files do not exclude.
    Dir {
        /// The folder.
        path: PathBuf,
    },
    /// An archive that `tar` can read.
    Tarball {
        /// Path or URL.
        location: String,
        /// Its SHA-256 in hexadecimal; a URL has to have one.
        sha256: Option<String>,
    },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apt { package, suite: None } => write!(f, "apt {package}"),
            Self::Apt { package, suite: Some(suite) } => write!(f, "apt {package} from {suite}"),
            Self::DebSrc { package, suite: None } => write!(f, "deb-src {package}"),
            Self::DebSrc { package, suite: Some(suite) } => write!(f, "deb-src {package} from {suite}"),
            Self::Git { location, dirty: true, .. } => write!(f, "git {location}, as it is"),
            Self::Git { location, reference, .. } => write!(f, "git {location} {reference}"),
            Self::Dir { path } => write!(f, "dir {}", path.display()),
            Self::Tarball { location, .. } => write!(f, "tarball {location}"),
        }
    }
}

impl Source {
    /// Makes paths absolute: relative ones are relative to `root`, `~/` is the home folder.
    #[must_use]
    pub fn resolved(self, root: &Path) -> Self {
        let text = |location: String| {
            if is_url(&location) {
                location
            } else {
                absolute(root, Path::new(&location)).to_string_lossy().into_owned()
            }
        };
        match self {
            Self::Git { location, reference, dirty } => {
                Self::Git { location: text(location), reference, dirty }
            }
            Self::Dir { path } => Self::Dir { path: absolute(root, &path) },
            Self::Tarball { location, sha256 } => Self::Tarball { location: text(location), sha256 },
            Self::Apt { .. } | Self::DebSrc { .. } => self,
        }
    }
}

fn absolute(root: &Path, path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => root.join(path),
    }
}

/// Whether a location is a URL (`https://…`) or git's short form of one (`user@host:path`).
pub fn is_url(location: &str) -> bool {
    location.contains("://")
        || location.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/'))
}

/// As it stands in the file: the key says which kind it is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    apt: Option<String>,
    #[serde(rename = "deb-src")]
    deb_src: Option<String>,
    suite: Option<String>,
    git: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    dirty: Option<bool>,
    dir: Option<PathBuf>,
    tarball: Option<String>,
    sha256: Option<String>,
}

impl TryFrom<RawSource> for Source {
    type Error = String;

    fn try_from(raw: RawSource) -> Result<Self, String> {
        let extra = [
            ("suite", raw.suite.is_some(), "apt", raw.apt.is_some() || raw.deb_src.is_some()),
            ("ref", raw.reference.is_some(), "git", raw.git.is_some()),
            ("dirty", raw.dirty.is_some(), "git", raw.git.is_some()),
            ("sha256", raw.sha256.is_some(), "tarball", raw.tarball.is_some()),
        ];
        if let Some((key, _, owner, _)) = extra.iter().find(|(_, given, _, owned)| *given && !owned) {
            return Err(format!("`{key}` belongs to a source of kind `{owner}`"));
        }
        match (raw.apt, raw.deb_src, raw.git, raw.dir, raw.tarball) {
            (Some(package), None, None, None, None) => {
                let (package, suite) = package_of("apt", package, raw.suite)?;
                Ok(Self::Apt { package, suite })
            }
            (None, Some(package), None, None, None) => {
                let (package, suite) = package_of("deb-src", package, raw.suite)?;
                Ok(Self::DebSrc { package, suite })
            }
            (None, None, Some(location), None, None) => {
                git(location, raw.reference, raw.dirty.unwrap_or(false))
            }
            (None, None, None, Some(path), None) if path.as_os_str().is_empty() => {
                Err("`dir` is empty".to_owned())
            }
            (None, None, None, Some(path), None) => Ok(Self::Dir { path }),
            (None, None, None, None, Some(location)) => tarball(location, raw.sha256),
            _ => Err("a source has exactly one of the keys `apt`, `deb-src`, `git`, `dir` and `tarball`"
                .to_owned()),
        }
    }
}

fn package_of(key: &str, package: String, suite: Option<String>) -> Result<(String, Option<String>), String> {
    specfile::check_name(&package).map_err(|why| format!("`{key}`: {why}"))?;
    if let Some(suite) = &suite {
        specfile::check_name(suite).map_err(|why| format!("`suite`: {why}"))?;
    }
    Ok((package, suite))
}

fn git(location: String, reference: Option<String>, dirty: bool) -> Result<Source, String> {
    plain("git", &location)?;
    if dirty && is_url(&location) {
        return Err("`dirty` needs a path: a URL has no working tree".to_owned());
    }
    let reference = reference.unwrap_or_else(|| "HEAD".to_owned());
    plain("ref", &reference)?;
    if dirty && reference != "HEAD" {
        return Err(format!("`dirty` takes the working tree as it is: `ref: {reference}` has no say in it"));
    }
    Ok(Source::Git { location, reference, dirty })
}

fn tarball(location: String, sha256: Option<String>) -> Result<Source, String> {
    plain("tarball", &location)?;
    match &sha256 {
        Some(sum) if sum.len() != 64 || !sum.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Err("`sha256` is not 64 hexadecimal digits".to_owned())
        }
        None if is_url(&location) => Err("a tarball from a URL needs its `sha256`".to_owned()),
        _ => Ok(Source::Tarball { location, sha256: sha256.map(|sum| sum.to_ascii_lowercase()) }),
    }
}

/// What goes to git or curl as an argument must not be taken for an option.
fn plain(key: &str, value: &str) -> Result<(), String> {
    match value.chars().next() {
        None => Err(format!("`{key}` is empty")),
        Some('-') => Err(format!("`{key}` starts with a dash")),
        Some(_) if value.chars().any(char::is_control) => {
            Err(format!("`{key}` has a control character in it"))
        }
        Some(_) => Ok(()),
    }
}

/// One source or a list of them. Not `serde(untagged)`, whose errors name neither field nor line.
#[derive(Debug, Clone)]
pub(super) struct Sources(pub(super) Vec<Source>);

impl<'de> Deserialize<'de> for Sources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Sources;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a source such as { apt: linux-source-6.12 }, or a list of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sources, A::Error> {
                Source::deserialize(MapAccessDeserializer::new(map)).map(|source| Sources(vec![source]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sources, A::Error> {
                let mut all = Vec::new();
                while let Some(raw) = seq.next_element::<RawSource>()? {
                    let at = all.len() + 1;
                    all.push(Source::try_from(raw).map_err(|why| {
                        serde::de::Error::custom(format!("source {at} of the list: {why}"))
                    })?);
                }
                if all.is_empty() {
                    return Err(serde::de::Error::custom("the list of sources is empty"));
                }
                Ok(Sources(all))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use specfile::parse_yaml;

    #[derive(Debug, Deserialize)]
    struct Holder {
        source: Sources,
    }

    fn sources(text: &str) -> Result<Vec<Source>, String> {
        parse_yaml::<Holder>(text, Path::new("patchbench.yaml"))
            .map(|holder| holder.source.0)
            .map_err(|error| fault::shown(&error))
    }

    fn shown(text: &str) -> String {
        match sources(text) {
            Ok(all) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            Err(error) => error,
        }
    }

    #[test]
    fn one_source_or_a_list() {
        insta::assert_snapshot!(shown("source: { apt: linux-source-6.12 }"), @"apt linux-source-6.12");
        insta::assert_snapshot!(
            shown("source:\n  - { apt: a, suite: b-backports }\n  - { deb-src: n, suite: c }\n  - { git: ../linux, dirty: true }\n  - { git: 'https://x.example/l.git', ref: v6.12 }\n  - { dir: linux }\n  - { tarball: l.tar.xz }\n"),
            @r"
        apt a from b-backports
        deb-src n from c
        git ../linux, as it is
        git https://x.example/l.git v6.12
        dir linux
        tarball l.tar.xz
        "
        );
    }

    #[test]
    fn errors_name_the_line_and_the_key() {
        insta::assert_snapshot!(shown("source:\n  apt: a\n  reff: b\n"), @r"
        patchbench.yaml: source: unknown field `reff`, expected one of `apt`, `deb-src`, `suite`, `git`, `ref`, `dirty`, `dir`, `tarball`, `sha256` at line 3 column 3
        hint: did you mean `ref`?
        ");
        insta::assert_snapshot!(shown("source:\n  - apt: a\n  - apt: b\n    ref: c\n"), @"patchbench.yaml: source: source 2 of the list: `ref` belongs to a source of kind `git` at line 2 column 3");
        insta::assert_snapshot!(shown("source: linux\n"), @r#"patchbench.yaml: source: invalid type: string "linux", expected a source such as { apt: linux-source-6.12 }, or a list of them at line 1 column 9"#);
        insta::assert_snapshot!(shown("source: []\n"), @"patchbench.yaml: source: the list of sources is empty at line 1 column 9");
        insta::assert_snapshot!(shown("source: { apt: a, git: b }\n"), @"patchbench.yaml: source: a source has exactly one of the keys `apt`, `deb-src`, `git`, `dir` and `tarball` at line 1 column 9");
        insta::assert_snapshot!(shown("source: { apt: ../../a }\n"), @"patchbench.yaml: source: `apt`: the name `../../a` starts with a dot or a dash at line 1 column 9");
        insta::assert_snapshot!(shown("source: { git: --upload-pack=x }\n"), @"patchbench.yaml: source: `git` starts with a dash at line 1 column 9");
        insta::assert_snapshot!(shown("source: { git: 'https://x.example/l', dirty: true }\n"), @"patchbench.yaml: source: `dirty` needs a path: a URL has no working tree at line 1 column 9");
        insta::assert_snapshot!(shown("source: { tarball: 'https://x.example/l.tar' }\n"), @"patchbench.yaml: source: a tarball from a URL needs its `sha256` at line 1 column 9");
        insta::assert_snapshot!(shown("source: { tarball: l.tar, sha256: abc }\n"), @"patchbench.yaml: source: `sha256` is not 64 hexadecimal digits at line 1 column 9");
        insta::assert_snapshot!(shown("source: { git: a, dirty: 3 }\n"), @"patchbench.yaml: source.dirty: invalid type: integer `3`, expected a boolean at line 1 column 26");
    }

    #[test]
    fn relative_paths_are_the_projects() {
        let resolved =
            |text| sources(text).expect("a source").remove(0).resolved(Path::new("/p")).to_string();
        assert_eq!(resolved("source: { git: ../linux, ref: v6.12 }"), "git /p/../linux v6.12");
        assert_eq!(resolved("source: { dir: /abs }"), "dir /abs");
        assert_eq!(resolved("source: { git: 'git@x.example:l.git' }"), "git git@x.example:l.git HEAD");
    }
}
