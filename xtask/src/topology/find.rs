//! The topology and the QEMU that are meant.

use std::path::Path;

use anyhow::Result;

use cxl_topology::{Capabilities, QemuVersion, Topology};
use engine::run;

use crate::{Context, Usage};

/// Reads a topology.
pub(super) fn load(ctx: &Context, name: &str) -> Result<Topology> {
    known(ctx, name)?;
    Ok(Topology::load(&ctx.topologies(), name)?)
}

/// Checks that there is a topology of this name.
pub(super) fn known(ctx: &Context, name: &str) -> Result<()> {
    let known = cxl_topology::names(&ctx.topologies())?;
    if known.iter().any(|k| k == name) {
        return Ok(());
    }
    Err(Usage::unknown("topology", name, known.iter().map(String::as_str)).into())
}

/// The QEMU at hand with what it can do. Without one, the release that is recommended: much can be shown all the same.
pub(super) fn qemu(ctx: &Context, named: Option<&Path>) -> Result<(String, Capabilities)> {
    match run::find_qemu(named) {
        Ok(path) => {
            let capabilities = vm::probe(&path, ctx.cache.path())?.capabilities();
            Ok((path.display().to_string(), capabilities))
        }
        Err(error) if named.is_some() => Err(error.into()),
        Err(_) => Ok(("qemu-system-x86_64".to_owned(), Capabilities::of_release(QemuVersion::new(10, 0, 2)))),
    }
}
