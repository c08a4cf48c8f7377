//! The kernel that a series is looked at on.

use anyhow::Result;

use spec::{Kernel, Project};

/// The kernel that a series is looked at on: the named one, else the first of patchbench.yaml that has the series, else the
/// default.
pub(super) fn kernel_for<'a>(project: &'a Project, series: &str, named: Option<&str>) -> Result<&'a Kernel> {
    let with = project.kernels.values().find(|kernel| kernel.series.iter().any(|one| one == series));
    match (named, with) {
        (Some(name), _) => Ok(project.kernel(name)?),
        (None, Some(kernel)) => Ok(kernel),
        (None, None) => Ok(project.kernel(&project.defaults.kernel)?),
    }
}
