use std::time::Duration;

use fault::ToolError as _;

use super::*;

static BISECTION: Kind = Kind { word: "bisection", made_by: "cargo xtask bisect", listed_by: None };

fn folders(kind: &'static Kind) -> (tempfile::TempDir, Folders) {
    let dir = tempfile::tempdir().expect("a folder");
    for id in ["20261123T100000Z-aaaaaa", "20261123T110000Z-aabbcc", "20261124T100000Z-ddeeff", "other"] {
        fs::create_dir(dir.path().join(id)).expect("a folder");
    }
    symlink("20261124T100000Z-ddeeff", dir.path().join(LATEST)).expect("a link");
    let folders = Folders::new(dir.path(), kind);
    (dir, folders)
}

#[test]
fn they_are_found_by_name_beginning_and_short_id() {
    let (dir, runs) = folders(&RUN);
    let find = |name: &str| match runs.locate(name) {
        Ok(path) => path.file_name().expect("a name").to_string_lossy().into_owned(),
        Err(error) => fault::shown(&error).replace(&dir.path().display().to_string(), "results"),
    };
    assert_eq!(find("latest"), "20261124T100000Z-ddeeff");
    assert_eq!(find("20261123T110000Z-aabbcc"), "20261123T110000Z-aabbcc");
    assert_eq!(find("20261124"), "20261124T100000Z-ddeeff");
    assert_eq!(find("aab"), "20261123T110000Z-aabbcc");
    assert_eq!(find("/elsewhere/run"), "run");
    insta::assert_snapshot!(find("20261123"), @r"
    '20261123' is more than one run: 20261123T100000Z-aaaaaa, 20261123T110000Z-aabbcc
    hint: give more of its name
    ");
    insta::assert_snapshot!(find("other"), @r"
    there is no run 'other' in results
    hint: the newest is 20261124T100000Z-ddeeff; `cargo xtask results list` has all
    ");
    let none = Folders::of_runs(dir.path().join("none")).find("latest").expect_err("none");
    assert_eq!(none.hint().as_deref(), Some("`cargo xtask run` makes one"), "{none}");
}

#[test]
fn each_kind_is_called_by_its_name() {
    let (dir, bisections) = folders(&BISECTION);
    let error = |name: &str| {
        let error = bisections.find(name).expect_err("it is none");
        fault::shown(&error).replace(&dir.path().display().to_string(), "results/bisect")
    };
    insta::assert_snapshot!(error("/elsewhere/run"), @r"
    there is no bisection '/elsewhere/run' in results/bisect
    hint: the newest is 20261124T100000Z-ddeeff
    ");
    insta::assert_snapshot!(error("a"), @r"
    'a' is more than one bisection: 20261123T100000Z-aaaaaa, 20261123T110000Z-aabbcc
    hint: give more of its name
    ");
    fs::remove_file(dir.path().join(LATEST)).expect("removed");
    insta::assert_snapshot!(error(LATEST), @r"
    there is no bisection in results/bisect
    hint: the newest is 20261124T100000Z-ddeeff
    ");
}

#[test]
fn when_the_latest_goes_the_link_moves_to_the_newest_that_is_left() {
    let (_dir, runs) = folders(&RUN);
    while let Some(run) = runs.list().expect("runs").pop() {
        assert_eq!(runs.latest().as_deref(), Some(run.id.as_str()));
        runs.remove(&run).expect("removed");
        assert!(!run.dir.exists());
    }
    assert_eq!(runs.latest(), None);
    assert!(runs.dir().join("other").exists(), "what is no run stays");
}

#[test]
fn latest_moves_to_the_newest_and_names_differ() {
    let dir = tempfile::tempdir().expect("a folder");
    let runs = Folders::of_runs(dir.path().join("results"));
    let (first, _one) = runs.create("x").expect("a folder");
    let (second, _two) = runs.create("x").expect("a folder");
    assert_ne!(first.id, second.id);
    assert_eq!(runs.latest(), Some(second.id.clone()));
    let ids: Vec<_> = runs.list().expect("both").into_iter().map(|folder| folder.id).collect();
    assert!(ids.len() == 2 && ids.contains(&first.id), "a new name is one that is found: {ids:?}");
}

#[test]
fn one_belongs_to_one_process_at_a_time() {
    let dir = tempfile::tempdir().expect("a folder");
    let bisections = Folders::new(dir.path(), &BISECTION);
    let (folder, first) = bisections.create("cargo xtask bisect --topology t\x1b[31m").expect("made");
    let error = folder.lock("cargo xtask bisect --resume").expect_err("it is locked");
    let shown =
        fault::shown(&error).replace(&folder.id, "ID").replace(&std::process::id().to_string(), "PID");
    insta::assert_snapshot!(shown, @r"
    bisection ID goes on in process PID: cargo xtask bisect --topology t\x1b[31m
    hint: wait for its end, or stop it first: kill -INT PID
    ");
    assert!(folder.is_locked());
    assert!(matches!(bisections.remove(&folder), Err(FolderError::Locked { .. })) && folder.dir.exists());
    let (_other, _second) = bisections.create("another").expect("others are free");
    drop(first);
    // A process that another test starts may hold a copy of the lock until it is another program.
    let again = (0..100).find_map(|_| {
        let again = folder.lock("cargo xtask bisect --resume").ok();
        again.or_else(|| {
            std::thread::sleep(Duration::from_millis(20));
            None
        })
    });
    let _third = again.expect("free again");
    let error = folder.lock("x").expect_err("locked again").to_string();
    assert!(error.ends_with("bisect --resume"), "the new owner and nothing of the old one: {error}");
}

#[test]
fn what_a_killed_removal_has_left_is_swept() {
    let (dir, runs) = folders(&RUN);
    let left = dir.path().join(format!("{GONE}20261123T100000Z-bbbbbb"));
    fs::create_dir_all(left.join("cells")).expect("a folder");
    runs.sweep().expect("swept");
    assert!(!left.exists() && runs.list().expect("runs").len() == 3);
}
