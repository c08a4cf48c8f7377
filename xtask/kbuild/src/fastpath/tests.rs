//! Which objects are stale, and what is make's affair, on records written by hand: no compiler is run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fs_err as fs;

use event::Null;

use super::{Detour, FastPath, Memory};
use crate::Toolchain;
use crate::make::Make;

/// A work slot after a build of one module of two objects, with one object in vmlinux.
struct Bench {
    folder: tempfile::TempDir,
    toolchain: Toolchain,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let toolchain = Toolchain {
            make: "make".into(),
            version: "1".into(),
            depmod: "depmod".into(),
            ccache: None,
            inside: host::Confinement::new(),
        };
        let bench = Self { folder, toolchain };
        for file in
            ["cxl/a.c", "cxl/b.c", "cxl/cxl.h", "include/linux/pci.h", "pci/pci.c", "include/linux/odd.h"]
        {
            bench.write(&format!("src/{file}"), "");
        }
        bench.write("obj/.config", "CONFIG_MODULES=y\n");
        bench.write("obj/modules.order", "cxl/cxl.o\n");
        bench.write("obj/cxl/cxl.mod", "cxl/a.o\ncxl/b.o\n");
        bench.object("cxl/a.o", &["cxl/a.c", "cxl/cxl.h", "include/linux/pci.h"]);
        bench.object("cxl/b.o", &["cxl/b.c"]);
        bench.object("pci/pci.o", &["pci/pci.c", "include/linux/pci.h"]);
        bench.write("obj/vmlinux", "");
        bench.with(|path| path.remember("tree", "entry", "config")).expect("remembered");
        bench
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// An object and its record, as kbuild writes it.
    fn object(&self, name: &str, inputs: &[&str]) {
        self.write(&format!("obj/{name}"), "");
        let (folder, file) = name.rsplit_once('/').expect("a folder");
        let inputs: Vec<_> = inputs.iter().map(|input| format!("../src/{input}")).collect();
        let text = format!(
            "savedcmd_{name} := gcc -c -o {name} {source}\n\nsource_{name} := {source}\n\ndeps_{name} := \\\n  {rest} \\\n\n\
             {name}: $(deps_{name})\n\n$(deps_{name}):\n",
            source = inputs[0],
            rest = inputs[1..].join(" \\\n  "),
        );
        self.write(&format!("obj/{folder}/.{file}.cmd"), &text);
    }

    fn with<T>(&self, work: impl FnOnce(&FastPath) -> T) -> T {
        let (src, obj, file, log) =
            (self.at("src"), self.at("obj"), self.at("fastpath.json"), self.at("build.log"));
        let make = Make {
            toolchain: &self.toolchain,
            src: &src,
            obj: &obj,
            base: self.folder.path(),
            cache: self.folder.path(),
            jobs: 2,
            log: &log,
            kernel: "lts",
            profiled: &[],
            sink: &Null,
        };
        work(&FastPath::find(&make, &file, false).expect("modules"))
    }

    fn memory(&self) -> Memory {
        Memory::load(&self.at("fastpath.json")).expect("a memory")
    }

    /// The stale objects, or why make has to look.
    fn stale_after(&self, memory: &Memory, changed: &[&str]) -> String {
        let changed: Vec<_> = changed.iter().map(|&file| file.to_owned()).collect();
        self.with(|path| match path.stale(memory, &changed) {
            Ok(stale) => {
                let names = stale.iter().map(|recorded| recorded.name.as_str());
                format!("[{}]", names.collect::<Vec<_>>().join(" "))
            }
            Err(Detour { why }) => why.expect("a reason"),
        })
    }

    fn stale(&self, changed: &[&str]) -> String {
        self.stale_after(&self.memory(), changed)
    }
}

#[test]
fn what_is_made_of_modules_files_alone_is_stale() {
    let bench = Bench::new();
    assert_eq!(bench.stale(&[]), "[]");
    assert_eq!(bench.stale(&["cxl/b.c"]), "[cxl/b.o]");
    assert_eq!(bench.stale(&["cxl/cxl.h"]), "[cxl/a.o]");
    assert_eq!(bench.stale(&["cxl/cxl.h", "cxl/b.c", "MAINTAINERS"]), "[cxl/a.o cxl/b.o]");
    assert_eq!(
        bench.stale(&["include/linux/odd.h", "cxl/new.h", "net/new.c"]),
        "[]",
        "nothing is made of them"
    );
}

#[test]
fn everything_else_is_makes_affair_and_says_why() {
    let bench = Bench::new();
    let whys = [
        &["pci/pci.c"][..],
        &["cxl/a.c", "include/linux/pci.h"],
        &["cxl/Makefile"],
        &["include/drm/pci.h"],
        &["pci/pci.h", "cxl/cxl.h"],
        &["cxl/a.S"],
    ]
    .map(|changed| bench.stale(changed));
    insta::assert_snapshot!(whys.join("\n"));
    fs::remove_file(bench.at("src/cxl/b.c")).expect("removed");
    insta::assert_snapshot!(bench.stale(&["cxl/b.c"]));
}

