//! The whole way with a fake make, driven by one shell script a target; and once with the real one, when asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use event::{Collect, Event, Null, Stage, StageEnd};
use fault::{Fault, ToolError};

use super::{BuildError, Builder, Built, Fragment, Mock, Toolchain, Tree, Warnings};

/// Writes what a real kernel build leaves, and then does what `TARGET.sh` beside it says.
const FAKE_MAKE: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$MAKEFLAGS|$*" >> "$here/work/src/calls"
for arg; do
  case $arg in
  O=*) obj=${arg#O=} ;;
  M=*) external=${arg#M=} ;;
  INSTALL_MOD_PATH=*) lib=${arg#*=}/lib/modules/6.12.0-fake ;;
  tinyconfig|olddefconfig|bzImage|modules|modules_install) target=${target:-$arg} ;;
  esac
done
[ -n "$external" ] && target=mock-$target
mkdir -p "$obj" && cd "$obj" || exit 2
case $target in
tinyconfig) echo CONFIG_TINY=y > .config ;;
bzImage)
  mkdir -p arch/x86/boot include/config
  echo "  CC      init/main.o"
  echo "  LD      vmlinux"
  echo kernel > arch/x86/boot/bzImage; echo > vmlinux; echo map > System.map
  echo 6.12.0-fake > include/config/kernel.release
  printf 'deps_config := \\\n\tKconfig \\\n\tsub/Kconfig \\\n\n' > include/config/auto.conf.cmd ;;
mock-modules) echo "  CC [M]  mock.o" ;;
modules_install)
  mkdir -p "$lib/kernel/drivers/cxl" "$lib/kernel/drivers/dax"
  ln -s "$obj" "$lib/build"
  for m in cxl/cxl_core cxl/cxl_mem dax/device-dax; do echo production > "$lib/kernel/drivers/$m.ko"; done ;;
mock-modules_install)
  mkdir -p "$lib/updates/test"
  for m in cxl_core cxl_mem test/cxl_test; do echo mock > "$lib/updates/$m.ko"; done ;;
esac
[ -e "$here/$target.sh" ] && . "$here/$target.sh"
exit 0
"#;

const KCONFIG: &str = "config CXL\n\ttristate \"CXL\"\n\tdepends on PCI\nconfig PCI\n\tbool \"PCI\"\n\
                       config TINY\n\tbool \"tiny\"\n";

struct Bench {
    folder: tempfile::TempDir,
    toolchain: Toolchain,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for (name, text) in [
            ("make", FAKE_MAKE),
            ("depmod", "#!/bin/sh\necho \"$@\" >> \"$(dirname $0)/work/src/depmods\"\n"),
        ] {
            fs::write(at(name), text).expect("written");
            fs::set_permissions(at(name), fs::Permissions::from_mode(0o755)).expect("made runnable");
        }
        fs::create_dir_all(at("work/src/tools/testing/cxl")).expect("made");
        fs::write(at("work/src/Kconfig"), KCONFIG).expect("written");
        let toolchain = Toolchain {
            make: at("make"),
            version: "fake 1".into(),
            depmod: at("depmod"),
            ccache: None,
            inside: host::Confinement::new(),
        };
        Self { folder, toolchain }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What make does beside, at this target.
    fn script(&self, target: &str, text: &str) {
        fs::write(self.at(&format!("{target}.sh")), text).expect("written");
    }

    fn calls(&self) -> usize {
        fs::read_to_string(self.at("work/src/calls")).map_or(0, |text| text.lines().count())
    }

    fn build_into(&self, fragment: &str, tree: &str, sink: &Collect) -> Result<Built, BuildError> {
        let fragment = Fragment::parse(Path::new("cxl.config"), fragment.into()).expect("a fragment");
        self.with_builder(tree, sink, |builder, tree| builder.build(tree, &[fragment]))
    }

