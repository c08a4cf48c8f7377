//! `ci`: workflows for other systems.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use engine::ci;
use engine::ci::{Build, System, Workflow};
use report::command_line;
use spec::matrix::{Axes, Matrix};

use super::help::{EXECUTION, OUTPUT, SELECTION};
use super::{Context, Exit, Footer, Usage};

/// Writes workflows that run a matrix on GitHub or GitLab
#[derive(Debug, clap::Args)]
#[command(add = EXPORT)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Export(ExportArgs),
}

/// Prints a workflow that runs a matrix in shards
///
/// Each kernel is built once and kept, and the results of the shards are merged into one report.
#[derive(Debug, clap::Args)]
#[command(add = EXPORT)]
struct ExportArgs {
    /// The system that the workflow is for
    #[arg(value_enum)]
    system: SystemArg,
    /// The matrix of patchbench.yaml [default: the one called default, or the only one]
    #[arg(long, value_name = "MATRIX", help_heading = SELECTION)]
    matrix: Option<String>,
    /// Cut the matrix into N parts
    #[arg(
        long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=256),
        help_heading = EXECUTION
    )]
    shards: u32,
    /// Write into this file; `default` is where the system looks for it [default: standard output]
    #[arg(short, long, value_name = "FILE", help_heading = OUTPUT)]
    output: Option<PathBuf>,
}

const EXPORT: Footer = Footer::new(&[
    ("cargo xtask ci export github --output default", "Writes .github/workflows/patchbench.yml"),
    ("cargo xtask ci export gitlab --matrix debug --shards 2", "Prints another matrix, in two parts"),
]);

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
        fs::create_dir_all(folder).map_err(|error| Usage::of_file("make", folder, error))?;
    }
    fs::write(&path, text).map_err(|error| Usage::of_file("write", &path, error))?;
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
