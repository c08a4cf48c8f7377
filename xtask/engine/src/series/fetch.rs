//! A posted series by its message-id, through b4: from the archive, or from an mbox that is at hand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use fs_err::os::unix::fs::symlink;

use host::Process;

use super::import::{self, ImportError, Posting, Want};

/// How long an archive may take to answer.
const DEADLINE: Duration = Duration::from_secs(300);

/// The thread of a mail as b4 brings it, of which the version that the mail is of is taken. With `mbox` b4 looks only there.
///
/// # Errors
/// b4 fails, or the thread has no such series.
pub fn by_id(message_id: &str, version: Option<u32>, mbox: Option<&Path>) -> Result<Posting, ImportError> {
    let folder = host::TempFolder::new()?;
    let mut process = Process::new("b4", ["-n", "mbox", "-n", "thread", "-o"]).arg(folder.path());
    if let Some(mbox) = mbox {
        let mbox = std::path::absolute(mbox)?;
        process = process.arg("-m").arg(mbox);
    }
    process.arg("--").arg(message_id).deadline(DEADLINE).run()?;
    let messages = import::read(&folder.path().join("thread"))?;
    import::order(messages, &Want { version, message_id: Some(message_id.to_owned()) })
}

/// Puts a posting into the cache's folder for its id, in place of what is there. Returns the folder with its patches.
///
/// # Errors
/// [`ImportError`]; then what was there stays.
pub fn keep(posting: Posting, cache: &Path, message_id: &str) -> Result<PathBuf, ImportError> {
    let name = &host::sha256(message_id)[..24];
    import::place(posting, cache, name, true)?;
    Ok(cache.join(name))
}

/// Makes `link` lead to a folder, whole or not at all.
///
/// # Errors
/// [`ImportError::Io`].
pub fn link(folder: &Path, link: &Path) -> Result<(), ImportError> {
    let parent = link.parent().unwrap_or(Path::new("."));
    let stage = tempfile::Builder::new().prefix(".fetch-").tempdir_in(parent);
    let stage = stage?;
    let new = stage.path().join("link");
    symlink(folder, &new)?;
    Ok(fs::rename(&new, link)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use spec::Series;
    use spec::series::{FETCHED, FILE};

    const DIFF: &str =
        "---\ndiff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,3 @@\n one\n+new\n two\n";

    fn mail(id: &str, subject: &str, body: &str) -> String {
        format!(
            "From a@z Thu Jan  1 00:00:00 1970\nFrom: A B <a@x.example>\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <{id}>\nIn-Reply-To: <0@x.example>\nReferences: <0@x.example>\nSubject: {subject}\n\nWhy.\n{body}\n"
        )
    }

    #[test]
    fn what_is_declared_is_found_where_it_was_fetched_to() {
        let dir = tempfile::tempdir().expect("a folder");
        let (patches, cache) = (dir.path().join("patches"), dir.path().join("cache"));
        fs::create_dir_all(patches.join("up")).expect("made");
        fs::write(
            patches.join("up").join(FILE),
            "title: x\nmessage-id: 1@x.example\npromises: { 1: [attach] }\n",
        )
        .expect("written");
        assert!(Series::load(&patches, "up").expect("declared").is_to_be_fetched());
        let mbox = mail("1@x.example", "[PATCH] cxl: One", DIFF);
        let file = dir.path().join("mbox");
        fs::write(&file, mbox).expect("written");
        let posting = import::order(import::read(&file).expect("mails"), &Want::default()).expect("a series");
        for _ in 0..2 {
            let folder = keep(posting.clone(), &cache, "1@x.example").expect("kept");
            link(&folder, &patches.join("up").join(FETCHED)).expect("linked");
        }
        let series = Series::load(&patches, "up").expect("fetched");
        assert_eq!((series.patches.len(), series.is_to_be_fetched()), (1, false));
    }
}
