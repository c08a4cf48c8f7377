//! Ids: of host bridges, switches and devices, all in one name space since QEMU has but one.

use std::collections::BTreeMap;

use super::findings::Findings;
use super::table::{ID_FORM, ID_UNIQUE};
use crate::raw::RawTopology;

pub(super) fn check(raw: &RawTopology, findings: &mut Findings) {
    let all = all(raw);
    for (field, id) in &all {
        well_formed(field, id, findings);
    }
    unique(&all, findings);
}

/// Every id with the path of its field.
fn all(raw: &RawTopology) -> Vec<(String, &str)> {
    let bridges = raw.bridges().map(|at| (format!("{}.id", at.field), at.part.id.as_str()));
    let switches = raw.switches().into_iter().map(|at| (format!("{}.id", at.field), at.part.id.as_str()));
    let devices = raw.devices().into_iter().map(|at| (format!("{}.id", at.field), at.part.id.as_str()));
    bridges.chain(switches).chain(devices).collect()
}

/// Narrower than QEMU's own ids: a dot is for the ids that are made here, and options are parted by commas.
fn well_formed(field: &str, id: &str, findings: &mut Findings) {
    let good = id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.len() <= 32
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !good {
        findings.add(
            &ID_FORM,
            field,
            format!("{id:?} is no id"),
            "a letter, then letters, digits, `-` and `_`, at most 32 in all, like mem0",
        );
    }
}

fn unique(all: &[(String, &str)], findings: &mut Findings) {
    let mut first = BTreeMap::new();
    for (field, id) in all {
        if let Some(other) = first.insert(*id, field) {
            let message = format!("{other} has the id {id} already");
            findings.add(&ID_UNIQUE, field.clone(), message, "every id is unique in its file");
            first.insert(id, other);
        }
    }
}
