//! The headers of a mail as they stand, and the names and ids in them.

use std::fmt;

use mailparse::MailAddr;

use super::text::decode;

/// A name with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name; empty where there is none.
    pub name: String,
    /// `somebody@somewhere`.
    pub address: String,
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            write!(f, "<{}>", self.address)
        } else {
            write!(f, "{} <{}>", self.name, self.address)
        }
    }
}

/// A header with all of its lines, without the last line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) raw: String,
}

/// The headers of a mail up to the first empty line, each with the lines that go on it.
pub(super) fn headers(mail: &[u8]) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    for line in mail.split(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            break;
        }
        let text = decode(line, "");
        let text = text.trim_end_matches('\r');
        match headers.last_mut() {
            Some(last) if text.starts_with([' ', '\t']) => {
                last.raw.push('\n');
                last.raw.push_str(text);
            }
            _ => {
                let name = text.split(':').next().unwrap_or_default().trim().to_owned();
                headers.push(Header { name, raw: text.to_owned() });
            }
        }
    }
    headers
}

/// The ids in angle brackets.
pub(super) fn ids(text: &str) -> Vec<String> {
    let id = |part: &str| Some(part.split_once('>')?.0.split_whitespace().collect::<String>());
    text.split('<').skip(1).filter_map(id).filter(|id| !id.is_empty()).collect()
}

/// `Name <address>`, in one of the forms that mailers write.
pub(super) fn mailbox(text: &str) -> Option<Mailbox> {
    let parsed = mailparse::addrparse(text.trim()).ok()?;
    match parsed.iter().next()? {
        MailAddr::Single(single) if single.addr.contains('@') => Some(Mailbox {
            name: single.display_name.clone().unwrap_or_default(),
            address: single.addr.clone(),
        }),
        _ => None,
    }
}
