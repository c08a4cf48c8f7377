//! `bench`: a program of its own, which the launcher starts before this one sees the command line.

use std::ffi::OsString;

use anyhow::Result;

use super::help::Footer;
use super::{Context, Exit, Usage};

/// Measures the tool's own cost, beside QEMU and make by hand
///
/// A program of its own, which `cargo xtask bench` compiles first; `cargo xtask bench --help` shows its options.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// Its options
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
    options: Vec<OsString>,
}

const FOOTER: Footer =
    Footer::new(&[("cargo xtask bench --judging", "How fast logs are judged: needs no kernel and no QEMU")]);

pub fn run(_: &Args, _: &Context) -> Result<Exit> {
    let message = "bench is a program of its own, which is compiled only for those who measure".to_owned();
    Err(Usage { message, hint: Some("cargo xtask bench, from the checkout".to_owned()) }.into())
}
