//! The fuzz targets, compiled without a fuzzer, which takes a toolchain and minutes of its own. Each is run on a few inputs.

// What `use libfuzzer_sys::fuzz_target` of a target finds here.
extern crate self as libfuzzer_sys;

/// The targets, and their names.
macro_rules! targets {
    ($($name:ident in $path:literal),*) => {
        $(#[path = $path] #[allow(unused_attributes, reason = "no_main is of a program")] mod $name;)*
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

targets!(
    any in "../fuzz/fuzz_targets/any.rs",
    kernel_log in "../fuzz/fuzz_targets/kernel_log.rs",
    ktap in "../fuzz/fuzz_targets/ktap.rs",
    mail in "../fuzz/fuzz_targets/mail.rs",
    meson in "../fuzz/fuzz_targets/meson.rs",
    tags in "../fuzz/fuzz_targets/tags.rs"
);

/// A target as a plain function. Behind the targets, which find it by its path.
#[macro_export]
macro_rules! fuzz_target {
    (|$input:ident: $kind:ty| $body:block) => {
        pub(super) fn run($input: $kind) $body
    };
}

const LOG: &str = "[    1.000000] Linux version 6.12.117\n[    2.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008\n\
                   [    2.000100] RIP: 0010:cxl_sample+0x10/0x40 [cxl_core]\n";
const KTAP: &str = "KTAP version 1\n1..2\nok 1 a\nnot ok 2 b # why\n";
const MAIL: &str = "From nobody Mon Sep 17 00:00:00 2001\nFrom: A <a@x.example>\nSubject: [PATCH v2 1/1] cxl: One\n\nWhy.\n---\n a.c | 1 +\n";

#[test]
fn every_target_runs() {
    for (at, text) in ["", LOG, KTAP, MAIL, "\u{fffd}\n"].into_iter().enumerate() {
        let size = u8::try_from(at).expect("a few");
        any::run((size, text.as_bytes()));
        kernel_log::run((u16::from(size) * 40, text.as_bytes()));
        ktap::run(text);
        mail::run(text.as_bytes());
        meson::run((size, text.as_bytes()));
        tags::run(("Reviewed-by: R <r@x.example>", text.as_bytes()));
    }
}

#[test]
fn every_target_is_here() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz");
    let files = std::fs::read_dir(format!("{folder}/fuzz_targets")).expect("the folder");
    let mut files: Vec<_> = files
        .map(|entry| {
            entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned()
        })
        .collect();
    files.sort_unstable();
    assert_eq!(files, NAMES);
    let manifest = std::fs::read_to_string(format!("{folder}/Cargo.toml")).expect("the manifest");
    for name in NAMES {
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name} is no program of it"
        );
    }
}
