//! `git bisect run`: with a script as a kernel developer would write it, and with `bisect-run`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use engine::run::{make_commands, work_slot};
use host::{Process, plain_git, quote};

use super::scene::{CASE, Scene};
use super::took::{Clock, Took, suspects};

/// With a plain script, in the kernel's work folder: make as the tool calls it, the guest of the good end with the new kernel
/// and modules. What the case then says is good or bad; there is no other word.
pub(super) fn by_plain_script(scene: &Scene) -> Result<Took> {
    let plan = scene.plan()?;
    let (lock, slot) = work_slot(&plan, scene.cache());
    let _guard = scene.cache().lock(&lock)?;
    let here = scene.folder.path().join("script");
    fs::create_dir_all(&here).with_context(|| format!("making {}", here.display()))?;
    // As the tool left it: by it git knows which files are there.
    let index = here.join("index");
    fs::copy(slot.join("index"), &index).context("copying the work folder's index")?;
    let make = make_commands(&plan, scene.cache())?.into_iter().next().context("there is no make")?;
    let text = script(scene, &slot, &here, &make)?;
    let file = here.join("make-and-boot");
    fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;

    let src = slot.join("src");
    let git = || {
        plain_git(&src)
            .env("GIT_DIR", scene.history.dir().join(".git"))
            .env("GIT_WORK_TREE", &src)
            .env("GIT_INDEX_FILE", &index)
    };
    // Off with what the tool had put on top.
    git().arg("reset").arg("--quiet").arg("--hard").run()?;
    let mut took = searched(scene, &git, &[OsStr::new("sh"), file.as_os_str()])?;
    let tally = fs::read_to_string(here.join("tally")).unwrap_or_default();
    let count = |what: &str| tally.lines().filter(|line| *line == what).count();
    (took.builds, took.boots) = (count("built"), count("booted"));
    Ok(took)
}

/// With this tool at each step, in the history's own work tree.
pub(super) fn by_bisect_run(scene: &Scene, fingerprint: &str) -> Result<Took> {
    let results = scene.plain_project.join("results");
    // Each guest leaves its own script behind; what did not build has none.
    let boots = || {
        walkdir::WalkDir::new(&results).into_iter().flatten().filter(|e| e.file_name() == "replay.sh").count()
    };
    let before = boots();
    let args = ["bisect-run", "--topology", "switch", "--suite", CASE, "--fingerprint", fingerprint];
    let words = scene.words(&scene.plain_project, &args);
    let words: Vec<_> = words.iter().map(AsRef::as_ref).collect();
    let mut took = searched(scene, &|| plain_git(scene.history.dir()), &words)?;
    (took.builds, took.boots) = (scene.builds()?, boots() - before);
    Ok(took)
}

/// A search by git, with its steps, time and answer.
fn searched(scene: &Scene, git: &dyn Fn() -> Process, command: &[&OsStr]) -> Result<Took> {
    let git = |args: &[&str]| args.iter().fold(git().env("CCACHE_DISABLE", "1"), Process::arg);
    let clock = Clock::start()?;
    git(&["bisect", "start", "main", &scene.good]).run()?;
    let ended = command.iter().fold(git(&["bisect", "run"]), Process::arg).output()?;
    let (time, work) = clock.read()?;
    let log = git(&["bisect", "log"]).read()?;
    git(&["bisect", "reset"]).run()?;
    let answer = answer(&log);
    ensure!(answer.is_some(), "git bisect run came to no end:\n{}", ended.tail.join("\n"));
    let step = |line: &&str| {
        ["good", "bad", "skip"].iter().any(|word| line.starts_with(&format!("git bisect {word} ")))
    };
    let steps = log.lines().filter(step).count();
    Ok(Took { steps, builds: 0, boots: 0, time, work, answer: answer.unwrap_or_default() })
}

