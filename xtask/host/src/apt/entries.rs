//! apt's own source lists: reading `*.list` and `*.sources`, and which of their entries are the distribution's.

use std::fmt::Write as _;

/// One repository entry with one URI and one suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// As it stands in the file, so that `mirror+file:` and the like keep working.
    pub(super) uri: String,
    pub(super) suite: String,
    pub(super) components: Vec<String>,
    /// The other fields that say how to fetch and trust it, in deb822 spelling; a multi-line value (a key block)
    /// keeps its line ends.
    pub(super) fields: Vec<(String, String)>,
}

/// Fields that a derived entry takes over.
const KEPT: [&str; 6] =
    ["Signed-By", "Trusted", "Architectures", "Check-Valid-Until", "Allow-Insecure", "Date-Max-Future"];

impl Entry {
    /// Main component of a release, its updates, its security suite: not a repository of somebody else's.
    fn is_main(&self) -> bool {
        self.components.iter().any(|component| component == "main") && !self.suite.ends_with('/')
    }

    /// How sure it is that this entry is the distribution's own, by its keyring and by its siblings.
    fn likeness(&self, all: &[Self]) -> u32 {
        let field =
            |name| self.fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        let keyring = field("Signed-By");
        let archive_key = ["debian-archive", "ubuntu-archive"].iter().any(|name| keyring.contains(name));
        let updates = format!("{}-updates", self.suite);
        let sibling = all.iter().any(|other| other.uri == self.uri && other.suite == updates);
        let path = self.uri.trim_end_matches('/');
        let named =
            ["/debian", "/ubuntu"].iter().any(|end| path.ends_with(end)) || self.uri.starts_with("mirror+");
        4 * u32::from(archive_key) + 2 * u32::from(sibling) + u32::from(named)
    }

    /// The same repository with another suite and free components alone: Debian's main, Ubuntu's main and universe.
    fn with_suite(&self, suite: &str) -> Self {
        let free = |component: &&String| ["main", "universe"].contains(&component.as_str());
        let components = self.components.iter().filter(free).cloned().collect();
        Self { suite: suite.to_owned(), components, ..self.clone() }
    }
}

/// The entries of the wanted suites, derived from those of the machine; without wanted ones, the release's own
/// with its updates and security. None if nothing there is the distribution's.
///
/// A `-security` suite often has a repository of its own: it is taken only from an entry for security, or left
/// out where the machine has none.
pub(super) fn derive(all: &[Entry], wanted: &[String]) -> Vec<Entry> {
    let candidates = all.iter().filter(|entry| entry.is_main() && !entry.suite.contains('-'));
    let Some(best) = candidates.clone().map(|entry| entry.likeness(all)).max() else { return Vec::new() };
    let Some(main) = candidates.clone().find(|entry| entry.likeness(all) == best) else { return Vec::new() };
    let security: Vec<&Entry> =
        all.iter().filter(|entry| entry.is_main() && entry.suite.ends_with("-security")).collect();

    let mut derived = Vec::new();
    if wanted.is_empty() {
        derived.push(main.with_suite(&main.suite));
        let own = |suffix: &str| format!("{}-{suffix}", main.suite);
        if all.iter().any(|entry| entry.uri == main.uri && entry.suite == own("updates")) {
            derived.push(main.with_suite(&own("updates")));
        }
        derived
            .extend(security.iter().filter(|e| e.suite == own("security")).map(|e| e.with_suite(&e.suite)));
    }
    for suite in wanted {
        if suite.ends_with("-security") {
            derived.extend(security.first().map(|entry| entry.with_suite(suite)));
        } else {
            derived.push(main.with_suite(suite));
        }
    }
    derived.dedup();
    derived
}

/// What kind of packages a configuration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packages {
    /// Those that are installed.
    Binary,
    /// Those that they are built from.
    Source,
}

/// The entries as one deb822 file. Only package lists are fetched: no translations, no contents.
pub(super) fn to_deb822(entries: &[Entry], packages: Packages) -> String {
    let (kind, targets) = match packages {
        Packages::Binary => ("deb", "Packages"),
        Packages::Source => ("deb-src", "Sources"),
    };
    let mut text = String::new();
    for entry in entries {
        let _ = writeln!(text, "Types: {kind}\nURIs: {}\nSuites: {}", entry.uri, entry.suite);
        let _ = writeln!(text, "Components: {}\nTargets: {targets}", entry.components.join(" "));
        for (key, value) in &entry.fields {
            let _ = writeln!(text, "{key}:{}{value}", if value.starts_with('\n') { "" } else { " " });
        }
        text.push('\n');
    }
    text
}

/// Reads a `*.sources` file (deb822). Disabled and source-only entries are left out.
pub(super) fn parse_deb822(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut paragraph: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            entries.extend(from_paragraph(&paragraph));
            paragraph.clear();
        } else if line.starts_with('#') {
            // A comment may stand within a paragraph.
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = paragraph.last_mut() {
                value.push('\n');
                value.push_str(line.trim_end());
            }
        } else if let Some((key, value)) = line.split_once(':') {
            paragraph.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    entries
}

fn from_paragraph(paragraph: &[(String, String)]) -> Vec<Entry> {
    let value = |name: &str| {
        paragraph
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value.as_str())
    };
    let words = |name: &str| value(name).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let off = ["no", "false", "0", "off", "without", "disable"];
    if !words("Types").iter().any(|kind| kind == "deb") || off.contains(&value("Enabled")) {
        return Vec::new();
    }
    let fields: Vec<_> = KEPT
        .iter()
        .map(|name| ((*name).to_owned(), value(name).to_owned()))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let mut entries = Vec::new();
    for uri in words("URIs") {
        for suite in words("Suites") {
            let (uri, components, fields) = (uri.clone(), words("Components"), fields.clone());
            entries.push(Entry { uri, suite, components, fields });
        }
    }
    entries
}