#[test]
fn a_source_beside_an_object_made_of_another_is_makes_affair() {
    let bench = Bench::new();
    // From an assembler's file, say, which a C file of the same name would take the place of.
    bench.write("obj/cxl/start.o", "");
    insta::assert_snapshot!(bench.stale(&["cxl/start.c"]));
}

#[test]
fn options_that_make_more_of_a_module_are_makes_affair() {
    let bench = Bench::new();
    bench.write("obj/.config", "CONFIG_MODULES=y\nCONFIG_MODVERSIONS=y\n");
    insta::assert_snapshot!(bench.stale(&["cxl/b.c"]));
    bench.write(
        "obj/.config",
        "CONFIG_MODULES=y\n# CONFIG_MODVERSIONS is not set\nCONFIG_MODULE_SIG_HASH=\"x\"\n",
    );
    assert_eq!(bench.stale(&["cxl/b.c"]), "[cxl/b.o]");
}

#[test]
fn what_somebody_else_has_built_since_is_not_trusted() {
    let bench = Bench::new();
    let memory = bench.memory();
    std::thread::sleep(std::time::Duration::from_millis(20));
    bench.write("obj/cxl/b.o", "by hand");
    insta::assert_snapshot!(bench.stale(&["cxl/a.c"]));
    // What the fast path itself had begun is made again instead.
    let mut unsettled = memory.clone();
    unsettled.unsettled = BTreeSet::from([bench.at("obj/cxl/b.o")]);
    assert_eq!(bench.stale_after(&unsettled, &["cxl/a.c"]), "[cxl/a.o cxl/b.o]");
    fs::remove_file(bench.at("obj/vmlinux")).expect("removed");
    insta::assert_snapshot!(bench.stale_after(&unsettled, &["cxl/a.c"]));
}

#[test]
fn a_record_that_is_not_understood_is_makes_affair() {
    let bench = Bench::new();
    bench.write("obj/cxl/.b.o.cmd", "cmd_cxl/b.o := gcc\n");
    insta::assert_snapshot!(bench.stale(&["cxl/a.c"]));
}

#[test]
fn a_memory_of_another_format_is_none() {
    let bench = Bench::new();
    let text = fs::read_to_string(bench.at("fastpath.json")).expect("a memory");
    assert!(text.contains("\"pci/pci.c\":\"pci/pci.o\""), "{text}");
    bench.write("fastpath.json", &text.replace("\"format\":1", "\"format\":0"));
    assert_eq!(Memory::load(Path::new(&bench.at("fastpath.json"))), None);
    bench.write("fastpath.json", &text[..text.len() / 2]);
    assert_eq!(Memory::load(Path::new(&bench.at("fastpath.json"))), None);
}

#[test]
fn objects_of_a_file_that_is_gone_are_removed() {
    let bench = Bench::new();
    let drop = |changed: &[&str]| {
        let changed: Vec<_> = changed.iter().map(|&file| file.to_owned()).collect();
        super::drop_orphans(&bench.at("src"), &bench.at("obj"), &changed).expect("dropped");
        ["cxl/a.o", "cxl/b.o", "pci/pci.o"].map(|object| bench.at("obj").join(object).exists())
    };
    assert_eq!(drop(&["cxl/cxl.h", "cxl/b.c"]), [true, true, true], "they are there");
    fs::remove_file(bench.at("src/cxl/cxl.h")).expect("removed");
    assert_eq!(drop(&["cxl/cxl.h", "cxl/b.c"]), [false, true, true]);
    fs::remove_file(bench.at("src/include/linux/pci.h")).expect("removed");
    assert_eq!(drop(&["include/linux/pci.h"]), [false, true, false]);
    fs::remove_file(bench.at("src/cxl/b.c")).expect("removed");
    assert_eq!(drop(&["cxl/b.c"]), [false, false, false]);
}

#[test]
fn records_are_read_once_while_the_configuration_stays() {
    let bench = Bench::new();
    // As if they had been written long before they were read.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let record = bench.at("obj/pci/.pci.o.cmd");
    bench.object("pci/pci.o", &["pci/other.c"]);
    fs::File::options().append(true).open(&record).and_then(|file| file.set_modified(old)).expect("a time");
    bench.object("pci/new.o", &["pci/new.c"]);
    let outside = |config: &str| {
        bench.with(|path| path.remember("tree", "entry", config)).expect("remembered");
        bench.memory().outside.into_keys().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        outside("config"),
        "include/linux/pci.h pci/new.c pci/pci.c",
        "what is new is read, what is old is known"
    );
    assert_eq!(outside("another"), "pci/new.c pci/other.c", "all of it is read");
}
