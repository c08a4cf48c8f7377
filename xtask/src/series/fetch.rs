//! `series fetch`: a series that is only declared, into the cache.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

use engine::series::fetch;
use host::requirements::find_program;
use report::text::neutralise;
use spec::Series;
use spec::series::{FETCHED, FILE};

use crate::help::SELECTION;
use crate::{Context, Exit, Footer, Format, Usage, setup};

/// Fetches the patches of a series that is only declared, through b4
///
/// By the message-id in its series.yaml, into the cache. Its patches are found by the link `fetched` in its folder, which git ignores.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    /// The series: a folder in patches/
    #[arg(value_name = "SERIES")]
    name: String,
    /// Take the thread from this mbox [default: from the archive]
    #[arg(long, value_name = "FILE", help_heading = SELECTION)]
    mbox: Option<PathBuf>,
}

const FOOTER: Footer = Footer::new(&[(
    "cargo xtask series fetch memdev-attach-upstream",
    "A series of which only series.yaml is here",
)]);

#[derive(Serialize)]
struct Shown {
    name: String,
    version: u32,
    folder: PathBuf,
    subjects: Vec<String>,
}

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let series = Series::load(&project.patches_dir(), &args.name)?;
    let file = series.dir.join(FILE);
    let Some(id) = &series.posted.message_id else {
        let message = format!("{}: message-id: there is none to fetch it by", file.display());
        let hint = Some("add `message-id:` of its cover letter, as the archive shows it".to_owned());
        return Err(Usage { message, hint }.into());
    };
    ensure_b4(args.mbox.as_deref())?;
    let posting = fetch::by_id(id, None, args.mbox.as_deref())
        .with_context(|| format!("fetching <{id}>; without a network, --mbox FILE has it from a file"))?;
    if posting.version != series.version {
        let message = format!("{}: version: <{id}> is of version {}", file.display(), posting.version);
        let hint = Some("correct `version:`, or give the message-id of the version that is meant".to_owned());
        return Err(Usage { message, hint }.into());
    }
    let subjects: Vec<String> = posting.patches.iter().map(|patch| patch.subject().title).collect();
    let folder = fetch::keep(posting, &ctx.cache.dir("posted")?, id)?;
    fetch::link(&folder, &series.dir.join(FETCHED))?;
    // It has to be a series with them, too: what it promises is by the number of a patch.
    Series::load(&project.patches_dir(), &args.name)?;
    let shown = Shown { name: args.name.clone(), version: series.version, folder, subjects };
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(Exit::Success);
    }
    let mut text =
        format!("{}  v{}, {} patches, of <{id}>\n", shown.name, shown.version, shown.subjects.len());
    for (number, subject) in shown.subjects.iter().enumerate() {
        text.push_str(&format!("  {:3}  {subject}\n", number + 1));
    }
    anstream::print!("{}", neutralise(&text));
    Ok(Exit::Success)
}

/// b4 is needed by nothing else, and so asked for only here.
pub(super) fn ensure_b4(mbox: Option<&Path>) -> Result<()> {
    if let Some(mbox) = mbox.filter(|mbox| !mbox.is_file()) {
        let message = format!("there is no {}", mbox.display());
        let hint = Some("`b4 mbox MESSAGE-ID` makes a mailbox of a thread".to_owned());
        return Err(Usage { message, hint }.into());
    }
    setup::ensure_program("b4", "--mail", find_program("b4").is_some())
}
