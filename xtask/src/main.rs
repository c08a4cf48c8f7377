//! `cargo xtask`: see `cli` for the verbs.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main()
}