/// Reads a `*.list` file: one entry a line, `deb [key=value …] URI SUITE COMPONENT…`.
pub(super) fn parse_list(text: &str) -> Vec<Entry> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Entry> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb")?;
    let rest = rest.strip_prefix([' ', '\t', '['].as_slice()).map(|_| rest.trim_start())?;
    let (options, rest) = match rest.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    let (uri, suite) = (words.next()?, words.next()?);
    let fields = options.split_whitespace().filter_map(|option| {
        let (key, value) = option.split_once('=')?;
        let name = match key {
            "arch" => "Architectures",
            _ => KEPT.into_iter().find(|name| name.eq_ignore_ascii_case(key))?,
        };
        Some((name.to_owned(), value.replace(',', " ")))
    });
    Some(Entry { uri, suite, fields: fields.collect(), components: words.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "Types: deb deb-src\n# A comment\nURIs: http://deb.example.org/debian\nSuites: bookworm bookworm-updates\nComponents: main contrib\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\nTypes: deb\nURIs: http://deb.example.org/debian-security\nSuites: bookworm-security\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n";
    const OTHERS: &str = "deb [arch=amd64 signed-by=/etc/apt/keyrings/tool.gpg] https://tool.example.com/linux/debian bookworm main\ndeb-src http://deb.example.org/debian bookworm main\ndeb https://cloud.example.com/apt cloud-bookworm main\n# deb http://old.example.org/debian buster main\ndeb https://flat.example.com/ ./\n";
    const UBUNTU: &str = "deb http://archive.example.net/ubuntu/ noble main restricted\ndeb http://archive.example.net/ubuntu/ noble-updates main restricted # updates\ndeb http://security.example.net/ubuntu/ noble-security main\n";

    fn derived(all: &[Entry], wanted: &[&str]) -> String {
        let wanted: Vec<String> = wanted.iter().map(|&s| s.to_owned()).collect();
        to_deb822(&derive(all, &wanted), Packages::Binary)
    }

    fn debian() -> Vec<Entry> {
        // The foreign entries come first: order must not decide.
        [parse_list(OTHERS), parse_deb822(DEBIAN)].concat()
    }

    #[test]
    fn the_machines_own_release() {
        insta::assert_snapshot!(derived(&debian(), &[]), @r"
        Types: deb
        URIs: http://deb.example.org/debian
        Suites: bookworm
        Components: main
        Targets: Packages
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

        Types: deb
        URIs: http://deb.example.org/debian
        Suites: bookworm-updates
        Components: main
        Targets: Packages
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

        Types: deb
        URIs: http://deb.example.org/debian-security
        Suites: bookworm-security
        Components: main
        Targets: Packages
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
        ");
        insta::assert_snapshot!(derived(&parse_list(UBUNTU), &[]), @r"
        Types: deb
        URIs: http://archive.example.net/ubuntu/
        Suites: noble
        Components: main
        Targets: Packages

        Types: deb
        URIs: http://archive.example.net/ubuntu/
        Suites: noble-updates
        Components: main
        Targets: Packages

        Types: deb
        URIs: http://security.example.net/ubuntu/
        Suites: noble-security
        Components: main
        Targets: Packages
        ");
    }

    #[test]
    fn another_suite_of_the_same_distribution() {
        insta::assert_snapshot!(derived(&debian(), &["trixie-backports"]), @r"
        Types: deb
        URIs: http://deb.example.org/debian
        Suites: trixie-backports
        Components: main
        Targets: Packages
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
        ");
        insta::assert_snapshot!(
            derived(&parse_list(UBUNTU), &["noble", "noble-security", "noble-backports"]),
            @r"
        Types: deb
        URIs: http://archive.example.net/ubuntu/
        Suites: noble
        Components: main
        Targets: Packages

        Types: deb
        URIs: http://security.example.net/ubuntu/
        Suites: noble-security
        Components: main
        Targets: Packages

        Types: deb
        URIs: http://archive.example.net/ubuntu/
        Suites: noble-backports
        Components: main
        Targets: Packages
        "
        );
    }

    #[test]
    fn a_key_in_the_entry_itself_is_kept() {
        let text = "Types: deb\nURIs: http://a.example/debian\nSuites: trixie\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abcd\n -----END PGP PUBLIC KEY BLOCK-----\n";
        let entries = parse_deb822(text);
        let again = to_deb822(&derive(&entries, &[]), Packages::Binary);
        insta::assert_snapshot!(again, @r"
        Types: deb
        URIs: http://a.example/debian
        Suites: trixie
        Components: main
        Targets: Packages
        Signed-By:
         -----BEGIN PGP PUBLIC KEY BLOCK-----
         .
         abcd
         -----END PGP PUBLIC KEY BLOCK-----
        ");
        assert_eq!(parse_deb822(&again)[0].fields, entries[0].fields);
    }

    #[test]
    fn nothing_of_the_distributions_gives_nothing() {
        assert_eq!(derived(&parse_list("deb https://cloud.example.com/apt cloud-bookworm main\n"), &[]), "");
        assert_eq!(derived(&parse_deb822(&DEBIAN.replace("Types", "Enabled: no\nTypes")), &["x"]), "");
        assert_eq!(derived(&[], &["x"]), "");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(?s).{0,200}") {
            let all = [parse_list(&text), parse_deb822(&text)].concat();
            let _ = derived(&all, &["x"]);
        }
    }
}
