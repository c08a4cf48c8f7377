//! `series export`: a series as the files that `git send-email` takes.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use engine::series::export::{Options, export};
use host::quote;
use report::text::neutralise;
use spec::Project;

use super::mails;
use super::place::refuse_filled;
use crate::range::RangeArgs;
use crate::{Context, Exit, Format, Usage, range};

/// Writes a series as files for `git send-email`: subjects counted, a cover letter with what changed, the base
///
/// The patches' own bytes stay. The cover letter is 0000-cover-letter.patch of the folder, completed by `changes:`, `base-commit:`
/// and the like of series.yaml; without one its text is left open, and git refuses to send it so. Of commits the base is their
/// own, unless that is a tree which only `series edit` put into git.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of a folder in patches/, or with --git how the commits are to be called
    name: String,
    #[command(flatten)]
    range: RangeArgs,
    /// As this version [default: that of series.yaml]
    #[arg(long = "version", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    wanted: Option<u32>,
    /// The commit that it is based on [default: base-commit of series.yaml]
    #[arg(long, value_name = "COMMIT")]
    base: Option<String>,
    /// What stands before PATCH in the subjects: RFC, RESEND, a tree's name
    #[arg(long, value_name = "WORDS")]
    prefix: Option<String>,
    /// Where to: a folder without anything in it [default: NAME-vN]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

#[derive(Serialize)]
struct Shown {
    folder: PathBuf,
    files: Vec<String>,
    command: String,
    notes: Vec<String>,
}

pub(super) fn run(args: &Args, project: &Project, ctx: &Context) -> Result<Exit> {
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
    let options = Options { version: Some(version), base: args.base.clone(), prefix: args.prefix.clone() };
    let exported = export(&mails.series, mails.cover, mails.patches, &options);
    fs_err::create_dir_all(&folder)?;
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
