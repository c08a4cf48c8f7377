//! Whether a guest ran what was built for it. It reports the build ids of its kernel and its modules; those of the build are read from
//! its files. A verdict about another kernel is none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use event::CellId;
use kbuild::Built;
use spec::ModuleSet;

use super::RunError;

/// Compares what ran in a guest with the build that its image is made of.
///
/// # Errors
/// [`RunError::OtherCode`] for the first that differs.
pub(super) fn check(
    ran: &BTreeMap<String, BTreeSet<String>>,
    (built, modules): (&Built, ModuleSet),
    image: &Path,
    cell: &CellId,
) -> Result<(), RunError> {
    if ran.is_empty() {
        return Ok(());
    }
    let mut wanted = built.build_ids(modules)?;
    wanted.extend(built.build_id.clone().map(|id| (wire::KERNEL.to_owned(), id)));
    let Some((name, id)) = other(ran, &wanted) else { return Ok(()) };
    let built =
        wanted.get(name).map_or("which was not built".to_owned(), |built| format!("and {built} was built"));
    let what = format!("{name} with build id {id}, {built}");
    Err(RunError::OtherCode { cell: cell.to_string(), what, image: image.to_owned() })
}

/// The first that ran and was not built. Of a kernel whose build id was not kept there is nothing to say.
fn other<'a>(
    ran: &'a BTreeMap<String, BTreeSet<String>>,
    built: &BTreeMap<String, String>,
) -> Option<(&'a str, &'a str)> {
    let judged = ran.iter().filter(|(name, _)| *name != wire::KERNEL || built.contains_key(*name));
    let mut each = judged.flat_map(|(name, ids)| ids.iter().map(move |id| (name.as_str(), id.as_str())));
    each.find(|(name, id)| built.get(*name).is_none_or(|built| built != id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(pairs: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<String>> {
        let mut ran = BTreeMap::<_, BTreeSet<_>>::new();
        for (name, id) in pairs {
            ran.entry((*name).to_owned()).or_default().insert((*id).to_owned());
        }
        ran
    }

    fn built(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect()
    }

    #[test]
    fn what_ran_and_was_not_built_is_found() {
        let build = built(&[("cxl_mem", "01"), ("cxl_port", "02"), ("vmlinux", "03")]);
        assert_eq!(other(&ran(&[("cxl_mem", "01"), ("vmlinux", "03")]), &build), None);
        assert_eq!(other(&ran(&[("cxl_mem", "01"), ("cxl_mem", "09")]), &build), Some(("cxl_mem", "09")));
        assert_eq!(other(&ran(&[("cxl_mem", "01"), ("vmlinux", "04")]), &build), Some(("vmlinux", "04")));
        assert_eq!(other(&ran(&[("stranger", "01")]), &build), Some(("stranger", "01")));
        // An entry of the cache from before the kernel's id was kept.
        assert_eq!(other(&ran(&[("vmlinux", "04")]), &built(&[("cxl_mem", "01")])), None);
    }
}
