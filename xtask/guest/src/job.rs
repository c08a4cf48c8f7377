//! The job of one boot as a second archive, behind the image: the kernel unpacks one after the other.

use host::io_at;
use wire::{EXPECT_PATH, Expect, JOB_PATH, Job, LIB_PATH, SUITE_PATH, WAIT_PATH};

use super::{Archive, GuestError};

/// A file of the suite, for the folder [`SUITE_PATH`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFile {
    /// Path relative to the suite's folder.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Packs what one boot has to do. QEMU's `-initrd` takes the image with these bytes appended.
///
/// # Errors
/// [`GuestError::Path`] for a file that would leave the suite's folder.
pub fn job_archive(
    job: &Job,
    expect: Option<&Expect>,
    suite: &[JobFile],
    lib: &[u8],
) -> Result<Archive, GuestError> {
    let mut archive = Archive::new();
    archive.dir(SUITE_PATH)?;
    archive.file(JOB_PATH, 0o644, json(job, JOB_PATH)?)?;
    if let Some(expect) = expect {
        archive.file(EXPECT_PATH, 0o644, json(expect, EXPECT_PATH)?)?;
    }
    archive.file(LIB_PATH, 0o644, lib)?;
    for JobFile { name, bytes } in suite {
        // Not all scripts of the world have their run bit set; what can be run may be run.
        archive.file(&format!("{SUITE_PATH}/{name}"), 0o755, bytes.as_slice())?;
    }
    Ok(archive)
}

/// What a guest finds in place of a job that was started before it was there, see [`WAIT_PATH`].
///
/// # Errors
/// None: the path is a good one.
pub fn wait_archive() -> Result<Archive, GuestError> {
    let mut archive = Archive::new();
    archive.file(WAIT_PATH, 0o644, "")?;
    Ok(archive)
}

fn json(value: &impl serde::Serialize, path: &str) -> Result<Vec<u8>, GuestError> {
    let failed = |e| io_at("writing", std::path::Path::new(path))(std::io::Error::other(e));
    Ok(serde_json::to_vec_pretty(value).map_err(failed)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn job() -> Job {
        Job {
            protocol: wire::PROTOCOL,
            modules: vec!["cxl_test".into()],
            autoload: true,
            udev: false,
            deny: Vec::new(),
            memdevs: 0,
            settle_ms: 1000,
            cases: Vec::new(),
            env: BTreeMap::from([("LC_ALL".into(), "C".into())]),
            shell: false,
        }
    }

    fn file(name: &str) -> JobFile {
        JobFile { name: name.into(), bytes: b"exit 0\n".to_vec() }
    }

    #[test]
    fn the_order_of_files_does_not_change_the_bytes() {
        let pack = |files: &[JobFile]| {
            job_archive(&job(), Some(&Expect::default()), files, b"lib").expect("packed").bytes()
        };
        let bytes = pack(&[file("a.sh"), file("data/b")]);
        assert_eq!(bytes, pack(&[file("data/b"), file("a.sh")]));
        assert_eq!(bytes.len() % 512, 0);
        let text = String::from_utf8_lossy(&bytes);
        for path in [JOB_PATH, EXPECT_PATH, LIB_PATH, "/bench/suite/data/b"] {
            assert!(text.contains(&path[1..]), "{path}");
        }
    }

    #[test]
    fn a_file_cannot_leave_the_suite() {
        assert!(job_archive(&job(), None, &[file("../../init")], b"").is_err());
        assert!(job_archive(&job(), None, &[file("/etc/passwd")], b"").is_err());
    }
}
