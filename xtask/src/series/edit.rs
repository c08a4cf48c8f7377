//! `series edit`, `series refresh`, `series rebase`: the series as commits, and back.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use engine::run::Request;
use engine::series::edit::{Base, WorkTree};
use engine::series::import::Facts;
use engine::series::mail::patch_ids;
use host::write_stamp;
use source::Prepared;
use spec::series::FILE;
use spec::{Project, Series};

use super::mails;
use super::place::{patches_on, prefix, sources};
use crate::args::KernelArgs;
use crate::help::{KERNEL, OUTPUT};
use crate::{Context, Exit, Footer, Usage};

/// Where work trees are, below the project.
const WORK: &str = "work";

/// Where the cache keeps how conflicts were resolved (git rerere).
const LEARNED: &str = "rr-cache";

/// Makes a git work tree of a series, each patch a commit on its kernel
///
/// It is edited there with git's own tools, `git rebase -i`, `git commit --amend` and the like; then `series refresh` takes it
/// back into its folder.
#[derive(Debug, clap::Args)]
#[command(add = EDIT)]
pub(super) struct EditArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    kernel: KernelArgs,
}

/// Takes the commits of a series' work tree back into its folder
///
/// A patch with the same content stays byte for byte, and patch-ids of series.yaml are renewed.
#[derive(Debug, clap::Args)]
#[command(add = REFRESH)]
pub(super) struct RefreshArgs {
    #[command(flatten)]
    which: Which,
}

/// Puts a series onto another kernel, in its work tree, and reports what conflicts
///
/// How a conflict was resolved is remembered.
#[derive(Debug, clap::Args)]
#[command(add = REBASE)]
pub(super) struct RebaseArgs {
    #[command(flatten)]
    which: Which,
    /// The kernel of patchbench.yaml that the series goes onto
    #[arg(long, value_name = "KERNEL", help_heading = KERNEL)]
    onto: String,
    #[command(flatten)]
    kernel: KernelArgs,
}

/// A series and its work tree.
#[derive(Debug, clap::Args)]
struct Which {
    /// The series: a folder in patches/
    #[arg(value_name = "SERIES")]
    name: String,
    /// The folder of the work tree [default: work/SERIES in the project]
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    dir: Option<PathBuf>,
}

const EDIT: Footer =
    Footer::new(&[("cargo xtask series edit memdev-attach", "Prints the folder of its work tree")]);

const REFRESH: Footer = Footer::new(&[(
    "cargo xtask series refresh memdev-attach",
    "What was committed there becomes the series",
)]);

const REBASE: Footer = Footer::new(&[(
    "cargo xtask series rebase memdev-attach --onto merged",
    "The same series on a newer kernel",
)])
.exits(&[("3", "a patch conflicts, which is to be resolved in the work tree")]);

impl Which {
    fn dir(&self, project: &Project) -> Result<PathBuf> {
        let dir = self.dir.clone().unwrap_or_else(|| project.root.join(WORK).join(&self.name));
        std::path::absolute(dir).context("resolving the folder")
    }

    fn series(&self, project: &Project) -> Result<Series> {
        Ok(Series::load(&project.patches_dir(), &self.name)?)
    }

    /// The kernel below the series, with what that requires.
    fn below(&self, request: &Request, project: &Project, ctx: &Context) -> Result<Prepared> {
        let plan = prefix(project, &self.name, request, 0)?;
        Ok(sources(ctx).prepare(&plan.kernel, &plan.series)?)
    }
}

fn base(prepared: &Prepared, ctx: &Context) -> Base {
    let own = sources(ctx).repository().join("objects");
    let series: Vec<&str> = prepared.applied.iter().map(|applied| applied.series.as_str()).collect();
    let with = if series.is_empty() { String::new() } else { format!(" + {}", series.join(" + ")) };
    Base {
        tree: prepared.tree.clone(),
        described: format!("{}{with}", prepared.described),
        objects: std::iter::once(own).chain(prepared.alternates.iter().cloned()).collect(),
    }
}