/// What `git bisect log` says at the end: the commit, or all that could not be judged.
fn answer(log: &str) -> Option<String> {
    let titles = |what: &'static str| {
        let lines = log.lines().filter_map(move |line| line.strip_prefix(what)?.split_once("] "));
        lines.map(|(_, title)| title)
    };
    let possible: Vec<_> = titles("# possible first bad commit: [").collect();
    let first = titles("# first bad commit: [").next().map(str::to_owned);
    first.or_else(|| (!possible.is_empty()).then(|| suspects(possible.len(), possible.into_iter())))
}

/// The script by which the guest of the good end can be booted again.
fn replay(scene: &Scene) -> Result<PathBuf> {
    let latest =
        fs::canonicalize(scene.plain_project.join("results/latest")).context("finding the last run")?;
    let files = walkdir::WalkDir::new(&latest).into_iter().filter_map(Result::ok);
    let found = files.map(walkdir::DirEntry::into_path).find(|path| path.ends_with("replay.sh"));
    found.with_context(|| format!("{} has no replay.sh", latest.display()))
}

/// The plain script. `here` is its own folder, `make` makes kernel and modules.
fn script(scene: &Scene, slot: &Path, here: &Path, make: &str) -> Result<String> {
    let make = make.strip_suffix("bzImage modules").context("make is called otherwise")?;
    let replay = replay(scene)?;
    let recorded = fs::read_to_string(&replay).with_context(|| format!("reading {}", replay.display()))?;
    let image = recorded.lines().find_map(|line| line.strip_prefix("image=${IMAGE:-")?.strip_suffix('}'));
    let image = image.with_context(|| format!("{} names no image", replay.display()))?;
    let (here, src, obj) = (quote(here), quote(slot.join("src")), quote(slot.join("obj")));
    let replay = quote(&replay);
    // A test driver that is no part of the history goes on top, and comes off again.
    let on_top = match scene.on_top.as_slice() {
        [] => String::new(),
        patches => {
            let words = |patches: &mut dyn Iterator<Item = &PathBuf>| {
                patches.map(quote).collect::<Vec<_>>().join(" ")
            };
            let (on, off) = (words(&mut patches.iter()), words(&mut patches.iter().rev()));
            format!("git apply {on} || exit 125\ntrap 'git apply -R {off}' EXIT\n")
        }
    };
    Ok(format!(
        "#!/bin/sh\n\
         # make, boot, look for the word that says that it worked\n\
         exec >>{here}/log 2>&1\n\
         make() {{ env -u GIT_DIR -u GIT_WORK_TREE -u GIT_INDEX_FILE {make}\"$@\"; }}\n\
         {on_top}\
         make bzImage modules || exit 125\n\
         echo built >>{here}/tally\n\
         rm -rf {here}/modules {here}/output\n\
         mkdir {here}/modules {here}/output\n\
         make INSTALL_MOD_PATH={here}/modules INSTALL_MOD_STRIP=1 modules_install || exit 125\n\
         (cd {obj} && sh {src}/usr/gen_initramfs.sh -o {here}/modules.cpio {here}/modules) || exit 125\n\
         cat {image} {here}/modules.cpio >{here}/image || exit 125\n\
         echo booted >>{here}/tally\n\
         KERNEL={obj}/arch/x86/boot/bzImage IMAGE={here}/image TMPDIR={here}/output timeout 300 sh {replay}\n\
         grep -q '\"how\":{{\"exit\":0}}' {here}/output/*/agent.jsonl\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_git_is_read_from_its_log() {
        let log = "git bisect start 'main' 'abc'\n# bad: [123] cxl: Add 32\ngit bisect bad 123\n\
                   # first bad commit: [456] cxl/acpi: Lose the root\n";
        assert_eq!(answer(log).as_deref(), Some("cxl/acpi: Lose the root"));
        let log = "# only skipped commits left to test\n# possible first bad commit: [1] cxl/mem: Refuse to attach\n\
                   # possible first bad commit: [2] b\n";
        assert_eq!(answer(log).as_deref(), Some("2 suspects, the culprit among them"));
        assert_eq!(answer("git bisect start\n"), None);
    }
}
