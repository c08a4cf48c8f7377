//! `series trailers`: what reviewers wrote, onto the patches.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

use engine::series::mail::{Message, patch_ids};
use engine::series::trailers::{Collected, Given, Refused, Tag, Thread, collect, insert};
use host::{quote, write_stamp};
use report::text::neutralise;

use super::mails;
use super::place::refuse_filled;
use crate::help::{EXECUTION, OUTPUT, SELECTION};
use crate::range::RangeArgs;
use crate::{Context, Exit, Footer, Format, Usage, range};

/// Puts the Reviewed-by, Tested-by and the like of a thread onto the patches
///
/// A tag that was given to the cover letter goes onto all patches; each stands once, in the order of the kernel's
/// maintainer-tip.rst, and nothing else in the files changes. What is not taken is reported: a tag that is malformed or has something
/// behind it, one that stands only in a quote, one from somebody else than it names, one that was given to another version of a
/// patch.
///
/// Commits are never written to: what would go onto which is printed, and with --output all of them are written as patches that have
/// their tags, for `git am`.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    /// The series: a folder in patches/; with --git, any name for the commits
    #[arg(value_name = "SERIES")]
    name: String,
    /// The thread: an mbox or a maildir; - is standard input
    #[arg(value_name = "FILE|DIR")]
    thread: PathBuf,
    #[command(flatten)]
    range: RangeArgs,
    /// Take a tag also from somebody else than it names
    #[arg(long, help_heading = SELECTION)]
    sloppy: bool,
    /// Only print what would be added
    #[arg(long, help_heading = EXECUTION)]
    dry_run: bool,
    /// Write all patches with their tags there, for `git am`, and leave the series as it is [default: into the series]
    #[arg(short, long, value_name = "DIR", conflicts_with = "dry_run", help_heading = OUTPUT)]
    output: Option<PathBuf>,
}

const FOOTER: Footer = Footer::new(&[
    (
        "cargo xtask series trailers mine thread.mbox --dry-run",
        "What would be added to which patch, and what is not taken",
    ),
    ("b4 mbox MSGID -o- | cargo xtask series trailers mine -", "Straight from the archive"),
])
.exits(&[("0", "done, also where there was nothing to add")]);

#[derive(Serialize)]
struct Shown<'a> {
    added: Vec<Added>,
    refused: &'a [Refused],
}

#[derive(Serialize)]
struct Added {
    patch: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    subject: String,
    tag: String,
}

/// What a patch has to look like.
const AS_WRITTEN: &str = "a patch is as git format-patch writes it: header, message, ---, diff";

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    if args.thread != Path::new("-") && !args.thread.exists() {
        let message = format!("there is no {}", args.thread.display());
        let hint = Some("`b4 mbox MESSAGE-ID` makes a mailbox of a thread; - is standard input".to_owned());
        return Err(Usage { message, hint }.into());
    }
    if let Some(dir) = &args.output {
        refuse_filled(dir)?;
    }
    let project = &args.range.for_series(project.clone(), &args.name, ctx)?;
    let mails = mails::load(project, &args.name)?;
    let patches = with_ids(mails.patches)?;
    let thread = with_ids(mails::read(&args.thread)?)?;
    // Commits do not name which version they are; the thread's last is meant.
    let newest = newest(&thread).filter(|_| range::is_by_itself(project));
    let version = newest.unwrap_or(mails.series.version);
    let collected = collect(&Thread { version, patches: &patches, mails: &thread, sloppy: args.sloppy });
    let files: Vec<&Path> = mails.series.patches.iter().map(|patch| patch.file.as_path()).collect();
    let given = collected.given.as_slice();
    let into = args.output.as_deref();
    if !args.dry_run && !given.is_empty() && (into.is_some() || project.range().is_none()) {
        write(&files, given, into)?;
    }
    show(&patches, &collected, project.range().is_some(), ctx)?;
    if let Some(range) = project.range().filter(|_| !given.is_empty()) {
        let (linux, base) = (quote(&range.dir), &range.base);
        match into {
            Some(dir) => ctx.print(&format!(
                "onto a branch of their own: git -C {linux} switch -c {}-tags {base} && git -C {linux} am {}/*.patch",
                args.name,
                quote(std::path::absolute(dir).context("resolving the folder")?)
            )),
            None => ctx.print("the commits are as they were; --output DIR writes them with these, for git am"),
        }
    }
    Ok(Exit::Success)
}

/// The newest version that a thread has patches of.
fn newest(thread: &[(Message, String)]) -> Option<u32> {
    let patches = thread.iter().filter(|(mail, _)| mail.has_diff() && !mail.subject().reply);
    patches.map(|(mail, _)| mail.subject().version()).max()
}

/// Mails with the ids of those that are patches.
fn with_ids(mails: Vec<Message>) -> Result<Vec<(Message, String)>> {
    let ids = patch_ids(&mails.iter().collect::<Vec<_>>())?;
    Ok(mails.into_iter().zip(ids).collect())
}

/// All files are made before the first is written. In their place only those that change are; elsewhere all.
fn write(files: &[&Path], given: &[Given], into: Option<&Path>) -> Result<()> {
    let mut written = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let tags: Vec<Tag> =
            given.iter().filter(|given| given.patch == number).map(|given| given.tag.clone()).collect();
        if tags.is_empty() && into.is_none() {
            continue;
        }
        let old = fs_err::read(file)?;
        let new = insert(&old, &tags).map_err(|why| Usage {
            message: format!("{}: {why}", file.display()),
            hint: Some(AS_WRITTEN.to_owned()),
        })?;
        let place =
            into.map_or_else(|| file.to_path_buf(), |dir| dir.join(file.file_name().unwrap_or_default()));
        written.push((place, new));
    }
    if let Some(dir) = into {
        fs_err::create_dir_all(dir)?;
    }
    for (file, bytes) in written {
        write_stamp(&file, bytes)?;
    }
    Ok(())
}

fn show(patches: &[(Message, String)], collected: &Collected, of_commits: bool, ctx: &Context) -> Result<()> {
    let commit = |patch: &Message| patch.commit.clone().filter(|_| of_commits);
    if ctx.format == Format::Json {
        let added = collected.given.iter().map(|given| Added {
            patch: given.patch + 1,
            commit: commit(&patches[given.patch].0),
            subject: patches[given.patch].0.subject().title,
            tag: given.tag.to_string(),
        });
        let shown = Shown { added: added.collect(), refused: &collected.refused };
        anstream::println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(());
    }
    let mut text = String::new();
    for (number, (patch, _)) in patches.iter().enumerate() {
        let mut tags = collected.given.iter().filter(|given| given.patch == number).peekable();
        if tags.peek().is_some() {
            let commit = commit(patch).map(|id| format!("{}  ", id.get(..12).unwrap_or(&id)));
            let title = patch.subject().title;
            text.push_str(&format!("{:3}  {}{title}\n", number + 1, commit.unwrap_or_default()));
        }
        for given in tags {
            text.push_str(&format!("     + {}\n", given.tag));
        }
    }
    if collected.given.is_empty() {
        text.push_str("no new tags\n");
    }
    if !collected.refused.is_empty() {
        text.push_str("not taken:\n");
    }
    for refused in &collected.refused {
        text.push_str(&format!("  {}\n", refused.to_string().replace('\n', "\n  ")));
    }
    anstream::print!("{}", neutralise(&text));
    Ok(())
}
