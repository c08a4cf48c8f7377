//! The text of a mail out of its encodings: of transfer, of characters, of lines.

use mailparse::ParsedMail;

use super::error::MailError;
use super::hunk::wants_context;

/// The header that says how a text was made fit to travel.
pub(super) const ENCODING: &str = "Content-Transfer-Encoding";

/// The text of a mail out of its transfer encoding.
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    pub(super) charset: String,
    pub(super) flowed: bool,
    /// It was not plain text as it stands in the mail.
    pub(super) encoded: bool,
}

impl Text {
    /// All parts that are text and no HTML, one after the other, as git takes them.
    pub(super) fn of(mail: &ParsedMail) -> Result<Self, MailError> {
        let mut all = Self {
            bytes: Vec::new(),
            charset: String::new(),
            flowed: false,
            encoded: !mail.subparts.is_empty(),
        };
        for part in mail.parts().filter(|part| part.subparts.is_empty()) {
            let kind = part.ctype.mimetype.as_str();
            if !kind.starts_with("text/") || kind == "text/html" {
                continue;
            }
            let body = part
                .get_body_raw()
                .map_err(|error| MailError { what: format!("its text cannot be decoded: {error}") })?;
            let transfer =
                part.headers.iter().find(|header| header.get_key_ref().eq_ignore_ascii_case(ENCODING));
            let transfer =
                transfer.map(|header| header.get_value().trim().to_ascii_lowercase()).unwrap_or_default();
            let mut body = body;
            if matches!(transfer.as_str(), "quoted-printable" | "base64") {
                all.encoded = true;
                body = unix_lines_if_all(body);
            }
            if part.ctype.params.get("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed")) {
                let delete =
                    part.ctype.params.get("delsp").is_some_and(|delsp| delsp.eq_ignore_ascii_case("yes"));
                (all.flowed, all.encoded) = (true, true);
                body = unflow(&body, delete);
            }
            if all.charset.is_empty() {
                all.charset = part.ctype.charset.to_ascii_lowercase();
            }
            all.bytes.extend_from_slice(&body);
            // The line end before a boundary belongs to the boundary (RFC 2046), and yet may be all that is left of a context line.
            if !mail.subparts.is_empty() && body.ends_with(b"\n") && wants_context(&all.bytes) {
                all.bytes.push(b'\n');
            }
        }
        let plain = matches!(all.charset.as_str(), "" | "utf-8" | "us-ascii");
        all.encoded |= !plain || std::str::from_utf8(&all.bytes[..start_of_patch(&all.bytes)]).is_err();
        Ok(all)
    }
}

/// Text in this character set; what is declared wrong is taken for Latin-1, as git does.
pub(super) fn decode(bytes: &[u8], charset: &str) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let other = !matches!(charset, "" | "utf-8" | "us-ascii") && !bytes.is_ascii();
        if !other {
            return text.to_owned();
        }
    }
    let known =
        charset::Charset::for_label(charset.as_bytes()).filter(|_| !matches!(charset, "utf-8" | "us-ascii"));
    match known {
        Some(charset) => charset.decode_without_bom_handling(bytes).0.into_owned(),
        None => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// A mail with the line ends of mail, made into one with those of Unix. A patch whose files have such line ends themselves does
/// not have them in its headers.
pub(super) fn unix_lines(mail: &[u8]) -> Vec<u8> {
    let mut header = mail
        .split_inclusive(|byte| *byte == b'\n')
        .take_while(|line| !line.trim_ascii().is_empty())
        .peekable();
    if header.peek().is_some() && header.all(|line| line.ends_with(b"\r\n")) {
        without_returns(mail)
    } else {
        mail.to_owned()
    }
}

fn unix_lines_if_all(body: Vec<u8>) -> Vec<u8> {
    let all = body
        .split_inclusive(|byte| *byte == b'\n')
        .all(|line| line.ends_with(b"\r\n") || !line.ends_with(b"\n"));
    if all { without_returns(&body) } else { body }
}

fn without_returns(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => {
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

/// RFC 3676: a line that ends in a blank goes on in the next; a blank at the start is stuffing.
fn unflow(text: &[u8], delete_blank: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let ended = line.ends_with(b"\n");
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line == b"-- " {
            if !out.is_empty() && !out.ends_with(b"\n") {
                out.push(b'\n');
            }
            out.extend_from_slice(b"-- \n");
            continue;
        }
        let line = line.strip_prefix(b" ").unwrap_or(line);
        if let Some(shorter) = line.strip_suffix(b" ") {
            out.extend_from_slice(if delete_blank { shorter } else { line });
        } else {
            out.extend_from_slice(line);
            if ended {
                out.push(b'\n');
            }
        }
    }
    out
}

/// Where the message ends and the patch begins: at the `---`, or at a diff that has none.
pub(in crate::series) fn start_of_patch(text: &[u8]) -> usize {
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.trim_ascii_end();
        let begins = bare == b"---" || line.starts_with(b"diff -") || line.starts_with(b"Index: ");
        let old_file = line.starts_with(b"--- ") && bare.len() > 4 && !bare[4..].starts_with(b"-");
        if begins || old_file {
            return at;
        }
        at += line.len();
    }
    text.len()
}
