//! The command line of this process.

/// The command line of this process, ready to paste: `cargo xtask run --topology direct`.
pub fn command_line() -> String {
    let args = std::env::args_os().skip(1).map(host::quote).collect::<Vec<_>>();
    format!("cargo xtask {}", args.join(" "))
}
