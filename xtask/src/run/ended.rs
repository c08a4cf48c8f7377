//! What a run comes to in the end.

use anyhow::Result;

use engine::run::Finished;
use kernlog::Verdict;
use report::{Store, Stored};

use crate::{Context, Exit, Format, results};

/// The exit code of a run that has ended.
pub(super) fn ended(
    ctx: &Context,
    store: &Store,
    finished: Finished,
    baseline: Option<&Stored>,
) -> Result<Exit> {
    // A verdict that was not recorded cannot be shown to anyone.
    if let Some(error) = store.take_error() {
        return Err(error.into());
    }
    if ctx.format == Format::Human && finished.verdict == Verdict::Fail && !finished.interrupted {
        ctx.print("next: `cargo xtask results show --log`, `cargo xtask results html`; `cargo xtask` alone has more");
    }
    match baseline {
        _ if finished.interrupted => Ok(Exit::Interrupted),
        Some(baseline) => against(ctx, baseline, store, finished.verdict),
        None => Ok(Exit::from(finished.verdict)),
    }
}

/// What differs from the baseline. A red run is none where all that is red was so before; what was not run or not
/// built cannot be compared.
fn against(ctx: &Context, baseline: &Stored, store: &Store, verdict: Verdict) -> Result<Exit> {
    let diff = results::compare(ctx, baseline, &Stored::load(store.dir())?)?;
    let is_newly_red = diff.is_newly_red();
    if ctx.format == Format::Human {
        results::show_diff(ctx, &diff.without_reasons())?;
    }
    Ok(match verdict {
        Verdict::Fail if !is_newly_red => Exit::Success,
        verdict => Exit::from(verdict),
    })
}
