//! What a QEMU can do, as far as topologies need it, and how it is reported that it cannot.
//!
//! The facts were tried on Debian's 7.2.22 and 10.0.2; the release in which something appeared, where it lies in
//! between, is QEMU's change log's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fault::ToolError;
use specfile::did_you_mean;

use super::model::Topology;
use super::rules::{Finding, QEMU_FEATURE};
use super::setting::Setting;
use super::typename;
use super::version::QemuVersion;
use crate::raw::Location;

/// The release that brought CXL.
const CXL: QemuVersion = QemuVersion::new(7, 1, 0);

/// What a QEMU can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The release that it reports.
    pub version: QemuVersion,
    /// The properties of each device type that it has, by its own account (`device-list-properties` of QMP). None where
    /// no QEMU was asked: then the release decides, and what `qemu:` passes through is not checked.
    pub devices: Option<BTreeMap<String, BTreeSet<String>>>,
    /// `cxl-type3` raises interrupts for its event logs (8.1, with QMP's `cxl-inject-general-media-event`).
    pub event_interrupts: bool,
    /// It can give up what it needs for nothing (`-sandbox`, where it was built with libseccomp).
    pub sandbox: bool,
}

impl Capabilities {
    /// What the plain release of this version can do, where it was built with CXL.
    ///
    /// For tests and for a dry run without a QEMU; a QEMU at hand is asked instead.
    pub fn of_release(version: QemuVersion) -> Self {
        let event_interrupts = version >= QemuVersion::new(8, 1, 0);
        Self { version, devices: None, event_interrupts, sandbox: false }
    }

    /// Whether it has CXL at all: a build can leave it out.
    pub fn cxl(&self) -> bool {
        [typename::HOST_BRIDGE, typename::TYPE3].iter().all(|model| self.has_device(model, Some(CXL)))
    }

    /// Whether it has devices of this type, which came with a release.
    pub fn has_device(&self, model: &str, since: Option<QemuVersion>) -> bool {
        match &self.devices {
            Some(devices) => devices.contains_key(model),
            None => since.is_none_or(|since| self.version >= since),
        }
    }

    /// Whether devices of this type have this property, which came with a release.
    pub fn has_property(&self, model: &str, property: &str, since: Option<QemuVersion>) -> bool {
        match &self.devices {
            Some(devices) => devices.get(model).is_some_and(|properties| properties.contains(property)),
            None => since.is_none_or(|since| self.version >= since),
        }
    }

    /// The name by which it knows what is set.
    pub(super) fn name_of<'a>(&self, setting: &'a Setting) -> &'a str {
        match setting.formerly.as_deref() {
            Some(name) if !self.has_property(&setting.model, &setting.property, setting.since) => name,
            _ => &setting.property,
        }
    }

    /// Whether it can do what is set.
    fn can(&self, setting: &Setting) -> bool {
        let Setting { model, property, since, .. } = setting;
        let named = |name: &str, since| self.has_property(model, name, since);
        (named(property, *since) || setting.formerly.as_deref().is_some_and(|name| named(name, None)))
            && setting.device.as_deref().is_none_or(|other| self.has_device(other, *since))
    }
}

/// What a topology needs and a QEMU lacks: a reason to skip, not an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Lacking {
    /// The path of the field that asks for it.
    pub field: String,
    /// Where it was written, as far as that is known. Boxed since this is part of many errors.
    pub location: Option<Box<Location>>,
    /// What is lacking.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, location, message, hint: _ } = self;
        if let Some(location) = location {
            write!(f, "{location}: {field}: ")?;
        }
        f.write_str(message)
    }
}

impl ToolError for Lacking {
    fn own_hint(&self) -> Option<String> {
        (!self.hint.is_empty()).then(|| self.hint.clone())
    }
}

impl Lacking {
    /// The reason of a skip: what is lacking and what to do about it, in one line.
    pub fn reason(&self) -> String {
        if self.hint.is_empty() { self.to_string() } else { format!("{self}; {}", self.hint) }
    }

    /// As what `topology lint` finds.
    pub fn finding(&self) -> Finding {
        let skipped = "runs on this QEMU skip it with this reason";
        let hint =
            if self.hint.is_empty() { skipped.to_owned() } else { format!("{}; {skipped}", self.hint) };
        let finding = Finding::new(&QEMU_FEATURE, &self.field, &self.message, hint);
        Finding { location: self.location.as_deref().cloned(), ..finding }
    }
}

/// All that the topology needs and this QEMU lacks; nothing where it can run.
pub fn lacking(topology: &Topology, qemu: &Capabilities) -> Vec<Lacking> {
    if topology.has_cxl() && !qemu.cxl() {
        let message = needs("CXL", "7.1 or newer, built with CXL", qemu);
        return vec![Lacking {
            field: "host-bridges".to_owned(),
            location: None,
            message,
            hint: String::new(),
        }];
    }
    let settings = topology.settings().into_iter();
    settings.filter(|setting| !qemu.can(setting)).map(|setting| lacks(setting, qemu)).collect()
}

fn needs(what: &str, since: &str, qemu: &Capabilities) -> String {
    format!("{what} needs QEMU {since}, this is {}", qemu.version)
}

fn lacks(setting: &Setting, qemu: &Capabilities) -> Lacking {
    let Setting { field, location, model, property, what, .. } = setting;
    let (message, hint) = if let (false, Some(since)) = (setting.passed_through, setting.since) {
        let since = format!("{}.{} or newer", since.major, since.minor);
        (needs(what, &since, qemu), String::new())
    } else {
        let known = qemu.devices.iter().filter_map(|devices| devices.get(model.as_ref())).flatten();
        let near = did_you_mean(property, known.map(String::as_str));
        (
            format!("{what}: {model} of QEMU {} has no property `{property}`", qemu.version),
            near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default(),
        )
    };
    Lacking { field: field.clone(), location: location.clone().map(Box::new), message, hint }
}
