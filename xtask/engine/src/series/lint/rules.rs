//! The rules that need nothing but the patches. Pure.
//!
//! They are those of the kernel's `Documentation/process/submitting-patches.rst` and `maintainer-tip.rst`.

use spec::Series;
use spec::series::FILE;

use super::{Finding, Severity};
use crate::series::export::has_changes;
use crate::series::mail::Message;
use crate::series::trailers::{Tag, block, rank, read};

/// The longest subject that is not reported, without its tag: "no more than 70-75 characters".
const LONGEST_SUBJECT: usize = 75;

/// What is wrong with a series by itself: `patches` are its patches with the names of their files.
pub fn rules(series: &Series, cover: Option<&Message>, patches: &[(String, Message)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, (file, patch)) in patches.iter().enumerate() {
        let mut one = OfPatch { file, patch, findings: &mut findings };
        one.subject(series, number + 1, patches.len());
        one.sign_offs();
        one.trailers();
        one.whitespace();
    }
    if series.version > 1 && !series.posted.changes.contains_key(&series.version) {
        let mails = cover.into_iter().chain(patches.iter().map(|(_, patch)| patch));
        if !mails.into_iter().any(|mail| has_changes(&mail.text(), series.version)) {
            let message = format!(
                "nothing says what changed in v{}: in the cover letter, below a `---`, or in changes:",
                series.version
            );
            findings.push(of_series(Severity::Error, "changelog", message));
        }
    }
    if series.posted.base_commit.is_none() && series.base.is_none() && series.variants.is_empty() {
        let message =
            "nothing says what it is based on: base: with a range of kernels, or base-commit:".to_owned();
        findings.push(of_series(Severity::Warning, "base", message));
    }
    findings
}

fn of_series(severity: Severity, rule: &str, message: String) -> Finding {
    Finding { file: FILE.to_owned(), line: None, severity, rule: rule.to_owned(), message }
}

struct OfPatch<'a> {
    file: &'a str,
    patch: &'a Message,
    findings: &'a mut Vec<Finding>,
}

