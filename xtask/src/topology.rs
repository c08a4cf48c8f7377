//! `topology`: what there is, what is wrong with it, and what becomes of it.

mod draw;
mod expect;
mod find;
mod generate;
mod lint;
mod list;
mod regions;
mod show;

use super::Footer;

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask topology list", "All topologies, each with its picture in one line"),
    ("cargo xtask topology draw switch", "One of them as a tree"),
]);

subcommands! {
    /// Lists, checks, draws and generates topologies
    ///
    /// A topology is a file of topologies/; docs/reference/topology.md describes its fields.
    #[command(add = FOOTER)]
    List(list::Args) => list::run,
    Show(show::Args) => show::run,
    Lint(lint::Args) => lint::run,
    Draw(draw::Args) => draw::run,
    Regions(regions::Args) => regions::run,
    Expect(expect::Args) => expect::run,
    Generate(generate::Args) => generate::run,
}
