//! The engines that there are. Another one is a file beside `local.rs` and a row of the table.

mod early;
mod local;

use super::engine::Engine;
use super::request::unknown;
use super::{Options, RunContext, RunError};

pub use local::LocalEngine;

/// Makes an engine ready to be given kernels and cells.
type Start = for<'a> fn(&RunContext<'a>, &'a Options) -> Result<Box<dyn Engine + 'a>, RunError>;

/// Names, as `--on` takes them, the default first.
const ENGINES: &[(&str, Start)] =
    &[("local", |context, options| Ok(Box::new(LocalEngine::new(context, options)?)))];

/// The engine that the options name.
///
/// # Errors
/// There is none of this name, or its machinery is not there or does not answer.
pub(super) fn start<'a>(
    context: &RunContext<'a>,
    options: &'a Options,
) -> Result<Box<dyn Engine + 'a>, RunError> {
    let named = options.engine.as_deref();
    match ENGINES.iter().find(|(name, _)| named.is_none_or(|named| named == *name)) {
        Some((_, start)) => start(context, options),
        None => Err(unknown("engine", named.unwrap_or_default(), ENGINES.iter().map(|(name, _)| *name))),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use event::Null;
    use host::Cache;

    use super::*;
    use crate::run::Policy;
    use crate::run::accel::AccelRequest;

    #[test]
    fn an_engine_that_there_is_not_is_refused_by_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(dir.path()).expect("a cache");
        let root = Path::new("/nowhere");
        let context = RunContext { workspace: root, root, cache: &cache, sink: &Null };
        let options = Options {
            qemu: "/nowhere/qemu".into(),
            engine: Some("locl".to_owned()),
            accel: AccelRequest::Tcg,
            policy: Policy::default(),
        };
        let Err(RunError::Unknown { what, name, hint }) = start(&context, &options) else {
            panic!("there is no such engine")
        };
        assert_eq!(
            (what.as_str(), name.as_str(), hint.as_str()),
            ("engine", "locl", "did you mean 'local'?")
        );
    }
}
