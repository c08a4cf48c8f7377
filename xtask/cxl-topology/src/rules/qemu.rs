//! What `qemu:` passes through.

use super::findings::Findings;
use super::table::{QEMU_FORM, QEMU_RESERVED};
use crate::raw::Part;
use crate::raw::{Located, RawTopology};

pub(super) fn check(raw: &RawTopology, findings: &mut Findings) {
    for bridge in raw.bridges() {
        part(&bridge, findings);
        for port in bridge.ports() {
            part(&port, findings);
            port.switch().iter().for_each(|switch| part(switch, findings));
            port.device().iter().for_each(|device| part(device, findings));
        }
    }
}

fn part<T: Part>(at: &Located<'_, T>, findings: &mut Findings) {
    for (name, value) in at.part.qemu().iter() {
        let field = format!("{}.qemu.{name}", at.field);
        if !is_name(name) {
            let message = format!("{name:?} is no name of a property");
            findings.add(&QEMU_FORM, field, message, "letters, digits, `-` and `_`, as in `x-speed`");
        } else if !is_word(value) {
            let message = format!("{value:?} is not one word");
            let hint = "a value has no spaces, commas, quotes and backslashes";
            findings.add(&QEMU_FORM, field, message, hint);
        } else if T::ASSIGNED.contains(&name) {
            findings.add(&QEMU_RESERVED, field, format!("`{name}` is assigned"), "leave it out");
        } else if let Some(own) = field_for::<T>(name) {
            let message = format!("`{name}` is what the field `{own}` sets");
            findings.add(&QEMU_RESERVED, field, message, format!("use `{own}:` instead, beside `qemu:`"));
        }
    }
}

fn field_for<T: Part>(name: &str) -> Option<&'static str> {
    let named = |known: &&str| *known == name;
    let mut properties = T::PROPERTIES.iter();
    let property = properties.find(|own| named(&own.qemu) || own.formerly.as_ref().is_some_and(named))?;
    Some(property.field)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// One word for QEMU's command line and for its monitor, by which a device is added while the guest runs.
fn is_word(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c.is_ascii_graphic() && !",'\"\\".contains(c))
}
