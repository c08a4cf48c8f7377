//! `ci`: workflows for other systems.

use std::path::PathBuf;

use anyhow::Result;

use engine::ci;
use engine::ci::{Build, System, Workflow};
use report::command_line;
use spec::matrix::{Axes, Matrix};

use super::{Context, Exit};

/// Writes workflows that run a matrix on other systems
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Export(ExportArgs),
}

/// Prints a workflow: each kernel built once and kept, the matrix in shards, their results merged into one report
#[derive(Debug, clap::Args)]
struct ExportArgs {
    /// For which system
    #[arg(value_enum)]
    system: SystemArg,
    /// The matrix of patchbench.yaml [default: the one called default, or the only one]
    #[arg(long, value_name = "NAME")]
    matrix: Option<String>,
    /// Into how many parts it is cut
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=256))]
    shards: u32,
    /// Write it there; `--output default` is where the system looks for it [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// A system that runs workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SystemArg {
    /// GitHub Actions: .github/workflows/patchbench.yml
    Github,
    /// GitLab CI/CD: .gitlab-ci.yml
    Gitlab,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let Command::Export(args) = &args.command;
    let system = match args.system {
        SystemArg::Github => System::Github,
        SystemArg::Gitlab => System::Gitlab,
    };
    let project = ctx.project()?;
    let matrix = project.matrix(args.matrix.as_deref())?;
    let text = ci::export(
        system,
        &Workflow {
            builds: builds(matrix),
            matrix: matrix.name.clone(),
            shards: args.shards,
            command: command_line(),
        },
    )?;
    let Some(path) = &args.output else {
        anstream::print!("{text}");
        return Ok(Exit::Success);
    };
    let path = if path.as_os_str() == "default" { ctx.root.join(system.path()) } else { path.clone() };
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder)?;
    }
    fs_err::write(&path, text)?;
    anstream::println!("{}", path.display());
    Ok(Exit::Success)
}

/// Every kernel of the matrix with its flavours, each once.
fn builds(matrix: &Matrix) -> Vec<Build> {
    let product = |axes: &Axes| {
        let flavours = axes.flavours.clone();
        let each = move |kernel: &String| -> Vec<Build> {
            flavours
                .iter()
                .map(|flavour| Build { kernel: kernel.clone(), flavour: flavour.clone() })
                .collect()
        };
        axes.kernels.iter().flat_map(each).collect::<Vec<_>>()
    };
    let mut builds: Vec<Build> = matrix.products.iter().flat_map(product).collect();
    builds.sort();
    builds.dedup();
    builds
}
