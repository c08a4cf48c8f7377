//! Files that were not there when the guest was started: its modules, which were still being linked, and its job. They come over
//! the port before the agent does anything.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use wire::{ToGuest, WAIT_PATH};

/// Whether this guest has to wait for files.
pub fn are_missing() -> bool {
    Path::new(WAIT_PATH).exists()
}

/// Takes files up to [`ToGuest::Go`].
///
/// # Errors
/// The host sends something else or goes away, a file cannot be written, or the kernel has loaded a module before.
pub fn take(port: impl Read) -> Result<(), String> {
    // One of them may be among those that come.
    let loaded = fs::read_to_string("/proc/modules").unwrap_or_default();
    if let Some(module) = loaded.split(' ').next().filter(|name| !name.is_empty()) {
        return Err(format!("the module {module} was loaded before the files came"));
    }
    take_into(Path::new("/"), port).map_err(|error| format!("taking the files that come late: {error}"))?;
    fs::remove_file(WAIT_PATH).map_err(|error| format!("removing {WAIT_PATH}: {error}"))
}

fn take_into(root: &Path, port: impl Read) -> io::Result<()> {
    let mut port = BufReader::new(port);
    loop {
        let mut line = Vec::new();
        port.read_until(b'\n', &mut line)?;
        match serde_json::from_slice(&line)? {
            ToGuest::File { path, mode, bytes } => {
                write(&root.join(path.trim_start_matches('/')), mode, &mut port.by_ref().take(bytes), bytes)?;
            }
            ToGuest::Go => return Ok(()),
            ToGuest::Answer { .. } | ToGuest::Hello | ToGuest::Bye => {
                return Err(io::Error::other("an answer that nobody waits for"));
            }
        }
    }
}

/// Beside its place first: who opened the file that it replaces keeps that.
fn write(path: &Path, mode: u32, from: &mut impl Read, bytes: u64) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".late");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    let written = io::copy(from, &mut file)?;
    if written != bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    file.flush()?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn frame(frame: &ToGuest) -> Vec<u8> {
        let mut line = serde_json::to_vec(frame).expect("JSON");
        line.push(b'\n');
        line
    }

    fn file(path: &str, mode: u32, text: &[u8]) -> Vec<u8> {
        let bytes = text.len() as u64;
        [frame(&ToGuest::File { path: path.into(), mode, bytes }), text.to_vec()].concat()
    }

    #[test]
    fn files_are_put_in_their_places_and_replace_what_is_there() {
        let root = tempfile::tempdir().expect("a folder");
        let path = |name: &str| root.path().join(name);
        fs::create_dir_all(path("lib/modules")).expect("a folder");
        fs::write(path("lib/modules/a.ko"), "a longer one, of before").expect("a file");
        let sent = [
            file("/lib/modules/a.ko", 0o644, b"new\n{\"frame\":\"go\"}\n"),
            file("/bench/suite/x.sh", 0o755, b""),
            frame(&ToGuest::Go),
            b"and what comes later".to_vec(),
        ];
        take_into(root.path(), sent.concat().as_slice()).expect("taken");
        assert_eq!(fs::read(path("lib/modules/a.ko")).expect("a file"), b"new\n{\"frame\":\"go\"}\n");
        assert_eq!(fs::read(path("bench/suite/x.sh")).expect("a file"), b"");
        let mode = fs::metadata(path("bench/suite/x.sh")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        assert_eq!(fs::read_dir(path("lib/modules")).expect("a folder").count(), 1);
    }

    #[test]
    fn what_is_cut_short_or_something_else_is_an_error_and_leaves_the_file_of_before() {
        let root = tempfile::tempdir().expect("a folder");
        let there = root.path().join("a");
        fs::write(&there, "before").expect("a file");
        let whole = file("/a", 0o644, b"after");
        let answer = ToGuest::Answer { id: 1, ok: true, text: String::new() };
        for sent in [Vec::new(), b"{}\n".to_vec(), whole[..whole.len() - 1].to_vec(), frame(&answer)] {
            assert!(take_into(root.path(), sent.as_slice()).is_err(), "{sent:?}");
            assert_eq!(fs::read(&there).expect("a file"), b"before");
            let _ = fs::remove_file(root.path().join("a.late"));
        }
        // Whole, and nothing says that it was the last.
        assert!(take_into(root.path(), whole.as_slice()).is_err());
    }
}
