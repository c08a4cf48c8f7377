//! Which kernel and which modules run here, by their build ids: the host compares these with what it has built.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use wire::{FromGuest, KERNEL};

use crate::port::Port;

/// Type of the note that holds a build id, whose owner is "GNU" (`NT_GNU_BUILD_ID`, the ELF ABI of GNU).
const BUILD_ID: u32 = 3;

/// What was reported so far.
#[derive(Default)]
pub struct Code(BTreeMap<String, String>);

impl Code {
    /// Reports what was not reported before: modules come and go.
    pub fn report(&mut self, port: &Port) {
        let build_ids = self.new_in(Path::new("/sys"));
        if !build_ids.is_empty() {
            port.send(FromGuest::Code { build_ids });
        }
    }

    fn new_in(&mut self, sys: &Path) -> BTreeMap<String, String> {
        let mut new = found(sys);
        new.retain(|name, id| self.0.get(name) != Some(id));
        self.0.extend(new.clone());
        new
    }
}

/// The build ids of what is loaded. What is built in has a folder below `module`, but no notes (`add_notes_attrs()`,
/// kernel/module/sysfs.c).
fn found(sys: &Path) -> BTreeMap<String, String> {
    let modules = fs::read_dir(sys.join("module")).into_iter().flatten().filter_map(Result::ok);
    let of_module = |entry: fs::DirEntry| {
        let notes = fs::read(entry.path().join("notes/.note.gnu.build-id")).ok()?;
        Some((entry.file_name().into_string().ok()?, build_id(&notes)?))
    };
    let kernel = fs::read(sys.join("kernel/notes")).ok().and_then(|notes| build_id(&notes));
    let kernel = kernel.map(|id| (KERNEL.to_owned(), id));
    modules.filter_map(of_module).chain(kernel).collect()
}

/// The build id among ELF notes: each has the lengths of its name and of its content and a type, then both, padded to four bytes.
fn build_id(mut notes: &[u8]) -> Option<String> {
    loop {
        let (head, rest) = notes.split_at_checked(12)?;
        let word = |at: usize| head[at..at + 4].try_into().map(u32::from_ne_bytes).ok();
        let (name_length, length) = (usize::try_from(word(0)?).ok()?, usize::try_from(word(4)?).ok()?);
        let (name, rest) = rest.split_at_checked(name_length.checked_next_multiple_of(4)?)?;
        let content = rest.get(..length)?;
        if word(8)? == BUILD_ID && name.starts_with(b"GNU\0") {
            return Some(content.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        notes = rest.get(length.checked_next_multiple_of(4)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(kind: u32, name: &[u8], content: &[u8]) -> Vec<u8> {
        let mut note = Vec::new();
        for word in [name.len(), content.len()] {
            note.extend(u32::try_from(word).expect("short").to_ne_bytes());
        }
        note.extend(kind.to_ne_bytes());
        for part in [name, content] {
            note.extend(part);
            note.resize(note.len().next_multiple_of(4), 0);
        }
        note
    }

    #[test]
    fn a_build_id_is_found_among_other_notes() {
        let id = note(BUILD_ID, b"GNU\0", &[0xab, 1, 0xff]);
        let others = [note(BUILD_ID, b"Xen\0", b"x"), note(1, b"GNU\0", b"12345")].concat();
        assert_eq!(build_id(&[&others[..], &id, &others].concat()).as_deref(), Some("ab01ff"));
        assert_eq!(build_id(&others), None);
    }

    #[test]
    fn what_is_loaded_is_reported_once_and_again_when_it_changes() {
        let sys = tempfile::tempdir().expect("a folder");
        let write = |path: &str, content: &[u8]| {
            let path = sys.path().join(path);
            fs::create_dir_all(path.parent().expect("below sys")).expect("made");
            fs::write(path, content).expect("written");
        };
        write("kernel/notes", &note(BUILD_ID, b"GNU\0", &[1]));
        write("module/cxl_mem/notes/.note.gnu.build-id", &note(BUILD_ID, b"GNU\0", &[2]));
        write("module/printk/parameters/time", b"Y");
        let mut code = Code::default();
        let ids = |ids: &[(&str, &str)]| {
            ids.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect::<BTreeMap<_, _>>()
        };
        assert_eq!(code.new_in(sys.path()), ids(&[("cxl_mem", "02"), (KERNEL, "01")]));
        assert_eq!(code.new_in(sys.path()), ids(&[]));
        write("module/cxl_mem/notes/.note.gnu.build-id", &note(BUILD_ID, b"GNU\0", &[3]));
        assert_eq!(code.new_in(sys.path()), ids(&[("cxl_mem", "03")]));
    }

    #[test]
    fn notes_that_are_cut_or_lie_have_none() {
        let whole = [note(1, b"GNU\0", b"12345"), note(BUILD_ID, b"GNU\0", &[7; 20])].concat();
        for length in 0..whole.len() {
            assert_eq!(build_id(&whole[..length]), None, "{length} bytes");
        }
        let mut endless = whole;
        endless[..8].fill(0xff);
        assert_eq!(build_id(&endless), None);
    }
}
