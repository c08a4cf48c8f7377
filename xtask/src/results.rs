//! `results`: the runs that were kept.

mod diff;
mod export;
mod gc;
mod history;
mod html;
mod list;
mod merge;
mod rm;
mod runs;
mod show;

use super::Footer;

pub(super) use runs::{compare, load, show_diff};

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask results list", "All runs, the newest last"),
    ("cargo xtask results show latest --case 'cycle*' --log", "What the console printed during some cases"),
]);

subcommands! {
    /// Shows, compares, exports, merges or removes runs
    ///
    /// RUN is `latest`, the name of a run's folder or the beginning of it, the beginning of its last six digits, or the path of a
    /// run's folder anywhere.
    #[command(add = FOOTER)]
    List(list::Args) => list::run,
    Show(show::Args) => show::run,
    Diff(diff::Args) => diff::run,
    History(history::Args) => history::run,
    Export(export::Args) => export::run,
    Html(html::Args) => html::run,
    Merge(merge::Args) => merge::run,
    Rm(rm::Args) => rm::run,
    Gc(gc::Args) => gc::run,
}
