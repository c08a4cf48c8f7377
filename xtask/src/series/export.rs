//! `series export`: a series as the files that `git send-email` takes.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use engine::series::export::{Options, export, is_nobody};
use engine::series::mail::Mailbox;
use host::{Process, quote};
use report::text::neutralise;

use super::mails;
use super::place::refuse_filled;
use crate::help::OUTPUT;
use crate::range::RangeArgs;
use crate::{Context, Exit, Footer, Format, Usage, range};

/// Writes a series as files for `git send-email`, with a cover letter
///
/// Subjects are counted, and the cover letter says what has changed, and what the base is.
///
/// The patches' own bytes stay. The cover letter is 0000-cover-letter.patch of the folder, completed by `changes:`, `base-commit:`
/// and the like of series.yaml; without one its text is left open, and git refuses to send it so. Of commits the base is their
/// own, unless that is a tree which only `series edit` put into git.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    /// The series: a folder in patches/; with --git, any name for the commits
    #[arg(value_name = "SERIES")]
    name: String,
    #[command(flatten)]
    range: RangeArgs,
    /// As this version [default: that of series.yaml]
    #[arg(
        long = "version", value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = OUTPUT
    )]
    wanted: Option<u32>,
    /// The commit that it is based on [default: base-commit of series.yaml]
    #[arg(long, value_name = "COMMIT", help_heading = OUTPUT)]
    base: Option<String>,
    /// Words before PATCH in the subjects: RFC, RESEND, a tree's name [default: none]
    #[arg(long, value_name = "WORDS", help_heading = OUTPUT)]
    prefix: Option<String>,
    /// Sign each patch off as yourself, as git knows you, in place of sign-offs that are no person's
    ///
    /// Of a patch that nobody wrote but an address which takes no mail you become the author, too. Yours comes behind those of other
    /// persons. Your name and address are git's `user.name` and `user.email`.
    #[arg(long, help_heading = OUTPUT)]
    signoff: bool,
    /// Write into this folder, which has to be empty or not there [default: SERIES-vN]
    #[arg(short, long, value_name = "DIR", help_heading = OUTPUT)]
    output: Option<PathBuf>,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask series export mine --prefix RFC", "Into the folder mine-v1, for git send-email"),
    ("cargo xtask series export mine --signoff", "Signed off by you, to be sent"),
    (
        "cargo xtask series export mine --git ~/linux v7.0..mine --version 2",
        "A branch of your own, as the second version",
    ),
]);

/// Who git takes the user for, in the repository of `--git` or here.
fn sender(range: &RangeArgs) -> Result<Mailbox> {
    let dir = range.named().map_or(Path::new("."), |(dir, _)| dir);
    let asked = |key: &str| -> Result<String> {
        let output = Process::new("git", ["config", "--get", key]).dir(dir).output()?;
        Ok(output.text().trim().to_owned())
    };
    let sender = Mailbox { name: asked("user.name")?, address: asked("user.email")? };
    let hint = "git config user.name 'Your Name'; git config user.email you@example.org".to_owned();
    let refuse = |message: String| Err(Usage { message, hint: Some(hint) }.into());
    if sender.name.is_empty() || sender.address.is_empty() {
        return refuse("--signoff: git does not know who you are".to_owned());
    }
    if is_nobody(&sender.address) {
        return refuse(format!("--signoff: {sender} takes no mail, so it is no person's to sign with"));
    }
    Ok(sender)
}

#[derive(Serialize)]
struct Shown {
    folder: PathBuf,
    files: Vec<String>,
    command: String,
    notes: Vec<String>,
}

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let project = &args.range.for_series(project.clone(), &args.name, ctx)?;
    let mut mails = mails::load(project, &args.name)?;
    if range::is_by_itself(project) {
        // As git has it, which refuses to send it so.
        "*** SUBJECT HERE ***".clone_into(&mut mails.series.title);
    }
    let version = args.wanted.unwrap_or(mails.series.version);
    if args.base.iter().any(|base| base.len() < 12 || !base.bytes().all(|b| b.is_ascii_hexdigit())) {
        let message = "--base: a commit has 12 to 64 hexadecimal digits".to_owned();
        return Err(Usage { message, hint: Some("git rev-parse BASE prints them".to_owned()) }.into());
    }
    let folder = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}-v{version}", args.name)));
    refuse_filled(&folder)?;
    let signoff = if args.signoff { Some(sender(&args.range)?) } else { None };
    let options =
        Options { version: Some(version), base: args.base.clone(), prefix: args.prefix.clone(), signoff };
    let exported = export(&mails.series, mails.cover, mails.patches, &options);
    std::fs::create_dir_all(&folder).map_err(|error| Usage::of_file("make", &folder, error))?;
    for (name, bytes) in &exported.files {
        let path = folder.join(name);
        fs_err::write(&path, bytes)?;
    }
    let files: Vec<String> = exported.files.into_iter().map(|(name, _)| name).collect();
    let command = format!("git send-email --to=… --cc=… {}/*.patch", quote(&folder));
    if ctx.format == Format::Json {
        let shown = Shown { folder, files, command, notes: exported.notes };
        anstream::println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(Exit::Success);
    }
    for name in &files {
        anstream::println!("{}", neutralise(&folder.join(name).display().to_string()));
    }
    for note in &exported.notes {
        ctx.print(&neutralise(&format!("note: {note}")));
    }
    ctx.print(&format!("to send: {command}"));
    Ok(Exit::Success)
}
