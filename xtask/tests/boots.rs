//! Real guests, and every way in which a run can be red, judged for the right reason.
//!
//! Each test needs a kernel that was built and a QEMU, so `cargo xtask test` runs them after it has made sure of both.

mod project;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use project::{Project, Run};
use sha2::{Digest, Sha256};

use event::{CaseReport, Event, Stage, StageEnd};
use host::{Process, hex, users_git};
use kernlog::{CaseOutcome, SplatKind};

fn report<'a>(run: &'a Run, case: &str) -> &'a CaseReport {
    run.cases()
        .into_iter()
        .find(|c| c.name == case)
        .unwrap_or_else(|| panic!("no case {case} in\n{}", run.shown()))
}

#[test]
#[ignore = "boots guests"]
fn every_way_to_end_is_told_apart() {
    let project = Project::new();
    let run = project.run(&["--suite", "red"]);
    assert_eq!(run.code, 1, "{}", run.shown());
    let ends: Vec<_> = run.cases().iter().map(|case| format!("{} {}", case.name, case.outcome)).collect();
    insta::assert_snapshot!(ends.join("\n"), @r"
    a-pass pass
    b-fail fail
    c-skip skip
    d-mute-skip fail
    e-ktap fail
    f-flood pass
    g-console fail
    h-hang timeout
    i-warn pass
    y-oops crash
    z-after not-run
    ");
    assert!(report(&run, "b-fail").reason.contains("the answer is 41"), "{}", run.shown());
    assert_eq!(report(&run, "c-skip").reason, "there is nothing to measure");
    insta::assert_snapshot!(report(&run, "g-console").reason, @"it wrote a marker that only the agent may write: patchbench[0000]: end g-console");
    assert!(report(&run, "e-ktap").reason.contains("second"), "{}", run.shown());
    assert!(report(&run, "z-after").reason.contains("y-oops"), "{}", run.shown());
    let splats = run.splats();
    let of = |case: &str| -> Vec<SplatKind> {
        splats.iter().filter(|s| s.case.as_deref() == Some(case)).map(|s| s.kind).collect()
    };
    assert_eq!(of("i-warn"), [SplatKind::Warning], "{splats:?}");
    assert!(!of("y-oops").is_empty(), "{splats:?}");
    assert_eq!(splats.len(), of("i-warn").len() + of("y-oops").len(), "{splats:?}");
    assert!(!run.stdout.contains('\u{1b}'), "escape codes of a guest reached the terminal");
}

/// The cases that hide something from the console: each has to be red, for what it hides.
#[test]
#[ignore = "boots guests"]
fn what_is_hidden_from_the_console_is_red() {
    let project = Project::new();
    project.test_suite("lying");
    let run = project.run(&["--suite", "lying"]);
    assert_eq!(run.code, 1, "{}", run.shown());
    let ends: Vec<_> = run.cases().iter().map(|case| format!("{} {}", case.name, case.outcome)).collect();
    // Whether the agent is faster than the overwriting is a race, and either way it is red.
    let ends: Vec<_> = ends.into_iter().filter(|end| !end.starts_with("g-overwrite")).collect();
    // What hides by the console alone and puts it back is not the case's failure, but the kernel's: its report is there.
    insta::assert_snapshot!(ends.join("\n"), @r"
    a-level pass
    b-sysctl fail
    c-sysrq fail
    d-console fail
    e-mount fail
    f-cut fail
    h-expected xfail
    i-locked fail
    j-message fail
    k-required fail
    l-forged fail
    m-blamed pass
    ");
    let splats = run.splats();
    let warned =
        |case: &str| splats.iter().any(|s| s.case.as_deref() == Some(case) && s.kind == SplatKind::Warning);
    for case in ["a-level", "b-sysctl", "c-sysrq", "d-console", "e-mount", "l-forged"] {
        assert!(warned(case), "{case}: {}", run.shown());
    }
    // What the agent did not read in time is missed by its number, or by what it did to the kernel.
    let missed = ["were lost before they were read", "the kernel is tainted W"];
    let is_missed = missed.iter().any(|how| report(&run, "g-overwrite").reason.contains(how));
    assert!(is_missed || warned("g-overwrite"), "{}", run.shown());
    assert!(report(&run, "i-locked").reason.contains("cannot be killed"), "{}", run.shown());
    assert!(report(&run, "f-cut").reason.contains("not ok: b"), "{}", run.shown());
    let reason = |case: &str| report(&run, case).reason.clone();
    insta::assert_snapshot!(reason("j-message"), @"the kernel logged err, which `kmsg:` forbids (not on the console): tmpfs: Bad value for 'size'");
    assert!(!warned("m-blamed"), "{}", run.shown());
    assert!(
        reason("l-forged").contains("it wrote a marker that only the agent may write: "),
        "{}",
        run.shown()
    );
    insta::assert_snapshot!(reason("k-required"), @"no message of the kernel matches /cxl_sample: attached/, which `kmsg:` requires");
}

/// A row of the table in results/README.md: the pattern of a file, and when it is there.
fn readme_rows() -> Vec<(String, String)> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/README.md");
    let text = fs::read_to_string(readme).expect("results/README.md");
    let row = |line: &str| {
        let (pattern, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some((pattern.to_owned(), rest.split_once(" | ")?.0.to_owned()))
    };
    text.lines().filter_map(row).collect()
}

/// `*` is any part of one name, `**` at the end all below.
fn is_like(path: &str, pattern: &str) -> bool {
    if let Some(folder) = pattern.strip_suffix("**") {
        return path.starts_with(folder);
    }
    let (path, pattern): (Vec<_>, Vec<_>) = (path.split('/').collect(), pattern.split('/').collect());
    path.len() == pattern.len() && path.iter().zip(pattern).all(|(name, like)| spec::fits(like, name))
}

#[test]
#[ignore = "boots guests"]
fn a_run_folder_holds_what_its_readme_says() {
    let project = Project::new();
    let run = project.run(&["--suite", "enumerate", "--topology", "direct"]);
    assert_eq!(run.code, 0, "{}", run.shown());
    let page = project.begin(&["results", "html"]).finish();
    assert_eq!(page.code, 0, "{}", page.shown());
    let folder = fs::canonicalize(project.path("results/latest")).expect("a run");
    let below = |path: &Path| path.strip_prefix(&folder).expect("below").display().to_string();
    let entries =
        walkdir::WalkDir::new(&folder).min_depth(1).into_iter().map(|entry| entry.expect("an entry"));
    let (dirs, files): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.file_type().is_dir());
    let files: Vec<String> = files.iter().map(|file| below(file.path())).collect();
    let dirs: Vec<String> = dirs.iter().map(|dir| below(dir.path())).collect();
    let rows = readme_rows();
    assert!(rows.len() > 9, "the table is read: {rows:?}");
    let patterns: BTreeSet<_> = rows.iter().map(|(pattern, _)| pattern).collect();
    assert_eq!(patterns.len(), rows.len(), "a file has one row: {rows:?}");
    for file in &files {
        let is_named = rows.iter().any(|(pattern, _)| is_like(file, pattern));
        assert!(is_named, "{file} is in no row of results/README.md");
    }
    for (pattern, when) in &rows {
        let expected: Vec<String> = match when.as_str() {
            "always" | "at the end" | "by `results html`" | "by `run`" => vec![String::new()],
            "each cell" | "each cell that boots" => {
                dirs.iter().filter(|dir| is_like(dir, "cells/*")).cloned().collect()
            }
            "each boot" => dirs.iter().filter(|dir| is_like(dir, "cells/*/boot*")).cloned().collect(),
            "by `run --random`"
            | "by `save`"
            | "by `series coverage`"
            | "a case that failed"
            | "a kernel that counts lines" => continue,
            other => panic!("{pattern}: the test does not know when {other:?} is"),
        };
        assert!(!expected.is_empty(), "{pattern}: nothing has booted");
        for dir in expected {
            let there = files.iter().any(|file| file.starts_with(&dir) && is_like(file, pattern));
            assert!(there, "{pattern} is not there: {dir} of {files:?}");
        }
    }
}

#[test]
#[ignore = "boots guests"]
fn a_case_that_depends_on_its_order_is_named_and_one_that_fails_by_chance_too() {
    let project = Project::new();
    project.test_suite("order");
    let order = ["--suite", "order", "--topology", "direct"];
    let run = project.run(&[&order[..], &["--shuffle", "--seed", "1", "--repeat", "8"]].concat());
    assert_eq!(run.code, 1, "{}", run.shown());
    let of = |event: &Event| match event {
        Event::CaseUnstable { unstable, .. } => {
            Some((unstable.case.clone(), unstable.order.as_ref().map(ToString::to_string)))
        }
        _ => None,
    };
    let mut unstable: Vec<_> = run.events.iter().filter_map(of).collect();
    unstable.sort();
    // Eight throws of a coin are the same once in 128.
    unstable.retain(|(case, _)| case != "d-chance");
    let by = |of: &str| Some(of.to_owned());
    assert_eq!(
        unstable,
        [
            ("b-alone".to_owned(), by("red after a-leaves, green alone")),
            ("c-needs".to_owned(), by("red alone, green after a-leaves")),
        ],
        "{}",
        run.shown()
    );
    // Alone, only what needs the others fails for sure.
    let some = ["--isolate", "--case", "a*", "--case", "b*", "--case", "c*"];
    let alone = project.run(&[&order[..], &some].concat());
    let ends: Vec<_> = alone.cases().iter().map(|case| format!("{} {}", case.name, case.outcome)).collect();
    assert_eq!(ends, ["a-leaves pass", "b-alone pass", "c-needs fail"], "{}", alone.shown());
}

#[test]
#[ignore = "boots guests"]
fn what_a_guest_saves_comes_out_byte_by_byte_and_not_without_bounds() {
    let project = Project::new();
    project.test_suite("files");
    let run = project.run(&["--suite", "files"]);
    let ends: Vec<_> = run.cases().iter().map(|case| format!("{} {}", case.name, case.outcome)).collect();
    insta::assert_snapshot!(ends.join("\n"), @r"
    a-binary pass
    b-endless pass
    c-killed timeout
    d-fail fail
    ");
    let boot = project.only_boot();
    let files = boot.join("files");
    let noise = fs::read(files.join("a-binary/noise.bin")).expect("it is saved");
    let output = run.output("a-binary");
    assert_eq!(noise.len(), 4 << 20);
    assert!(output.starts_with(&hex(Sha256::digest(&noise))), "{output}");
    // What was refused or cut short is not there, nor a part of it.
    let names = project::names_below(&files);
    insta::assert_snapshot!(names.join("\n"), @r"
    a-binary/empty
    a-binary/noise.bin
    agent/c-killed.cxl
    agent/c-killed.kmsg
    agent/d-fail.cxl
    agent/d-fail.kmsg
    b-endless/after
    ");
    assert!(run.output("b-endless").contains(
        "save: endless is not saved: it is longer than 16777216 bytes, the limit of a file\nstatus 1\n"
    ));
    let log = fs::read_to_string(files.join("agent/d-fail.kmsg")).expect("it is saved");
    assert!(log.ends_with(" kernel: a debug message of d-fail\n"), "{log}");
    let listing = fs::read_to_string(files.join("agent/d-fail.cxl")).expect("it is saved");
    assert!(listing.contains("\nmem0 at /sys/devices/pci"), "{listing}");
    assert!(listing.contains("\n  ram/size: 0x"), "{listing}");
    for notice in [
        "file a-binary/noise.bin is not kept: there is one of this name already",
        "file b-endless/endless is not kept: it is longer than 16777216 bytes, the limit of a file",
        "file c-killed/torn is not kept: what saved it ended before its input did",
        "/boot0/files: 7 files of the guest, ",
    ] {
        let is = |event: &Event| matches!(event, Event::Notice { text } if text.contains(notice));
        assert!(run.events.iter().any(is), "{notice}\n{}", run.shown());
    }
}

#[test]
#[ignore = "boots guests"]
fn a_device_taken_out_of_the_command_is_missed_by_name() {
    let project = Project::new();
    // Device mem1 of `switch` is left out: the guest then differs from what the topology file says.
    let qemu = project.qemu_wrapper(
        r#"
option=
for arg; do
	shift
	case $option$arg in
	-device) option=$arg ;;
	-devicecxl-type3,*id=mem1*) option= ;;
	*) set -- "$@" $option "$arg"; option= ;;
	esac
done
exec "$qemu" "$@""#,
    );
    let run = project.run(&["--suite", "enumerate", "--topology", "switch", "--qemu", &qemu]);
    assert_eq!(run.code, 1, "{}", run.shown());
    let tree = report(&run, "tree");
    assert_eq!(tree.outcome, CaseOutcome::Fail);
    assert!(tree.reason.contains("mem1"), "{tree:?}");
}