    fn with_builder<T>(&self, id: &str, sink: &Collect, work: impl FnOnce(&Builder, &Tree) -> T) -> T {
        let (cache, slot, src) = (self.at("cache"), self.at("work"), self.at("work/src"));
        let builder = Builder {
            cache: &cache,
            slot: &slot,
            kernel: "lts",
            flavour: "plain",
            jobs: 2,
            toolchain: &self.toolchain,
            mock: true,
            profiled: &[],
            sink,
        };
        work(&builder, &Tree { src: &src, id, version: "6.12.117", changed: None })
    }

    fn warnings(&self, files: &[&str]) -> Result<Warnings, BuildError> {
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        self.with_builder("tree1", &Collect::default(), |builder, tree| builder.warnings(tree, &[], &files))
    }

    fn build(&self, fragment: &str) -> Result<Built, BuildError> {
        self.build_into(fragment, "tree1", &Collect::default())
    }

    fn error(&self, fragment: &str) -> String {
        let error = fault::shown(&self.build(fragment).expect_err("it fails"));
        error.replace(&self.folder.path().display().to_string(), "<FOLDER>")
    }

    fn entries(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.at("cache/builds")) else { return Vec::new() };
        let names = entries.filter_map(Result::ok).map(|e| e.file_name().to_string_lossy().into_owned());
        names.filter(|name| !name.starts_with("objects-")).collect()
    }
}

fn modules(root: &Path) -> Vec<String> {
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = files.filter(|e| !e.file_type().is_dir());
    files.map(|e| e.path().strip_prefix(root).expect("below").display().to_string()).collect()
}

