//! The commands in the pages' blocks of `sh`.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::pages::Page;

/// How long a command takes, by what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speed {
    /// Nothing but the checkout.
    Quick,
    /// A kernel, a tree of the user's, a guest.
    Slow,
}

/// A command of the tool.
#[derive(Debug)]
pub struct Command {
    /// The line as it stands, without its comment.
    pub text: String,
    /// Its words, the first of which stands for the program.
    pub words: Vec<String>,
    pub line: usize,
    /// Why its block is not run.
    pub not_run: Option<String>,
}

/// Subcommands that need no kernel.
const QUICK: &[&[&str]] = &[
    &["ci", "export"],
    &["completions"],
    &["kernel", "list"],
    &["man"],
    &["parse"],
    &["results"],
    &["series", "import"],
    &["series", "list"],
    &["setup", "--dry-run"],
    &["show-config"],
    &["topology"],
];

/// What the pages call the series that they import from the sandbox's mails.
const OF_MAILS: &str = "attach";

impl Command {
    /// The words that the tool gets: up to where the shell does something else. What lies below the user's home is put where there
    /// is something of its kind, since the parser looks.
    pub fn arguments(&self) -> Vec<String> {
        let is_shells =
            |word: &&String| !(word.starts_with('>') || ["|", "&&", ";"].contains(&word.as_str()));
        let there = |word: &String| match word.as_str() {
            "~/linux" => "/".to_owned(),
            other if other.starts_with("~/") => "/bin/sh".to_owned(),
            other => other.to_owned(),
        };
        self.words.iter().take_while(is_shells).map(there).collect()
    }

    /// Whether a red verdict is the answer that its page means: the log, the runs, the tree and the mails of the sandbox are broken on
    /// purpose. The project's own series on its own kernels are not.
    pub fn judges_what_is_broken(&self) -> bool {
        let of_mails = self.words[1] == "series" && self.words.get(3).is_some_and(|name| name == OF_MAILS);
        ["parse", "results"].contains(&self.words[1].as_str()) || of_mails || self.is_of_users_tree()
    }

    /// Whether it takes something below the user's home.
    fn is_of_users_tree(&self) -> bool {
        self.words.iter().any(|word| word.starts_with("~/"))
    }

    pub fn speed(&self) -> Speed {
        let words = &self.words[1..];
        let is_plan = words[0] == "run" && words.iter().any(|word| word == "--list");
        let is_offline = words.iter().any(|word| word == "--offline");
        let of_table =
            QUICK.iter().any(|quick| words.iter().zip(*quick).filter(|(a, b)| a == b).count() == quick.len());
        if (of_table || is_plan || is_offline) && !self.is_of_users_tree() {
            Speed::Quick
        } else {
            Speed::Slow
        }
    }
}

/// The commands of a page in their order.
pub fn commands(page: &Page) -> Vec<Command> {
    let mut commands = Vec::new();
    let (mut not_run, mut block) = (None, None);
    for (event, range) in Parser::new(&page.text).into_offset_iter() {
        match event {
            Event::Html(html) => {
                let reason =
                    html.trim().strip_prefix("<!-- not run: ").and_then(|rest| rest.strip_suffix(" -->"));
                not_run = reason.map(str::to_owned).or(not_run);
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if &*language == "sh" => {
                block = Some((String::new(), page.line(range.start)));
            }
            Event::Text(text) => {
                if let Some((block, _)) = &mut block {
                    block.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((text, line)) = block.take() {
                    commands.extend(of_block(&text, line, not_run.as_deref()));
                }
                not_run = None;
            }
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_)) => not_run = None,
            _ => {}
        }
    }
    commands
}

/// The commands of a block whose fence is on this line.
fn of_block(text: &str, fence: usize, not_run: Option<&str>) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut joined = String::new();
    for (index, line) in text.lines().enumerate() {
        joined.push_str(line.trim());
        if let Some(continued) = joined.strip_suffix('\\') {
            joined.truncate(continued.len());
            continue;
        }
        let text = std::mem::take(&mut joined);
        // `shlex` leaves out a comment, as the shell does.
        let words =
            shlex::split(&text).unwrap_or_else(|| panic!("line {}: quotes of {text}", fence + 1 + index));
        if let Some(rest) = words.strip_prefix(&["cargo".to_owned(), "xtask".to_owned()]) {
            let words = std::iter::once("xtask".to_owned()).chain(rest.iter().cloned()).collect();
            let not_run = not_run.map(str::to_owned);
            commands.push(Command { text, words, line: fence + 1 + index, not_run });
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Command> {
        commands(&Page { name: "page.md".to_owned(), text: text.to_owned() })
    }

    #[test]
    fn commands_have_their_line_and_the_reason_above_their_block() {
        let text = "# A\n\n<!-- not run: a reason -->\n```sh\ncargo xtask run \\\n  --list  # why\n```\n\n1. b\n\n   ```sh\n   ls\n   cargo xtask parse 'a b'\n   ```\n";
        let found = of(text);
        let seen: Vec<_> = found.iter().map(|c| (c.line, c.words.join("|"), c.not_run.as_deref())).collect();
        assert_eq!(
            seen,
            [(6, "xtask|run|--list".to_owned(), Some("a reason")), (13, "xtask|parse|a b".to_owned(), None)]
        );
    }

    #[test]
    fn what_needs_a_tree_is_slow() {
        let speed = |line: &str| of(&format!("```sh\ncargo xtask {line}\n```\n"))[0].speed();
        assert_eq!(speed("run --list"), Speed::Quick);
        assert_eq!(speed("topology draw mixed"), Speed::Quick);
        assert_eq!(speed("run --list --git ~/linux a..b"), Speed::Slow);
        assert_eq!(speed("run"), Speed::Slow);
        assert_eq!(speed("series lint x"), Speed::Slow);
    }

    #[test]
    fn red_is_an_answer_on_what_is_broken_alone() {
        let broken = |line: &str| of(&format!("```sh\ncargo xtask {line}\n```\n"))[0].judges_what_is_broken();
        for line in [
            "parse console.log",
            "results show latest",
            "run --git ~/linux a..b",
            "run --linux ~/linux",
            "series check attach --boot",
        ] {
            assert!(broken(line), "{line}");
        }
        for line in [
            "run",
            "run --suite attach --case 'callback-*'",
            "series check memdev-attach",
            "series check memdev-attach --boot --suite attach",
            "bisect log",
        ] {
            assert!(!broken(line), "{line}");
        }
    }
}
