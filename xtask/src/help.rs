//! What help has beside clap's own: groups of options and of subcommands, examples, exit codes.
//!
//! A subcommand carries its [`Footer`] with it, from which its help, its manual page and the reference are made.

use clap::Command;
use clap::builder::styling::{AnsiColor, Effects, Style};
use clap::builder::{CommandExt, StyledStr, Styles};

/// The heading of options that say which kernel is meant, with which patches on it.
pub const KERNEL: &str = "Kernel and series";
/// The heading of options that say what of all there is.
pub const SELECTION: &str = "Selection";
/// The heading of options that say how it is done.
pub const EXECUTION: &str = "Execution";
/// The heading of options that say what is printed, and where results go.
pub const OUTPUT: &str = "Output";
/// The heading of options that every subcommand has in the same way.
pub const GLOBAL: &str = "Global options";
/// Where the options stand that all subcommands have: behind their own.
pub const LAST: usize = 900;

/// The colours of cargo's own help, since `cargo` is what one has typed.
pub const STYLES: Styles = Styles::styled()
    .header(HEADING)
    .usage(HEADING)
    .literal(LITERAL)
    .placeholder(AnsiColor::Cyan.on_default())
    .error(AnsiColor::BrightRed.on_default().effects(Effects::BOLD))
    .valid(LITERAL)
    .invalid(AnsiColor::BrightYellow.on_default().effects(Effects::BOLD));
const HEADING: Style = AnsiColor::BrightGreen.on_default().effects(Effects::BOLD);
const LITERAL: Style = AnsiColor::BrightCyan.on_default().effects(Effects::BOLD);

/// The exit codes that hold where a subcommand names none of its own.
pub const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "passed, or what was asked for is done"),
    ("1", "red: a case failed, crashed, timed out or was not reached, or the kernel printed a splat"),
    ("2", "bad usage, or a bad input file"),
    ("3", "a series did not apply, or a kernel did not build"),
    ("4", "infrastructure: something is missing or broke, or nothing was run"),
    ("130", "interrupted"),
];

/// What a reader looks for, and the subcommands that do it. Whatever there is stands in one of them.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("Build, boot and judge", &["run", "build", "boot", "bisect", "bisect-run", "ci"]),
    ("Topologies", &["topology"]),
    ("Kernels and series", &["kernel", "series"]),
    ("Results and logs", &["results", "parse"]),
    ("This machine", &["doctor", "setup", "show-config", "completions", "man", "test", "bench"]),
];

/// What stands below the options of a subcommand.
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct Footer {
    /// Commands to type, each with what it is for.
    pub examples: &'static [(&'static str, &'static str)],
    /// Exit codes that mean something else than [`EXIT_CODES`].
    pub exits: &'static [(&'static str, &'static str)],
    /// Whether these are all: the others do not hold.
    pub only_these: bool,
}

impl CommandExt for Footer {}

impl Footer {
    /// Examples alone.
    pub const fn new(examples: &'static [(&'static str, &'static str)]) -> Self {
        Self { examples, exits: &[], only_these: false }
    }

    /// With exit codes of its own.
    pub const fn exits(self, exits: &'static [(&'static str, &'static str)]) -> Self {
        Self { exits, ..self }
    }

    /// With exit codes of its own, and no others.
    pub const fn exits_only(self, exits: &'static [(&'static str, &'static str)]) -> Self {
        Self { exits, only_these: true, ..self }
    }

    /// For `-h`.
    fn short(&self) -> String {
        let mut text = heading("Examples");
        for (command, purpose) in self.examples {
            text += &format!("\n  {LITERAL}{command}{LITERAL:#}\n      {purpose}");
        }
        text
    }

    /// For `--help`.
    fn long(&self) -> String {
        if self.exits.is_empty() {
            self.short()
        } else {
            format!("{}\n\n{}", self.short(), exits(self.exits))
        }
    }
}

fn heading(text: &str) -> String {
    format!("{HEADING}{text}:{HEADING:#}")
}

fn exits(codes: &[(&str, &str)]) -> String {
    let lines = codes.iter().map(|(code, meaning)| format!("\n  {LITERAL}{code:<3}{LITERAL:#}  {meaning}"));
    heading("Exit codes") + &lines.collect::<String>()
}

/// Every exit code of a subcommand, with what it means there.
pub fn exit_codes(footer: &Footer) -> Vec<(&'static str, &'static str)> {
    let is_new =
        |(code, _): &&(&str, &str)| !footer.only_these && footer.exits.iter().all(|(own, _)| own != code);
    let mut codes: Vec<_> = footer.exits.iter().chain(EXIT_CODES.iter().filter(is_new)).copied().collect();
    codes.sort_by_key(|(code, _)| code.parse::<u8>().unwrap_or_default());
    codes
}

/// The command line with all that stands here put into its help.
pub fn complete(tree: Command) -> Command {
    let template = template(&tree);
    with_footers(tree).help_template(template)
}

fn with_footers(command: Command) -> Command {
    let footer = command.get::<Footer>().copied();
    let command = match footer {
        Some(footer) => command
            .after_help(StyledStr::from(footer.short()))
            .after_long_help(StyledStr::from(footer.long())),
        None => command,
    };
    command.mut_subcommands(with_footers)
}

/// The help of the whole, with the subcommands in their groups.
fn template(tree: &Command) -> StyledStr {
    let width = tree.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or_default();
    let line = |name: &&str| {
        let about = tree.find_subcommand(name).and_then(Command::get_about).cloned().unwrap_or_default();
        format!("  {LITERAL}{name:width$}{LITERAL:#}  {about}\n")
    };
    let group = |(title, names): &(&str, &[&str])| {
        format!("{}\n{}\n", heading(title), names.iter().map(line).collect::<String>())
    };
    let groups: String = GROUPS.iter().map(group).collect();
    let global = heading(GLOBAL);
    let text = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}{global}\n{{options}}{{after-help}}\n"
    );
    StyledStr::from(text)
}
