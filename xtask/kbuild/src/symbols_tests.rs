use std::fs;

use kernlog::SplatKind;

use super::*;

/// A "kernel" whose functions end in a call that does not return: the return address of that call is the function's end.
const KERNEL: &str = r"__attribute__((noreturn, noinline)) void stop(void)
{
	for (;;)
		;
}

static inline __attribute__((always_inline)) void inner(int *p)
{
	*p = 1;
	stop();
}

__attribute__((noinline)) void outer(int *p)
{
	inner(p);
}

void kernel_init(void)
{
	int x;

	outer(&x);
}
";

const MODULE: &str = r#"extern void stop(void) __attribute__((noreturn));

void probe(void)
{
	stop();
}

__attribute__((section(".init.text"))) void begin(void)
{
	stop();
}
"#;

/// The folder with a kernel and a module, built with these options.
fn built(options: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("init")).expect("made");
    fs::create_dir_all(at("modules/deep")).expect("made");
    fs::write(at("init/main.c"), KERNEL).expect("written");
    fs::write(at("driver.c"), MODULE).expect("written");
    let gcc = |source: &str, to: &str, more: &[&str]| {
        Process::new("gcc", options.split_whitespace().chain(more.iter().copied()))
            .arg("-o")
            .arg(at(to))
            .arg(at(source))
            .run()
            .expect("compiled");
    };
    gcc("init/main.c", "vmlinux", &["-static", "-nostdlib", "-Wl,-e,kernel_init"]);
    gcc("driver.c", "modules/deep/my-driver.ko", &["-c", "-fno-pic"]);
    dir
}

/// The frame behind the last call of a function.
fn frame(symbols: &mut Symbols, module: Option<&str>, name: &str) -> String {
    if let Some(module) = module {
        symbols.load(module).expect("loaded");
    }
    let size = symbols.object(module).expect("an object").functions[name][0].size;
    let module = module.map(|module| format!(" [{module}]")).unwrap_or_default();
    format!("{name}+{size:#x}/{size:#x}{module}")
}

fn splat(function: &str, lines: &[String]) -> Splat {
    Splat {
        kind: SplatKind::Oops,
        title: String::new(),
        fingerprint: String::new(),
        line: 1,
        function: Some(function.to_owned()),
        module: None,
        at: None,
        case: None,
        excerpt: lines.to_vec(),
    }
}

#[test]
fn frames_of_kernel_and_modules_get_file_and_line() {
    let dir = built("-g -O1");
    let modules = vec![dir.path().join("modules")];
    let mut symbols = Symbols::open(&dir.path().join("vmlinux"), modules).expect("symbols");
    let frames = [
        format!("RIP: 0010:stop+0x0/{:#x}", symbols.kernel.functions["stop"][0].size),
        format!(" {}", frame(&mut symbols, None, "outer")),
        format!(" ? {}", frame(&mut symbols, Some("my_driver"), "probe")),
        format!(" {}", frame(&mut symbols, Some("my_driver"), "begin").replace("driver]", "driver(O+)]")),
        " outer+0x5/0x999".to_owned(),
        " nowhere+0x5/0x10 [missing]".to_owned(),
        "no frame".to_owned(),
    ];
    let mut splat = splat("outer", &frames);
    let resolved = symbols.annotate([&mut splat]).expect("annotated");
    // Sizes are the compiler's affair.
    let size = Regex::new(r"\+0x\w+/0x\w+").expect("a pattern");
    insta::assert_snapshot!(size.replace_all(&splat.excerpt.join("\n"), "+N/SIZE"), @r"
    RIP: 0010:stop+N/SIZE (init/main.c:3)
     outer+N/SIZE (init/main.c:10 init/main.c:15)
     ? probe+N/SIZE [my_driver] (driver.c:5)
     begin+N/SIZE [my_driver(O+)] (driver.c:10)
     outer+N/SIZE
     nowhere+N/SIZE [missing]
    no frame
    ");
    assert_eq!(resolved, Resolved { frames: 6, found: 4 });
    insta::assert_snapshot!(splat.at.unwrap_or_default(), @"init/main.c:15");
}

#[test]
fn without_debug_info_there_is_nothing_and_that_is_said() {
    let dir = built("-O1");
    let here = format!("{}/", dir.path().display());
    let open = |name: &str| {
        let error = Symbols::open(&dir.path().join(name), vec![]).expect_err("there is none");
        fault::shown(&error).replace(&here, "")
    };
    insta::assert_snapshot!(open("vmlinux"), @r"
    vmlinux has no debug info: functions keep their offsets
    hint: build with CONFIG_DEBUG_INFO, as the flavour debug-info does
    ");
    insta::assert_snapshot!(open("driver.c"), @r"
    cannot read the symbols of driver.c: it is no ELF file
    hint: name the ELF file vmlinux of the kernel that printed the log, not its bzImage
    ");
    insta::assert_snapshot!(open("gone"), @r"
    cannot read the symbols of gone: No such file or directory (os error 2)
    hint: name the ELF file vmlinux of the kernel that printed the log, not its bzImage
    ");
}
