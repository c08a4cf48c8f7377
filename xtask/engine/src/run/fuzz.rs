//! Random topologies: booted, checked against the model, and the failing ones reduced to the smallest that still fail.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use fs_err as fs;

use cxl_topology::Topology;
use cxl_topology::raw::RawTopology;
use event::{Event, Null, Sink};
use host::signals;
use kernlog::Verdict;
use report::Store;
use spec::Project;

use super::{Options, Plan, Request, RunContext, RunError, execute};

/// Boots that one shrinking may take: each is a matter of seconds.
const BOOTS: u32 = 60;
/// Failing topologies that are made smaller; more of them are most often the same fault.
const SHRUNK: usize = 3;

/// Random topologies of one seed.
pub struct RandomTopologies {
    seed: u64,
    files: Vec<(String, RawTopology)>,
}

/// The smallest topology that still fails.
pub struct Smallest {
    /// Name of the random topology that it was reduced from.
    pub from: String,
    /// Its file.
    pub file: PathBuf,
    /// The folder of its boots, with their `replay.sh`.
    pub boots: PathBuf,
}

impl fmt::Display for Smallest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, boots) = (self.file.display(), self.boots.display());
        write!(
            f,
            "the smallest of {} that still fails: {file}\n  its boots, each with a replay.sh: {boots}",
            self.from
        )
    }
}

impl RandomTopologies {
    /// The first `count` of a seed.
    pub fn new(seed: u64, count: u32) -> Self {
        let file = |number| (format!("random-{seed}-{number}"), cxl_topology::random(seed, number));
        Self { seed, files: (0..count).map(file).collect() }
    }

    /// The options that make the same topologies again, as a sentence.
    pub fn notice(&self) -> String {
        format!("the same topologies again: --random {} --seed {}", self.files.len(), self.seed)
    }

    /// The request with these topologies in place of others; of suites only `enumerate` where none is named.
    pub fn request(&self, request: &Request) -> Request {
        let mut request = request.clone();
        if request.suites.is_empty() {
            request.suites = vec!["enumerate".to_owned()];
        }
        let topologies =
            self.files.iter().filter_map(|(name, raw)| Some(Arc::new(Topology::from_raw(name, raw).ok()?)));
        request.in_memory = topologies.collect();
        request.topologies = request.in_memory.iter().map(|topology| topology.name.clone()).collect();
        request
    }

    /// Writes them into the run's folder, as files that can be run by name.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn keep(&self, run: &Path) -> Result<(), RunError> {
        self.files.iter().try_for_each(|(name, raw)| write(&run.join("topologies"), name, raw).map(drop))
    }

    /// Makes the failing ones smaller as long as they fail.
    ///
    /// # Errors
    /// As [`execute`].
    pub fn shrink(
        &self,
        context: &RunContext,
        (project, request, options): (&Project, &Request, &Options),
        store: &Store,
        reds: &Failures,
    ) -> Result<Vec<Smallest>, RunError> {
        let quiet = RunContext {
            workspace: context.workspace,
            root: context.root,
            cache: context.cache,
            sink: &Null,
        };
        let red = reds.topologies();
        let mut found = Vec::new();
        for (name, raw) in self.files.iter().filter(|(name, _)| red.contains(name)).take(SHRUNK) {
            context.sink.emit(&Event::Notice {
                text: format!("{name} failed: looking for the smallest that still does"),
            });
            let mut boots = 0;
            let mut last = None;
            let mut fails = |raw: &RawTopology| -> Result<bool, RunError> {
                let Ok(topology) = Topology::from_raw(name, raw) else { return Ok(false) };
                if boots >= BOOTS || signals::requested() {
                    return Ok(false);
                }
                boots += 1;
                let request = Request {
                    in_memory: vec![Arc::new(topology)],
                    topologies: vec![name.clone()],
                    ..self.request(request)
                };
                let plan = Plan::new(project, &request)?;
                let resolved = serde_json::json!({ "seed": self.seed, "topology": name });
                let store = Store::create(&store.dir().join("shrink"), resolved)?;
                let failed = execute(&quiet, &[plan], options, &store)?.verdict == Verdict::Fail;
                if failed {
                    last = Some(store.dir().to_owned());
                }
                Ok(failed)
            };
            let small = cxl_topology::shrink(raw, &mut fails)?;
            let file = write(&store.dir().join("smallest"), name, &small)?;
            let boots = last.unwrap_or_else(|| store.dir().to_owned());
            found.push(Smallest { from: name.clone(), file, boots });
        }
        Ok(found)
    }
}

fn write(dir: &Path, name: &str, raw: &RawTopology) -> Result<PathBuf, RunError> {
    let file = dir.join(format!("{name}.yaml"));
    fs::create_dir_all(dir)?;
    fs::write(&file, raw.to_yaml())?;
    Ok(file)
}

/// Notes which topologies had a red cell.
#[derive(Default)]
pub struct Failures(Mutex<Vec<String>>);

impl Failures {
    fn topologies(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sink for Failures {
    fn emit(&self, event: &Event) {
        if let Event::CellFinished { cell, verdict: Verdict::Fail, .. } = event {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(cell.topology.clone());
        }
    }
}
