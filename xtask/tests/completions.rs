//! Completion as it is typed: in a real shell of each kind, on a terminal of its own. A shell that is not installed is skipped.

mod pty;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pty::Pty;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");
/// What each shell prints when it waits for a line.
const PROMPT: &str = "READY>";

/// A shell, and how it is started so that it has no other completion than what is installed, and ours.
struct Shell {
    name: &'static str,
    arguments: &'static [&'static str],
    /// Where it reads its commands at its start, below its home.
    file: &'static str,
    begin: &'static str,
    /// `cargo` that prints what it is given, unless a completion wants to know something.
    cargo: &'static str,
}

const SHELLS: [Shell; 3] = [
    Shell {
        name: "bash",
        arguments: &["--noprofile", "--rcfile", ".bashrc", "-i"],
        file: ".bashrc",
        begin: "PS1='READY> '; bind 'set enable-bracketed-paste off'; [ ! -f /usr/share/bash-completion/bash_completion ] || \
                source /usr/share/bash-completion/bash_completion",
        cargo: "cargo() { case $1 in xtask|build) echo \"GIVEN:$*:\";; *) command cargo \"$@\";; esac; }",
    },
    Shell {
        name: "zsh",
        arguments: &["-i"],
        file: ".zshrc",
        begin: "PROMPT='READY> '; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u",
        cargo: "cargo() { case $1 in xtask|build) echo \"GIVEN:$*:\";; *) command cargo \"$@\";; esac; }",
    },
    Shell {
        name: "fish",
        arguments: &["-i"],
        file: ".config/fish/config.fish",
        begin: "function fish_prompt; echo -n 'READY> '; end; function fish_greeting; end",
        cargo: "function cargo; switch $argv[1]; case xtask build; echo \"GIVEN:$argv:\"; case '*'; command cargo $argv; end; end",
    },
];

/// A shell on a terminal.
struct Terminal {
    pty: Pty,
    _home: tempfile::TempDir,
}

impl Terminal {
    /// Starts a shell in the checkout. `target` is where cargo puts what it builds.
    fn start(shell: &Shell, target: &Path) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let script = home.path().join("script");
        fs::write(&script, printed(shell.name)).expect("the script");
        let file = home.path().join(shell.file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        let lines = format!("{}\nsource {}\n{}\n", shell.begin, script.display(), shell.cargo);
        fs::write(&file, lines).expect("its commands");
        fs::create_dir(home.path().join("bin")).expect("a folder");
        std::os::unix::fs::symlink(XTASK, home.path().join("bin/xtask")).expect("a link");
        let pty = Pty::start(command(shell, &home, target));
        pty.wait_for(&[PROMPT]);
        Self { pty, _home: home }
    }

    fn type_in(&mut self, keys: &str) {
        self.pty.type_in(keys);
    }

    fn wait_for(&self, wanted: &[&str]) {
        self.pty.wait_for(wanted);
    }

    /// What cargo is given where this is typed and sent off.
    fn gives(&mut self, keys: &str, cargo: &str) {
        self.type_in(&format!("{keys}\r"));
        self.wait_for(&[&format!("GIVEN:{cargo}"), PROMPT]);
    }
}

#[expect(clippy::disallowed_methods, reason = "a shell on a terminal is no process that the tool runs")]
fn command(shell: &Shell, home: &tempfile::TempDir, target: &Path) -> Command {
    let real = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let or = |name: &str, folder: &str| std::env::var_os(name).unwrap_or_else(|| real.join(folder).into());
    let path = std::env::var("PATH").unwrap_or_default();
    // The shell's own terminal, so that it is interactive.
    let mut command = Command::new("setsid");
    command
        .arg("--ctty")
        .arg(shell.name)
        .args(
            shell
                .arguments
                .iter()
                .map(|word| if *word == shell.file { home.path().join(word) } else { word.into() }),
        )
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the checkout"))
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path().join(".config"))
        .env("XDG_DATA_HOME", home.path().join(".data"))
        .env("ZDOTDIR", home.path())
        .env("RUSTUP_HOME", or("RUSTUP_HOME", ".rustup"))
        .env("CARGO_HOME", or("CARGO_HOME", ".cargo"))
        .env("PATH", format!("{}:{path}", home.path().join("bin").display()))
        .env("CARGO_TARGET_DIR", target)
        .env("TERM", "xterm")
        .env_remove("BASH_ENV")
        .env_remove("ENV");
    command
}

#[expect(clippy::disallowed_methods, reason = "a test of the program as it is called")]
fn xtask() -> Command {
    Command::new(XTASK)
}

fn printed(shell: &str) -> Vec<u8> {
    let output = xtask().args(["completions", shell]).output().expect("it runs");
    assert!(output.status.success());
    output.stdout
}

