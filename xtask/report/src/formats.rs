//! The forms that a run can be put into, and the one table of them.
//!
//! A format is a file of this folder with a [`Format`] in it, and a line in [`FORMATS`]. What the run's folder holds, what
//! `results export --as` takes and what `run` can print while it goes on all follow from the table.

pub(crate) mod events;
mod format;
mod github;
mod html;
mod json;
mod junit;
mod ktap;
mod lava;
mod text;

use event::Sink;

pub use events::JsonLines;
pub use format::{Alone, Format, FormatError, Kept, Live, Surroundings};
pub use html::{HtmlError, complaints, html};
pub use text::replay;

/// Every format, in the order in which `--help` lists them.
pub static FORMATS: &[&Format] = &[
    &text::FORMAT,
    &json::FORMAT,
    &events::FORMAT,
    &junit::FORMAT,
    &ktap::FORMAT,
    &html::FORMAT,
    &github::FORMAT,
    &lava::FORMAT,
];

/// The format of this name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name).copied()
}

/// A sink that prints a run in the format of this name while it goes on; none where there is no such format.
pub fn live(name: &str, how: &Live) -> Option<Box<dyn Sink>> {
    Some((format(name)?.live?)(how))
}

#[cfg(test)]
mod tests;