impl OfPatch<'_> {
    fn add(&mut self, severity: Severity, rule: &str, line: Option<usize>, message: impl Into<String>) {
        let (file, rule, message) = (self.file.to_owned(), rule.to_owned(), message.into());
        self.findings.push(Finding { file, line, severity, rule, message });
    }

    /// The first line of the file that is such a one.
    fn line(&self, is: impl Fn(&str) -> bool) -> Option<usize> {
        String::from_utf8_lossy(&self.patch.render()).lines().position(is).map(|at| at + 1)
    }

    fn line_of(&self, text: &str) -> Option<usize> {
        self.line(|line| line == text)
    }

    fn subject(&mut self, series: &Series, number: usize, total: usize) {
        let subject = self.patch.subject();
        let title = subject.title.as_str();
        let line = self.line(|line| line.starts_with("Subject:"));
        match title.split_once(": ") {
            Some((area, what)) if !area.contains(' ') || area.contains(", ") || area.ends_with("core") => {
                if what.trim().is_empty() {
                    self.add(Severity::Error, "subject", line, "nothing stands behind the colon");
                }
            }
            _ => self.add(
                Severity::Error,
                "subject",
                line,
                format!("`{title}` does not begin with a subsystem, as in `cxl/mem: Do something`"),
            ),
        }
        if title.ends_with('.') {
            self.add(Severity::Error, "subject", line, "it ends in a full stop");
        }
        let length = title.chars().count();
        if length > LONGEST_SUBJECT {
            self.add(
                Severity::Warning,
                "subject",
                line,
                format!("it has {length} characters, more than {LONGEST_SUBJECT}"),
            );
        }
        if subject.counter.is_some_and(|counter| (counter.0 as usize, counter.1 as usize) != (number, total))
        {
            let tag = subject.shown();
            self.add(Severity::Error, "counter", line, format!("`{tag}` is patch {number} of {total}"));
        }
        if subject.version.unwrap_or(series.version) != series.version {
            let (own, all) = (subject.version(), series.version);
            self.add(Severity::Error, "counter", line, format!("it says v{own}, and the series is v{all}"));
        }
    }

    fn sign_offs(&mut self) {
        let tags = block(&self.patch.message);
        let Some(author) = self.patch.author() else {
            return self.add(Severity::Error, "author", None, "it has no From: with an address");
        };
        let by = |name: &str| tags.iter().filter(|tag| tag.name == name).cloned().collect::<Vec<_>>();
        let signed = by("Signed-off-by");
        let mut signers = signed.iter().filter_map(Tag::who);
        if !signers.clone().any(|who| who.address.eq_ignore_ascii_case(&author.address)) {
            let message = match signers.find(|who| who.name == author.name) {
                Some(who) => format!("{author} signed off as <{}>", who.address),
                None => format!("its author, {author}, has not signed it off"),
            };
            self.add(Severity::Error, "sign-off", None, message);
        }
        let address = |tag: &Tag| tag.who().map(|who| who.address.clone());
        for tag in by("Co-developed-by") {
            let at = tags.iter().position(|other| *other == tag).unwrap_or_default();
            let next = tags.get(at + 1);
            if !next.is_some_and(|next| next.name == "Signed-off-by" && address(next) == address(&tag)) {
                let line = self.line_of(&tag.to_string());
                self.add(
                    Severity::Error,
                    "sign-off",
                    line,
                    format!("behind `{tag}` has to come the sign-off of the same"),
                );
            }
        }
    }

    fn trailers(&mut self) {
        let message = self.patch.message.clone();
        let block_start = message.trim_end().rfind("\n\n").unwrap_or(0);
        let mut last: Option<(usize, String)> = None;
        let mut seen: Vec<String> = Vec::new();
        let mut disordered = None;
        for line in message[block_start..].lines() {
            let at = self.line_of(line);
            // A link may have anything behind it (5.Posting.rst).
            let is = |name: &str| line.get(..name.len()).is_some_and(|s| s.eq_ignore_ascii_case(name));
            let why = match read(line) {
                Some(Ok(tag)) if !line.starts_with(&tag.name) => Some(format!("it is written {}:", tag.name)),
                Some(Err(why)) if !is("Link:") && !is("Closes:") && !is("BugLink:") => Some(why),
                _ => None,
            };
            if let Some(why) = why {
                let rule = if is("Fixes:") { "fixes" } else { "trailer" };
                self.add(Severity::Error, rule, at, format!("`{line}`: {why}"));
            }
            let Some((name, _)) = line.split_once(": ") else { continue };
            let Some(rank) = rank(name) else { continue };
            if seen.iter().any(|other| other.eq_ignore_ascii_case(line)) {
                self.add(Severity::Error, "trailer", at, format!("`{line}` stands twice"));
            }
            seen.push(line.to_owned());
            if let Some((_, before)) = last.as_ref().filter(|(highest, _)| *highest > rank) {
                disordered.get_or_insert_with(|| (at, format!("{before}: stands before {name}:;")));
            }
            if last.as_ref().is_none_or(|(highest, _)| *highest <= rank) {
                last = Some((rank, name.to_owned()));
            }
        }
        // Once, since no other tree than tip asks for it.
        if let Some((at, what)) = disordered {
            let message =
                format!("{what} the tip tree's handbook (maintainer-tip.rst) has them in another order");
            self.add(Severity::Warning, "trailer-order", at, message);
        }
    }

    fn whitespace(&mut self) {
        let file = self.patch.render();
        let text = String::from_utf8_lossy(&file).into_owned();
        let mut in_message = true;
        let mut headers = true;
        for (number, line) in text.lines().enumerate().map(|(number, line)| (number + 1, line)) {
            if headers {
                headers = !line.is_empty();
                continue;
            }
            in_message &= line != "---" && !line.starts_with("diff --git ");
            if in_message && line.ends_with([' ', '\t']) {
                self.add(
                    Severity::Warning,
                    "whitespace",
                    Some(number),
                    "blanks at the end of a line of the message",
                );
            }
            let Some(added) = line.strip_prefix('+').filter(|line| !in_message && !line.starts_with("++ "))
            else {
                continue;
            };
            if added.ends_with([' ', '\t', '\r']) {
                self.add(Severity::Error, "whitespace", Some(number), "it adds blanks at the end of a line");
            }
            let indent = &added[..added.len() - added.trim_start_matches([' ', '\t']).len()];
            if indent.contains(" \t") {
                self.add(Severity::Error, "whitespace", Some(number), "it adds a blank before a tab");
            }
        }
    }
}
