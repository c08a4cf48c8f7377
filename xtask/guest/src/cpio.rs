//! A writer of cpio archives in the "newc" format, as the kernel's initramfs wants them
//! (Documentation/driver-api/early-userspace/buffer-format.rst).
//!
//! The bytes depend on the entries only: owner root, time 0, inodes numbered in order of the paths.

use std::collections::BTreeMap;

use super::GuestError;

/// Archives may follow each other in an initramfs where each starts on a multiple of 4; tools like 512.
const BLOCK: usize = 512;
/// PATH_MAX of the kernel's unpacker (`init/initramfs.c`: `N_ALIGN(name_len) > PATH_MAX` drops the entry).
const LONGEST: usize = 4095;

/// S_IFMT, see inode(7).
const KIND: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_000;
const CHARACTER: u32 = 0o020_000;

/// An archive in the making. Paths are relative to the guest's root; parents are added by themselves.
#[derive(Debug, Clone, Default)]
pub struct Archive(BTreeMap<String, Entry>);

#[derive(Debug, Clone)]
struct Entry {
    mode: u32,
    device: (u32, u32),
    data: Vec<u8>,
}

impl Archive {
    /// An empty archive.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder.
    ///
    /// # Errors
    /// [`GuestError::Path`].
    pub fn dir(&mut self, path: &str) -> Result<(), GuestError> {
        self.add(path, DIRECTORY | 0o755, (0, 0), Vec::new())
    }

    /// Adds a file with these permission bits.
    ///
    /// # Errors
    /// [`GuestError::Path`].
    pub fn file(&mut self, path: &str, permissions: u32, data: impl Into<Vec<u8>>) -> Result<(), GuestError> {
        let data = data.into();
        if u32::try_from(data.len()).is_err() {
            return Err(GuestError::Path { path: path.into(), why: "the file is larger than 4 GiB" });
        }
        self.add(path, FILE | (permissions & 0o7777), (0, 0), data)
    }

    /// Adds a symbolic link.
    ///
    /// # Errors
    /// [`GuestError::Path`].
    pub fn symlink(&mut self, path: &str, target: &str) -> Result<(), GuestError> {
        if target.is_empty() || target.len() > LONGEST {
            return Err(GuestError::Path { path: target.into(), why: "a link's target has 1 to 4095 bytes" });
        }
        self.add(path, SYMLINK | 0o777, (0, 0), target.into())
    }

    /// Adds a character device.
    ///
    /// # Errors
    /// [`GuestError::Path`].
    pub fn device(&mut self, path: &str, permissions: u32, major: u32, minor: u32) -> Result<(), GuestError> {
        self.add(path, CHARACTER | permissions, (major, minor), Vec::new())
    }

    /// Whether there is an entry of this path.
    pub fn contains(&self, path: &str) -> bool {
        self.0.contains_key(path.trim_start_matches('/'))
    }

    /// The plain files: path, permission bits, bytes.
    pub fn into_files(self) -> impl Iterator<Item = (String, u32, Vec<u8>)> {
        let files = self.0.into_iter().filter(|(_, entry)| entry.mode & KIND == FILE);
        files.map(|(path, entry)| (path, entry.mode & 0o7777, entry.data))
    }

    /// The archive's bytes, padded so that another one may follow.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.values().map(|entry| entry.data.len() + 256).sum());
        for (inode, (path, entry)) in (1u32..).zip(&self.0) {
            record(&mut out, inode, path, entry);
        }
        record(&mut out, 0, "TRAILER!!!", &Entry { mode: 0, device: (0, 0), data: Vec::new() });
        pad(&mut out, BLOCK);
        out
    }

    fn add(&mut self, path: &str, mode: u32, device: (u32, u32), data: Vec<u8>) -> Result<(), GuestError> {
        let path = path.trim_start_matches('/');
        let fail = |why| GuestError::Path { path: path.to_owned(), why };
        if path.len() > LONGEST || path.contains('\0') {
            return Err(fail("it has more than 4095 bytes, or a zero byte"));
        }
        if path == "TRAILER!!!" || path.split('/').any(|part| part.is_empty() || part == "." || part == "..")
        {
            return Err(fail("each part must be a plain name"));
        }
        let parents = path.match_indices('/').map(|(end, _)| &path[..end]);
        for parent in parents {
            let entry = Entry { mode: DIRECTORY | 0o755, device: (0, 0), data: Vec::new() };
            let there = self.0.entry(parent.to_owned()).or_insert(entry);
            if there.mode & KIND != DIRECTORY {
                return Err(fail("one of its parents is no folder"));
            }
        }
        match self.0.get(path) {
            Some(there) if there.mode == mode && there.data == data => Ok(()),
            Some(_) => Err(fail("there are two entries of this path")),
            None => {
                self.0.insert(path.to_owned(), Entry { mode, device, data });
                Ok(())
            }
        }
    }
}

