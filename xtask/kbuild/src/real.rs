//! A real kernel, when asked: `PATCHBENCH_REAL` names a folder with a kernel tree in `src/` that this may build
//! in (and edit, and put back), `PATCHBENCH_REAL_KCONFIG` the folder of the fragments (default: `kconfig/`).
//! Prints how long each step took.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use event::{Collect, Event, StageEnd};
use host::Process;

use super::{Builder, Built, Fragment, Release, Toolchain, Tree};

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let value = work();
    eprintln!("{what}: {:.2} s", begun.elapsed().as_secs_f64());
    value
}

fn version(src: &Path) -> String {
    let makefile = fs::read_to_string(src.join("Makefile")).expect("a kernel tree");
    let field = |name: &str| {
        let line = makefile.lines().find(|line| line.starts_with(&format!("{name} =")));
        line.and_then(|line| line.split_once('='))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    format!("{}.{}.{}", field("VERSION"), field("PATCHLEVEL"), field("SUBLEVEL"))
}

fn fragments(folder: &Path) -> Vec<Fragment> {
    let load = |name| Fragment::load(&folder.join(name)).expect("a fragment");
    ["base.config", "cxl.config", "cxl-test.config"].map(load).to_vec()
}

#[test]
fn a_real_kernel_is_built_and_packed() {
    let Some(slot) = std::env::var_os("PATCHBENCH_REAL").map(PathBuf::from) else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace");
    let kconfig = std::env::var_os("PATCHBENCH_REAL_KCONFIG").map_or(root.join("kconfig"), PathBuf::from);
    let (src, cache, toolchain) = (slot.join("src"), slot.join("cache"), Toolchain::find().expect("tools"));
    let (version, fragments, sink) = (version(&src), fragments(&kconfig), Collect::default());
    assert!(Release::parse(&version).is_some());
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let builder = Builder {
        cache: &cache,
        slot: &slot,
        kernel: "real",
        flavour: "plain",
        jobs,
        toolchain: &toolchain,
        mock: true,
        profiled: &[],
        sink: &sink,
    };
    let build = |id: &str| -> Built {
        let tree = Tree { src: &src, id, version: &version, changed: None };
        builder.build(&tree, &fragments).unwrap_or_else(|error| panic!("{error}"))
    };
    let built = timed("first build", || build("real"));
    eprintln!("{}\n{}", built.release, built.notices.join("\n"));
    for name in ["cxl_core", "cxl_mem", "cxl_acpi"] {
        let count = |modules: &[String]| modules.iter().filter(|module| *module == name).count();
        assert_eq!((count(&built.production_modules), count(&built.mock_modules)), (1, 1), "{name}");
    }
    assert!(built.mock_modules.iter().any(|module| module == "cxl_test"));
    assert!(!built.production_modules.iter().any(|module| module == "cxl_test"));
    assert_eq!(timed("nothing changed", || build("real")), built);

    let file = src.join("drivers/cxl/core/memdev.c");
    let text = fs::read_to_string(&file).expect("a driver");
    fs::write(
        &file,
        format!(
            "{text}\nint patchbench_edit(void);\nint patchbench_edit(void) {{ return {}; }}\n",
            std::process::id()
        ),
    )
    .expect("edited");
    let edited = timed("one file changed", || build(&format!("edited-{}", std::process::id())));
    fs::write(&file, text).expect("put back");
    assert_ne!(edited.id, built.id);
    for event in sink.events() {
        if let Event::StageFinished { stage, end, seconds, note, .. } = event {
            assert_ne!(end, StageEnd::Failed);
            eprintln!("  {stage} {end:?} {seconds:.2} s {note}");
        }
    }
    pack(&built, root, &cache);
}

fn pack(built: &Built, root: &Path, cache: &Path) {
    let agent = timed("agent", || guest::agent(root, cache).unwrap_or_else(|error| panic!("{error}")));
    assert_eq!(timed("agent again", || guest::agent(root, cache)).expect("cached"), agent);
    let busybox = timed("busybox", guest::Busybox::find).unwrap_or_else(|error| panic!("{error}"));
    for (modules, set) in
        [(built.production.as_path(), "production"), (built.mock.root().expect("mock"), "mock")]
    {
        let modules_id = format!("{}-{set}", built.id);
        let (modules_id, agent) = (modules_id.as_str(), agent.as_path());
        let inputs = guest::Inputs { modules, modules_id, agent, busybox: &busybox, userland: None };
        let image = timed("image", || guest::image(&inputs, cache)).unwrap_or_else(|error| panic!("{error}"));
        let again = timed("image again", || guest::image(&inputs, cache)).expect("cached");
        assert_eq!(image, again);
        eprintln!("{set}: {}", image.path.display());
    }
    boot(built, &busybox, cache);
}

/// Boots the kernel on an image with a shell script as PID 1 and a job behind it: the kernel must unpack both
/// archives, run /init, and load a module through the links of busybox.
fn boot(built: &Built, busybox: &guest::Busybox, cache: &Path) {
    const INIT: &str = "#!/bin/sh\nmount -t proc proc /proc; mount -t sysfs sys /sys\n\
        echo \"patchbench-init $(uname -r) $(cut -d' ' -f1 /proc/uptime)\"\n\
        cat /bench/job.json /bench/suite/a.sh; ls -l /dev/console /sbin/modprobe /bin/host\n\
        /sbin/modprobe cxl_test && lsmod && ls /sys/bus/cxl/devices\npoweroff -f\n";
    let folder = tempfile::tempdir().expect("a folder");
    let init = folder.path().join("init");
    fs::write(&init, INIT).expect("written");
    let modules = built.mock.root().expect("mock");
    let modules_id = format!("{}-mock", built.id);
    let inputs = guest::Inputs { modules, modules_id: &modules_id, agent: &init, busybox, userland: None };
    let image = guest::image(&inputs, cache).expect("packed");
    let job = wire::Job {
        protocol: wire::PROTOCOL,
        modules: Vec::new(),
        autoload: false,
        udev: false,
        deny: Vec::new(),
        memdevs: 0,
        settle_ms: 0,
        cases: Vec::new(),
        env: [("SIGN".to_owned(), "real-job".to_owned())].into(),
        shell: false,
    };
    let case = guest::JobFile { name: "a.sh".into(), bytes: b"echo in-the-suite\n".to_vec() };
    let mut initrd = fs::read(&image.path).expect("an image");
    initrd.extend(guest::job_archive(&job, None, &[case], b"").expect("packed").bytes());
    let path = folder.path().join("initrd");
    fs::write(&path, initrd).expect("written");
    let qemu = Process::new("qemu-system-x86_64", ["-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "2"])
        .arg("-m")
        .arg("1G")
        .arg("-kernel")
        .arg(&built.kernel)
        .arg("-initrd")
        .arg(&path)
        .arg("-append")
        .arg("console=ttyS0 panic=-1 quiet");
    let words = "-nodefaults -no-user-config -display none -vga none -net none -no-reboot -serial stdio \
        -object memory-backend-ram,id=r0,size=512M -object memory-backend-ram,id=r1,size=512M \
        -numa node,nodeid=0,memdev=r0,cpus=0-1 -numa node,nodeid=1,memdev=r1";
    let qemu = words.split_whitespace().fold(qemu, Process::arg).deadline(Duration::from_secs(180));
    let console = timed("boot", || qemu.read()).unwrap_or_else(|error| panic!("{error}"));
    eprintln!("{console}");
    let hello = format!("patchbench-init {}", built.release);
    for sign in [hello.as_str(), "real-job", "in-the-suite", "cxl_mock", "root0"] {
        assert!(console.contains(sign), "{sign} is not on the console");
    }
}

#[test]
fn a_real_tree_says_why_an_option_is_lost() {
    let Some(slot) = std::env::var_os("PATCHBENCH_REAL").map(PathBuf::from) else { return };
    let (src, cache, slot) = (slot.join("src"), slot.join("cache"), slot.join("lost"));
    let toolchain = Toolchain::find().expect("tools");
    let text = "CONFIG_64BIT=y\nCONFIG_ACPI=y\nCONFIG_PCI=y\nCONFIG_DEV_DAX_HMEM=m\nCONFIG_CXL_BUS=m\n\
                CONFIG_NVDIMM_SECURITY_TEST=y\nCONFIG_CXL_MEN=m\n# CONFIG_PCI_MSI is not set\n";
    let fragment = Fragment::parse(Path::new("lost.config"), text.into()).expect("right");
    let builder = Builder {
        cache: &cache,
        slot: &slot,
        kernel: "real",
        flavour: "plain",
        jobs: 2,
        toolchain: &toolchain,
        mock: true,
        profiled: &[],
        sink: &Collect::default(),
    };
    let tree = Tree { src: &src, id: "lost", version: &version(&src), changed: None };
    let error = fault::shown(&timed("configuring", || builder.build(&tree, &[fragment])).expect_err("lost"));
    eprintln!("{error}");
    for sign in [
        "lost.config:4: CONFIG_DEV_DAX_HMEM: wanted m, got n",
        "EFI_SOFT_RESERVE=n",
        "MODULES=n",
        "not known to this kernel, nearest: CXL_M",
    ] {
        assert!(error.contains(sign), "{sign}");
    }
}
