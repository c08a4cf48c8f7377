//! The patches of a folder, numbered as `git format-patch` does.
//!
//! The subject is read as it stands in the patch's header; encoded words of RFC 2047 stay encoded.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;

use specfile::SpecError;

/// One patch of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Patch {
    /// Absolute path of the file.
    pub file: PathBuf,
    /// Subject without `[PATCH …]`.
    pub subject: String,
}

/// The patches of one folder in order. A cover letter (`0000-…`) is no patch.
pub(super) fn read(dir: &Path) -> Result<Vec<Patch>, SpecError> {
    let mut patches: Vec<Patch> = Vec::new();
    let is_patch = |name: &String| Path::new(name).extension().is_some_and(|e| e == "patch");
    for name in specfile::entries(dir)?.into_iter().filter(is_patch) {
        let file = dir.join(&name);
        let number = match name.split_once('-') {
            Some((digits, _)) if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse::<usize>().unwrap_or_default()
            }
            _ => {
                return Err(SpecError::invalid(file, "name", "a patch is named as 0001-what-it-does.patch")
                    .with_hint("git format-patch names them so"));
            }
        };
        specfile::check_name(&name).map_err(|why| SpecError::invalid(&file, "name", why))?;
        let wanted = patches.len() + 1;
        if number == 0 {
            continue;
        }
        if number < wanted {
            let message = format!("there is another patch with number {number:04}");
            return Err(SpecError::invalid(file, "name", message));
        } else if number > wanted {
            let message = format!("patch {wanted:04} is missing before it");
            return Err(SpecError::invalid(file, "name", message));
        }
        let subject = subject(&file)?;
        patches.push(Patch { file, subject });
    }
    Ok(patches)
}

fn subject(file: &Path) -> Result<String, SpecError> {
    // A header is short; whatever is longer is not read whole.
    const LONGEST: u64 = 64 << 10;
    let fail = |source: io::Error| SpecError::Read { file: file.to_owned(), source, hint: None };
    let reader = BufReader::new(fs::File::open(file).map_err(fail)?.take(LONGEST));
    let mut subject: Option<String> = None;
    for line in reader.split(b'\n') {
        let line = line.map_err(fail)?;
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        match (&mut subject, line.strip_prefix("Subject:")) {
            (None, Some(text)) => subject = Some(text.trim().to_owned()),
            (Some(text), _) if line.starts_with([' ', '\t']) => {
                text.push(' ');
                text.push_str(line.trim());
            }
            (Some(_), _) => break,
            (None, None) if line.is_empty() => break,
            (None, None) => {}
        }
    }
    let text = subject.unwrap_or_default();
    let stripped = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((tag, rest)) if tag.to_ascii_uppercase().contains("PATCH") => rest.trim(),
        _ => text.as_str(),
    };
    if stripped.is_empty() {
        return Err(SpecError::invalid(file, "Subject", "the patch has none in its header")
            .with_hint("git format-patch writes it; a bare diff does not say what it does"));
    }
    Ok(stripped.to_owned())
}
