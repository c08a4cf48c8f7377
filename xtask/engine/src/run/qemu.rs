//! The QEMU that is meant.

use std::path::{Path, PathBuf};

use super::RunError;

/// What is looked for on the PATH.
const QEMU: &str = "qemu-system-x86_64";

/// The QEMU that is meant.
///
/// # Errors
/// There is none.
pub fn find_qemu(named: Option<&Path>) -> Result<PathBuf, RunError> {
    let program = named.map_or_else(|| PathBuf::from(QEMU), Path::to_owned);
    which::which(&program).map_err(|_| RunError::NoQemu { program })
}
