//! Which commands make sense next: a function of the state alone.

use serde::Serialize;

use engine::run::Readiness;

use super::state::{End, Latest, State};

/// How many are shown: who has to choose among ten reads none.
const COUNT: usize = 3;

/// A command, and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Next {
    pub(super) command: String,
    pub(super) why: String,
}

fn xtask(command: impl AsRef<str>, why: impl Into<String>) -> Next {
    Next { command: format!("cargo xtask {}", command.as_ref()), why: why.into() }
}

/// The next commands, the most likely one first.
pub(super) fn next(state: &State) -> Vec<Next> {
    let mut all = first(state);
    for more in usual(state) {
        if all.iter().all(|one| one.command != more.command) {
            all.push(more);
        }
    }
    all.truncate(COUNT);
    all
}

/// Those that this state asks for.
fn first(state: &State) -> Vec<Next> {
    let kernel_problem = state.kernel.as_ref().is_some_and(|kernel| kernel.problem.is_some());
    if state.problem.is_some() {
        vec![
            xtask("show-config", "the error with its place, and once it is mended what counts"),
            Next {
                command: "git diff patchbench.yaml".to_owned(),
                why: "what was changed since the last commit".to_owned(),
            },
            xtask("doctor", "what this machine has and lacks"),
        ]
    } else if !state.needs.missing.is_empty() {
        lacking(state.needs.installable)
    } else if kernel_problem {
        vec![
            xtask("build", "the kernel alone, with the whole error"),
            xtask("series list", "the series, and the kernels that they are written for"),
            xtask("run --up-to 0", "the kernel without its series"),
        ]
    } else {
        state.latest.as_ref().map(|latest| after(latest, state)).unwrap_or_default()
    }
}

/// Something is missing that every run needs.
fn lacking(installable: bool) -> Vec<Next> {
    if installable {
        vec![
            xtask(
                "run --setup",
                "installs what is missing (one apt-get install, shown first), then the first verdict",
            ),
            xtask("setup --dry-run", "only shows what would be installed"),
            xtask("doctor", "every need: found, wanted, and what it is for"),
        ]
    } else {
        vec![
            xtask("doctor", "every need: found, wanted, and what it is for; install them by hand"),
            xtask("run", "then the first verdict"),
            xtask("topology list", "works without all that: the topologies with their pictures"),
        ]
    }
}

/// After a run.
fn after(latest: &Latest, state: &State) -> Vec<Next> {
    let show = |why: &str| xtask("results show", why);
    match latest.end {
        End::Running => {
            vec![show("how far the run has come"), xtask("results list", "it beside the earlier ones")]
        }
        End::Interrupted => vec![
            xtask("run --resume", "goes on where the latest run was interrupted"),
            show("what it had finished"),
        ],
        End::Fail => vec![
            show("what is red in the latest run, and why"),
            xtask("run --rerun-failed", "what was red, again"),
            look_around(
                latest.red_topology.as_deref().or(state.topology.as_deref()),
                "a shell where it is red",
            ),
        ],
        End::Unbuilt => vec![
            show("what did not apply or did not build"),
            xtask("build -v", "the kernel alone, with every command"),
            xtask("run", "once that is mended"),
        ],
        End::Infrastructure => vec![
            show("what broke: no verdict on the kernel"),
            xtask("doctor", "what this machine has and lacks"),
            xtask("run --resume", "runs the cells again that broke"),
        ],
        End::Skip => {
            vec![show("why nothing was run"), xtask("run --list", "what would run, before anything is built")]
        }
        End::Pass | End::Unreadable => Vec::new(),
    }
}

/// What anybody does with a machine that is ready.
fn usual(state: &State) -> Vec<Next> {
    let own = xtask(
        format!("run --linux {}", state.tree),
        "the verdict on your own tree and branch, which is never written to",
    );
    let look = look_around(state.topology.as_deref(), "a shell in a guest; Ctrl-A X leaves");
    if state.latest.is_none() {
        return vec![xtask("run", first_verdict(state)), look, own];
    }
    let matrix =
        state.matrix.then(|| xtask("run --matrix", "all kernels, topologies and suites of patchbench.yaml"));
    [own, look].into_iter().chain(matrix).chain([xtask("run", "the defaults again")]).collect()
}

