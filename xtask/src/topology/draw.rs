//! `topology draw`.

use anyhow::Result;

use cxl_topology::{draw, tree};
use report::text::neutralise;

use super::find;
use crate::args::PictureForm;
use crate::help::OUTPUT;
use crate::{Context, Exit, Footer, Format, Usage};

/// Draws a topology: host bridges, ports, switches, devices, and the windows over them
///
/// The picture goes to the standard output.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The topology: a file in topologies/, without .yaml
    #[arg(value_name = "TOPOLOGY")]
    name: String,
    /// The form of the picture
    #[arg(long = "as", value_name = "FORM", value_enum, default_value_t = PictureForm::Text, help_heading = OUTPUT)]
    form: PictureForm,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask topology draw switch", "For the terminal"),
    ("cargo xtask topology draw two-bridges --as svg > two-bridges.svg", "For a document"),
]);

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    if ctx.format == Format::Json {
        let hint = format!("cargo xtask topology show {} --format json", args.name);
        return Err(Usage { message: "a picture has no form in JSON".to_owned(), hint: Some(hint) }.into());
    }
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
