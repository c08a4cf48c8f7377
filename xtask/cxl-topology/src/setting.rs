//! What a file sets on QEMU's devices, each property with its value, the field that it comes from, and what it needs.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::raw::{Location, Origins, Part, Value};
use crate::version::QemuVersion;

/// A property that a file sets, on one device of QEMU's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The path of the field: `host-bridges[0].root-ports[1].speed`.
    pub field: String,
    /// Whether it comes from `qemu:`: only the QEMU at hand knows whether there is such a property.
    pub passed_through: bool,
    /// Where it was written; of those from `qemu:` in a file only.
    pub location: Option<Location>,
    /// The device that it is set on, as QEMU calls its type.
    pub model: Cow<'static, str>,
    /// QEMU's name.
    pub property: String,
    /// QEMU's name in releases that do not have [`Self::property`].
    pub formerly: Option<Cow<'static, str>>,
    /// The release that brought it, where that is known and younger than CXL itself.
    pub since: Option<QemuVersion>,
    /// A QEMU device that has to be there too.
    pub device: Option<Cow<'static, str>>,
    /// What is named as lacking: "the link of hb0.rp0".
    pub what: String,
    /// What it is set to.
    pub value: Value,
    /// How it is printed beside its part; none: not at all.
    pub label: Option<String>,
}

/// Where a file's parts were written, and where the files lie that it names.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Source<'a> {
    /// The folder of the file; none: of no file, so that files are named relative to the current folder.
    pub dir: Option<&'a Path>,
    /// Where each part was written.
    pub origins: Option<&'a Origins>,
}

/// What a part sets on its QEMU device of type `model` and of this id; `field` is the part's path in the file.
pub(super) fn settings<T: Part>(
    part: &T,
    id: &str,
    model: &'static str,
    field: &str,
    source: Source<'_>,
) -> Vec<Setting> {
    let own = T::PROPERTIES.iter().filter_map(|property| {
        let value = match (property.value)(part)? {
            Value::File(path) => Value::File(source.dir.unwrap_or(Path::new("")).join(path)),
            value => value,
        };
        Some(Setting {
            field: format!("{field}.{}", property.field),
            passed_through: false,
            location: None,
            model: Cow::Borrowed(model),
            property: property.qemu.to_owned(),
            formerly: property.formerly.map(Cow::Borrowed),
            since: property.since,
            device: property.device.map(Cow::Borrowed),
            what: format!("{} of {id}", property.what),
            value,
            label: (property.label)(part),
        })
    });
    let passed_through = part.qemu().iter().map(|(name, value)| {
        let field = format!("{field}.qemu.{name}");
        Setting {
            passed_through: true,
            location: source.origins.and_then(|origins| origins.location(&field)),
            field,
            model: Cow::Borrowed(model),
            property: name.to_owned(),
            formerly: None,
            since: None,
            device: None,
            what: format!("`qemu:` of {id}"),
            value: Value::Text(value.to_owned()),
            label: Some(format!("{name}={value}")),
        }
    });
    own.chain(passed_through).collect()
}

/// All that is printed beside a part: `32 GT/s, x8, no hotplug`.
pub(super) fn labels(settings: &[Setting]) -> Vec<&str> {
    settings.iter().filter_map(|setting| setting.label.as_deref()).collect()
}
