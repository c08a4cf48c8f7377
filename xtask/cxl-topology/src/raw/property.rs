//! A property of a device, port, host bridge or switch as data: the field that sets it, QEMU's name for it, the release
//! that has it, and how it is printed.
//!
//! Each part of a file has a table of them beside its fields (`device.rs`, `port.rs`, `bridge.rs`). QEMU's arguments, the
//! check of what a QEMU lacks, the texts and the pictures read the tables.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::QemuOptions;
use crate::bytes::Bytes;
use crate::version::QemuVersion;

/// What a property is set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// Text that QEMU takes as it is.
    Text(String),
    /// A file. That of a table is relative to the file that names it, that of a [`Setting`](crate::setting::Setting) is not.
    File(PathBuf),
    /// A memory of its own: a backend of this size, which the property links to.
    Memory {
        /// The last part of the backend's id: `mem0.pmem`.
        kind: Cow<'static, str>,
        /// Its size in bytes.
        size: Bytes,
    },
}

/// A row of a part's table.
#[derive(Debug)]
pub struct Property<T: 'static> {
    /// The field of the file that sets it.
    pub field: &'static str,
    /// QEMU's name.
    pub qemu: &'static str,
    /// QEMU's name in releases that do not have [`Self::qemu`].
    pub formerly: Option<&'static str>,
    /// Where it is younger than CXL itself (7.1): the release that brought it.
    pub since: Option<QemuVersion>,
    /// What is named as lacking: "the link". The field's name unless [`Self::since`] gives another.
    pub what: &'static str,
    /// A QEMU device that has to be there too.
    pub device: Option<&'static str>,
    /// What it is set to; none: it is absent, and QEMU's default holds.
    pub value: fn(&T) -> Option<Value>,
    /// How it is printed beside its part; none: not at all.
    pub label: fn(&T) -> Option<String>,
}

impl<T> Property<T> {
    /// A property that every QEMU with CXL has, and that is not printed.
    pub const fn new(field: &'static str, qemu: &'static str, value: fn(&T) -> Option<Value>) -> Self {
        let label = |_: &T| None;
        Self { field, qemu, formerly: None, since: None, what: field, device: None, value, label }
    }

    /// The same with a name of older releases.
    #[must_use]
    pub const fn formerly(self, name: &'static str) -> Self {
        Self { formerly: Some(name), ..self }
    }

    /// The same with the release that brought it, and what is named where an older one lacks it.
    #[must_use]
    pub const fn since(self, since: QemuVersion, what: &'static str) -> Self {
        Self { since: Some(since), what, ..self }
    }

    /// The same with a QEMU device that it needs.
    #[must_use]
    pub const fn with_device(self, device: &'static str) -> Self {
        Self { device: Some(device), ..self }
    }

    /// The same with what is printed.
    #[must_use]
    pub const fn label(self, label: fn(&T) -> Option<String>) -> Self {
        Self { label, ..self }
    }
}

/// A part of a file that becomes a QEMU device.
pub trait Part: Sized + 'static {
    /// Its properties, in the order in which QEMU gets them.
    const PROPERTIES: &'static [Property<Self>];
    /// Properties of the QEMU device that the tool assigns, whatever the file sets.
    const ASSIGNED: &'static [&'static str];

    /// What the file passes through.
    fn qemu(&self) -> &QemuOptions;
}
