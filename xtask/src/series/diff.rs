//! `series diff`: what changed between two versions.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use engine::series::diff::{Side, range_diff};
use report::text::neutralise;
use spec::series::is_version_folder;
use spec::{Project, Series};

use super::kernel::kernel_for;
use super::place;
use crate::help::{EXECUTION, KERNEL};
use crate::range::RangeArgs;
use crate::{Context, Exit, Footer, Format, Usage, range};

/// Shows what changed between two versions of a series, by `git range-diff`
///
/// The newest version lies in patches/NAME/, older ones in patches/NAME/vN/, where `series import` puts them. Each goes onto the
/// kernel, in a repository that is gone afterwards. A version may also be commits of your own repository, which are taken as they
/// lie there: BASE..TIP, or beside such a one TIP alone, on the same base.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub(super) struct Args {
    /// The series: a folder in patches/; of commits alone, any name
    #[arg(value_name = "SERIES")]
    name: String,
    /// The older version: v1, a folder with a series.yaml, or BASE..TIP [default with --git: the series as it is]
    #[arg(value_name = "OLD", required_unless_present = "git")]
    old: Option<String>,
    /// The newer version [default: the commits of --git, else the series as it is]
    #[arg(value_name = "NEW", conflicts_with = "git")]
    new: Option<String>,
    /// The kernel that both go onto [default: the first of patchbench.yaml with this series]
    #[arg(long, value_name = "KERNEL", help_heading = KERNEL)]
    kernel: Option<String>,
    /// The kernel that the older version goes onto [default: the same]
    #[arg(long, value_name = "KERNEL", help_heading = KERNEL)]
    old_kernel: Option<String>,
    #[command(flatten)]
    range: RangeArgs,
    /// How much of a patch may be new before it counts as another, in percent [default: git's 60]
    #[arg(long, value_name = "PERCENT", help_heading = EXECUTION)]
    creation_factor: Option<u32>,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask series diff mine v1", "What has changed since its first version"),
    (
        "cargo xtask series diff memdev-attach --git ~/linux v6.12..mine",
        "What your branch has changed in a series",
    ),
])
.exits(&[("0", "it was shown, whether anything differs or not")]);

#[derive(Serialize)]
struct Shown {
    old: String,
    new: String,
    range_diff: String,
}

pub(super) fn run(args: &Args, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let versions = Versions { args, project, ctx };
    let (kernel, named) = (args.kernel.as_deref(), args.range.named().map(|(_, commits)| commits));
    let as_it_is = || Ok(format!("v{}", versions.current()?.version));
    let old = args.old.clone().map_or_else(as_it_is, Ok::<_, anyhow::Error>)?;
    let new = match named {
        Some(commits) => commits.to_owned(),
        None => args.new.clone().map_or_else(as_it_is, Ok)?,
    };
    let old = versions.side(&old, &new, args.old_kernel.as_deref().or(kernel))?;
    let new = match named {
        Some(commits) => versions.in_git(&new, commits)?,
        None => versions.side(&new, &old.name, kernel)?,
    };
    let options: Vec<String> =
        args.creation_factor.iter().map(|percent| format!("--creation-factor={percent}")).collect();
    let text = range_diff(&place::sources(ctx), &old, &new, &options).context("comparing two versions")?;
    match ctx.format {
        Format::Json => {
            let shown = Shown { old: old.name, new: new.name, range_diff: text };
            anstream::println!("{}", serde_json::to_string_pretty(&shown)?);
        }
        Format::Human => anstream::println!("{}", neutralise(&text)),
    }
    Ok(Exit::Success)
}

/// The versions of a series.
struct Versions<'a> {
    args: &'a Args,
    project: &'a Project,
    ctx: &'a Context,
}

impl Versions<'_> {
    fn current(&self) -> Result<Series> {
        Ok(Series::load(&self.project.patches_dir(), &self.args.name)?)
    }

    fn side(&self, which: &str, other: &str, kernel: Option<&str>) -> Result<Side> {
        match self.commits(which, other) {
            Some(commits) => self.in_git(which, &commits),
            None => self.on_kernel(which, kernel),
        }
    }

    /// `BASE..TIP` where a version is meant as commits.
    fn commits(&self, which: &str, other: &str) -> Option<String> {
        let is_range = |text: &str| text.contains("..") && !Path::new(text).is_dir();
        let is_folder = || self.current().and_then(|current| version(&current, which)).is_ok();
        match other.split_once("..") {
            _ if is_range(which) => Some(which.to_owned()),
            Some((base, _)) if is_range(other) && !is_folder() => Some(format!("{base}..{which}")),
            _ => None,
        }
    }

    /// Commits as they lie in the repository of --git, or in the one that the command is given in.
    fn in_git(&self, which: &str, commits: &str) -> Result<Side> {
        let dir = self.args.range.named().map_or(Path::new("."), |(dir, _)| dir);
        let range = range::resolve(range::NAME, dir, commits)?;
        let project = range::with(self.project.clone(), range.clone(), self.ctx)?;
        let series = Series::load(&project.patches_dir(), range::NAME)?;
        Side::commits(which, &range, &series.patches)
            .with_context(|| format!("reading {which} of {}", dir.display()))
    }

    /// A version of patches/ on a kernel, after what the series requires.
    fn on_kernel(&self, which: &str, kernel: Option<&str>) -> Result<Side> {
        let (name, current) = (&self.args.name, self.current()?);
        let kernel = kernel_for(self.project, name, kernel)?;
        let mut series = version(&current, which)?;
        series.requires.clone_from(&current.requires);
        series.contained = None;
        let mut all = Series::load_all(&self.project.patches_dir(), &current.requires)?;
        all.push(series);
        let prepared = place::sources(self.ctx)
            .prepare(kernel, &all)
            .with_context(|| format!("applying {which} of {name}"))?;
        if prepared.applied.last().is_none_or(|applied| applied.patches.is_empty()) {
            let message = format!("kernel {} contains {which} of {name} already", kernel.name);
            return Err(Usage { message, hint: Some("name another with --kernel NAME".to_owned()) }.into());
        }
        Side::on_kernel(which, &prepared)
    }
}

fn version(current: &Series, which: &str) -> Result<Series> {
    if which == format!("v{}", current.version) {
        return Ok(current.clone());
    }
    if is_version_folder(which) && current.dir.join(which).is_dir() {
        return Ok(Series::load(&current.dir, which)?);
    }
    let path = Path::new(which);
    let name = path.file_name().and_then(|name| name.to_str());
    match (path.parent(), name) {
        (Some(parent), Some(name)) if path.is_dir() => Ok(Series::load(parent, name)?),
        _ => {
            let known = specfile::folders(&current.dir)?;
            let mut known: Vec<String> = known.into_iter().filter(|name| is_version_folder(name)).collect();
            known.push(format!("v{}", current.version));
            let hint =
                format!("there are {}; series import brings more; commits are BASE..TIP", known.join(", "));
            Err(Usage { message: format!("series {} has no {which}", current.name), hint: Some(hint) }.into())
        }
    }
}
