//! One mail: its headers as they stand, and its text out of every encoding.
//!
//! What is decoded is what `git mailinfo` decodes, and the tests hold it against that: the commit message becomes UTF-8, while
//! the diff keeps its bytes, since a source file may have another character set than the mail. Limits: a mail in
//! `text/html` alone has no patch in it.

use super::error::MailError;
use super::header::{Header, Mailbox, headers, ids, mailbox};
use super::mbox::{GITS_DATE, is_from_line};
use super::subject::Subject;
use super::text::{ENCODING, Text, decode, start_of_patch, unix_lines};

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The commit on the first line, where `git format-patch` wrote it.
    pub commit: Option<String>,
    headers: Vec<Header>,
    /// What stands before the diff and its `---`.
    pub message: String,
    /// The `---` or the diff, and all that follows, byte for byte.
    pub rest: Vec<u8>,
    /// It was sent as `format=flowed`, which loses blanks at the ends of lines.
    pub flowed: bool,
    /// The number at the start of its file's name, as `git format-patch` writes `0003-…`.
    pub file_number: Option<u32>,
}

/// What a patch keeps of a mail; all else says how it travelled.
const KEPT: [&str; 4] = ["From", "Date", "Subject", "Message-ID"];
const MIME: [&str; 3] = ["MIME-Version", "Content-Type", ENCODING];