#[test]
fn a_build_has_both_trees_with_one_of_each_module() {
    let bench = Bench::new();
    let built = bench.build("CONFIG_TINY=y\n").expect("built");
    assert_eq!(built.release, "6.12.0-fake");
    assert_eq!(built.production_modules, ["cxl_core", "cxl_mem", "device_dax"]);
    insta::assert_debug_snapshot!(modules(&built.production), @r#"
    [
        "lib/modules/6.12.0-fake/kernel/drivers/cxl/cxl_core.ko",
        "lib/modules/6.12.0-fake/kernel/drivers/cxl/cxl_mem.ko",
        "lib/modules/6.12.0-fake/kernel/drivers/dax/device-dax.ko",
    ]
    "#);
    insta::assert_debug_snapshot!(modules(built.mock.root().expect("mock")), @r#"
    [
        "lib/modules/6.12.0-fake/kernel/drivers/dax/device-dax.ko",
        "lib/modules/6.12.0-fake/updates/cxl_core.ko",
        "lib/modules/6.12.0-fake/updates/cxl_mem.ko",
        "lib/modules/6.12.0-fake/updates/test/cxl_test.ko",
    ]
    "#);
    assert_eq!(fs::read_to_string(&built.config).expect("a config"), "CONFIG_TINY=y\nCONFIG_TINY=y\n");
    let depmods = fs::read_to_string(bench.at("work/src/depmods")).expect("depmod was run");
    assert_eq!(depmods.lines().count(), 2, "{depmods}");
    assert!(!bench.at("work/unfinished").exists());
}

#[test]
fn what_tells_file_and_line_is_kept_where_the_kernel_has_it() {
    let bench = Bench::new();
    bench.script(
        "bzImage",
        "mkdir -p drivers/cxl; echo unstripped >drivers/cxl/cxl_core.ko; echo CONFIG_DEBUG_INFO=y >>.config\n",
    );
    bench.script("mock-modules", "echo unstripped >\"$external/cxl_test.ko\"\n");
    let built = bench.build("CONFIG_TINY=y\n").expect("built");
    assert_eq!(modules(&built.debug), ["mock/cxl_test.ko", "production/cxl_core.ko", "vmlinux"]);
    let plain = Bench::new();
    assert!(!plain.build("CONFIG_TINY=y\n").expect("built").debug.exists());
}

#[test]
fn a_second_build_runs_no_make_and_says_so() {
    let bench = Bench::new();
    let first = bench.build("CONFIG_TINY=y\n").expect("built");
    let (calls, sink) = (bench.calls(), Collect::default());
    let second = bench.build_into("CONFIG_TINY=y\n", "tree1", &sink).expect("built");
    assert_eq!((first, calls), (second, bench.calls()));
    let cached = |e: &Event| matches!(e, Event::StageFinished { end: StageEnd::Cached, .. });
    assert!(sink.events().iter().any(cached), "{:?}", sink.events());
}

#[test]
fn another_tree_is_built_without_configuring_again() {
    let bench = Bench::new();
    let first = bench.build("CONFIG_TINY=y\n").expect("built");
    let sink = Collect::default();
    let second = bench.build_into("CONFIG_TINY=y\n", "tree2", &sink).expect("built");
    assert_ne!(first.id, second.id);
    let calls = fs::read_to_string(bench.at("work/src/calls")).expect("calls");
    assert_eq!(calls.matches("tinyconfig").count(), 1, "{calls}");
    fs::write(bench.at("work/src/Kconfig"), format!("{KCONFIG}\n")).expect("written");
    bench.build_into("CONFIG_TINY=y\n", "tree3", &sink).expect("built");
    let calls = fs::read_to_string(bench.at("work/src/calls")).expect("calls");
    assert_eq!(calls.matches("tinyconfig").count(), 2, "a changed Kconfig file is looked at: {calls}");
}

#[test]
fn modules_that_need_each_other_are_the_kernels_fault() {
    let bench = Bench::new();
    let says = "depmod: ERROR: Cycle detected: cxl_core -> cxl_mem -> cxl_core";
    fs::write(bench.at("depmod"), format!("#!/bin/sh\necho '{says}' >&2\nexit 1\n")).expect("written");
    let error = bench.build("CONFIG_TINY=y\n").expect_err("no module can be loaded");
    assert_eq!(error.fault(), Fault::Kernel);
    assert!(error.to_string().contains(says), "{error}");
    fs::write(bench.at("depmod"), "#!/bin/sh\necho 'depmod: FATAL: out of room' >&2\nexit 1\n")
        .expect("written");
    assert_eq!(bench.build("CONFIG_TINY=y\n").expect_err("no room").fault(), Fault::Machinery);
}

#[test]
fn progress_is_counted_against_the_last_full_build() {
    let bench = Bench::new();
    bench.build("CONFIG_TINY=y\n").expect("built");
    fs::remove_dir_all(bench.at("work/obj")).expect("removed");
    let sink = Collect::default();
    bench.build_into("CONFIG_TINY=y\n", "tree2", &sink).expect("built");
    let counts: Vec<_> = sink
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::StageProgress { stage: Stage::Build, done, total, note, .. } => Some((done, total, note)),
            _ => None,
        })
        .collect();
    assert_eq!(counts.last(), Some(&(3, 3, "mock.o".into())), "{counts:?}");
}

