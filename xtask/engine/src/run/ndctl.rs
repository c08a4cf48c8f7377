//! ndctl's tools and tests: from the first of their sources that can be had and builds.

use event::{Event, StageEnd};
use guest::{GuestError, Ndctl, NdctlTree};
use source::{SourceError, Sources};
use spec::Source;

use super::{Plan, RunContext, RunError};

/// Gets and builds ndctl, or takes what the cache has; how the stage ended, and which ndctl it is.
pub(super) fn build(context: &RunContext, plan: &Plan) -> Result<(Ndctl, StageEnd, String), RunError> {
    let mut tried = Vec::new();
    for source in &plan.ndctl {
        match one(context, source) {
            Ok(found) => {
                for text in tried {
                    context.sink.emit(&Event::Remark { text });
                }
                return Ok(found);
            }
            Err(error) if is_interrupt(&error) => return Err(error),
            Err(error) => tried.push(format!("ndctl from {source}: {}", fault::inlined(&error))),
        }
    }
    Err(RunError::NoNdctl { tried })
}

fn one(context: &RunContext, source: &Source) -> Result<(Ndctl, StageEnd, String), RunError> {
    let sources = Sources::new(context.cache);
    let plain = sources.fetch(source)?;
    if let Some(text) = &plain.note {
        context.sink.emit(&Event::Notice { text: text.clone() });
    }
    let cache = context.cache.path();
    if let Some(built) = Ndctl::cached(&plain.tree, cache) {
        return Ok((built, StageEnd::Cached, plain.described));
    }
    let _guard = context.cache.lock("work-ndctl")?;
    let slot = context.cache.dir("work/ndctl")?;
    let src = slot.join("src");
    sources.checkout_plain(&plain, &src, &slot.join("index"))?;
    let built = Ndctl::build(&NdctlTree { src: &src, slot: &slot, id: &plain.tree }, cache)?;
    Ok((built, StageEnd::Done, plain.described))
}

fn is_interrupt(error: &RunError) -> bool {
    use host::ProcessError::Interrupted;
    match error {
        RunError::Source(error) => SourceError::is_interrupt(error),
        RunError::Guest(GuestError::Process(Interrupted)) => true,
        _ => false,
    }
}