fn record(out: &mut Vec<u8>, inode: u32, path: &str, entry: &Entry) {
    let links = if entry.mode & KIND == DIRECTORY { 2 } else { 1 };
    // Both fit: `add` has looked at them.
    let size = u32::try_from(entry.data.len()).unwrap_or(u32::MAX);
    let name = u32::try_from(path.len() + 1).unwrap_or(u32::MAX);
    let (major, minor) = entry.device;
    let fields = [inode, entry.mode, 0, 0, links, 0, size, 0, 0, major, minor, name, 0];
    out.extend_from_slice(b"070701");
    for field in fields {
        out.extend_from_slice(format!("{field:08X}").as_bytes());
    }
    out.extend_from_slice(path.as_bytes());
    out.push(0);
    pad(out, 4);
    out.extend_from_slice(&entry.data);
    pad(out, 4);
}

fn pad(out: &mut Vec<u8>, to: usize) {
    out.resize(out.len().next_multiple_of(to), 0);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use host::Process;

    fn archive() -> Archive {
        let mut archive = Archive::new();
        archive.file("/init", 0o755, "#!/bin/sh\n").expect("added");
        archive.symlink("bin/sh", "busybox").expect("added");
        archive.file("bench/suite/a.sh", 0o644, "x").expect("added");
        archive.device("dev/null", 0o666, 1, 3).expect("added");
        archive
    }

    #[test]
    fn a_record_is_as_the_kernel_wants_it() {
        let mut archive = Archive::new();
        archive.file("a", 0o644, "hello").expect("added");
        let bytes = archive.bytes();
        assert_eq!(bytes.len(), 512);
        let end = bytes.iter().rposition(|b| *b != 0).expect("some bytes");
        let text = String::from_utf8_lossy(&bytes[..=end]).replace('\0', ".");
        insta::assert_snapshot!(text, @"07070100000001000081A40000000000000000000000010000000000000005000000000000000000000000000000000000000200000000a.hello...07070100000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000B00000000TRAILER!!!");
    }

    #[test]
    fn order_of_adding_does_not_matter() {
        let mut other = Archive::new();
        other.device("dev/null", 0o666, 1, 3).expect("added");
        other.file("bench/suite/a.sh", 0o644, "x").expect("added");
        other.dir("bin").expect("added");
        other.symlink("bin/sh", "busybox").expect("added");
        other.file("init", 0o755, "#!/bin/sh\n").expect("added");
        assert_eq!(other.bytes(), archive().bytes());
    }

    #[test]
    fn an_archive_is_read_by_cpio() {
        let Ok(cpio) = which::which("cpio") else { return };
        let list = |bytes: Vec<u8>| {
            Process::new(&cpio, ["-itv", "--quiet"]).stdin(bytes).run().expect("cpio reads it")
        };
        let listing = list(archive().bytes()).text();
        let names: Vec<_> = listing.lines().filter_map(|line| line.split("1970 ").nth(1)).collect();
        insta::assert_debug_snapshot!(names, @r#"
        [
            "bench",
            "bench/suite",
            "bench/suite/a.sh",
            "bin",
            "bin/sh -> busybox",
            "dev",
            "dev/null",
            "init",
        ]
        "#);
    }

    #[test]
    fn paths_that_leave_the_root_or_clash_are_refused() {
        let mut archive = archive();
        for path in
            ["", "/", "../x", "a/../b", "a//b", "a/./b", "TRAILER!!!", "init/x", "bin/sh/x", "init", "a\0b"]
        {
            assert!(archive.file(path, 0o644, "new").is_err(), "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn every_record_starts_on_a_multiple_of_four(files in proptest::collection::btree_map("[a-z]{1,9}(/[a-z]{1,9}){0,2}", proptest::collection::vec(any::<u8>(), 0..40), 0..8)) {
            let mut archive = Archive::new();
            for (path, data) in &files {
                let _ = archive.file(path, 0o644, data.clone());
            }
            let bytes = archive.bytes();
            prop_assert_eq!(bytes.len() % 512, 0);
            let (mut at, mut entries) = (0, 0);
            loop {
                prop_assert_eq!(at % 4, 0);
                prop_assert_eq!(&bytes[at..at + 6], b"070701");
                let hex = |n: usize| usize::from_str_radix(std::str::from_utf8(&bytes[at + 6 + n * 8..at + 14 + n * 8]).expect("hex"), 16).expect("hex");
                let (size, name) = (hex(6), hex(11));
                if &bytes[at + 110..at + 110 + name - 1] == b"TRAILER!!!" {
                    break;
                }
                entries += 1;
                at = (at + 110 + name).next_multiple_of(4);
                at = (at + size).next_multiple_of(4);
            }
            prop_assert_eq!(entries, archive.0.len());
        }
    }
}
