//! `topology draw`.

use anyhow::Result;

use cxl_topology::{draw, tree};
use report::text::neutralise;

use super::find;
use crate::args::PictureForm;
use crate::{Context, Exit};

/// Draws a topology: host bridges, ports, switches, devices, and the windows over them
///
/// The picture goes to the standard output.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of a file in topologies/, without .yaml
    name: String,
    /// The form of the picture
    #[arg(long = "as", value_name = "FORM", value_enum, default_value_t = PictureForm::Text)]
    form: PictureForm,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let topology = find::load(ctx, &args.name)?;
    let text = match args.form {
        PictureForm::Text => neutralise(&tree(&topology)),
        PictureForm::Svg => draw::svg(&topology),
        PictureForm::Mermaid => draw::mermaid(&topology),
        PictureForm::Dot => draw::dot(&topology),
    };
    anstream::print!("{text}");
    Ok(Exit::Success)
}
