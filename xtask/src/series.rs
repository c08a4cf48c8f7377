//! `series`: what there is, which kernels it fits, and what is done with one.

mod apply;
mod check;
mod coverage;
mod diff;
mod edit;
mod export;
mod fetch;
mod import;
mod kernel;
mod lint;
mod list;
mod mails;
mod mutate;
mod place;
mod sabotage;
mod show;
mod trailers;

use super::Footer;

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask series list", "All series of patches/"),
    ("cargo xtask series show memdev-attach", "One, patch by patch, and which kernels it fits"),
]);

subcommands! {
    /// Checks, edits, imports and exports patch series
    ///
    /// A series is a folder of patches/ with its patches and a series.yaml.
    #[command(add = FOOTER)]
    List(list::Args) => list::run,
    Show(show::Args) => show::run,
    Check(check::Args) => check::run,
    Edit(edit::EditArgs) => edit::edit,
    Refresh(edit::RefreshArgs) => edit::refresh,
    Rebase(edit::RebaseArgs) => edit::rebase,
    Sabotage(sabotage::Args) => sabotage::run,
    Coverage(coverage::Args) => coverage::run,
    Mutate(mutate::Args) => mutate::run,
    Apply(apply::Args) => apply::run,
    Diff(diff::Args) => diff::run,
    Lint(lint::Args) => lint::run,
    Trailers(trailers::Args) => trailers::run,
    Import(import::Args) => import::run,
    Export(export::Args) => export::run,
    Fetch(fetch::Args) => fetch::run,
}
