//! `--linux DIR`: the user's own tree, with the series that fit it.

use anyhow::Result;

use engine::run::{Request, Settled, settle};
use source::Sources;
use spec::Project;

use super::Context;

/// The request with the series that fit the user's own tree, and what was found in lines; the same request where it names no
/// tree.
///
/// # Errors
/// It is no kernel tree that can be taken as it stands, or the cache cannot be used.
pub fn settled(request: Request, project: &Project, ctx: &Context) -> Result<(Request, Vec<String>)> {
    let quiet = ctx.quiet;
    let sources = Sources::new(&ctx.cache).on_progress(move |line| {
        if !quiet {
            anstream::eprintln!("{line}");
        }
    });
    let (request, settled) = settle(request, project, &sources)?;
    let lines = settled.map(|settled: Settled| settled.to_string().lines().map(str::to_owned).collect());
    Ok((request, lines.unwrap_or_default()))
}

/// The request with the series that fit the user's own tree; what was found is printed.
///
/// # Errors
/// As [`settled`].
pub fn settled_and_shown(request: Request, project: &Project, ctx: &Context) -> Result<Request> {
    let (request, lines) = settled(request, project, ctx)?;
    for line in &lines {
        ctx.print(line);
    }
    Ok(request)
}
