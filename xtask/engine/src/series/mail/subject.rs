//! `[RFC PATCH v2 3/9] cxl/mem: What it does`.

/// The subject of a mail, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// It begins with `Re:`, or what other mailers write for that.
    pub reply: bool,
    /// There is a `[… PATCH …]`.
    pub is_patch: bool,
    /// What else stands in it, in order: `RFC`, `RESEND`, a tree's name.
    pub words: Vec<String>,
    /// `v2`, where it is said.
    pub version: Option<u32>,
    /// `3/9`, where it is said.
    pub counter: Option<(u32, u32)>,
    /// The rest.
    pub title: String,
}

impl Subject {
    /// Takes a decoded, unfolded subject apart. Tags of mailing lists before the `[PATCH]` are dropped.
    pub fn parse(text: &str) -> Self {
        let mut subject = Self::default();
        let mut rest = text.trim();
        while let Some(after) = after_reply(rest) {
            subject.reply = true;
            rest = after.trim_start();
        }
        let mut look = rest;
        while let Some((tag, after)) = look.strip_prefix('[').and_then(|text| text.split_once(']')) {
            look = after.trim_start();
            if is_patch(tag) {
                subject.is_patch = true;
                subject.read_tag(tag);
                rest = look;
                break;
            }
        }
        subject.title = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        subject
    }

    /// Its version; a patch that names none is the first.
    pub fn version(&self) -> u32 {
        self.version.unwrap_or(1)
    }

    /// The `[…]` for this version and place, with what else stands in it; the counter as wide as git makes it.
    pub fn tag(&self, version: u32, counter: Option<(usize, usize)>) -> String {
        let mut words = self.words.clone();
        if !words.iter().any(|word| word.eq_ignore_ascii_case("PATCH")) {
            words.push("PATCH".to_owned());
        }
        if version > 1 {
            words.push(format!("v{version}"));
        }
        if let Some((number, total)) = counter {
            let width = total.to_string().len();
            words.push(format!("{number:0width$}/{total}"));
        }
        format!("[{}]", words.join(" "))
    }

    /// How the patch is named in messages: `[PATCH v2 3/9] title`.
    pub fn shown(&self) -> String {
        let counter = self.counter.map(|(number, total)| (number as usize, total as usize));
        format!("{} {}", self.tag(self.version(), counter), self.title)
    }

    fn read_tag(&mut self, tag: &str) {
        for word in tag.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
            let joined =
                word.get(..5).filter(|start| start.eq_ignore_ascii_case("PATCH")).map(|_| &word[5..]);
            let number =
                |text: &str| text.strip_prefix(['v', 'V']).and_then(|digits| digits.parse::<u32>().ok());
            if let Some(version) = number(word) {
                self.version = Some(version);
            } else if let Some((number, total)) = counter(word) {
                self.counter = Some((number, total));
            } else if let Some(version) = joined.and_then(number) {
                self.version = Some(version);
                self.words.push("PATCH".to_owned());
            } else {
                self.words.push(word.to_owned());
            }
        }
    }
}

fn is_patch(tag: &str) -> bool {
    tag.split([' ', '\t', ','])
        .any(|word| word.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("PATCH")))
}

fn counter(word: &str) -> Option<(u32, u32)> {
    let (number, total) = word.split_once('/')?;
    let digits = |text: &str| text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(number) || !digits(total) {
        return None;
    }
    Some((number.parse().ok()?, total.parse().ok()?))
}

fn after_reply(text: &str) -> Option<&str> {
    let (word, rest) = text.split_once(':')?;
    ["re", "fwd", "fw", "aw", "sv", "antw"]
        .iter()
        .any(|reply| word.trim().eq_ignore_ascii_case(reply))
        .then_some(rest)
}

/// A title as `git format-patch` makes a file name of it, without number and ending: nothing but letters, digits, `.`, `_` and
/// `-`, and no more than 52 of them.
pub fn slug(title: &str) -> String {
    const LONGEST: usize = 52;
    let mut slug = String::new();
    for c in title.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => slug.push(c),
            '.' if !slug.ends_with('.') => slug.push('.'),
            _ if slug.is_empty() || slug.ends_with('-') || c == '.' => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(slug.trim_end_matches(['.', '-']).len());
    slug.truncate(LONGEST);
    slug
}
