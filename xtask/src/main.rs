//! `cargo xtask`: see the library for the subcommands.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main()
}
