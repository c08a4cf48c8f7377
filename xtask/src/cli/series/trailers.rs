//! `series trailers`: what reviewers said, onto the patches.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::mails;
use crate::cli::{Context, Exit, Format, Usage};
use crate::host::write_stamp;
use crate::report::text::neutralise;
use crate::series::import;
use crate::series::mail::{Message, patch_ids};
use crate::series::trailers::{Collected, Given, Refused, Tag, Thread, collect, insert};
use crate::spec::Project;

/// Puts the Reviewed-by, Tested-by, Acked-by and the like of a thread onto the patches that they were given to
///
/// A tag that was given to the cover letter goes onto all patches; each stands once, in the order of the kernel's
/// maintainer-tip.rst, and nothing else in the files changes. What is not taken is told: a tag that is malformed or has something
/// behind it, one that stands only in a quote, one from somebody else than it names, one that was given to another version of a
/// patch.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of a folder in patches/
    name: String,
    /// The thread: an mbox, a maildir, or `-` for standard input
    thread: PathBuf,
    /// Only say what would be added
    #[arg(long)]
    dry_run: bool,
    /// Take a tag also from somebody else than it names
    #[arg(long)]
    sloppy: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    added: Vec<Added>,
    refused: &'a [Refused],
}

#[derive(Serialize)]
struct Added {
    patch: usize,
    subject: String,
    tag: String,
}

pub(super) fn run(args: &Args, project: &Project, ctx: &Context) -> Result<Exit> {
    if args.thread != Path::new("-") && !args.thread.exists() {
        return Err(Usage { message: format!("there is no {}", args.thread.display()), hint: None }.into());
    }
    let mails = mails::load(project, &args.name)?;
    let patches = with_ids(mails.patches)?;
    let thread = with_ids(import::read(&args.thread)?)?;
    let thread =
        Thread { version: mails.series.version, patches: &patches, mails: &thread, sloppy: args.sloppy };
    let collected = collect(&thread);
    if !args.dry_run {
        write(
            &mails.series.patches.iter().map(|patch| patch.file.as_path()).collect::<Vec<_>>(),
            &collected.given,
        )?;
    }
    show(&patches, &collected, ctx)?;
    Ok(Exit::Success)
}

/// Mails with the ids of those that are patches.
fn with_ids(mails: Vec<Message>) -> Result<Vec<(Message, String)>> {
    let ids = patch_ids(&mails.iter().collect::<Vec<_>>())?;
    Ok(mails.into_iter().zip(ids).collect())
}

/// All files are made before the first is written.
fn write(files: &[&Path], given: &[Given]) -> Result<()> {
    let mut changed = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let tags: Vec<Tag> =
            given.iter().filter(|given| given.patch == number).map(|given| given.tag.clone()).collect();
        if tags.is_empty() {
            continue;
        }
        let old = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let new = insert(&old, &tags)
            .map_err(|why| Usage { message: format!("{}: {why}", file.display()), hint: None })?;
        changed.push((file, new));
    }
    for (file, bytes) in changed {
        write_stamp(file, bytes)?;
    }
    Ok(())
}

fn show(patches: &[(Message, String)], collected: &Collected, ctx: &Context) -> Result<()> {
    if ctx.format == Format::Json {
        let added = collected.given.iter().map(|given| Added {
            patch: given.patch + 1,
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
            text.push_str(&format!("{:3}  {}\n", number + 1, patch.subject().title));
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
