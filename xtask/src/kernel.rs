//! `kernel`: what `patchbench.yaml` names.

use anyhow::Result;
use serde::Serialize;

use super::{Context, Exit, Footer, Format};

/// Lists the kernels of patchbench.yaml
#[derive(Debug, clap::Args)]
#[command(add = LIST)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists every kernel with its sources, series and kconfig fragments
    #[command(add = LIST)]
    List,
}

const LIST: Footer = Footer::new(&[("cargo xtask kernel list", "What --kernel takes")]);

#[derive(Serialize)]
struct Listed {
    name: String,
    default: bool,
    sources: Vec<String>,
    series: Vec<String>,
    kconfig: Vec<String>,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let Command::List = args.command;
    let project = ctx.project()?;
    let listed: Vec<Listed> = project
        .kernels
        .values()
        .map(|kernel| Listed {
            name: kernel.name.clone(),
            default: kernel.name == project.defaults.kernel,
            sources: kernel.sources.iter().map(ToString::to_string).collect(),
            series: kernel.series.clone(),
            kconfig: kernel.kconfig.clone(),
        })
        .collect();
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(Exit::Success);
    }
    for kernel in listed {
        anstream::println!("{}{}", kernel.name, if kernel.default { " (default)" } else { "" });
        for source in &kernel.sources {
            anstream::println!("  source   {source}");
        }
        let words = |list: &[String]| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
        anstream::println!("  series   {}", words(&kernel.series));
        anstream::println!("  kconfig  {}", words(&kernel.kconfig));
    }
    Ok(Exit::Success)
}
