//! Where a series goes: the kernel below it, and those of its patches that are for that kernel.

use std::fs;
use std::path::Path;

use anyhow::Result;

use engine::run::{Plan, Request};
use source::{Prepared, SourceError, Sources};
use spec::{Patch, Project, Series, Symbol};

use crate::{Context, Usage};

/// A kernel with the first patches of a series, with what that requires and nothing else.
pub(super) fn prefix(project: &Project, name: &str, request: &Request, count: usize) -> Result<Plan> {
    let request = Request {
        series: Some(vec![name.to_owned()]),
        up_to: Some(format!("{name}:{count}")),
        ..request.clone()
    };
    Ok(Plan::kernel_only(project, &request)?)
}

/// The sources of the cache; what takes its time is reported.
pub(super) fn sources(ctx: &Context) -> Sources {
    let quiet = ctx.quiet;
    Sources::new(&ctx.cache).on_progress(move |line| {
        if !quiet {
            anstream::eprintln!("{line}");
        }
    })
}

/// The patches of a series that go onto a prepared kernel.
///
/// # Errors
/// The kernel has it all, or is none that the series is written for.
pub(super) fn patches_on(series: &Series, sources: &Sources, bare: &Prepared) -> Result<Vec<Patch>> {
    let has = |symbol: &Symbol| {
        let text = sources.file(bare, &symbol.file)?;
        Ok::<_, SourceError>(text.is_some_and(|text| symbol.stands_in(&text)))
    };
    let contained = series.contained.as_ref().map_or(Ok(false), has)?;
    if let Some(patches) = series.patches_for(&bare.version, has)?.filter(|_| !contained) {
        return Ok(patches.to_vec());
    }
    let why = if contained { "has all of it" } else { "is none of those that it is written for" };
    let message = format!("series {} has no patches for {}: it {why}", series.name, bare.described);
    let hint = Some(format!("--kernel; it is for {}", series.written_for().join("; ")));
    Err(Usage { message, hint }.into())
}

/// What is to be written goes into a folder of its own.
pub(super) fn refuse_filled(folder: &Path) -> Result<()> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("{} has something in it", folder.display());
        return Err(Usage { message, hint: Some("name another with --output DIR".to_owned()) }.into());
    }
    Ok(())
}
