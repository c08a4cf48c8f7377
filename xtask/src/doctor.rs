//! `doctor`: what the machine has and lacks.

use std::path::PathBuf;

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use engine::run::accel;
use host::confine::Strength;
use host::requirements::{Found, Level};
use host::{Distribution, requirements, setup};
use report::text::one_line;

use super::args::program;
use super::help::EXECUTION;
use super::{Context, Exit, Footer, Format};

/// Shows what this machine has and lacks, and how to get it
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// Ask this QEMU [default: qemu-system-x86_64 on the PATH]
    #[arg(long, value_name = "PROGRAM", value_parser = program(), help_heading = EXECUTION)]
    qemu: Option<PathBuf>,
}

const FOOTER: Footer =
    Footer::new(&[("cargo xtask doctor", "Each need: what was found, what is wanted, why, and its package")])
        .exits(&[("0", "a run has all that it needs"), ("4", "something that every run needs is missing")]);

#[derive(Serialize)]
struct Diagnosis {
    distribution: String,
    needs: Vec<Found>,
    accelerator: accel::Forecast,
    /// What a box of this machine is made of.
    #[serde(rename = "box")]
    confine: String,
    install: Option<String>,
    ok: bool,
}

pub fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let distribution = Distribution::found();
    let found = requirements::look(args.qemu.as_deref(), requirements::ALL);
    let ok = found.iter().all(|f| f.ok || f.requirement.level != Level::Run);
    let missing = requirements::missing(&found, &distribution);
    let install = setup::plan(&missing, &distribution).map(|plan| plan.shown());
    let accelerator = accel::forecast(args.qemu.as_deref(), &ctx.cache);
    let confine = Strength::here().to_string();
    let diagnosis =
        Diagnosis { distribution: distribution.name, needs: found, accelerator, confine, install, ok };
    match ctx.format {
        Format::Json => anstream::println!("{}", serde_json::to_string_pretty(&diagnosis)?),
        Format::Human => show(&diagnosis),
    }
    Ok(if ok { Exit::Success } else { Exit::Infrastructure })
}

fn show(diagnosis: &Diagnosis) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["", "need", "found", "wanted", "why", "package"]);
    for found in &diagnosis.needs {
        let mark = match (found.ok, found.requirement.level) {
            (true, _) => "ok",
            (false, Level::Recommended | Level::Ndctl | Level::Mail) => "--",
            (false, Level::Run) => "NO",
        };
        table.add_row([
            mark,
            found.requirement.name,
            found.found.as_deref().unwrap_or("missing"),
            found.requirement.wanted,
            found.requirement.why,
            found.requirement.package,
        ]);
    }
    anstream::println!("{}", diagnosis.distribution);
    for line in table.lines() {
        anstream::println!("{}", line.trim_end());
    }
    anstream::println!("\naccelerator: {}", diagnosis.accelerator);
    if let Some(raw) = &diagnosis.accelerator.raw {
        anstream::println!("  {}", one_line(raw));
    }
    anstream::println!("box: {}", diagnosis.confine);
    match (&diagnosis.install, diagnosis.ok) {
        (Some(command), false) => {
            anstream::println!(
                "\nmissing needs: `cargo xtask setup` installs them, as this does:\n  {command}"
            );
        }
        (Some(command), true) => {
            anstream::println!(
                "\nnothing is missing; `cargo xtask setup` installs what is worth having, as this does:\n  {command}"
            );
        }
        (None, false) => {
            anstream::println!("\nmissing needs; install them with your distribution's package manager");
        }
        (None, true) => anstream::println!("\nnothing is missing"),
    }
}
