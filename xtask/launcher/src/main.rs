//! `cargo xtask`: compiles the tool where that is needed, and becomes it.
//!
//! Cargo's alias could run the tool itself, but only either with all of cargo's output at each start or with none at all, even
//! when a fresh machine compiles for minutes. So the alias runs this, which has no dependencies and is there within a second.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// The programs: the tool, and the benchmarks, which nobody has to compile who does not want to measure.
const TOOL: &str = "xtask";
const BENCH: &str = "bench";
/// After so long, a silent compilation is announced.
const ANNOUNCED_AFTER: Duration = Duration::from_secs(2);
/// The exit code of the tool's own table for what is wrong with the machinery.
const INFRASTRUCTURE: u8 = 4;

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1).peekable();
    let program = match args.peek() {
        Some(first) if first == BENCH => {
            args.next();
            BENCH
        }
        _ => TOOL,
    };
    match start(program, args.collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: starting {program}: {error}");
            ExitCode::from(INFRASTRUCTURE)
        }
    }
}

/// Compiles, then becomes the program: returns only where that fails.
fn start(program: &str, args: Vec<OsString>) -> io::Result<ExitCode> {
    // Cargo puts all programs of a workspace into one folder.
    let folder = env::current_exe()?.parent().map(Path::to_owned).unwrap_or_default();
    let status = compile(program, &folder)?;
    if !status.success() {
        // Cargo has printed why.
        return Ok(ExitCode::from(INFRASTRUCTURE));
    }
    Err(command(folder.join(program)).args(args).exec())
}

fn compile(program: &str, folder: &Path) -> io::Result<ExitStatus> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = command(cargo.into());
    cargo.arg("build").arg("--locked").arg("--manifest-path").arg(manifest());
    // The benchmarks drive the tool.
    for name in if program == BENCH { [TOOL, BENCH].as_slice() } else { &[TOOL] } {
        cargo.args(["--package", name]);
    }
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    if !folder.join(program).exists() {
        eprintln!("cxl-patchbench: compiling the tool, which is done once");
        return cargo.status();
    }
    announced(cargo.arg("--quiet").spawn()?)
}

/// Waits for a silent compilation. Where sources have changed it takes seconds, and the terminal says so.
fn announced(mut cargo: Child) -> io::Result<ExitStatus> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(2);
    while begun.elapsed() < ANNOUNCED_AFTER {
        if let Some(status) = cargo.try_wait()? {
            return Ok(status);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    if io::stderr().is_terminal() {
        eprintln!("cxl-patchbench: compiling the tool anew, its sources have changed");
    }
    cargo.wait()
}

/// The workspace in which this was compiled.
fn manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one process wrapper is a dependency, of which this has none"
)]
fn command(program: PathBuf) -> Command {
    Command::new(program)
}
