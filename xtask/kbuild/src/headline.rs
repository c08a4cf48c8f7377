//! The line of a make log that matters: the first error of compiler, linker or modpost, with its context.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

/// Context lines kept behind an error: the source excerpt and the first notes.
const BEHIND: usize = 10;
/// Lines of linker or modpost that are kept: each names a symbol.
const LINKER_LINES: usize = 5;
/// Context lines kept of what comes before an error: the chain of includes. They are shown last.
const BEFORE: usize = 6;

static COMPILER: LazyLock<Regex> = LazyLock::new(|| regex(r"^[^\s:][^:]*:\d+:(?:\d+:)? (?:fatal )?error: "));
static LINKER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^ERROR: modpost: |undefined reference to |^(?:\S*/)?ld(?:\.\w+)?: |error: objtool: |^(?:\S*/)?gcc: (?:fatal )?error: |: (?:not found|No space left on device)$",
    )
});
static MAKE: LazyLock<Regex> = LazyLock::new(|| regex(r"\*\*\* "));
static MAKE_ECHO: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\] (?:Error \d+|[A-Z][a-z ]+)(?: \(ignored\))?$"));
static BEFORE_ERROR: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^In file included from |^\s+from |: In function |: At top level:|: in expansion of ")
});
static BEHIND_ERROR: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^\s+\d*\s*\||^[^\s:][^:]*:\d+:(?:\d+:)? note: "));
static COLOUR: LazyLock<Regex> = LazyLock::new(|| regex("\u{1b}\\[[0-9;]*[A-Za-z]"));

#[expect(clippy::expect_used, reason = "constant patterns; the tests run them all")]
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a valid pattern")
}

/// Reads a make log line by line and remembers the error that matters.
#[derive(Debug, Default)]
pub(super) struct Headline {
    before: Vec<String>,
    compiler: Vec<String>,
    includes: Vec<String>,
    linker: Vec<String>,
    make: Option<String>,
    echo: Option<String>,
    open: bool,
}

impl Headline {
    /// Takes the next line.
    pub(super) fn take(&mut self, raw: &str) {
        let line = COLOUR.replace_all(raw, "");
        let line: String = line.chars().filter(|c| !c.is_control() || *c == '\t').take(400).collect();
        if COMPILER.is_match(&line) {
            self.open = self.compiler.is_empty();
            if self.open {
                self.includes = std::mem::take(&mut self.before);
                self.compiler.push(line);
            }
        } else if self.open && BEHIND_ERROR.is_match(&line) && self.compiler.len() <= BEHIND {
            self.compiler.push(line);
        } else if BEFORE_ERROR.is_match(&line) {
            self.open = false;
            self.before.push(line);
            if self.before.len() > BEFORE {
                self.before.remove(0);
            }
        } else if LINKER.is_match(&line) {
            // The function's name comes in a line of its own before the reference.
            if self.linker.len() < LINKER_LINES && !line.contains(": in function `") {
                self.linker.push(line);
            }
        } else if MAKE.is_match(&line) {
            let slot = if MAKE_ECHO.is_match(&line) { &mut self.echo } else { &mut self.make };
            slot.get_or_insert(line);
        } else if !line.starts_with("  ") && !line.starts_with("make") {
            // Another warning's function; progress lines come from other jobs and say nothing.
            self.before.clear();
        }
    }

    /// The error in one or more lines, paths relative to the source tree.
    pub(super) fn text(&self, src: &Path) -> Option<String> {
        let one = || self.make.iter().chain(&self.echo).take(1).collect::<Vec<_>>();
        let lines: Vec<&String> = match (self.compiler.is_empty(), self.linker.is_empty()) {
            (false, _) => self.compiler.iter().chain(&self.includes).collect(),
            (true, false) => self.linker.iter().collect(),
            (true, true) => one(),
        };
        if lines.is_empty() {
            return None;
        }
        let lines: Vec<&str> = lines.into_iter().map(String::as_str).collect();
        let text = lines.join("\n  ").replace(&format!("{}/", src.display()), "");
        // ccache, which knows the common root, hands the compiler relative paths.
        let relative = format!("../{}/", src.file_name().unwrap_or_default().to_string_lossy());
        let lines = text.lines().map(|line| match line.trim_start().strip_prefix(&relative) {
            Some(rest) => format!("{}{rest}", &line[..line.len() - line.trim_start().len()]),
            None => line.replace(&format!(" from {relative}"), " from "),
        });
        Some(lines.collect::<Vec<_>>().join("\n"))
    }
}

