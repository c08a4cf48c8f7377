//! The state and the next commands on one screen.

use engine::run::Readiness;
use report::text::{counted, neutralise};

use super::next::Next;
use super::state::{End, KernelState, Latest, State};

/// What a build of these kernels takes on one processor, in minutes.
const BUILD_MINUTES: u32 = 16;
/// What fetching a kernel's source takes on an ordinary line, and importing it, in minutes.
const FETCH_MINUTES: u32 = 2;

/// Whether something is as it has to be.
#[derive(Debug, Clone, Copy)]
enum Mark {
    Good,
    /// Not there, and nothing fails for it.
    Open,
    Bad,
}

impl Mark {
    /// As `doctor` has them.
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Open => "--",
            Self::Bad => "NO",
        }
    }
}

/// The screen.
pub(super) fn screen(state: &State, next: &[Next]) -> String {
    let mut text = format!("cxl-patchbench on {}\n\n", state.distribution);
    for (mark, name, what) in lines(state) {
        text.push_str(&format!("  {}  {name:11}  {what}\n", mark.word()));
    }
    text.push_str("\nnext:\n");
    let width = next.iter().map(|next| next.command.chars().count()).max().unwrap_or_default();
    for Next { command, why } in next {
        text.push_str(&format!("  {command:width$}  # {why}\n"));
    }
    text.push_str("\n`cargo xtask --help` has all subcommands, and each has its own --help.\n");
    neutralise(&text)
}

fn lines(state: &State) -> Vec<(Mark, &'static str, String)> {
    let mut lines = vec![qemu(state), toolchain(state)];
    let accelerator = &state.accelerator;
    let is_fast = accelerator.accelerator.as_deref() == Some("kvm");
    lines.push((if is_fast { Mark::Good } else { Mark::Open }, "accelerator", accelerator.to_string()));
    if let Some(problem) = &state.problem {
        lines.push((Mark::Bad, "project", problem.clone()));
    }
    lines.extend(state.kernel.as_ref().map(|kernel| self::kernel(kernel, state.processors)));
    lines.push(results(state));
    lines.push(if state.local_file {
        let what = "patchbench.local.yaml; `cargo xtask show-config` has what counts";
        (Mark::Good, "your own", what.to_owned())
    } else {
        let what = "no patchbench.local.yaml, which may name kernels and defaults of yours";
        (Mark::Open, "your own", what.to_owned())
    });
    lines
}

fn qemu(state: &State) -> (Mark, &'static str, String) {
    match &state.needs.qemu {
        Some(version) => (Mark::Good, "QEMU", version.clone()),
        None => (Mark::Bad, "QEMU", "missing, or too old".to_owned()),
    }
}

fn toolchain(state: &State) -> (Mark, &'static str, String) {
    let needs = &state.needs;
    let missing: Vec<_> =
        needs.missing.iter().filter(|name| !name.starts_with("qemu")).map(String::as_str).collect();
    if missing.is_empty() {
        let text = format!("{}, and all else that a build needs", needs.toolchain.join(", "));
        (Mark::Good, "toolchain", text)
    } else {
        (Mark::Bad, "toolchain", format!("lacks {}", missing.join(", ")))
    }
}

fn kernel(kernel: &KernelState, processors: u32) -> (Mark, &'static str, String) {
    let name = &kernel.name;
    let about = |minutes: u32| {
        format!(
            "about {} on {}",
            counted(minutes as usize, "minute"),
            counted(processors as usize, "processor")
        )
    };
    let build = BUILD_MINUTES.div_ceil(processors.max(1));
    let built_anew = |again: bool| {
        if again { "only what differs from the last build is compiled".to_owned() } else { about(build) }
    };
    let (mark, text) = match (&kernel.readiness, &kernel.problem) {
        (Some(Readiness::Built { release }), _) => {
            (Mark::Good, format!("{name} is built ({release}): guests start at once"))
        }
        (Some(Readiness::Fetched { described, again }), _) => {
            (Mark::Open, format!("{name} has to be built from {described}: {}", built_anew(*again)))
        }
        (Some(Readiness::OwnTree { path, again }), _) => {
            (Mark::Open, format!("{name} is your tree {path}, built as it stands: {}", built_anew(*again)))
        }
        (Some(Readiness::Absent { sources }), _) => {
            let source = sources.first().map_or("nowhere", String::as_str);
            let text =
                format!("{name} has to be fetched ({source}) and built: {}", about(build + FETCH_MINUTES));
            (Mark::Open, text)
        }
        (None, problem) => (Mark::Bad, format!("{name}: {}", problem.as_deref().unwrap_or("unknown"))),
    };
    (mark, "kernel", text)
}