pub(super) fn edit(args: &EditArgs, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let dir = args.which.dir(project)?;
    let series = args.which.series(project)?;
    make(&args.which, &series, &args.kernel.request(), project, ctx)?;
    anstream::println!("{}", dir.display());
    ctx.print(&format!("edit it there, commit, then: cargo xtask series refresh {}", series.name));
    Ok(Exit::Success)
}

fn make(
    which: &Which,
    series: &Series,
    request: &Request,
    project: &Project,
    ctx: &Context,
) -> Result<WorkTree> {
    let below = which.below(request, project, ctx)?;
    let patches: Vec<PathBuf> =
        patches_on(series, &sources(ctx), &below)?.into_iter().map(|patch| patch.file).collect();
    let learned = ctx.cache.dir(LEARNED)?;
    let made = WorkTree::make(&which.dir(project)?, &series.name, &base(&below, ctx), &patches, &learned);
    made.with_context(|| format!("making a work tree of series {}", series.name))
}

pub(super) fn refresh(args: &RefreshArgs, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let series = args.which.series(project)?;
    if series.patches.is_empty() && !series.variants.is_empty() {
        let message =
            format!("series {} has its patches in folders of their own, one for each kernel", series.name);
        return Err(Usage { message, hint: Some("take them back with git format-patch".to_owned()) }.into());
    }
    let work = WorkTree::open(&args.which.dir(project)?)?;
    let refreshed = work
        .refresh(&series.dir, series.version)
        .with_context(|| format!("taking back series {}", series.name))?;
    for name in &refreshed.written {
        anstream::println!("written  {name}");
    }
    for name in &refreshed.removed {
        anstream::println!("removed  {name}");
    }
    ctx.print(&format!("{} as before; on {}", refreshed.same, work.base()?));
    // What series.yaml promises by number must still be there.
    args.which.series(project).context("reading the series as it is now")?;
    if renew_ids(project, &args.which.name)? {
        anstream::println!("written  {FILE}");
    }
    Ok(Exit::Success)
}

/// Puts the ids of the patches as they are now into `series.yaml`, where it has ids. Returns whether they were others.
fn renew_ids(project: &Project, name: &str) -> Result<bool> {
    let mails = mails::load(project, name)?;
    let ids = patch_ids(&mails.patches.iter().collect::<Vec<_>>())?;
    let before = &mails.series.posted.patch_ids;
    if before.is_empty() || *before == ids {
        return Ok(false);
    }
    let file = mails.series.dir.join(FILE);
    let yaml = fs_err::read_to_string(&file)?;
    write_stamp(&file, Facts::renewed(&yaml, &ids))?;
    Ok(true)
}

pub(super) fn rebase(args: &RebaseArgs, ctx: &Context) -> Result<Exit> {
    let project = &ctx.project()?;
    let series = args.which.series(project)?;
    let request = args.kernel.request();
    let dir = args.which.dir(project)?;
    let work = if dir.exists() {
        WorkTree::open(&dir)?
    } else {
        make(&args.which, &series, &request, project, ctx)?
    };
    let onto = Request { kernel: Some(args.onto.clone()), ..Request::default() };
    let below = args.which.below(&onto, project, ctx)?;
    let learned = ctx.cache.dir(LEARNED)?;
    work.rebase(&base(&below, ctx), &learned)
        .with_context(|| format!("putting series {} onto {}", series.name, below.described))?;
    anstream::println!("{}", dir.display());
    ctx.print(&format!("on {}; take it back: cargo xtask series refresh {}", work.base()?, series.name));
    if let Some(range) = series.base.as_ref().filter(|range| !range.contains(&below.version)) {
        ctx.print(&format!("series.yaml has base: {range}, and this is {}", below.version));
    }
    Ok(Exit::Success)
}
