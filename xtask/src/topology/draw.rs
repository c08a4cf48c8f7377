//! `topology draw`.

use anyhow::Result;

use cxl_topology::{draw, tree};
use report::text::neutralise;

use crate::{Context, Exit, Picture};

/// Draws a topology: host bridges, ports, switches, devices, and the windows over them
///
/// `--format` chooses: text for the terminal, svg for documents and browsers, mermaid for Markdown pages, dot for
/// graphviz. The picture goes to the standard output.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of a file in topologies/, without .yaml
    name: String,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let topology = super::load(ctx, &args.name)?;
    let text = match ctx.picture.unwrap_or(Picture::Text) {
        Picture::Text => neutralise(&tree(&topology)),
        Picture::Svg => draw::svg(&topology),
        Picture::Mermaid => draw::mermaid(&topology),
        Picture::Dot => draw::dot(&topology),
    };
    anstream::print!("{text}");
    Ok(Exit::Success)
}
