//! `series import`: a posted series becomes a folder of patches/.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

use engine::series::fetch::by_id;
use engine::series::import;
use engine::series::import::{Placed, Posting, Want};
use engine::series::mail::slug;
use report::text::neutralise;
use specfile::check_name;

use super::fetch::ensure_b4;
use super::mails;
use crate::help::{EXECUTION, OUTPUT, SELECTION};
use crate::{Context, Exit, Footer, Format, Usage};

/// Takes a posted series into patches/
///
/// The newest version of a series lies in patches/NAME/, each older one in patches/NAME/vN/. A newer version moves the one that is
/// there into its folder, an older one goes straight into it; what series.yaml has beside the posting stays.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    /// An mbox, a maildir, a mail, a folder of patches, or a message-id, which b4 looks up; - is standard input
    #[arg(value_name = "FILE|DIR|MSGID")]
    from: String,
    /// Take this version, where there are several [default: the newest]
    #[arg(long = "version", value_name = "N", help_heading = SELECTION)]
    wanted: Option<u32>,
    /// Look a message-id up in this mbox, through b4 [default: in the archive]
    #[arg(long, value_name = "FILE", help_heading = SELECTION)]
    mbox: Option<PathBuf>,
    /// Replace the version that is there, though it has other patches
    #[arg(long, help_heading = EXECUTION)]
    force: bool,
    /// Only print what is there, and write nothing
    #[arg(long, help_heading = EXECUTION)]
    dry_run: bool,
    /// Name of the folder in patches/ [default: that of its change-id, or made of its title]
    #[arg(long, value_name = "NAME", help_heading = OUTPUT)]
    name: Option<String>,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask series import thread.mbox --dry-run", "What would become of a thread"),
    ("cargo xtask series import 20250101.v2-cover@example.com --name theirs", "By message-id, through b4"),
]);

#[derive(Serialize)]
struct Imported {
    name: String,
    version: u32,
    folder: Option<PathBuf>,
    outcome: &'static str,
    cover: bool,
    subjects: Vec<String>,
    others: Vec<u32>,
    notes: Vec<String>,
}

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let posting = read(args).with_context(|| format!("importing {}", args.from))?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => name_of(&posting),
    };
    check_name(&name)
        .map_err(|why| Usage { message: why, hint: Some("name it with --name NAME".to_owned()) })?;
    let mut imported = Imported {
        name: name.clone(),
        version: posting.version,
        folder: None,
        outcome: "not written",
        cover: posting.cover.is_some(),
        subjects: posting.patches.iter().map(|patch| patch.subject().title).collect(),
        others: posting.others.clone(),
        notes: notes(&posting),
    };
    if !args.dry_run {
        let dir = project.patches_dir();
        let before = patches_of(&dir, &name);
        let placed = import::place(posting, &dir, &name, args.force)
            .with_context(|| format!("importing {}", args.from))?;
        let (outcome, folder) = outcome_of(&placed);
        if before.is_some_and(|(patches, promises)| promises && patches != imported.subjects.len())
            && matches!(placed, Placed::Newer(..) | Placed::Replaced(_))
        {
            imported.notes.push(
                "promises: in series.yaml goes by the numbers of patches, and there are more or fewer now"
                    .into(),
            );
        }
        (imported.outcome, imported.folder) = (outcome, Some(folder));
    }
    show(&imported, ctx)?;
    Ok(Exit::Success)
}

fn read(args: &Args) -> Result<Posting> {
    let from = args.from.as_str();
    let path = Path::new(from);
    if from == "-" || path.exists() {
        let want = Want { version: args.wanted, message_id: None };
        return Ok(import::order(mails::read(path)?, &want)?);
    }
    let id = from.trim_matches(['<', '>']);
    let is_id = id.contains('@')
        && !id.contains('/')
        && !id.starts_with('-')
        && id.bytes().all(|b| b.is_ascii_graphic());
    if !is_id {
        let message = format!("there is no {from}");
        let hint = Some(
            "a mailbox, a maildir, a folder of patches, - for standard input, or a message-id".to_owned(),
        );
        return Err(Usage { message, hint }.into());
    }
    ensure_b4(args.mbox.as_deref())?;
    Ok(by_id(id, args.wanted, args.mbox.as_deref())?)
}

/// How many patches the series has by now, and whether it promises something.
fn patches_of(dir: &Path, name: &str) -> Option<(usize, bool)> {
    let series = spec::Series::load(dir, name).ok()?;
    Some((series.patches.len(), !series.promises.is_empty()))
}

/// From `change-id: 20261124-memdev-attach-0123456789ab`, as b4 makes them; else from the title.
fn name_of(posting: &Posting) -> String {
    let mails = || posting.cover.iter().chain(&posting.patches);
    let by_b4 = mails().find_map(|mail| mail.field("change-id")).and_then(|id| {
        let (date, rest) = id.split_once('-')?;
        let (name, end) = rest.rsplit_once('-')?;
        let is_b4s = date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) && end.len() == 12;
        (is_b4s && check_name(name).is_ok()).then(|| name.to_owned())
    });
    by_b4.unwrap_or_else(|| {
        let title = mails().next().map(|mail| mail.subject().title).unwrap_or_default();
        let mut name = slug(&title).to_lowercase();
        name.truncate(40);
        name.trim_matches(['-', '.']).to_owned()
    })
}

fn notes(posting: &Posting) -> Vec<String> {
    let mut notes = Vec::new();
    for patch in posting.patches.iter().filter(|patch| patch.flowed) {
        let shown = patch.subject().shown();
        notes.push(format!("{shown}: it was sent as format=flowed, which loses blanks at the ends of lines"));
    }
    notes.extend(posting.notes.iter().cloned());
    if !posting.others.is_empty() {
        let others: Vec<String> = posting.others.iter().map(|version| format!("v{version}")).collect();
        notes.push(format!("left aside: {}; --version N takes another", others.join(", ")));
    }
    notes
}

fn outcome_of(placed: &Placed) -> (&'static str, PathBuf) {
    match placed {
        Placed::New(dir) => ("new", dir.clone()),
        Placed::Newer(dir, _) => ("newer than what was there, which is kept", dir.clone()),
        Placed::Older(dir) => ("older than what is there", dir.clone()),
        Placed::Replaced(dir) => ("replaced", dir.clone()),
        Placed::Same(dir) => ("there already, with the same patches", dir.clone()),
    }
}

fn show(imported: &Imported, ctx: &Context) -> Result<()> {
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(imported)?);
        return Ok(());
    }
    let cover = if imported.cover { ", with a cover letter" } else { "" };
    let mut text = format!(
        "{}  v{}, {} patches{cover}: {}\n",
        imported.name,
        imported.version,
        imported.subjects.len(),
        imported.outcome
    );
    for (number, subject) in imported.subjects.iter().enumerate() {
        text.push_str(&format!("  {:3}  {subject}\n", number + 1));
    }
    if let Some(folder) = &imported.folder {
        text.push_str(&format!("in {}\n", folder.display()));
    }
    anstream::print!("{}", neutralise(&text));
    for note in &imported.notes {
        ctx.print(&neutralise(&format!("note: {note}")));
    }
    Ok(())
}
