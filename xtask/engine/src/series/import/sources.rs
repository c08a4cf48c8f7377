//! The mails of a file, a maildir, or a folder of patches.

use std::path::{Path, PathBuf};

use fs_err as fs;

use host::Process;

use super::ImportError;
use crate::series::mail::{Message, split};

/// Reads the mails of an mbox (also one that gzip has packed), of a single mail or patch, of a maildir, or of a folder with the
/// files of `git format-patch`.
///
/// # Errors
/// [`ImportError::Io`], [`ImportError::Mail`].
pub fn read(path: &Path) -> Result<Vec<Message>, ImportError> {
    let mut messages = Vec::new();
    for file in files(path)? {
        let bytes = if file == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes)?;
            bytes
        } else {
            fs::read(&file)?
        };
        let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
            Process::new("gzip", ["-dc"]).stdin(bytes).run()?.stdout
        } else {
            bytes
        };
        for (number, mail) in split(&bytes).iter().enumerate() {
            let place = || format!("{}: mail {}", file.display(), number + 1);
            let mut message =
                Message::parse(mail).map_err(|source| ImportError::Mail { place: place(), source })?;
            message.file_number = number_of(&file);
            messages.push(message);
        }
    }
    Ok(messages)
}

/// 3 of `0003-cxl-….patch`.
fn number_of(file: &Path) -> Option<u32> {
    let (number, _) = file.file_name()?.to_str()?.split_once('-')?;
    number.parse().ok()
}

/// The files that hold mails, in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, ImportError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let maildir: Vec<PathBuf> =
        ["cur", "new"].iter().map(|sub| path.join(sub)).filter(|dir| dir.is_dir()).collect();
    let is_maildir = !maildir.is_empty();
    let folders = if is_maildir { maildir } else { vec![path.to_owned()] };
    let mut files = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(&folder)? {
            let file = entry?.path();
            let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            let patch = file
                .extension()
                .is_some_and(|ending| ["patch", "mbox", "mbx", "eml"].iter().any(|e| ending == *e));
            if file.is_file() && !hidden && (is_maildir || patch) {
                files.push(file);
            }
        }
    }
    files.sort();
    Ok(files)
}
