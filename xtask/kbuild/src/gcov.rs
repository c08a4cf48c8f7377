//! Objects that count how often their lines ran (Documentation/dev-tools/gcov.rst): which ones, by which compilers, and what is needed
//! to read what they counted.

use std::ffi::OsString;
use std::path::Path;

use fs_err as fs;

use super::fragment::{Fragment, Value};
use super::{BuildError, links};

/// The folder of an entry that holds the notes of the objects.
pub(super) const NOTES: &str = "gcno";

/// The option without which nothing is counted.
const OPTION: &str = "GCOV_KERNEL";

/// The kernel's reader of the counters.
const READER: &str = "kernel/gcov/gcc_4_7.c";

/// The releases of gcc that brought a counter more (`GCOV_COUNTERS`, gcc/gcov-counter.def): a kernel whose reader has no branch for it
/// walks past the end of the compiler's tables.
const NEW_COUNTERS: [u32; 3] = [10, 14, 15];

/// Whether fragments ask for a kernel that counts lines.
pub fn counts_lines(fragments: &[Fragment]) -> bool {
    let last = fragments.iter().flat_map(|fragment| &fragment.settings).rfind(|one| one.symbol == OPTION);
    last.is_some_and(|setting| setting.value == Value::Yes)
}

/// What has make profile these folders and no others. `scripts/Makefile.lib` asks for `GCOV_PROFILE` in each folder and for each object
/// anew; given on the command line, it goes before what Makefiles say. The objects of `tools/testing/cxl` lie where its sources do, so
/// that the target's own folder decides; since 6.13 make is in their folder then, and names it from there.
pub(super) fn argument(profiled: &[String]) -> Option<OsString> {
    let folders: Vec<String> = profiled.iter().map(|folder| format!("%/{folder}/")).collect();
    let wanted = folders.join(" ");
    (!folders.is_empty())
        .then(|| format!("GCOV_PROFILE=$(if $(filter {wanted},$(dir $(abspath $@))),y)").into())
}

/// Refuses a compiler whose counters the kernel cannot read.
pub(super) fn check_compiler(src: &Path, toolchain: &str) -> Result<(), BuildError> {
    let Ok(reader) = fs::read_to_string(src.join(READER)) else { return Ok(()) };
    let compiler = toolchain.split(';').next().unwrap_or_default();
    match unknown_to(&reader, compiler) {
        Some(since) => Err(BuildError::Counters { compiler: compiler.to_owned(), file: READER, since }),
        None => Ok(()),
    }
}

/// The gcc that brought counters which a compiler has and the kernel's reader does not know.
fn unknown_to(reader: &str, compiler: &str) -> Option<u32> {
    let major = major(compiler)?;
    let needed = NEW_COUNTERS.into_iter().rfind(|since| *since <= major)?;
    (!reader.contains(&format!("__GNUC__ >= {needed}"))).then_some(needed)
}

/// The major version in the first line of `gcc --version`: `gcc (Debian 12.2.0-14) 12.2.0`.
fn major(compiler: &str) -> Option<u32> {
    compiler.split_whitespace().next_back()?.split('.').next()?.parse().ok()
}

/// Copies the notes of the profiled folders, of the kernel's own objects and of those of `tools/testing/cxl`, which kbuild puts beside
/// their sources.
pub(super) fn keep_notes(profiled: &[String], obj: &Path, src: &Path, to: &Path) -> Result<(), BuildError> {
    for folder in profiled {
        for (root, name) in [(obj, "obj"), (src, "src")] {
            links::refuse(root, [folder])?;
            let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
            let target = to.join(name).join(folder);
            for entry in entries {
                let entry = entry?;
                let path = entry.path();
                if entry.file_type()?.is_file() && path.extension().is_some_and(|ending| ending == "gcno") {
                    fs::create_dir_all(&target)?;
                    fs::copy(&path, target.join(path.file_name().unwrap_or_default()))?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_and_a_kernel_have_to_fit() {
        let old = "#if (__GNUC__ >= 10)\n#define GCOV_COUNTERS\t\t\t8\n";
        let new = &format!("#if (__GNUC__ >= 15)\n#elif (__GNUC__ >= 14)\n{old}");
        let gcc = |version: &str| format!("gcc (Debian {version}-14) {version}");
        let unknown = |reader: &str, version: &str| unknown_to(reader, &gcc(version));
        assert_eq!(unknown(old, "12.2.0"), None);
        assert_eq!(unknown(old, "14.2.0"), Some(14));
        assert_eq!(unknown(old, "15.1.0"), Some(15));
        assert_eq!(unknown(old, "9.4.0"), None);
        assert_eq!(unknown(new, "14.2.0"), None);
        assert_eq!(unknown(new, "15.1.0"), None);
        assert_eq!(unknown_to(old, "gcc of my own"), None);
    }

    #[test]
    fn the_last_word_of_the_fragments_counts() {
        let fragment = |text: &str| Fragment::parse(Path::new("x.config"), text.into()).expect("a fragment");
        let (on, off) = ("CONFIG_GCOV_KERNEL=y\n", "# CONFIG_GCOV_KERNEL is not set\n");
        assert!(counts_lines(&[fragment(on)]));
        assert!(!counts_lines(&[fragment(on), fragment(off)]));
        assert!(!counts_lines(&[fragment("CONFIG_CXL_BUS=m\n")]));
    }

    #[test]
    fn make_is_asked_for_each_object() {
        let folders = ["drivers/cxl", "drivers/base"].map(str::to_owned);
        let argument = argument(&folders).expect("an argument");
        let makefile = "all: drivers/cxl/port.o drivers/cxl/core/port.o drivers/base/dd.o drivers/base/power/main.o /src/tools/testing/cxl/../../../drivers/cxl/acpi.o arch/drivers/cxlx.o\n\
                        flags = $@=$(if $(patsubst n%,, $(GCOV_PROFILE)$(GCOV_PROFILE_ALL)),counted,not)\n%.o:; @echo $(flags)\n";
        let made = host::Process::new("make", ["-s", "-r", "-f", "-"]).arg(&argument).stdin(makefile).read();
        insta::assert_snapshot!(made.expect("make works"), @r"
        drivers/cxl/port.o=counted
        drivers/cxl/core/port.o=not
        drivers/base/dd.o=counted
        drivers/base/power/main.o=not
        /src/tools/testing/cxl/../../../drivers/cxl/acpi.o=counted
        arch/drivers/cxlx.o=not
        ");
        assert_eq!(super::argument(&[]), None);
    }
}