/// A guest to look around in. What runs without CXL devices of QEMU's runs on the mock bus.
fn look_around(topology: Option<&str>, why: &str) -> Next {
    match topology {
        None | Some("none") => xtask("boot --mock", format!("{why}, with the mock bus cxl_test")),
        Some(name) => xtask(format!("boot {name}"), why),
    }
}

fn first_verdict(state: &State) -> String {
    let kernel = state.kernel.as_ref().and_then(|kernel| kernel.readiness.as_ref());
    match kernel {
        Some(Readiness::Built { .. }) => "the first verdict; its kernel is built".to_owned(),
        _ => "the first verdict; builds its kernel, and keeps it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::{latest, ready};
    use super::*;

    /// What becomes of a machine that is ready.
    fn shown(change: impl FnOnce(&mut State)) -> String {
        let mut state = ready();
        change(&mut state);
        let next = next(&state);
        assert_eq!(next.len(), COUNT, "{next:?}");
        let words = |next: &Next| next.command.trim_start_matches("cargo xtask ").to_owned();
        next.iter().map(words).collect::<Vec<_>>().join(" | ")
    }

    fn missing(installable: bool) -> impl FnOnce(&mut State) {
        move |state| {
            state.needs.missing = vec!["flex".to_owned()];
            state.needs.installable = installable;
        }
    }

    fn ended(end: End, topology: &str) -> impl FnOnce(&mut State) {
        move |state| state.latest = Some(latest(end, topology))
    }

    fn table(rows: &[(&str, String)]) -> String {
        rows.iter().map(|(state, next)| format!("{state}: {next}")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_state_of_the_machine_has_its_next_commands() {
        let conflict = |state: &mut State| {
            let kernel = state.kernel.as_mut().expect("a kernel");
            (kernel.readiness, kernel.problem) = (None, Some("it does not apply".to_owned()));
        };
        // What is missing comes before what was red: it could not be run again.
        let moved = |state: &mut State| {
            ended(End::Fail, "direct")(state);
            missing(true)(state);
        };
        let rows = [
            ("nothing installed", shown(missing(true))),
            ("no apt", shown(missing(false))),
            ("ready", shown(|_| {})),
            ("no topology", shown(|state| state.topology = None)),
            ("a broken file", shown(|state| state.problem = Some("patchbench.yaml: no".to_owned()))),
            ("a conflict", shown(conflict)),
            ("red, then moved to another machine", shown(moved)),
        ];
        insta::assert_snapshot!(table(&rows), @r"
        nothing installed: run --setup | setup --dry-run | doctor
        no apt: doctor | run | topology list
        ready: run | boot switch | run --linux ~/linux
        no topology: run | boot --mock | run --linux ~/linux
        a broken file: show-config | git diff patchbench.yaml | doctor
        a conflict: build | series list | run --up-to 0
        red, then moved to another machine: run --setup | setup --dry-run | doctor
        ");
    }

    #[test]
    fn each_end_of_a_run_has_its_next_commands() {
        let no_matrix = |state: &mut State| {
            ended(End::Pass, "")(state);
            state.matrix = false;
        };
        let rows = [
            ("running", shown(ended(End::Running, ""))),
            ("interrupted", shown(ended(End::Interrupted, ""))),
            ("red", shown(ended(End::Fail, "direct"))),
            ("red on the mock bus", shown(ended(End::Fail, "none"))),
            ("unbuilt", shown(ended(End::Unbuilt, ""))),
            ("broke", shown(ended(End::Infrastructure, ""))),
            ("nothing ran", shown(ended(End::Skip, ""))),
            ("green", shown(ended(End::Pass, ""))),
            ("green, no matrix", shown(no_matrix)),
            ("an older format", shown(ended(End::Unreadable, ""))),
        ];
        insta::assert_snapshot!(table(&rows), @r"
        running: results show | results list | run --linux ~/linux
        interrupted: run --resume | results show | run --linux ~/linux
        red: results show | run --rerun-failed | boot direct
        red on the mock bus: results show | run --rerun-failed | boot --mock
        unbuilt: results show | build -v | run
        broke: results show | doctor | run --resume
        nothing ran: results show | run --list | run --linux ~/linux
        green: run --linux ~/linux | boot switch | run --matrix
        green, no matrix: run --linux ~/linux | boot switch | run
        an older format: run --linux ~/linux | boot switch | run --matrix
        ");
    }
}