/// Cargo's folder, in which the program has just been built.
fn target() -> &'static Path {
    Path::new(XTASK).ancestors().nth(2).expect("a folder")
}

/// The shells that are installed.
fn shells() -> impl Iterator<Item = &'static Shell> {
    SHELLS.iter().filter(|shell| {
        let is_here = which::which(shell.name).is_ok();
        if !is_here {
            println!("skipped: {} is not installed", shell.name);
        }
        is_here
    })
}

#[test]
fn names_are_completed_behind_cargo_xtask() {
    for shell in shells() {
        println!("{}", shell.name);
        let mut terminal = Terminal::start(shell, target());
        terminal.gives("cargo xtask run --topology sw\t", "xtask run --topology switch");
        terminal.gives("cargo xtask run --suite mock:def\t", "xtask run --suite mock:default");
        terminal.gives("cargo xtask run --suite=attach-mo\t", "xtask run --suite=attach-mock");
        terminal.gives("cargo xtask build --kernel mer\t", "xtask build --kernel merged");
        terminal
            .gives("cargo xtask series show memdev-attach-\t", "xtask series show memdev-attach-upstream");
        terminal.gives("cargo xtask topo\t", "xtask topology");
        terminal.gives("cargo xtask parse xtask/Cargo.to\t", "xtask parse xtask/Cargo.toml");
    }
}

#[test]
fn names_are_listed() {
    for shell in shells() {
        println!("{}", shell.name);
        let mut terminal = Terminal::start(shell, target());
        let results = "--project xtask/tests/cmd/results.in results show";
        terminal.gives(&format!("cargo xtask {results} bbb\t"), &format!("xtask {results} bbbbbb"));
        terminal.type_in("cargo xtask topology draw \t\t");
        terminal.wait_for(&["direct", "two-bridges", "switch"]);
    }
}

#[test]
fn whatever_else_cargo_has_is_completed_as_before() {
    for shell in shells() {
        println!("{}", shell.name);
        if shell.name == "bash" && !Path::new("/usr/share/bash-completion/bash_completion").is_file() {
            println!(
                "skipped: bash-completion is not installed, without which bash completes nothing of cargo"
            );
            continue;
        }
        let mut terminal = Terminal::start(shell, target());
        terminal.gives("cargo bui\t", "build");
        terminal.gives("cargo build --rele\t", "build --release");
        terminal.gives("cargo xtask run --topology sw\t", "xtask run --topology switch");
    }
}

#[test]
fn the_program_is_completed_by_its_own_name() {
    for shell in shells() {
        println!("{}", shell.name);
        let mut terminal = Terminal::start(shell, Path::new("/nowhere"));
        terminal.type_in("xtask topology draw dire\t\r");
        terminal.wait_for(&["hb0"]);
    }
}

#[test]
fn nothing_happens_where_nothing_is_built() {
    for shell in shells() {
        println!("{}", shell.name);
        let mut terminal = Terminal::start(shell, Path::new("/nowhere"));
        terminal.gives("cargo xtask run --topology sw\t", "xtask run --topology sw:");
    }
}

fn asked(words: &[&str]) -> String {
    let output = xtask()
        .env("XTASK_COMPLETE", "bash")
        .env("_CLAP_IFS", "\n")
        .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
        .arg("--")
        .args(words)
        .output()
        .expect("it runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn what_is_broken_is_silent() {
    let project = tempfile::tempdir().expect("a folder");
    fs::write(project.path().join("patchbench.yaml"), "kernels: [").expect("written");
    let dir = project.path().to_str().expect("text");
    for option in ["--kernel", "--topology", "--suite", "--case", "--matrix", "--flavour", "--times"] {
        assert_eq!(asked(&["xtask", "--project", dir, "run", option, "x"]), "", "{option}");
    }
}

#[test]
fn an_option_is_offered_where_one_is_begun() {
    let empty = asked(&["xtask", "topology", "draw", ""]);
    assert!(empty.lines().any(|line| line == "switch") && !empty.contains("--"), "{empty}");
    let begun = asked(&["xtask", "topology", "draw", "-"]);
    assert!(begun.lines().any(|line| line == "--as"), "{begun}");
}

#[test]
fn of_one_suite_variants_and_cases_are_offered_as_well() {
    let all = asked(&["xtask", "run", "--suite", "mock"]);
    for wanted in ["mock", "mock:default", "mock/cycle"] {
        assert!(all.lines().any(|line| line == wanted), "{wanted}: {all}");
    }
    assert!(asked(&["xtask", "run", "--suite", "mock:default/cyc"]).contains("mock:default/cycle"));
    assert!(asked(&["xtask", "run", "--up-to", "memdev-attach:9"]).contains("memdev-attach:9"));
}
