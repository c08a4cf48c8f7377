//! What ELF files state of themselves: which loader and libraries a program wants, what a kernel module states about
//! itself, what a kernel or module is named by its linker. Whatever is no whole 64-bit ELF file of this machine's byte order says nothing.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use elf::abi::{DT_NEEDED, DT_RPATH, DT_RUNPATH, PT_INTERP};
use elf::endian::LittleEndian;
use elf::file::Class;
use elf::note::Note;
use elf::{ElfBytes, ElfStream};

/// What a program or library wants of the dynamic loader, see ld.so(8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linkage {
    /// The loader; none for a static program and for most libraries.
    pub interpreter: Option<String>,
    /// Names of the libraries that it is linked with (`DT_NEEDED`).
    pub needed: Vec<String>,
    /// Folders that are searched first (`DT_RUNPATH`, or the older `DT_RPATH`); `$ORIGIN` is the file's own.
    pub search: Vec<String>,
}

fn parse(bytes: &[u8]) -> Option<ElfBytes<'_, LittleEndian>> {
    ElfBytes::minimal_parse(bytes).ok().filter(|file| file.ehdr.class == Class::ELF64)
}

/// Whether these bytes are a program that wants no dynamic loader. A static-pie program has a dynamic section but no
/// interpreter, and counts as static.
pub fn is_static(bytes: &[u8]) -> bool {
    let segments = parse(bytes).and_then(|file| file.segments());
    segments.is_some_and(|table| !table.is_empty() && table.iter().all(|segment| segment.p_type != PT_INTERP))
}

/// The linkage of a program or library; none where these bytes are neither.
pub fn linkage(bytes: &[u8]) -> Option<Linkage> {
    let file = parse(bytes)?;
    let mut linkage = Linkage::default();
    for segment in file.segments()?.iter().filter(|segment| segment.p_type == PT_INTERP) {
        let text = file.segment_data(&segment).ok()?;
        linkage.interpreter = Some(text_of(text.strip_suffix(b"\0").unwrap_or(text)));
    }
    let Some(dynamic) = file.dynamic().ok()? else { return Some(linkage) };
    let header = file.section_header_by_name(".dynstr").ok()??;
    let strings = file.section_data_as_strtab(&header).ok()?;
    for entry in dynamic.iter() {
        let text = |value| strings.get(usize::try_from(value).unwrap_or(usize::MAX)).map(str::to_owned).ok();
        match entry.d_tag {
            DT_NEEDED => linkage.needed.push(text(entry.d_val())?),
            DT_RPATH | DT_RUNPATH => {
                linkage.search.extend(text(entry.d_val())?.split(':').map(str::to_owned));
            }
            _ => {}
        }
    }
    Some(linkage)
}

/// A kernel module's parameters with their types: the `parmtype=NAME:TYPE` strings of its section `.modinfo` (Linux,
/// `include/linux/moduleparam.h`, `__MODULE_PARM_TYPE()`).
pub fn module_parameters(bytes: &[u8]) -> BTreeMap<String, String> {
    let section = || {
        let file = parse(bytes)?;
        let header = file.section_header_by_name(".modinfo").ok()??;
        Some(file.section_data(&header).ok()?.0)
    };
    let strings = section().unwrap_or_default().split(|byte| *byte == 0);
    let parameter = |text: &[u8]| {
        let text = text_of(text);
        let (name, kind) = text.strip_prefix("parmtype=")?.split_once(':')?;
        Some((name.to_owned(), kind.to_owned()))
    };
    strings.filter_map(parameter).collect()
}

/// The build id of a kernel (vmlinux) or of a module, in hexadecimal digits; none where it has none. Of a file of any size no more is
/// read than the section with the note.
pub fn build_id(file: impl Read + Seek) -> Option<String> {
    let mut file = ElfStream::<LittleEndian, _>::open_stream(file).ok()?;
    // A module keeps the note's own section; the kernel's linker script puts all notes into one (include/asm-generic/vmlinux.lds.h).
    for section in [".note.gnu.build-id", ".notes"] {
        let Some(header) = file.section_header_by_name(section).ok()?.copied() else { continue };
        let mut notes = file.section_data_as_notes(&header).ok()?;
        let id = notes.find_map(|note| match note {
            Note::GnuBuildId(id) => Some(id.0.iter().map(|byte| format!("{byte:02x}")).collect()),
            _ => None,
        });
        if id.is_some() {
            return id;
        }
    }
    None
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    const HEADER: usize = 64;
    /// The dynamic loader is a small file of its own, with all of its sections.
    static REAL: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let loader = linkage(&own()).and_then(|linkage| linkage.interpreter).expect("it is dynamic");
        std::fs::read(loader).expect("the loader")
    });

    fn program(kinds: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[20] = 1;
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = u8::try_from(kinds.len()).expect("few");
        for kind in kinds {
            bytes.extend(kind.to_le_bytes());
            bytes.extend([0; 52]);
        }
        bytes
    }

    fn own() -> Vec<u8> {
        std::env::current_exe().and_then(std::fs::read).expect("our own program")
    }

    #[test]
    fn an_interpreter_makes_it_dynamic() {
        assert!(is_static(&program(&[1, 2, 6])));
        assert!(!is_static(&program(&[6, 3, 1])));
        assert!(!is_static(b"#!/bin/sh\n"));
        assert!(!is_static(&program(&[1, 1])[..70]));
        // The test itself runs under cargo's default, which is dynamic.
        assert!(!is_static(&own()));
    }

    #[test]
    fn the_build_id_is_that_which_readelf_shows() {
        // The loader of a distribution has one.
        let loader = linkage(&own()).and_then(|linkage| linkage.interpreter).expect("it is dynamic");
        let id = build_id(std::fs::File::open(&loader).expect("the loader")).expect("an id");
        assert!(id.len() >= 16 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
        let bytes: Vec<u8> = (0..id.len() / 2)
            .map(|at| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).expect("hex"))
            .collect();
        assert!(
            REAL.windows(bytes.len() + 4).any(|part| part.starts_with(b"GNU\0") && part.ends_with(&bytes))
        );
        assert_eq!(build_id(std::io::Cursor::new(b"#!/bin/sh\n")), None);
    }

    #[test]
    fn a_program_names_its_loader_and_its_libraries() {
        let linkage = linkage(&own()).expect("our own program");
        assert!(linkage.interpreter.is_some_and(|path| path.starts_with("/lib")));
        assert!(linkage.needed.iter().any(|name| name == "libc.so.6"));
        assert_eq!(super::linkage(b"#!/bin/sh\n"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..100_000, byte in any::<u8>()) {
            let made = [b"\x7fELF\x02\x01\x01".as_slice(), &tail].concat();
            let mut real = REAL.clone();
            let cut = at.min(real.len() - 1);
            real[cut] = byte;
            for bytes in [made, real] {
                is_static(&bytes);
                linkage(&bytes);
                module_parameters(&bytes);
                build_id(std::io::Cursor::new(&bytes));
            }
        }
    }
}
