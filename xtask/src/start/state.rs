//! What there is, as far as it shows within a moment.

use std::path::{Path, PathBuf};

use serde::Serialize;

use engine::run::{Plan, Readiness, Request, accel, readiness};
use host::requirements::{Found, Level};
use host::{Distribution, requirements};
use kernlog::Verdict;
use report::text::one_line;
use report::{CellSummary, Folder, Progress, Stored};
use source::KernelVersion;
use spec::Project;
use spec::project::LOCAL_FILE;

use crate::Context;

/// Where many keep their kernel tree: the first that is there is named in the next command.
const TREES: [&str; 5] = ["~/linux", "~/src/linux", "~/git/linux", "~/kernel/linux", "../linux"];

/// What there is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct State {
    /// Name of the distribution.
    pub(super) distribution: String,
    pub(super) needs: Needs,
    pub(super) accelerator: accel::Forecast,
    /// What is wrong with the project's files.
    pub(super) problem: Option<String>,
    pub(super) kernel: Option<KernelState>,
    /// Whether there is a patchbench.local.yaml.
    pub(super) local_file: bool,
    /// How many runs were kept.
    pub(super) runs: usize,
    pub(super) latest: Option<Latest>,
    /// A topology for a first look around.
    pub(super) topology: Option<String>,
    /// Whether patchbench.yaml has a matrix that needs no name.
    pub(super) matrix: bool,
    /// A kernel tree of the user's, or where one might be, as a shell takes it.
    pub(super) tree: String,
    /// How many processors a build has.
    pub(super) processors: u32,
}

/// What every run needs of this machine.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Needs {
    /// QEMU's version.
    pub(super) qemu: Option<String>,
    /// The programs of a build that have a version, with it.
    pub(super) toolchain: Vec<String>,
    /// What is not there, or too old.
    pub(super) missing: Vec<String>,
    /// Whether `setup` knows this machine's package manager.
    pub(super) installable: bool,
}

/// The default kernel.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct KernelState {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) readiness: Option<Readiness>,
    /// Why nobody can tell how far it is: a series that does not apply.
    pub(super) problem: Option<String>,
}

/// The newest run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Latest {
    pub(super) id: String,
    pub(super) end: End,
    /// How many cases ended how.
    pub(super) counts: String,
    /// The topology of its first red cell.
    pub(super) red_topology: Option<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum End {
    /// It still goes on.
    Running,
    /// It was interrupted or killed, and can be resumed.
    Interrupted,
    Pass,
    Skip,
    Fail,
    Unbuilt,
    Infrastructure,
    /// Another version of the tool wrote it, or a file is broken.
    Unreadable,
}

