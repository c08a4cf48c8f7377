//! Which distribution this is, as `/etc/os-release` says.

use std::collections::HashMap;
use std::fs;

/// The distribution, as far as the tool has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// `ID`: "debian", "ubuntu".
    pub id: String,
    /// `VERSION_CODENAME`: "bookworm", "noble". Empty on a rolling release.
    pub codename: String,
    /// `PRETTY_NAME`.
    pub name: String,
}

impl Distribution {
    /// Reads `/etc/os-release`; unknown where there is none.
    pub fn found() -> Self {
        Self::parse(&fs::read_to_string("/etc/os-release").unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let fields: HashMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(k, v)| (k, v.trim_matches('"')))
            .collect();
        let field = |name: &str| fields.get(name).copied().unwrap_or_default().to_owned();
        Self { id: field("ID"), codename: field("VERSION_CODENAME"), name: field("PRETTY_NAME") }
    }

    /// Whether packages come through apt here.
    pub fn has_apt(&self) -> bool {
        matches!(self.id.as_str(), "debian" | "ubuntu")
    }

    /// Whether the release's own QEMU is too old for most topologies while its backports have a newer one:
    /// Debian 12 (7.2, and 10.0 in bookworm-backports).
    pub fn backports_qemu(&self) -> bool {
        self.id == "debian" && self.codename == "bookworm"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_is_read_with_and_without_quotes() {
        let found = Distribution::parse(
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_CODENAME=bookworm\n",
        );
        assert_eq!((found.id.as_str(), found.codename.as_str()), ("debian", "bookworm"));
        assert!(found.has_apt() && found.backports_qemu());
        assert!(!Distribution::parse("ID=ubuntu\nVERSION_CODENAME=noble\n").backports_qemu());
        assert!(!Distribution::parse("").has_apt());
    }
}