/// What an error's text says of the machine, and not of the kernel.
pub(super) fn is_machine(text: &str) -> bool {
    [
        "No space left on device",
        "Killed signal terminated program",
        "bwrap: ",
        "Cannot allocate memory",
        "out of memory",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

/// The next step for an error of a known kind.
pub(super) fn hint(text: &str) -> Option<String> {
    let need = [
        ("gelf.h: No such file", "libelf-dev"),
        ("libelf.h: No such file", "libelf-dev"),
        ("openssl/", "libssl-dev"),
        ("lz4: not found", "lz4"),
        ("lz4c: not found", "lz4"),
        ("bc: not found", "bc"),
        ("perl: not found", "perl"),
    ];
    let (_, package) = need.iter().find(|(sign, _)| text.contains(sign))?;
    Some(format!("install the package {package}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headline(log: &str) -> String {
        let mut headline = Headline::default();
        log.lines().for_each(|line| headline.take(line));
        headline.text(Path::new("/w/src")).unwrap_or_default()
    }

    #[test]
    fn the_first_compiler_error_wins_with_its_context() {
        let log = "make[1]: Entering directory '/w/obj'\n  CC [M]  drivers/cxl/port.o\n\
            /w/src/a.c: In function 'unrelated':\n/w/src/a.c:1:2: warning: unused\n  CC      b.o\n\
            In file included from /w/src/drivers/cxl/mem.c:7:\n\
            /w/src/drivers/cxl/cxlmem.h: In function 'f':\n\
            \u{1b}[1m/w/src/drivers/cxl/cxlmem.h:81:9:\u{1b}[0m error: 'type2_test' undeclared (first use)\n\
            \x20  81 |         type2_test = 1;\n      |         ^~~~~~~~~~\n\
            /w/src/drivers/cxl/cxlmem.h:81:9: note: each undeclared identifier is reported only once\n\
            make[4]: *** [/w/src/scripts/Makefile.build:229: drivers/cxl/mem.o] Error 1\n\
            /w/src/z.c:1:1: error: a later one\n    1 | z\n\
            make: *** [Makefile:224: __sub-make] Error 2\n";
        insta::assert_snapshot!(headline(log), @r#"
        drivers/cxl/cxlmem.h:81:9: error: 'type2_test' undeclared (first use)
             81 |         type2_test = 1;
                |         ^~~~~~~~~~
          drivers/cxl/cxlmem.h:81:9: note: each undeclared identifier is reported only once
          In file included from drivers/cxl/mem.c:7:
          drivers/cxl/cxlmem.h: In function 'f':
        "#);
    }

    #[test]
    fn without_a_compiler_error_linker_and_modpost_speak() {
        insta::assert_snapshot!(headline("  MODPOST Module.symvers\nERROR: modpost: \"cxl_x\" [drivers/cxl/cxl_mem.ko] undefined!\nmake[2]: *** [x] Error 1\n"), @r#"ERROR: modpost: "cxl_x" [drivers/cxl/cxl_mem.ko] undefined!"#);
        insta::assert_snapshot!(headline("ld: vmlinux.o: in function `f':\nx.c:(.text+0x1): undefined reference to `g'\nmake: *** [vmlinux] Error 1\n"), @"x.c:(.text+0x1): undefined reference to `g'");
    }

    #[test]
    fn at_last_make_itself_speaks() {
        insta::assert_snapshot!(headline("make[1]: *** No rule to make target 'x.o', needed by 'y'.  Stop.\nmake: *** [Makefile:1: all] Error 2\n"), @"make[1]: *** No rule to make target 'x.o', needed by 'y'.  Stop.");
        insta::assert_snapshot!(headline("make: *** [Makefile:1: all] Error 2\n"), @"make: *** [Makefile:1: all] Error 2");
        assert_eq!(headline("  CC      a.o\n"), "");
    }

    #[test]
    fn errors_of_the_machine_are_told_apart() {
        assert!(is_machine("x.c:1:1: fatal error: error writing to /tmp/x.s: No space left on device"));
        assert!(!is_machine("x.c:1:1: error: 'y' undeclared"));
        assert_eq!(
            hint("elf.h:10:10: fatal error: gelf.h: No such file").as_deref(),
            Some("install the package libelf-dev")
        );
        assert_eq!(hint("x.c:1:1: error: 'y' undeclared"), None);
    }
}