impl State {
    pub(super) fn found(ctx: &Context) -> Self {
        let distribution = Distribution::found();
        let found = requirements::look(None, &[Level::Run]);
        let project = ctx.project();
        let kernel = project.as_ref().ok().map(|project| kernel(project, ctx));
        let runs = ctx.results().list().unwrap_or_default();
        let defaults = project.as_ref().ok().map(|project| &project.defaults);
        Self {
            needs: Needs::of(&found, &distribution),
            distribution: distribution.name,
            accelerator: accel::forecast(None, &ctx.cache),
            kernel,
            local_file: ctx.root.join(LOCAL_FILE).exists(),
            runs: runs.len(),
            latest: runs.last().map(Latest::of),
            topology: defaults.and_then(|defaults| defaults.topologies.last().cloned()),
            matrix: project.as_ref().is_ok_and(|project| project.matrix(None).is_ok()),
            problem: project
                .err()
                .map(|error| error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")),
            tree: tree(&ctx.root),
            processors: std::thread::available_parallelism()
                .map_or(1, |n| u32::try_from(n.get()).unwrap_or(1)),
        }
    }
}

fn kernel(project: &Project, ctx: &Context) -> KernelState {
    let plan = Plan::kernel_only(project, &Request::default());
    let readiness = plan.and_then(|plan| readiness(&project.root, &ctx.cache, &plan));
    let name = project.defaults.kernel.clone();
    match readiness {
        Ok(readiness) => KernelState { name, readiness: Some(readiness), problem: None },
        Err(error) => KernelState { name, readiness: None, problem: Some(fault::one_line(&error)) },
    }
}

impl Needs {
    fn of(found: &[Found], distribution: &Distribution) -> Self {
        let version = |name: &str| {
            let one = found.iter().find(|one| one.requirement.name == name && one.ok)?;
            one.found.clone()
        };
        let named = |name: &str| Some(format!("{name} {}", version(name)?));
        Self {
            qemu: version("qemu-system-x86_64"),
            toolchain: ["gcc", "ld", "make"].into_iter().filter_map(named).collect(),
            missing: found.iter().filter(|one| !one.ok).map(|one| one.requirement.name.to_owned()).collect(),
            installable: distribution.has_apt(),
        }
    }
}

impl Latest {
    fn of(folder: &Folder) -> Self {
        let id = folder.id.clone();
        match Stored::load(&folder.dir) {
            Err(error) => {
                let counts = one_line(&fault::one_line(&error));
                Self { id, end: End::Unreadable, counts, red_topology: None }
            }
            Ok(run) => {
                let red = |cell: &&CellSummary| cell.verdict.is_some_and(|verdict| verdict > Verdict::Skip);
                let red = run.summary.cells.iter().find(red);
                let red_topology = red.map(|cell| cell.cell.topology.clone());
                Self { id, end: End::of(&run), counts: run.summary.counts(), red_topology }
            }
        }
    }
}

impl End {
    fn of(run: &Stored) -> Self {
        match (run.progress(), run.summary.verdict) {
            (Progress::Running, _) => Self::Running,
            (Progress::Incomplete, _) | (_, None) => Self::Interrupted,
            _ if run.summary.interrupted => Self::Interrupted,
            (_, Some(Verdict::Pass)) => Self::Pass,
            (_, Some(Verdict::Skip)) => Self::Skip,
            (_, Some(Verdict::Fail)) => Self::Fail,
            (_, Some(Verdict::Unbuilt)) => Self::Unbuilt,
            (_, Some(Verdict::Infrastructure)) => Self::Infrastructure,
        }
    }
}

/// A kernel tree of the user's in one of the usual places; the first of these where there is none.
fn tree(root: &Path) -> String {
    let home = std::env::home_dir();
    let path = |text: &str| match (text.strip_prefix("~/"), &home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => root.join(text),
    };
    let is_kernel = |dir: PathBuf| {
        let makefile = fs_err::read_to_string(dir.join("Makefile")).unwrap_or_default();
        KernelVersion::from_makefile(&makefile).is_ok()
    };
    TREES.into_iter().find(|text| is_kernel(path(text))).unwrap_or(TREES[0]).to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A machine that has all that is needed, and has run nothing yet.
    pub(crate) fn ready() -> State {
        State {
            distribution: "Debian GNU/Linux 13 (trixie)".to_owned(),
            needs: Needs {
                qemu: Some("10.0.2".to_owned()),
                toolchain: ["gcc 14.2.0", "ld 2.44", "make 4.4.1"].map(str::to_owned).to_vec(),
                missing: Vec::new(),
                installable: true,
            },
            accelerator: accel::Forecast {
                accelerator: Some("kvm".to_owned()),
                why: "this kernel comes up under KVM".to_owned(),
                raw: None,
            },
            problem: None,
            kernel: Some(KernelState {
                name: "lts".to_owned(),
                readiness: Some(Readiness::Built { release: "6.12.117".to_owned() }),
                problem: None,
            }),
            local_file: false,
            runs: 0,
            latest: None,
            topology: Some("switch".to_owned()),
            matrix: true,
            tree: TREES[0].to_owned(),
            processors: 2,
        }
    }

    pub(crate) fn latest(end: End, red_topology: &str) -> Latest {
        Latest {
            id: "20261123T100000Z-aaaaaa".to_owned(),
            end,
            counts: "4 pass, 1 fail".to_owned(),
            red_topology: Some(red_topology.to_owned()).filter(|name| !name.is_empty()),
        }
    }
}
