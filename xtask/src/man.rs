//! `man`: a manual page for each subcommand.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use jiff::Timestamp;

use super::help::{self, Footer};
use super::{Context, Exit, Usage};

/// Writes manual pages, one for each subcommand
///
/// xtask.1 is that of the whole, xtask-run.1 that of `cargo xtask run`, and so on.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The folder to write into
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask man ~/.local/share/man/man1", "Then `man xtask-run` shows the page of `cargo xtask run`"),
    ("cargo xtask man /tmp/man && man -l /tmp/man/xtask-series-check.1", "Without installing them"),
]);

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let dir = args.dir.as_path();
    std::fs::create_dir_all(dir).map_err(|error| Usage::of_file("make", dir, error))?;
    let mut tree = super::tree().name("xtask");
    tree.build();
    let count = write(&tree, None, dir)?;
    ctx.print(&format!("{count} pages in {}", dir.display()));
    Ok(Exit::Success)
}

/// Writes the page of a command and those of its subcommands, and says how many they are.
fn write(command: &Command, parent: Option<&str>, dir: &Path) -> Result<usize> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let file = dir.join(format!("{name}.1"));
    let page = page(command, parent).context("making a manual page")?;
    std::fs::write(&file, page).map_err(|error| Usage::of_file("write", &file, error))?;
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    let counts = shown.map(|command| write(command, Some(&name), dir));
    Ok(1 + counts.sum::<Result<usize>>()?)
}

fn page(command: &Command, parent: Option<&str>) -> std::io::Result<String> {
    let man = Man::new(command.clone())
        .date(date())
        .source(format!("cxl-patchbench {}", env!("CARGO_PKG_VERSION")))
        .manual("cxl-patchbench");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    footer(command, parent).to_writer(&mut page)?;
    // A blank line breaks by itself, which mandoc complains of.
    Ok(String::from_utf8_lossy(&page).replace("\n.br\n\n.br\n", "\n.sp\n"))
}

/// The day that the pages are of: that of their making, or what a reproducible build says that it is.
fn date() -> String {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let time = fixed.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or_else(Timestamp::now);
    time.strftime("%Y-%m-%d").to_string()
}

/// What clap has no place for: examples, exit status, and the page above.
fn footer(command: &Command, parent: Option<&str>) -> Roff {
    let footer = command.get::<Footer>().copied().unwrap_or_default();
    let mut roff = Roff::new();
    if !footer.examples.is_empty() {
        list(&mut roff, "EXAMPLES", footer.examples.iter().copied());
    }
    list(&mut roff, "EXIT STATUS", help::exit_codes(&footer).into_iter());
    if let Some(parent) = parent {
        roff.control("SH", ["SEE ALSO"]).text([bold(parent), roman("(1)")]);
    }
    roff
}

fn list<'a>(roff: &mut Roff, heading: &str, items: impl Iterator<Item = (&'a str, &'a str)>) {
    roff.control("SH", [heading]);
    for (term, text) in items {
        roff.control("TP", []).text([bold(term)]).text([roman(text)]);
    }
}
