//! Files of an honest guest, and of one that is not.

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const RUNNING: Option<(u32, &str)> = Some((0, "tree"));
const SMALL: Limits = Limits { file: 10, boot: 15, files: 3 };

fn files(limits: Limits) -> (TempDir, Files) {
    let folder = tempfile::tempdir().expect("a folder");
    let files = Files::new(folder.path(), limits).expect("nothing is in the way");
    (folder, files)
}

fn begin(file: u32, name: &str) -> FromGuest {
    FromGuest::FileBegin { file, case: Some(0), name: name.into() }
}

fn data(file: u32, at: u64, bytes: &[u8]) -> FromGuest {
    FromGuest::FileData { file, at, data: Bytes(bytes.to_vec()) }
}

fn end(file: u32, bytes: u64) -> FromGuest {
    FromGuest::FileEnd { file, bytes, problem: None }
}

/// Everything below a folder: path, and content.
fn there(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn visit(top: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                visit(top, &entry, found);
            } else {
                let name = entry.strip_prefix(top).expect("below").to_string_lossy().into_owned();
                found.insert(name, fs::read(entry).expect("a file"));
            }
        }
    }
    let mut found = BTreeMap::new();
    visit(folder, folder, &mut found);
    found
}

/// What the frames come to: each answer, then the notes at the end.
fn play(files: &mut Files, frames: &[FromGuest]) -> String {
    let mut lines = Vec::new();
    for answer in frames.iter().filter_map(|frame| files.take(frame, RUNNING)) {
        lines.push(match (answer.result, answer.note) {
            (Ok(path), None) => format!("{} ok {path}", answer.file),
            (Err(why), Some(note)) if note.ends_with(&why) => format!("{} {note}", answer.file),
            other => panic!("an answer and a note that differ: {other:?}"),
        });
    }
    lines.join("\n")
}

#[test]
fn a_file_comes_byte_by_byte_as_it_was() {
    let (folder, mut files) = files(Limits::default());
    let bytes: Vec<u8> = (0..60_000_u32).map(|n| u8::try_from(n % 251).unwrap_or(0)).collect();
    let (head, rest) = bytes.split_at(FILE_CHUNK);
    let (middle, tail) = rest.split_at(FILE_CHUNK);
    let chunk = FILE_CHUNK as u64;
    let text = play(
        &mut files,
        &[
            begin(7, "trace.dat"),
            data(7, 0, head),
            FromGuest::FileBegin { file: 8, case: None, name: "empty".into() },
            data(7, chunk, middle),
            end(8, 0),
            data(7, 2 * chunk, tail),
            end(7, 60_000),
        ],
    );
    assert_eq!(text, "8 ok files/agent/empty\n7 ok files/tree/trace.dat");
    let path = folder.path().join("files");
    let expected = [("files/agent/empty", Vec::new()), ("files/tree/trace.dat", bytes)];
    assert_eq!(there(folder.path()), expected.map(|(name, bytes)| (name.to_owned(), bytes)).into());
    assert_eq!(files.close(), [format!("{}: 2 files of the guest, 60000 bytes", path.display())]);
}