impl Message {
    /// Reads one mail, with or without its "From " line.
    ///
    /// # Errors
    /// It is no mail, or its encoding is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, MailError> {
        let (first, mail) = match bytes.iter().position(|byte| *byte == b'\n') {
            Some(end) if is_from_line(&bytes[..=end]) => bytes.split_at(end + 1),
            _ => (&b""[..], bytes),
        };
        let mail = unix_lines(mail);
        let headers = headers(&mail);
        let parsed = mailparse::parse_mail(&mail)
            .map_err(|error| MailError { what: format!("not a mail: {error}") })?;
        let text = Text::of(&parsed)?;
        let at = start_of_patch(&text.bytes);
        let mut message = decode(&text.bytes[..at], &text.charset);
        // A character set may take the last line end for a part of something else; the patch still begins on a line of its own.
        if at < text.bytes.len() && !message.is_empty() && !message.ends_with('\n') {
            message.push('\n');
        }
        let commit = commit_of(first);
        let rest = text.bytes[at..].to_owned();
        let mut this = Self { headers, message, rest, flowed: text.flowed, commit, file_number: None };
        this.keep_headers(text.encoded);
        Ok(this)
    }

    /// A header, decoded and unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let header = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        let raw = format!("{}\n", header.raw);
        let (parsed, _) = mailparse::parse_header(raw.as_bytes()).ok()?;
        Some(parsed.get_value().split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Its subject.
    pub fn subject(&self) -> Subject {
        Subject::parse(&self.header("Subject").unwrap_or_default())
    }

    /// Who sent it.
    pub fn sender(&self) -> Option<Mailbox> {
        mailbox(&self.header("From")?)
    }

    /// Who wrote the patch: the sender, or whom a `From:` on the first line of the text names.
    pub fn author(&self) -> Option<Mailbox> {
        let first = self.message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        first.strip_prefix("From:").and_then(mailbox).or_else(|| self.sender())
    }

    /// Its id, without the brackets.
    pub fn message_id(&self) -> Option<String> {
        ids(&self.header("Message-ID")?).into_iter().next()
    }

    /// The mails that it answers, the nearest first.
    pub fn answers(&self) -> Vec<String> {
        let mut found = ids(&self.header("In-Reply-To").unwrap_or_default());
        for id in ids(&self.header("References").unwrap_or_default()).into_iter().rev() {
            if !found.contains(&id) {
                found.push(id);
            }
        }
        found
    }

    /// Whether there is a diff in it.
    pub fn has_diff(&self) -> bool {
        let starts = [&b"diff "[..], b"--- a/", b"--- /dev/null", b"Index: "];
        self.rest.split(|byte| *byte == b'\n').any(|line| starts.iter().any(|start| line.starts_with(start)))
    }

    /// All of its text, the diff too.
    pub fn text(&self) -> String {
        format!("{}{}", self.message, String::from_utf8_lossy(&self.rest))
    }

    /// The value of a line `NAME: value` of its text, as in `base-commit:`; the first one.
    pub fn field(&self, name: &str) -> Option<String> {
        self.fields(name).into_iter().next()
    }

    /// The values of all lines `NAME: value` of its text.
    pub fn fields(&self, name: &str) -> Vec<String> {
        let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().to_owned());
        self.text().lines().filter_map(value).filter(|value| !value.is_empty()).collect()
    }

    /// Puts another subject in place, unless it is the same.
    pub fn set_subject(&mut self, tag: &str) {
        let Subject { title, is_patch, .. } = self.subject();
        let Some(header) = self.headers.iter_mut().find(|header| header.name.eq_ignore_ascii_case("Subject"))
        else {
            return;
        };
        let raw = &header.raw["Subject:".len()..];
        // The title stays as it is folded and encoded, where the tags can be taken off before it.
        let (head, at) = Subject::head(raw);
        let plain = head.is_patch || !is_patch && !raw.contains("=?");
        let rest = if plain { raw[at..].to_owned() } else { title };
        header.raw = format!("Subject: {tag} {rest}");
    }

    /// Puts a header in place of the one of this name, or behind the others.
    pub fn set_header(&mut self, name: &str, value: &str) {
        let raw = format!("{name}: {value}");
        match self.headers.iter_mut().find(|header| header.name.eq_ignore_ascii_case(name)) {
            Some(header) => header.raw = raw,
            None => self.headers.push(Header { name: name.to_owned(), raw }),
        }
    }

    /// Says in the headers that the text is UTF-8, where it is not ASCII and nothing says so.
    pub fn declare_utf8(&mut self) {
        if !self.message.is_ascii() && self.header("Content-Type").is_none() {
            for (name, value) in MIME.iter().zip(["1.0", "text/plain; charset=UTF-8", "8bit"]) {
                self.set_header(name, value);
            }
        }
    }

    /// Takes out what says which mail of which thread it was: it is to be sent again.
    pub fn forget_thread(&mut self) {
        let thread = ["Message-ID", "In-Reply-To", "References"];
        self.headers.retain(|header| !thread.iter().any(|name| header.name.eq_ignore_ascii_case(name)));
    }

    /// The patch as a file of its series: which mail it was still counts, but not which it answered.
    pub fn file(&self) -> Vec<u8> {
        let mut file = self.clone();
        if self.commit.is_none() {
            let answers = ["In-Reply-To", "References"];
            file.headers.retain(|header| !answers.iter().any(|name| header.name.eq_ignore_ascii_case(name)));
        }
        file.render()
    }

    /// A mail made up here.
    pub fn new(from: &Mailbox, date: &str, subject: &str, message: &str) -> Self {
        let mut this = Self {
            commit: None,
            headers: Vec::new(),
            message: message.to_owned(),
            rest: Vec::new(),
            flowed: false,
            file_number: None,
        };
        for (name, value) in [("From", from.to_string().as_str()), ("Date", date), ("Subject", subject)] {
            this.set_header(name, value);
        }
        this.declare_utf8();
        this
    }

    /// The patch as a file, as `git format-patch` writes them.
    pub fn render(&self) -> Vec<u8> {
        let commit = self.commit.clone().unwrap_or_else(|| "0".repeat(40));
        let mut text = format!("From {commit} {GITS_DATE}\n");
        for header in &self.headers {
            text.push_str(&header.raw);
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.message);
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.rest);
        bytes
    }

    /// Only those that a patch has, and none that says of another encoding than it has now. A file of git's keeps all of its own.
    fn keep_headers(&mut self, encoded: bool) {
        let of_git = self.commit.is_some();
        let answers: [&str; 2] = ["In-Reply-To", "References"];
        self.headers.retain(|header| {
            let is = |names: &[&str]| names.iter().any(|name| header.name.eq_ignore_ascii_case(name));
            if is(&MIME) { !encoded } else { of_git || is(&KEPT) || is(&answers) }
        });
        self.declare_utf8();
    }
}

fn commit_of(first: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(first).ok()?;
    let commit = text.strip_prefix("From ")?.split(' ').next()?;
    let is_id = matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && text.contains(GITS_DATE)).then(|| commit.to_owned())
}