#[test]
#[ignore = "boots guests"]
fn a_guest_with_modules_of_another_build_is_no_verdict() {
    let project = Project::new();
    // Each module's build id begins otherwise than that of its file: type 3, the owner GNU, the id.
    let qemu = project.qemu_wrapper(
        r#"
option=
for arg; do
	shift
	case $option in
	-initrd)
		LC_ALL=C sed 's/\(\x03\x00\x00\x00GNU\x00\)\(..\)/\1\xa5\x5a/g' "$arg" > "${0%/*}/initrd"
		arg=${0%/*}/initrd
		;;
	esac
	option=$arg
	set -- "$@" "$arg"
done
exec "$qemu" "$@""#,
    );
    // The wrapper works outside of a box: it writes beside itself.
    let run = project.run(&["--suite", "enumerate", "--topology", "direct", "--qemu", &qemu, "--box", "off"]);
    assert_eq!(run.code, 4, "{}", run.shown());
    assert!(run.shown().contains("with build id a55a"), "{}", run.shown());
    assert!(run.shown().contains("initramfs.cpio, and run it again"), "{}", run.shown());
}

#[test]
#[ignore = "boots guests"]
fn a_qemu_killed_in_the_middle_costs_its_cell_alone_and_resume_does_the_rest() {
    let project = Project::new();
    let qemu = project.qemu_wrapper(
        r#"
dir=${0%/*}
[ -e "$dir/killed" ] ||
    (until grep -qrs 'begin h-hang' "$dir/results"; do sleep 0.2; done; : > "$dir/killed"; kill -9 $$) &
exec "$qemu" "$@""#,
    );
    let cases = [
        "--suite",
        "enumerate/tree",
        "--suite",
        "red",
        "--case",
        "a-pass",
        "--case",
        "h-hang",
        "--case",
        "tree",
    ];
    // The wrapper works outside of a box: it reads the results, and kills.
    let run = project.run(&[&cases[..], &["--jobs", "1", "--qemu", &qemu, "--box", "off"]].concat());
    assert_eq!(run.code, 4, "{}", run.shown());
    assert_eq!(report(&run, "tree").outcome, CaseOutcome::Pass);
    assert_eq!(report(&run, "a-pass").outcome, CaseOutcome::Pass);
    assert_eq!(report(&run, "h-hang").outcome, CaseOutcome::NotRun);
    assert!(report(&run, "h-hang").reason.contains("SIGKILL"), "{}", run.shown());
    let run = project.run(&["--resume"]);
    assert!(run.shown().contains("2 cells finished, 1 left"), "{}", run.shown());
    assert_eq!(run.code, 1, "{}", run.shown());
    assert_eq!(report(&run, "h-hang").outcome, CaseOutcome::Timeout);
}

#[test]
#[ignore = "boots guests"]
fn a_qemu_that_cannot_start_is_no_verdict() {
    let project = Project::new();
    let qemu = project.qemu_wrapper(
        r#"
case " $* " in *" -kernel "*) echo 'cannot set up guest memory' >&2; exit 1 ;; esac
exec "$qemu" "$@""#,
    );
    let run = project.run(&["--suite", "red", "--case", "a-pass", "--qemu", &qemu]);
    assert_eq!(run.code, 4, "{}", run.shown());
    assert!(run.shown().contains("cannot set up guest memory"), "{}", run.shown());
}

#[test]
#[ignore = "boots guests"]
fn an_interrupt_ends_the_guest_and_keeps_what_was_recorded() {
    let project = Project::new();
    let mut running = project.start(&["--suite", "red", "--case", "a-pass", "--case", "h-hang"]);
    let begun = Instant::now();
    while !project.console_logs().iter().any(|log| log.contains("begin h-hang")) {
        assert!(begun.elapsed() < Duration::from_secs(120), "the case never began");
        thread::sleep(Duration::from_millis(100));
    }
    running.interrupt();
    let run = running.finish();
    assert_eq!(run.code, 130, "{}", run.shown());
    assert!(project.processes_of_ours().is_empty(), "left behind: {:?}", project.processes_of_ours());
    let finished = run.events.iter().any(|e| matches!(e, Event::RunFinished { interrupted: true, .. }));
    assert!(finished, "{}", run.shown());
    let junit = project.begin(&["results", "export", "--as", "junit"]).finish();
    assert!(junit.code == 0 && junit.stdout.contains("<testcase name=\"h-hang\""), "{}", junit.shown());
}

#[test]
#[ignore = "boots guests"]
fn a_run_whose_tool_was_killed_goes_on_where_it_was() {
    let project = Project::new();
    let cells = ["direct", "switch", "mixed"].map(|topology| ["--topology", topology]).concat();
    let some =
        ["--suite", "enumerate", "--suite", "red", "--case", "a-pass", "--case", "tree", "--jobs", "2"];
    let mut running = project.start(&[&cells[..], &some].concat());
    let finished = |events: &[Event]| -> Vec<String> {
        let of = |event: &Event| match event {
            Event::CellFinished { cell, .. } => Some(cell.to_string()),
            _ => None,
        };
        events.iter().filter_map(of).collect()
    };
    let begun = Instant::now();
    while finished(&running.events()).len() < 2 {
        assert!(!running.ended() && begun.elapsed() < Duration::from_secs(240), "no two cells were finished");
        thread::sleep(Duration::from_millis(20));
    }
    let refused = project.begin(&["results", "rm", "latest"]).finish();
    assert_eq!(refused.code, 2, "{}", refused.shown());
    assert!(refused.shown().contains(" goes on in process "), "{}", refused.shown());
    running.kill();
    let ktap = project.begin(&["results", "export", "--as", "ktap"]).finish();
    assert_eq!(ktap.code, 0, "{}", ktap.shown());
    let open = ["# ERROR not run\n", "# ERROR not finished\n"];
    assert!(open.iter().any(|end| ktap.stdout.contains(end)), "{}", ktap.shown());
    drop(running);
    let before = finished(&project.events());
    let begun = Instant::now();
    while !project.processes_of_ours().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(5), "left behind: {:?}", project.processes_of_ours());
        thread::sleep(Duration::from_millis(50));
    }
    let run = project.run(&["--resume"]);
    assert_eq!(run.code, 0, "{}", run.shown());
    let mut all = finished(&run.events);
    assert_eq!(all[..before.len()], before[..], "a finished cell ran again\n{}", run.shown());
    all.sort();
    all.dedup();
    assert_eq!((all.len(), finished(&run.events).len()), (4, 4), "{}", run.shown());
    assert_eq!(run.cases().len(), 4, "{}", run.shown());
    assert!(run.stdout.contains("pass: 4 pass in 4 cells"), "{}", run.shown());
}

#[test]
#[ignore = "boots guests"]
fn a_run_of_commits_goes_on_with_the_same_ones_wherever_their_branch_is() {
    let project = Project::new();
    let edited = project.begin(&["series", "edit", "memdev-attach"]).finish();
    assert_eq!(edited.code, 0, "{}", edited.shown());
    let work = project.path("work/memdev-attach");
    let git = |args: &[&str]| args.iter().fold(users_git(&work), Process::arg).read().expect("git works");
    let base = git(&["rev-list", "--max-parents=0", "HEAD"]);
    let range = [work.display().to_string(), format!("{base}..memdev-attach")];
    // Three cells, of which one is red.
    let some =
        ["--suite", "enumerate", "--suite", "red", "--case", "tree", "--case", "b-fail", "--jobs", "1"];
    let some = [&["--topology", "direct", "--topology", "switch"], &some[..]].concat();
    let mut running = project.start(&[&["--git", &range[0], &range[1]], &some[..]].concat());
    let finished =
        |events: &[Event]| events.iter().filter(|event| matches!(event, Event::CellFinished { .. })).count();
    let begun = Instant::now();
    while finished(&running.events()) == 0 {
        assert!(!running.ended() && begun.elapsed() < Duration::from_secs(240), "no cell was finished");
        thread::sleep(Duration::from_millis(20));
    }
    running.kill();
    drop(running);
    git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    // Without the last patch it is another kernel, which would have to be built.
    let is_the_same = |run: &Run, cells: usize| {
        let built = |event: &Event| match event {
            Event::StageFinished { stage: Stage::Build, end, .. } => Some(*end),
            _ => None,
        };
        let ends: Vec<StageEnd> = run.events.iter().filter_map(built).collect();
        assert!(ends.iter().all(|end| *end == StageEnd::Cached) && !ends.is_empty(), "{}", run.shown());
        assert_eq!((run.code, finished(&run.events)), (1, cells), "{}", run.shown());
    };
    is_the_same(&project.run(&["--resume"]), 3);
    is_the_same(&project.run(&["--rerun-failed"]), 1);
}

#[test]
#[ignore = "fetches a kernel"]
fn an_interrupt_in_any_stage_before_the_boot_leaves_nothing_half_made() {
    let project = Project::new().with_empty_cache();
    for stage in [Stage::Source, Stage::Configure, Stage::Build] {
        let mut running = project.start(&["--suite", "red", "--case", "a-pass"]);
        let begun = Instant::now();
        while !project.stage_goes_on(stage) {
            assert!(!running.ended(), "{stage}: {}", running.finish().shown());
            assert!(begun.elapsed() < Duration::from_secs(240), "{stage} never began");
            thread::sleep(Duration::from_millis(100));
        }
        // Well into it: a source is being downloaded by then, or unpacked.
        thread::sleep(Duration::from_secs(3));
        running.interrupt();
        let run = running.finish();
        assert_eq!(run.code, 130, "{stage}: {}", run.shown());
        assert!(run.events.iter().any(|e| matches!(e, Event::RunFinished { interrupted: true, .. })));
        assert_eq!(project.processes_of_ours(), Vec::<String>::new(), "{stage}");
        assert_eq!(project.half_made(), Vec::<String>::new(), "{stage}");
        let mut ended = run.events.iter().filter_map(|event| match event {
            Event::StageFinished { stage, end, .. } => Some((*stage, *end)),
            _ => None,
        });
        assert_eq!(ended.next_back(), Some((stage, StageEnd::Failed)), "{}", run.shown());
    }
}

#[test]
#[ignore = "boots guests"]
fn a_series_that_does_not_apply_names_patch_and_file() {
    let project = Project::new();
    project.series(
        "broken",
        "drivers/cxl/core/memdev.c",
        "@@ -1,3 +1,3 @@\n-no such line\n+another line\n nor this one\n nor that one\n",
    );
    let run = project.run(&["--suite", "red", "--case", "a-pass"]);
    assert_eq!(run.code, 3, "{}", run.shown());
    for part in ["broken", "0001-break-it.patch", "drivers/cxl/core/memdev.c"] {
        assert!(run.shown().contains(part), "{part} is not in\n{}", run.shown());
    }
}

#[test]
#[ignore = "boots guests"]
fn a_compile_error_shows_the_compilers_first_words() {
    let project = Project::new();
    let file = "drivers/cxl/cxl_attach_break.c";
    project.new_file_series(
        "broken",
        file,
        "#error this cannot be compiled\n",
        "obj-m += cxl_attach_break.o",
    );
    let run = project.run(&["--suite", "red", "--case", "a-pass"]);
    assert_eq!(run.code, 3, "{}", run.shown());
    assert!(
        run.shown().contains("cxl_attach_break.c:1:2: error: #error this cannot be compiled"),
        "{}",
        run.shown()
    );
}

#[test]
#[ignore = "builds modules"]
fn a_makefile_of_a_stranger_reaches_nothing() {
    let project = Project::new();
    let outside = tempfile::tempdir().expect("a folder");
    let at = |name: &str| outside.path().join(name);
    fs::write(at("secret"), "a-secret-word\n").expect("written");
    let dir = outside.path().display();
    let shell =
        format!("cat {dir}/secret; echo x > {dir}/new; rm {dir}/secret; kill -TERM {}", std::process::id());
    let text = "#include <linux/module.h>\nMODULE_LICENSE(\"GPL\");";
    let make = format!("obj-m += patchbench_escape.o $(if $(shell {shell}),$(error it got out))");
    project.new_file_series("escape", "drivers/cxl/patchbench_escape.c", text, &make);
    let run = project.run(&["--topology", "direct", "--suite", "enumerate"]);
    assert_eq!(run.code, 0, "{}", run.shown());
    assert!(at("secret").exists() && !at("new").exists());
}

#[test]
#[ignore = "builds modules"]
fn a_guest_boots_while_its_modules_are_compiled_and_has_the_new_ones() {
    let project = Project::new();
    project.test_suite("early");
    // Each time another edit: what is in the cache is not compiled.
    let edit = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        let number = now.as_nanos().to_string();
        project.series(
            "edited",
            "drivers/cxl/mem.c",
            &format!(
                "@@ -283,3 +283,4 @@\n MODULE_IMPORT_NS(CXL);\n MODULE_IMPORT_NS(CXL_MEM);\n \
                 MODULE_ALIAS_CXL(CXL_DEVICE_MEMORY_EXPANDER);\n+MODULE_INFO(patchbench, \"{number}\");\n"
            ),
        );
        (number, project.run(&["--suite", "early", "-v"]))
    };
    // Whatever was built before it, the second differs from the first in one file.
    edit();
    let (number, run) = edit();
    assert_eq!(run.code, 0, "{}", run.shown());
    assert!(run.stdout.contains("without make"), "{}", run.shown());
    let early = "early: the guest was started before its build was done, and got over its port: cxl_mem.ko";
    assert!(run.stdout.contains(early), "{}", run.shown());
    assert_eq!(run.output("a-edited").trim(), format!("patchbench={number}"));
    // Nothing changed: it is on its way up before that is known, with what was linked last beside mock modules.
    let again = project.run(&["--suite", "early", "-v"]);
    assert_eq!(again.code, 0, "{}", again.shown());
    assert!(again.stdout.contains("build cached") && again.stdout.contains(early), "{}", again.shown());
    assert_eq!(again.output("a-edited").trim(), format!("patchbench={number}"));
}

#[test]
#[ignore = "boots guests"]
fn an_option_that_cannot_be_set_names_its_unmet_dependency() {
    let project = Project::new();
    let fragment = project.path("kconfig/impossible.config");
    fs::write(
        &fragment,
        "# Wants what tinyconfig does not have.\nCONFIG_CXL_BUS=m\nCONFIG_BTRFS_FS_POSIX_ACL=y\n",
    )
    .expect("a fragment");
    project.use_fragment("impossible");
    let run = project.run(&["--suite", "red", "--case", "a-pass"]);
    assert_eq!(run.code, 3, "{}", run.shown());
    for part in ["CONFIG_BTRFS_FS_POSIX_ACL", "impossible.config:3"] {
        assert!(run.shown().contains(part), "{part} is not in\n{}", run.shown());
    }
}

#[test]
#[ignore = "boots guests"]
fn an_unregister_under_the_lock_hangs_and_the_report_has_the_stack() {
    let project = Project::new();
    project.suite("attach");
    project.sabotage("memdev-attach", "as-posted");
    let run = project.run(&["--suite", "attach", "--topology", "direct", "--case", "callback-error"]);
    assert_eq!(run.code, 1, "{}", run.shown());
    let case = report(&run, "callback-error");
    assert_eq!(case.outcome, CaseOutcome::Timeout, "{}", run.shown());
    let stack = case.diagnostics.join("\n");
    let place = |function: &str| stack.find(function).unwrap_or_else(|| panic!("no {function} in\n{stack}"));
    // Innermost first: the removal waits for the lock that its caller holds.
    assert!(place("device_del") < place("__devm_cxl_add_memdev"), "{stack}");
    assert!(run.stdout.contains("__devm_cxl_add_memdev"), "{}", run.shown());
}

#[test]
#[ignore = "boots guests"]
fn a_random_topology_that_fails_is_shrunk_to_the_smallest_and_kept() {
    let project = Project::new();
    // Every device mem1 gets another serial number: whatever has one differs from its model.
    let qemu = project.qemu_wrapper(
        r#"
for arg; do
	shift
	case $arg in
	cxl-type3,id=mem1,*) arg=${arg%,sn=*},sn=0xbad ;;
	esac
	set -- "$@" "$arg"
done
exec "$qemu" "$@""#,
    );
    let run = project.run(&["--random", "1", "--seed", "3", "--qemu", &qemu]);
    assert_eq!(run.code, 1, "{}", run.shown());
    let smallest = fs::read_dir(project.path("results/latest/smallest")).expect("the folder");
    let texts: Vec<_> =
        smallest.map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("a file")).collect();
    assert!(!texts.is_empty(), "{}", run.shown());
    for text in texts {
        assert!(text.contains("id: mem1") && text.matches("device:").count() == 1, "{text}");
    }
    assert!(run.shown().contains("replay.sh"), "{}", run.shown());
}

#[test]
#[ignore = "builds a kernel"]
fn a_patch_that_breaks_cxl_test_alone_is_named() {
    let project = Project::new();
    project.series_that_breaks_cxl_test();
    let checked = project.begin(&["series", "check", "checked", "--format", "json"]).finish();
    assert_eq!(checked.code, 3, "{}", checked.shown());
    let rows: Vec<serde_json::Value> = serde_json::from_str(&checked.stdout).expect("JSON");
    let texts: Vec<String> = rows
        .iter()
        .map(|row| {
            let checks = row["checks"].as_array().expect("checks").iter();
            let word = |outcome: &serde_json::Value| match &outcome["failed"] {
                serde_json::Value::String(why) => why.lines().next().unwrap_or_default().to_owned(),
                _ => "ok".to_owned(),
            };
            let checks =
                checks.map(|check| format!("{}: {}", check[0].as_str().unwrap_or("?"), word(&check[1])));
            checks.collect::<Vec<_>>().join("; ")
        })
        .collect();
    let warning = "drivers/cxl/patchbench_checked.c:2:";
    assert_eq!(texts[0], "builds: ok; mock: ok");
    assert!(
        texts[1].starts_with(&format!("applies: ok; builds: ok; mock: ok; warnings: {warning}")),
        "{texts:?}"
    );
    assert!(texts[1].contains("nobody_needs_this"), "{texts:?}");
    let error = "tools/testing/cxl/test/mock.c:3:2: error: #error this is no mock";
    // That it does not compile is reported once: of its warnings nothing is known.
    assert_eq!(texts[2], format!("applies: ok; builds: ok; mock: {error}; warnings: ok"), "{texts:?}");
    assert_eq!(rows[2]["checks"][3][1]["skipped"], "does not compile: tools/testing/cxl/test/mock.c");
    assert_eq!(texts[3], "applies: ok; builds: ok; mock: ok; warnings: ok");
}
