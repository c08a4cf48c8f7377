//! `[RFC PATCH v2 3/9] cxl/mem: What it does`.

/// The subject of a mail, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// It begins with `Re:`, or what other mailers write for that.
    pub reply: bool,
    /// There is a bracket as git, patchwork or people write it for a patch: `[PATCH …]`, `[RFC v2 1/2]`, `[v4,1/2]`.
    pub is_patch: bool,
    /// It asks for a pull: `[GIT PULL]`, `[PULL 3/9]`.
    pub is_pull: bool,
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
    /// Takes a decoded, unfolded subject apart. Tags of mailing lists before the patch's own are dropped, and so is what `git
    /// mailinfo` takes off behind it (git's mailinfo.c, `cleanup_subject()`): further brackets, colons, a `Re:`.
    pub fn parse(text: &str) -> Self {
        let (mut subject, title) = Self::head(text);
        subject.title = text[title..].split_whitespace().collect::<Vec<_>>().join(" ");
        subject
    }

    /// What stands before the title, and where the title begins.
    pub(super) fn head(text: &str) -> (Self, usize) {
        let mut subject = Self::default();
        // Behind a reply mark or a bracket of the patch's; a list's bracket is only passed over if one of those follows.
        let mut title = text.len() - text.trim_start().len();
        let mut look = &text[title..];
        loop {
            if let Some(after) = after_reply(look, subject.is_patch) {
                subject.reply |= !subject.is_patch;
                look = after;
            } else if let Some((tag, after)) = look.strip_prefix('[').and_then(|text| text.split_once(']')) {
                let own = subject.read_tag(tag);
                look = after;
                if !own && !subject.is_patch {
                    look = look.trim_start();
                    continue;
                }
            } else {
                return (subject, title);
            }
            look = look.trim_start_matches(|c: char| c.is_whitespace() || (c == ':' && subject.is_patch));
            title = text.len() - look.len();
        }
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

    /// Whether what posts it is a resend of something that was posted before.
    pub fn is_resend(&self) -> bool {
        self.words.iter().any(|word| RESENDS.iter().any(|resend| word.eq_ignore_ascii_case(resend)))
    }

    /// Reads what stands in a bracket, if it is a patch's or a pull request's.
    fn read_tag(&mut self, tag: &str) -> bool {
        let words: Vec<Word<'_>> = tag
            .split(|c: char| c.is_whitespace() || c == ',')
            .filter(|word| !word.is_empty())
            .map(Word::of)
            .collect();
        if words.iter().any(|word| matches!(word, Word::Other(other) if other.eq_ignore_ascii_case("PULL"))) {
            self.is_pull = true;
            return true;
        }
        if !words.iter().any(Word::is_of_patch) {
            return false;
        }
        self.is_patch = true;
        for word in words {
            match word {
                Word::Version(version) => self.version = Some(version),
                Word::Counter(counter) => self.counter = Some(counter),
                Word::PatchVersion(version) => {
                    self.version = Some(version);
                    self.words.push("PATCH".to_owned());
                }
                Word::Other(other) => self.words.push(other.to_owned()),
            }
        }
        true
    }
}

const RESENDS: [&str; 2] = ["RESEND", "REPOST"];

/// A word in a bracket.
enum Word<'a> {
    /// `v2`
    Version(u32),
    /// `3/9`
    Counter((u32, u32)),
    /// `PATCHv2`
    PatchVersion(u32),
    Other(&'a str),
}

impl<'a> Word<'a> {
    fn of(word: &'a str) -> Self {
        let number = |text: &str| text.strip_prefix(['v', 'V'])?.parse::<u32>().ok();
        let joined = after_patch(word).map(|rest| rest.trim_start_matches('-'));
        let version = || number(word).map(Self::Version);
        version()
            .or_else(|| counter(word).map(Self::Counter))
            .or_else(|| joined.and_then(number).map(Self::PatchVersion))
            .unwrap_or(Self::Other(word))
    }

    /// Whether nobody but who posts patches writes it into a bracket.
    fn is_of_patch(&self) -> bool {
        match self {
            Self::Other(word) => {
                let is = |known: &&str| word.eq_ignore_ascii_case(known);
                after_patch(word).is_some() || is(&"RFC") || RESENDS.iter().any(is)
            }
            _ => true,
        }
    }
}

/// What follows `PATCH` in a word that begins so.
fn after_patch(word: &str) -> Option<&str> {
    word.get(..5).filter(|start| start.eq_ignore_ascii_case("PATCH")).map(|_| &word[5..])
}

fn counter(word: &str) -> Option<(u32, u32)> {
    let (number, total) = word.split_once('/')?;
    let digits = |text: &str| text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(number) || !digits(total) {
        return None;
    }
    Some((number.parse().ok()?, total.parse().ok()?))
}

/// What follows a mark of a reply. Behind the patch's bracket git knows `Re:` alone, and the rest is the title's.
fn after_reply(text: &str, behind_tag: bool) -> Option<&str> {
    const REPLIES: [&str; 6] = ["re", "fwd", "fw", "aw", "sv", "antw"];
    let known = if behind_tag { &REPLIES[..1] } else { &REPLIES };
    let (word, rest) = text.split_once(':')?;
    known.iter().any(|reply| word.trim().eq_ignore_ascii_case(reply)).then(|| rest.trim_start())
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
