//! `series list`: what there is.

use anyhow::Result;
use serde::Serialize;

use spec::Series;

use crate::{Context, Exit, Footer, Format};

/// Lists every series with what it requires, and the kernels it is written for
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {}

const FOOTER: Footer = Footer::new(&[("cargo xtask series list", "What --series takes")]);

pub(super) fn run(_: &Args, ctx: &Context) -> Result<Exit> {
    let project = ctx.project()?;
    let dir = project.patches_dir();
    let listed = Series::names(&dir)?
        .iter()
        .map(|name| Ok(Listed::new(&Series::load(&dir, name)?)))
        .collect::<Result<Vec<_>>>()?;
    if ctx.format == Format::Json {
        anstream::println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(Exit::Success);
    }
    for series in listed {
        anstream::println!("{}  {}\n  {}", series.name, series.title, series.line());
    }
    Ok(Exit::Success)
}

/// A series in a line or two.
#[derive(Serialize)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) title: String,
    version: u32,
    patches: usize,
    written_for: Vec<String>,
    requires: Vec<String>,
}

impl Listed {
    pub(super) fn new(series: &Series) -> Self {
        Self {
            name: series.name.clone(),
            title: series.title.clone(),
            version: series.version,
            patches: series.longest(),
            written_for: series.written_for(),
            requires: series.requires.clone(),
        }
    }

    pub(super) fn line(&self) -> String {
        if self.patches == 0 {
            return format!("v{}, not here: cargo xtask series fetch {}", self.version, self.name);
        }
        let patches =
            if self.patches == 1 { "1 patch".to_owned() } else { format!("{} patches", self.patches) };
        let requires = if self.requires.is_empty() {
            String::new()
        } else {
            format!(", requires {}", self.requires.join(", "))
        };
        format!("v{}, {patches}, for {}{requires}", self.version, self.written_for.join("; "))
    }
}
