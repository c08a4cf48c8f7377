//! How far a kernel is: what the cache has of it. Fetches nothing, builds nothing and boots nothing.

use std::path::Path;

use serde::Serialize;

use host::Cache;
use source::{SourceError, Sources};
use spec::Source;

use super::prepare::{finished_build, fragments};
use super::{Plan, RunError, work_slot};

/// How far a kernel is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Readiness {
    /// It is built: its guests start at once.
    Built {
        /// `uname -r` in its guests.
        release: String,
    },
    /// Its source is there, with its series, and has to be built.
    Fetched {
        /// What the source is: package and version, commit and subject.
        described: String,
        /// An earlier state of it was built, so that only what differs is compiled.
        again: bool,
    },
    /// A tree of the user's own, which only a run reads.
    OwnTree {
        /// Where it is.
        path: String,
        /// An earlier state of it was built, so that only what differs is compiled.
        again: bool,
    },
    /// Its source has to be fetched.
    Absent {
        /// Where it comes from, the first source first.
        sources: Vec<String>,
    },
}

/// How far the kernel of a plan is.
///
/// # Errors
/// A fragment cannot be read, a series does not apply, or the cache cannot be used.
pub fn readiness(root: &Path, cache: &Cache, plan: &Plan) -> Result<Readiness, RunError> {
    let fragments = fragments(root, plan)?;
    let (_, slot) = work_slot(plan, cache);
    // Made by the first build in that folder that came to its end.
    let again = slot.join("configured.json").exists();
    let own = |source: &Source| match source {
        Source::Git { location, dirty: true, .. } => Some(location.clone()),
        Source::Dir { path } => Some(path.display().to_string()),
        _ => None,
    };
    if let Some(path) = plan.kernel.sources.first().and_then(own) {
        return Ok(Readiness::OwnTree { path, again });
    }
    let prepared = match Sources::new(cache).offline().prepare(&plan.kernel, &plan.series) {
        Err(SourceError::Unavailable { .. }) => {
            let sources = plan.kernel.sources.iter().map(ToString::to_string).collect();
            return Ok(Readiness::Absent { sources });
        }
        prepared => prepared?,
    };
    // Without a toolchain nobody knows which build would be the right one.
    let built = finished_build(cache, plan, &prepared, &fragments).unwrap_or_default();
    Ok(match built {
        Some(built) => Readiness::Built { release: built.release },
        None => Readiness::Fetched { described: prepared.described, again },
    })
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use host::Process;
    use spec::Project;
    use testing::somebodys_git;

    use super::*;
    use crate::run::Request;

    #[test]
    fn a_source_is_there_or_has_to_be_fetched_and_a_tree_of_ones_own_is_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let (root, linux) = (dir.path(), dir.path().join("linux"));
        fs::create_dir(&linux).expect("made");
        fs::write(linux.join("Makefile"), "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 7\n").expect("written");
        for args in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-qm", "first"]] {
            args.iter().fold(somebodys_git(&linux), Process::arg).run().expect("git works");
        }
        let yaml = "kernels:\n  here: { source: { git: linux, ref: main } }\n  mine: { source: { git: linux, dirty: true } }\n\
                    \x20 away: { source: { git: 'file:///no/such/place', ref: main } }\ndefaults: { kernel: here }\n";
        fs::write(root.join("patchbench.yaml"), yaml).expect("written");
        let (project, cache) =
            (Project::load(root).expect("a project"), Cache::new(&root.join("cache")).expect("a cache"));
        let plan = |name: &str| {
            let request = Request { kernel: Some(name.to_owned()), ..Request::default() };
            Plan::kernel_only(&project, &request).expect("a plan")
        };
        let of = |name: &str| readiness(root, &cache, &plan(name)).expect("it can be told");
        assert!(matches!(of("here"), Readiness::Fetched { again: false, .. }), "{:?}", of("here"));
        assert!(matches!(of("mine"), Readiness::OwnTree { again: false, .. }), "{:?}", of("mine"));
        assert!(matches!(of("away"), Readiness::Absent { .. }), "{:?}", of("away"));
        let (_, slot) = work_slot(&plan("here"), &cache);
        fs::create_dir_all(&slot).expect("made");
        fs::write(slot.join("configured.json"), "{}").expect("written");
        assert!(matches!(of("here"), Readiness::Fetched { again: true, .. }), "{:?}", of("here"));
    }
}
