use host::Process;
use spec::Series;
use testing::somebodys_git;

use super::*;

fn git(dir: &Path, args: &[&str]) -> String {
    args.iter().fold(somebodys_git(dir), Process::arg).read().expect("git")
}

#[test]
fn commits_stand_in_the_place_of_a_series() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for name in ["patches/mine", "patches/other", "linux"] {
        fs::create_dir_all(at(name)).expect("made");
    }
    fs::write(at("patches/mine/series.yaml"), "title: mine\nversion: 3\nbase: 6.12..6.13\n")
        .expect("written");
    for series in ["mine", "other"] {
        fs::write(at("patches").join(series).join("0001-old.patch"), "Subject: [PATCH] old\n")
            .expect("written");
    }
    fs::write(at("patches/other/series.yaml"), "title: other\nrequires: [mine]\n").expect("written");
    let linux = at("linux");
    git(&linux, &["init", "-q", "-b", "main"]);
    for text in ["one", "two", "three"] {
        fs::write(linux.join("file"), format!("{text}\n")).expect("written");
        git(&linux, &["add", "file"]);
        git(&linux, &["commit", "-qm", &format!("cxl: Say {text}")]);
    }
    let cache = Cache::new(&at("cache")).expect("a cache");
    let range = resolve("mine", &linux, "main~2..main").expect("resolved");
    let patches = overlay(&range, &at("patches"), &cache).expect("written");
    assert_eq!(overlay(&range, &at("patches"), &cache).expect("found"), patches);
    let mine = Series::load(&patches, "mine").expect("a series");
    let subjects: Vec<&str> = mine.patches.iter().map(|patch| patch.subject.as_str()).collect();
    assert_eq!((subjects, mine.version), (vec!["cxl: Say two", "cxl: Say three"], 3));
    assert_eq!(Series::load_all(&patches, &["other".to_owned()]).expect("both").len(), 2);
    // One that has no folder.
    let new = resolve("new", &linux, "main~1..").expect("resolved");
    let patches = overlay(&new, &at("patches"), &cache).expect("written");
    assert_eq!(Series::load(&patches, "new").expect("a series").patches.len(), 1);
    assert_eq!(Series::load(&patches, "mine").expect("the folder's").patches[0].subject, "old");

    let error = |range: &str| resolve("mine", &linux, range).expect_err("refused").to_string();
    assert!(error("main").contains("is no range of commits"));
    assert!(error("main..main").contains("has no commit"));
    assert!(error("main..mian").contains("has no commit 'mian'"));
    git(&linux, &["checkout", "-qb", "side", "main~1"]);
    git(&linux, &["commit", "-q", "--allow-empty", "-m", "side"]);
    git(&linux, &["merge", "-q", "-m", "merge", "main"]);
    assert!(error("main..side").contains("has a merge"));
    assert!(
        resolve("mine", &at("patches"), "a..b").expect_err("no repository").to_string().contains("not a git")
    );
}

/// A repository with a root, a base and commits of these subjects, and a folder of series.
fn context(subjects: &[&str]) -> (tempfile::TempDir, Cache) {
    let folder = tempfile::tempdir().expect("a folder");
    let linux = folder.path().join("linux");
    for dir in [&linux, &folder.path().join("patches/mine")] {
        fs::create_dir_all(dir).expect("made");
    }
    git(&linux, &["init", "-q", "-b", "main"]);
    for subject in ["root", "base"].iter().chain(subjects) {
        fs::write(linux.join("file"), format!("{subject}\n")).expect("written");
        git(&linux, &["add", "file"]);
        git(&linux, &["commit", "-qm", subject]);
    }
    let cache = Cache::new(&folder.path().join("cache")).expect("a cache");
    (folder, cache)
}

#[test]
fn what_a_series_says_goes_with_its_patches_to_the_commits() {
    let (folder, cache) = context(&["cxl: New", "cxl: One", "cxl: Renamed"]);
    let (linux, patches) = (folder.path().join("linux"), folder.path().join("patches"));
    let write = |name: &str, text: &str| fs::write(patches.join("mine").join(name), text).expect("written");
    write(
        "series.yaml",
        "title: mine\nbase-commit: 0123456789abcdef\npatch-ids: [aa]\npromises: { 0: [mock], 1: [attach], 2: [races] }\n",
    );
    write("0000-cover-letter.patch", "From: A <a@x.example>\nSubject: [PATCH 0/2] mine\n\nAll.\n");
    write("0001-one.patch", "Subject: [PATCH] cxl: One\n");
    write("0002-two.patch", "Subject: [PATCH] cxl: Two\n");
    let take = |range: &str| {
        let range = resolve("mine", &linux, range).expect("a range");
        let folder = overlay(&range, &patches, &cache)?;
        Ok::<_, RangeError>((Series::load(&folder, "mine").expect("a series"), range))
    };
    let (mine, range) = take("main~3..main").expect("taken");
    // By the subject, and by the number where that is another now.
    let promises: Vec<_> = mine.promises.iter().map(|(number, cases)| (*number, cases.join(","))).collect();
    assert_eq!(promises, [(0, "mock".to_owned()), (2, "attach,races".to_owned())]);
    assert_eq!((mine.posted.base_commit, mine.posted.patch_ids.len()), (Some(range.base), 0));
    assert!(mine.dir.join(COVER).is_file());
    // One that is from a later patch than there are commits is the whole range's.
    let (mine, _) = take("main~1..main").expect("taken");
    assert_eq!(mine.promises.get(&1).map(|cases| cases.join(",")), Some("attach,races".to_owned()));
    // A root is no commit that anybody else has.
    assert_eq!(take("main~4..main").expect("taken").0.posted.base_commit, None);
}

#[test]
fn a_range_that_is_known_stays_what_it_was() {
    let (folder, cache) = context(&["cxl: One", "cxl: Two"]);
    let (linux, patches) = (folder.path().join("linux"), folder.path().join("patches"));
    let range = resolve("new", &linux, "main~2..main").expect("a range");
    let kept = serde_json::to_string(&range).expect("JSON");
    git(&linux, &["reset", "-q", "--hard", "main~1"]);
    git(&linux, &["commit", "-q", "--amend", "-m", "cxl: Another"]);
    let range: SeriesRange = serde_json::from_str(&kept).expect("a range");
    let folder = overlay(&range, &patches, &cache).expect("written");
    let subjects: Vec<String> =
        Series::load(&folder, "new").expect("a series").patches.into_iter().map(|p| p.subject).collect();
    assert_eq!(subjects, ["cxl: One", "cxl: Two"]);
}
