//! What a log is.

use serde::{Deserialize, Serialize};

use crate::lava;

/// What kind of log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// KTAP or TAP, bare or within a console log.
    Ktap,
    /// Results of `meson test`: testlog.txt, testlog.json, testlog.junit.xml or what it prints.
    Meson,
    /// What LAVA or TuxRun leaves of a job: log.yaml, or its results in YAML or JSON.
    Lava,
    /// A kernel's console, dmesg, syslog or journal.
    KernelLog,
}

impl Kind {
    /// The word for it, as in every report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ktap => "ktap",
            Self::Meson => "meson",
            Self::Lava => "lava",
            Self::KernelLog => "kernel-log",
        }
    }
}

/// How results are written, as the first bytes of a file show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One JSON object a line.
    Json,
    /// JUnit's XML.
    Xml,
    /// LAVA's log, or results of it.
    Lava(lava::Shape),
    /// Lines of text, of whatever kind.
    Text,
}

/// The shape, by the first bytes: a few hundred are enough.
pub(super) fn shape(head: &[u8]) -> Shape {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if head.starts_with(b"<?xml") || head.starts_with(b"<testsuite") {
        return Shape::Xml;
    }
    // Of all that begins with a brace, meson's lines alone have a test's name first.
    let json = head.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    if json.is_some_and(|rest| rest.starts_with(b"\"name\"")) {
        return Shape::Json;
    }
    lava::shape(head).map_or(Shape::Text, Shape::Lava)
}