#[test]
fn what_is_too_much_is_refused_and_not_kept() {
    let (folder, mut files) = files(SMALL);
    let text = play(
        &mut files,
        &[
            begin(1, "long"),
            data(1, 0, b"0123456789"),
            data(1, 10, b"x"),
            // Still on its way when the guest hears of it.
            data(1, 11, b"x"),
            end(1, 12),
            begin(2, "a"),
            data(2, 0, b"0123456789"),
            end(2, 10),
            begin(3, "b"),
            data(3, 0, b"012345"),
            begin(4, "c"),
            end(4, 0),
            begin(5, "d"),
            end(5, 0),
            begin(6, "e"),
        ],
    );
    insta::assert_snapshot!(text, @r"
    1 file tree/long is not kept: it is longer than 10 bytes, the limit of a file
    2 ok files/tree/a
    3 file tree/b is not kept: with it a boot's files are longer than 15 bytes, their limit
    4 ok files/tree/c
    5 ok files/tree/d
    6 file tree/e is not kept: a boot stores at most 3 files
    ");
    assert_eq!(there(folder.path()).len(), 3, "{:?}", there(folder.path()));
    let begins: Vec<_> = (10..20).map(|file| begin(file, &format!("f{file}"))).collect();
    let (_folder, mut files) = self::files(Limits::default());
    assert_eq!(play(&mut files, &begins).matches("8 files are on their way already").count(), 2);
}

#[test]
fn a_name_never_leaves_the_folder_and_never_comes_twice() {
    let (folder, mut files) = files(Limits::default());
    let text = play(
        &mut files,
        &[
            begin(1, "../../escaped"),
            begin(2, "/etc/passwd"),
            begin(3, ".part-x"),
            begin(4, ""),
            begin(5, "a"),
            begin(5, "b"),
            begin(6, "a"),
            end(5, 0),
            begin(7, "a"),
            FromGuest::FileBegin { file: 8, case: Some(1), name: "a".into() },
            FromGuest::FileBegin { file: 9, case: None, name: "\u{1b}[31m/\n".into() },
        ],
    );
    insta::assert_snapshot!(text, @r"
    1 a file of the guest is not kept: the name `../../escaped` starts with a dot or a dash
    2 a file of the guest is not kept: the name `/etc/passwd` has more than letters, digits, `_`, `-`, `+` and dots
    3 a file of the guest is not kept: the name `.part-x` starts with a dot or a dash
    4 a file of the guest is not kept: the name of the file is empty
    5 file tree/b is not kept: number 5 is that of another file
    6 file tree/a is not kept: there is one of this name already
    5 ok files/tree/a
    7 file tree/a is not kept: there is one of this name already
    8 a file of the guest is not kept: case 1 does not run
    9 a file of the guest is not kept: the name `\u{1b}[31m/\n` has more than letters, digits, `_`, `-`, `+` and dots
    ");
    assert_eq!(there(folder.path()).into_keys().collect::<Vec<_>>(), ["files/tree/a"]);
    let answer = files.take(&begin(10, "b"), None).expect("no case runs");
    assert_eq!(answer.result, Err("case 0 does not run".into()));
    assert_eq!(folder_of("a b/../c"), "a_b_.._c");
    assert_eq!(folder_of(".."), "case-..");
}

#[test]
fn what_is_cut_short_is_removed_and_reported() {
    let (folder, mut files) = files(Limits::default());
    let text = play(
        &mut files,
        &[
            begin(1, "torn"),
            data(1, 0, b"abc"),
            data(1, 4, b"e"),
            begin(2, "short"),
            data(2, 0, b"abc"),
            end(2, 4),
            begin(3, "given-up"),
            FromGuest::FileEnd { file: 3, bytes: 0, problem: Some("killed".into()) },
            begin(4, "big-chunk"),
            data(4, 0, &vec![0; FILE_CHUNK + 1]),
            // The name of one that was not kept is free.
            begin(5, "torn"),
            data(5, 0, b"abc"),
        ],
    );
    insta::assert_snapshot!(text, @r"
    1 file tree/torn is not kept: its bytes from 3 on did not come
    2 file tree/short is not kept: 3 of its 4 bytes have come
    3 file tree/given-up is not kept: killed
    4 file tree/big-chunk is not kept: 24001 bytes came at once, more than 24000
    ");
    assert_eq!(files.close(), ["file tree/torn is not kept: the guest ended before it did"]);
    assert!(there(folder.path()).is_empty(), "{:?}", there(folder.path()));
}

#[test]
fn a_repeated_boot_starts_with_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("files/tree")).expect("a folder");
    fs::write(folder.path().join("files/tree/.part-old"), "x").expect("a file");
    fs::write(folder.path().join("console.log"), "x").expect("a file");
    Files::new(folder.path(), Limits::default()).expect("a beginning");
    assert_eq!(there(folder.path()).into_keys().collect::<Vec<_>>(), ["console.log"]);
}

#[test]
fn a_disk_that_does_not_take_it_is_no_end_of_the_boot() {
    let (folder, mut files) = files(Limits::default());
    fs::write(folder.path().join("files"), "in the way").expect("a file");
    let answer = files.take(&begin(1, "a"), RUNNING).expect("an answer");
    assert!(answer.result.is_err_and(|why| why.starts_with("making it on the host: ")));
}

fn frames() -> impl Strategy<Value = FromGuest> {
    let name = prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("..".to_owned()),
        "[./a-c]{0,6}",
        any::<String>()
    ];
    let case = prop_oneof![Just(None), Just(Some(0)), Just(Some(1))];
    prop_oneof![
        (0u32..3, case, name).prop_map(|(file, case, name)| FromGuest::FileBegin { file, case, name }),
        (
            0u32..3,
            prop_oneof![Just(0u64), 0u64..12, Just(u64::MAX)],
            proptest::collection::vec(any::<u8>(), 0..12)
        )
            .prop_map(|(file, at, bytes)| data(file, at, &bytes)),
        (0u32..3, 0u64..12, any::<bool>()).prop_map(|(file, bytes, problem)| FromGuest::FileEnd {
            file,
            bytes,
            problem: problem.then(String::new)
        }),
    ]
}

proptest! {
    #[test]
    fn no_frames_escape_or_store_more_than_the_limits(
        frames in proptest::collection::vec(frames(), 0..60),
    ) {
        let outer = tempfile::tempdir().expect("a folder");
        let boot = outer.path().join("cell/boot");
        let mut files = Files::new(&boot, SMALL).expect("a beginning");
        let mut stored = BTreeSet::new();
        for frame in &frames {
            if let Some(Answer { result: Ok(path), .. }) = files.take(frame, RUNNING) {
                prop_assert!(stored.insert(path), "stored twice");
            }
            let there = there(outer.path());
            let total: usize = there.values().map(Vec::len).sum();
            prop_assert!(total as u64 <= SMALL.boot);
            prop_assert!(there.values().all(|bytes| bytes.len() as u64 <= SMALL.file));
        }
        files.close();
        let left: BTreeSet<_> = there(outer.path()).into_keys().collect();
        prop_assert_eq!(&left, &stored.iter().map(|path| format!("cell/boot/{path}")).collect());
        prop_assert!(left.len() <= SMALL.files);
        let owned = |path: &String| ["cell/boot/files/agent/", "cell/boot/files/tree/"].iter().any(|o| path.starts_with(o));
        prop_assert!(left.iter().all(owned), "{:?}", left);
    }
}

#[test]
fn the_counters_of_each_case_are_no_news() {
    let (folder, mut files) = files(Limits::default());
    let counters = |file: u32, name: &str| {
        [FromGuest::FileBegin { file, case: None, name: name.into() }, data(file, 0, b"tar"), end(file, 3)]
    };
    play(&mut files, &[counters(1, "+boot.gcov"), counters(2, "tree.gcov")].concat());
    assert!(there(folder.path()).contains_key("files/agent/tree.gcov"));
    assert_eq!(files.close(), [""; 0]);
}
