//! `--git DIR BASE..TIP`: commits of the user's own repository in the place of a series.

use std::path::Path;

use anyhow::{Context as _, Result};

use engine::series::range;
use spec::series::FILE;
use spec::{Project, SeriesRange};

use super::Context;
use super::help::KERNEL;

/// Name of the series that a range becomes where it stands in the place of none.
pub const NAME: &str = "git";

/// A range of commits that is a series.
#[derive(Debug, Default, clap::Args)]
pub struct RangeArgs {
    /// Take commits of your own repository as patches of a series [default: the patches in patches/]
    ///
    /// In the place of the kernel's first series, where the subcommand names none.
    #[arg(long, value_names = ["DIR", "BASE..TIP"], num_args = 2, help_heading = KERNEL)]
    git: Option<Vec<String>>,
}

impl RangeArgs {
    /// The project with the range in the place of this series.
    ///
    /// # Errors
    /// There is no such range, or it is not a line of commits.
    pub fn for_series(&self, project: Project, series: &str, ctx: &Context) -> Result<Project> {
        let Some((dir, commits)) = self.named() else { return Ok(project) };
        with(project, resolve(series, dir, commits)?, ctx)
    }

    /// The project with the range in the place of the first series of a kernel, the default one where none is named.
    ///
    /// # Errors
    /// As [`RangeArgs::for_series`].
    pub fn for_kernel(&self, mut project: Project, kernel: Option<&str>, ctx: &Context) -> Result<Project> {
        if self.git.is_none() {
            return Ok(project);
        }
        let name = kernel.unwrap_or(&project.defaults.kernel).to_owned();
        let series = project.kernel(&name)?.series.first().cloned();
        if series.is_none()
            && let Some(kernel) = project.kernels.get_mut(&name)
        {
            kernel.series.push(NAME.to_owned());
        }
        self.for_series(project, series.as_deref().unwrap_or(NAME), ctx)
    }

    /// The repository and the commits as they were named.
    pub fn named(&self) -> Option<(&Path, &str)> {
        let [dir, commits] = self.git.as_deref()? else { return None };
        Some((Path::new(dir), commits))
    }
}

/// The commits that a range names now.
///
/// # Errors
/// There is no such range, or it is not a line of commits.
pub fn resolve(series: &str, dir: &Path, commits: &str) -> Result<SeriesRange> {
    range::resolve(series, dir, commits)
        .with_context(|| format!("looking for {commits} in {}", dir.display()))
}

/// The project with a range that is known.
///
/// # Errors
/// The commits are gone, or the cache cannot be used.
pub fn with(project: Project, range: SeriesRange, ctx: &Context) -> Result<Project> {
    let patches = range::overlay(&range, &project.root.join("patches"), &ctx.cache)
        .with_context(|| format!("taking {range} for a series"))?;
    Ok(project.with_range(range, patches))
}

/// Whether a project has a range that stands in the place of no folder of `patches/`: then nothing is known of it but what its
/// commits have.
pub fn is_by_itself(project: &Project) -> bool {
    let folder = |range: &SeriesRange| project.root.join("patches").join(&range.series);
    project.range().is_some_and(|range| !folder(range).join(FILE).is_file())
}
