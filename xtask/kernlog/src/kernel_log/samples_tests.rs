//! Logs that a real kernel printed.

use std::fs;
use std::path::PathBuf;

use super::scan_log;
use super::tests::shown;

/// Logs that Linux 6.12.117 printed under QEMU, provoked with lkdtm, sysrq and a module that does one wrong thing at a time.
#[test]
fn real_logs() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/kernel_log/samples");
    let entries = fs::read_dir(folder).expect("the samples");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a sample").path()).collect();
    paths.sort();
    let shown_of = |path: &PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let log = fs::read_to_string(path).expect("a readable sample");
        format!("{name}: {}", shown(&[&log]).trim_end_matches("--\n"))
    };
    let all: Vec<_> =
        paths.iter().filter(|path| !path.ends_with("boot-unfinished.log")).map(shown_of).collect();
    insta::assert_snapshot!("real_logs", all.join("").trim_end());
}

#[test]
fn a_real_boot_that_was_cut_off() {
    let log = include_bytes!("samples/boot-unfinished.log");
    let scan = scan_log(log, None);
    let title = scan.unfinished.map(|splat| splat.title);
    assert_eq!(
        (scan.splats.len(), title.as_deref()),
        (0, Some("boot ends without a word before user space"))
    );
}