fn results(state: &State) -> (Mark, &'static str, String) {
    let Some(Latest { id, end, counts, .. }) = &state.latest else {
        return (Mark::Open, "results", "no run yet".to_owned());
    };
    let runs = counted(state.runs, "run");
    let (mark, word) = match end {
        End::Running => (Mark::Open, "goes on"),
        End::Interrupted => (Mark::Open, "was interrupted"),
        End::Pass => (Mark::Good, "passed"),
        End::Skip => (Mark::Open, "ran nothing"),
        End::Fail => (Mark::Bad, "is red"),
        End::Unbuilt => (Mark::Bad, "has no kernel"),
        End::Infrastructure => (Mark::Bad, "broke"),
        End::Unreadable => (Mark::Open, "cannot be read"),
    };
    (mark, "results", format!("{runs}; the latest, {id}, {word}: {counts}"))
}

#[cfg(test)]
mod tests {
    use super::super::next::next;
    use super::super::state::tests::{latest, ready};
    use super::*;

    #[test]
    fn a_machine_that_is_ready() {
        let state = ready();
        insta::assert_snapshot!(screen(&state, &next(&state)), @r"
        cxl-patchbench on Debian GNU/Linux 13 (trixie)

          ok  QEMU         10.0.2
          ok  toolchain    gcc 14.2.0, ld 2.44, make 4.4.1, and all else that a build needs
          ok  accelerator  kvm: this kernel comes up under KVM
          ok  kernel       lts is built (6.12.117): guests start at once
          --  results      no run yet
          --  your own     no patchbench.local.yaml, which may name kernels and defaults of yours

        next:
          cargo xtask run                  # the first verdict; its kernel is built
          cargo xtask boot switch          # a shell in a guest; Ctrl-A X leaves
          cargo xtask run --linux ~/linux  # the verdict on your own tree and branch, which is never written to

        `cargo xtask --help` has all subcommands, and each has its own --help.
        ");
    }

    #[test]
    fn a_machine_that_lacks_something_after_a_red_run() {
        let mut state = ready();
        state.needs.qemu = None;
        state.needs.missing = ["flex", "libelf.h", "qemu-system-x86_64"].map(str::to_owned).to_vec();
        (state.latest, state.runs) = (Some(latest(End::Fail, "direct")), 3);
        state.local_file = true;
        let kernel = state.kernel.as_mut().expect("a kernel");
        kernel.readiness = Some(Readiness::Absent { sources: vec!["apt linux-source-6.12".to_owned()] });
        insta::assert_snapshot!(screen(&state, &next(&state)), @r"
        cxl-patchbench on Debian GNU/Linux 13 (trixie)

          NO  QEMU         missing, or too old
          NO  toolchain    lacks flex, libelf.h
          ok  accelerator  kvm: this kernel comes up under KVM
          --  kernel       lts has to be fetched (apt linux-source-6.12) and built: about 10 minutes on 2 processors
          NO  results      3 runs; the latest, 20261123T100000Z-aaaaaa, is red: 4 pass, 1 fail
          ok  your own     patchbench.local.yaml; `cargo xtask show-config` has what counts

        next:
          cargo xtask run --setup      # installs what is missing (one apt-get install, shown first), then the first verdict
          cargo xtask setup --dry-run  # only shows what would be installed
          cargo xtask doctor           # every need: found, wanted, and what it is for

        `cargo xtask --help` has all subcommands, and each has its own --help.
        ");
    }

    #[test]
    fn how_far_a_kernel_is_is_said_with_the_time_that_it_takes() {
        let shown = |readiness, processors| {
            let kernel = KernelState { name: "k".to_owned(), readiness: Some(readiness), problem: None };
            self::kernel(&kernel, processors).2
        };
        let (described, path) = ("linux-source-6.12 6.12.7-1 (own)".to_owned(), "/linux".to_owned());
        let lines = [
            shown(Readiness::Fetched { described: described.clone(), again: false }, 2),
            shown(Readiness::Fetched { described, again: true }, 2),
            shown(Readiness::OwnTree { path, again: false }, 64),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r"
        k has to be built from linux-source-6.12 6.12.7-1 (own): about 8 minutes on 2 processors
        k has to be built from linux-source-6.12 6.12.7-1 (own): only what differs from the last build is compiled
        k is your tree /linux, built as it stands: about 1 minute on 64 processors
        ");
    }
}