#[test]
fn lost_options_are_all_named_with_their_reasons() {
    let bench = Bench::new();
    bench.script("olddefconfig", "printf 'CONFIG_TINY=y\\n' > .config");
    insta::assert_snapshot!(bench.error("CONFIG_TINY=y\nCONFIG_CXL=m\nCONFIG_CXLL=y\n"), @r#"
    2 kconfig options of the fragments cannot be set
      cxl.config:2: CONFIG_CXL: wanted m, got n
        depends on PCI (Kconfig:3): PCI=n
      cxl.config:3: CONFIG_CXLL: wanted y, got n
        not known to this kernel, nearest: CXL
    hint: set what is missing in the same fragment, or mark the option with `#: since X.Y`, `#: until X.Y` or `#: optional REASON` in the line above
    "#);
    assert!(bench.entries().is_empty());
    // The next try starts from nothing that this one left.
    bench.script("olddefconfig", "printf 'CONFIG_PCI=y\\nCONFIG_CXL=m\\n' > .config");
    bench.build("CONFIG_PCI=y\nCONFIG_CXL=m\n").expect("built");
}

#[test]
fn options_for_other_kernels_and_optional_ones_are_reported() {
    let bench = Bench::new();
    bench.script("olddefconfig", "printf 'CONFIG_TINY=y\\n' > .config");
    let sink = Collect::default();
    let fragment = "CONFIG_TINY=y\n#: since 7.0\nCONFIG_NEW=y\n#: optional not with every PCI\nCONFIG_CXL=m\n\
                    # CONFIG_TINI is not set\n";
    let built = bench.build_into(fragment, "tree1", &sink).expect("built");
    insta::assert_snapshot!(built.notices.join("\n"), @r#"
    kconfig: left out as not meant for 6.12: NEW (since 7.0)
    kconfig: optional CONFIG_CXL (cxl.config:5: not with every PCI) is n: depends on PCI (Kconfig:3): PCI=n
    kconfig: CONFIG_TINI (cxl.config:6) is not known to this kernel and so is off, as wanted
    "#);
    let heard = sink.events().iter().filter(|e| matches!(e, Event::Remark { .. })).count();
    assert_eq!(heard, built.notices.len());
}

#[test]
fn a_compile_error_is_the_headline() {
    let bench = Bench::new();
    bench.script(
        "bzImage",
        "echo \"../src/mm/slub.c:7:9: error: 'x' undeclared\" >&2\n\
         echo '    7 |         x = 1;' >&2\necho 'make: *** [Makefile:224: __sub-make] Error 2' >&2\nexit 2\n",
    );
    insta::assert_snapshot!(bench.error("CONFIG_TINY=y\n"), @r"
    building the kernel failed: mm/slub.c:7:9: error: 'x' undeclared
          7 |         x = 1;
      log: <FOLDER>/work/build.log
    hint: mend it in the tree or the series; the log has all of it, `cargo xtask build` tries again
    ");
    assert!(bench.entries().is_empty());
    fs::remove_file(bench.at("bzImage.sh")).expect("removed");
    bench.build("CONFIG_TINY=y\n").expect("built after the error is gone");
}

#[test]
fn a_modpost_error_is_the_headline() {
    let bench = Bench::new();
    bench.script("bzImage", "echo 'ERROR: modpost: \"f\" [m.ko] undefined!' >&2; exit 2");
    insta::assert_snapshot!(bench.error("CONFIG_TINY=y\n"), @r#"
    building the kernel failed: ERROR: modpost: "f" [m.ko] undefined!
      log: <FOLDER>/work/build.log
    hint: mend it in the tree or the series; the log has all of it, `cargo xtask build` tries again
    "#);
}

#[test]
fn a_mock_that_does_not_compile_leaves_production_usable() {
    let bench = Bench::new();
    // As linux-source-7.2 at 7.2.13 has it: the file is named from the folder of the mock modules.
    let file = bench.at("work/src/tools/testing/cxl/test/cxl.c");
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(&file, "").expect("written");
    let line = "test/cxl.c:1778:13: error: 'type2_test' undeclared (first use in this function)";
    bench.script("mock-modules", &format!("echo \"{line}\" >&2; exit 2"));
    let built = bench.build("CONFIG_TINY=y\n").expect("production is built");
    assert_eq!(built.mock, Mock::DoesNotCompile(format!("tools/testing/cxl/{line}")));
    insta::assert_snapshot!(built.mock.root().expect_err("no mock"), @"cxl_test does not compile: tools/testing/cxl/test/cxl.c:1778:13: error: 'type2_test' undeclared (first use in this function); the production modules are built and boot, suites on the mock bus cannot run");
    assert!(built.mock_modules.is_empty() && !built.dir.join("mock").exists());
    let again = bench.build("CONFIG_TINY=y\n").expect("cached");
    assert_eq!(again, built);
}

#[test]
fn a_killed_make_is_the_machine_s_fault_and_leaves_its_mark() {
    let bench = Bench::new();
    bench.script("bzImage", "kill -KILL $$");
    let error = bench.build("CONFIG_TINY=y\n").expect_err("it was killed");
    assert_eq!(error.fault(), Fault::Machinery, "{error}");
    assert!(error.to_string().contains("make was ended by SIGKILL"), "{error}");
    assert!(bench.at("work/unfinished").exists());
    assert!(bench.entries().is_empty());
    // A half-written object of that run, newer than the command file of an earlier one.
    fs::write(bench.at("work/obj/.half.o.cmd"), "cmd\n").expect("written");
    std::thread::sleep(std::time::Duration::from_millis(20));
    fs::write(bench.at("work/obj/half.o"), "half").expect("written");
    fs::remove_file(bench.at("bzImage.sh")).expect("removed");
    bench.build("CONFIG_TINY=y\n").expect("built");
    assert!(!bench.at("work/obj/half.o").exists(), "a half-made object was believed");
}

#[test]
fn a_library_that_is_missing_is_named_as_a_need() {
    let bench = Bench::new();
    bench.script("bzImage", "echo 'elf.h:1:10: fatal error: gelf.h: No such file or directory' >&2; exit 2");
    assert_eq!(bench.build("CONFIG_TINY=y\n").expect_err("no header").fault(), Fault::Machinery);
    insta::assert_snapshot!(bench.error("CONFIG_TINY=y\n"), @r#"
    building the kernel was cut short: elf.h:1:10: fatal error: gelf.h: No such file or directory
      log: <FOLDER>/work/build.log
    hint: install the package libelf-dev
    "#);
}

#[test]
fn a_build_that_fails_after_compiling_leaves_no_entry() {
    let bench = Bench::new();
    bench.script("modules_install", "echo 'cp: No space left on device' >&2; exit 2");
    let error = bench.build("CONFIG_TINY=y\n").expect_err("the disk is full");
    assert_eq!(error.fault(), Fault::Machinery, "{error}");
    assert!(bench.entries().is_empty(), "{:?}", bench.entries());
}

#[test]
fn a_damaged_entry_is_made_again() {
    let bench = Bench::new();
    let built = bench.build("CONFIG_TINY=y\n").expect("built");
    for damage in ["bzImage", "build.json"] {
        fs::write(built.dir.join(damage), "half").expect("damaged");
        let calls = bench.calls();
        assert_eq!(bench.build("CONFIG_TINY=y\n").expect("built"), built);
        assert!(bench.calls() > calls, "{damage} was believed");
    }
}

#[test]
fn what_goes_in_is_what_a_build_is_named_by() {
    let bench = Bench::new();
    let (cache, slot) = (bench.at("cache"), bench.at("work"));
    let other = Toolchain { version: "fake 2".into(), ..bench.toolchain.clone() };
    let id = |flavour: &str, toolchain: &Toolchain, tree: &str, text: &str| {
        let fragment = Fragment::parse(Path::new("c.config"), text.into()).expect("right");
        let builder = Builder {
            cache: &cache,
            slot: &slot,
            kernel: "k",
            flavour,
            jobs: 1,
            toolchain,
            mock: true,
            profiled: &[],
            sink: &Null,
        };
        builder.id(tree, &[fragment])
    };
    let ids = [
        id("plain", &bench.toolchain, "t", "CONFIG_A=y\n"),
        id("debug", &bench.toolchain, "t", "CONFIG_A=y\n"),
        id("plain", &other, "t", "CONFIG_A=y\n"),
        id("plain", &bench.toolchain, "u", "CONFIG_A=y\n"),
        id("plain", &bench.toolchain, "t", "CONFIG_A=m\n"),
        id("plain", &bench.toolchain, "t", "#: since 7.0\nCONFIG_A=y\n"),
    ];
    let different: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len());
    assert_eq!(
        ids[0],
        id("plain", &bench.toolchain, "t", "# words\n\nCONFIG_A=y\n"),
        "comments do not matter"
    );
}

#[test]
fn a_missing_version_is_an_error() {
    let bench = Bench::new();
    let (cache, slot, src) = (bench.at("cache"), bench.at("work"), bench.at("work/src"));
    let toolchain = &bench.toolchain;
    let builder = Builder {
        cache: &cache,
        slot: &slot,
        kernel: "k",
        flavour: "plain",
        jobs: 1,
        toolchain,
        mock: true,
        profiled: &[],
        sink: &Null,
    };
    let error = builder
        .build(&Tree { src: &src, id: "t", version: "next", changed: None }, &[])
        .expect_err("no version");
    insta::assert_snapshot!(error, @"`next` is no kernel version: wanted major.minor first");
}

fn shown(warnings: &Warnings) -> String {
    let found: String = warnings.found.iter().map(|warning| format!("{warning}\n")).collect();
    format!("{found}not compiled {:?}\nbroken {:?}", warnings.not_compiled, warnings.broken)
}

/// Objects that were made from a header: in its own folder, below it, and elsewhere.
fn includers(bench: &Bench, header: &str) {
    for object in ["drivers/cxl/core/a", "drivers/cxl/core/b", "net/c", "net/d", "net/e", "net/f", "net/g"] {
        let (folder, name) = object.rsplit_once('/').expect("a folder");
        let folder = bench.at("work/obj").join(folder);
        fs::create_dir_all(&folder).expect("made");
        let record = folder.join(format!(".{name}.o.cmd"));
        fs::write(record, format!("deps := \\\n  ../src/{header} \\\n")).expect("written");
    }
}

#[test]
fn what_is_touched_is_compiled_again_and_a_header_with_what_includes_it() {
    let bench = Bench::new();
    let src = bench.at("work/src");
    let files = [
        "drivers/cxl/mem.c",
        "drivers/cxl/cxlmem.h",
        "drivers/cxl/unwanted.c",
        "drivers/cxl/Kconfig",
        "drivers/cxl/broken.c",
        "tools/testing/cxl/test/mem.c",
        "tools/testing/cxl/test/unwanted.c",
    ];
    for file in files {
        fs::create_dir_all(src.join(file).parent().expect("a folder")).expect("made");
        fs::write(src.join(file), "").expect("written");
    }
    let obj = bench.at("work/obj/drivers/cxl");
    fs::create_dir_all(&obj).expect("made");
    fs::write(obj.join(".port.o.cmd"), "deps := \\\n  ../src/drivers/cxl/cxlmem.h \\\n").expect("written");
    fs::write(obj.join("port.o"), "old").expect("written");
    includers(&bench, "drivers/cxl/cxlmem.h");
    // Without a target that the fake knows, this is what compiles single objects.
    bench.script(
        "",
        "case $* in *tinyconfig*|*olddefconfig*) exit 0 ;; esac\n\
         [ ! -e drivers/cxl/port.o ] || echo '../src/drivers/cxl/cxlmem.h:1:1: warning: not removed first'\n\
         : > drivers/cxl/mem.o; : > drivers/cxl/port.o\n\
         for o in drivers/cxl/core/a drivers/cxl/core/b net/c net/d net/e net/f; do : > $o.o; done\n\
         echo \"../src/drivers/cxl/broken.c:1:1: error: of what does not compile\"\n\
         echo \"../src/drivers/cxl/cxlmem.h:9:2: warning: of the header\"\n\
         echo \"../src/drivers/cxl/mem.c:3:1: warning: of the file\"\n\
         echo \"../src/drivers/cxl/port.c:3:1: warning: of a file that nobody asked for\"\n\
         echo \"make[2]: *** No rule to make target 'drivers/cxl/unwanted.o'.\"\n\
         exit 2\n",
    );
    let mock = src.join("tools/testing/cxl/test/mem.o");
    let made = format!(": > '{}'\n", mock.display());
    bench.script("mock-modules", &format!("{made}echo \"test/mem.c:7: error: of the mock\"\n"));
    insta::assert_snapshot!(shown(&bench.warnings(&files).expect("compiled")), @r#"
    drivers/cxl/cxlmem.h:9: of the header
    drivers/cxl/mem.c:3: of the file
    tools/testing/cxl/test/mem.c:7: of the mock
    not compiled {"drivers/cxl/unwanted.c", "tools/testing/cxl/test/unwanted.c"}
    broken {"drivers/cxl/broken.c"}
    "#);
    let calls = fs::read_to_string(bench.at("work/src/calls")).expect("called");
    assert!(calls.contains("W=1"), "{calls}");
    assert!(
        calls.contains(
            "drivers/cxl/broken.o drivers/cxl/core/a.o drivers/cxl/core/b.o drivers/cxl/mem.o drivers/cxl/port.o \
             drivers/cxl/unwanted.o net/c.o net/d.o net/e.o net/f.o\n"
        ),
        "{calls}"
    );

    // Of mock modules that do not compile, what was made still counts.
    bench.script("mock-modules", &format!("{made}echo \"test/unwanted.c:7: error: of the mock\"\nexit 2\n"));
    insta::assert_snapshot!(shown(&bench.warnings(&files[5..]).expect("compiled")), @r#"
    not compiled {}
    broken {"tools/testing/cxl/test/unwanted.c"}
    "#);
}

/// What a Makefile may not do, tried at each step of a build.
#[test]
fn a_makefile_is_in_a_box() {
    let bench = Bench::new();
    let outside = tempfile::tempdir().expect("a folder");
    let at = |name: &str| outside.path().join(name);
    fs::write(at("secret"), "secret\n").expect("written");
    let escape = format!(
        "cat {0}/secret > stolen; echo x >> {0}/secret; echo x > {0}/new; echo x > {1}/new; true",
        outside.path().display(),
        bench.at("cache").display()
    );
    for target in ["tinyconfig", "bzImage", "mock-modules", "modules_install"] {
        bench.script(target, &escape);
    }
    bench.build("CONFIG_TINY=y\n").expect("built");
    assert_eq!(fs::read_to_string(at("secret")).expect("it is there"), "secret\n");
    assert!(!at("new").exists() && !bench.at("cache/new").exists());
    assert_eq!(fs::read_to_string(bench.at("work/obj/stolen")).expect("a file"), "");
}

#[test]
fn a_release_is_a_name_and_no_path() {
    let bench = Bench::new();
    bench.script("bzImage", "echo ../../.. > include/config/kernel.release");
    let error = bench.build("CONFIG_TINY=y\n").map(|_| ()).expect_err("no name");
    assert!(matches!(error, BuildError::Version(_)), "{error}");
}

/// The tool itself is in no box. It must not follow where a build leads it.
#[test]
fn a_link_that_a_build_leaves_is_not_followed() {
    for (target, script) in [
        ("tinyconfig", "ln -sf OUTSIDE/file .config"),
        ("bzImage", "ln -sf OUTSIDE/file arch/x86/boot/bzImage"),
        ("bzImage", "ln -sf OUTSIDE/file System.map"),
        ("bzImage", "ln -sf OUTSIDE/file include/config/kernel.release"),
        ("bzImage", "rm -r include/config; ln -s OUTSIDE include/config"),
        ("modules_install", "ln -sf OUTSIDE/file \"$lib/kernel/drivers/cxl/cxl_mem.ko\""),
        ("modules_install", "rm -r \"$lib/kernel/drivers\"; ln -s OUTSIDE \"$lib/kernel/drivers\""),
        ("modules_install", "ln -sf OUTSIDE/file \"$lib/kernel/source\""),
        ("mock-modules_install", "ln -sf OUTSIDE/file \"$lib/updates/cxl_mem.ko\""),
    ] {
        let bench = Bench::new();
        let outside = tempfile::tempdir().expect("a folder");
        let file = outside.path().join("file");
        fs::write(&file, "6.12.0-fake\n").expect("written");
        bench.script(target, &script.replace("OUTSIDE", &outside.path().display().to_string()));
        let error = bench.build("CONFIG_TINY=y\n").map(|_| ()).expect_err(script);
        let text = fault::shown(&error);
        assert!(text.contains("is not followed") && error.fault() == Fault::Kernel, "{script}: {text}");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "6.12.0-fake\n", "{script}");
    }
}
