//! What a format is, and what it is given.

use std::error::Error;

use event::Sink;

use crate::diff::Diff;
use crate::lines::Verbosity;
use crate::picture::Picture;
use crate::stored::{Stored, StoredError};
use crate::summary::Summary;

/// A form that a run can be put into.
pub struct Format {
    /// The name that `results export --as` takes.
    pub name: &'static str,
    /// What it is for: one line of `--help`, without a full stop.
    pub about: &'static str,
    /// Whether a run's folder holds it.
    pub kept: Kept,
    /// Writes a run, be it finished, running, interrupted or killed.
    pub write: fn(&Stored, &dyn Surroundings) -> Result<Vec<u8>, FormatError>,
    /// Makes a sink that prints a run on the standard output while it goes on, where the format can be written piece by piece.
    pub live: Option<MakeSink>,
}

/// Makes a sink that prints on the standard output.
pub type MakeSink = fn(&Live) -> Box<dyn Sink>;

/// When a run's folder gets the file of a format, and by which name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Never.
    No,
    /// A line for each event, by the store itself.
    EachEvent(&'static str),
    /// At the start and after each cell, each time as a whole.
    EachCell(&'static str),
    /// At the end of the run.
    AtEnd(&'static str),
    /// When a subcommand is asked for it.
    OnRequest(&'static str),
}

impl Kept {
    /// The name of the file in the run's folder.
    pub fn file(self) -> Option<&'static str> {
        match self {
            Self::No => None,
            Self::EachEvent(file) | Self::EachCell(file) | Self::AtEnd(file) | Self::OnRequest(file) => {
                Some(file)
            }
        }
    }
}

/// What a format may show beside the run itself, and only others know. What is not there is left out.
pub trait Surroundings {
    /// Pictures of the run's topologies.
    fn pictures(&self, _run: &Stored) -> Vec<Picture> {
        Vec::new()
    }

    /// What differs from another run.
    fn diff(&self, _run: &Stored) -> Option<Diff> {
        None
    }
}

/// Nothing beside the run itself.
pub struct Alone;

impl Surroundings for Alone {}

/// How a run is printed while it goes on.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// How much is printed, where a person reads it.
    pub verbosity: Verbosity,
    /// How many cells run at the same time.
    pub jobs: usize,
    /// What is known from before, of a run that is resumed.
    pub before: Summary,
}

/// A run that cannot be put into a form.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// Its folder cannot be read.
    #[error("reading the run")]
    Stored(#[from] StoredError),
    /// The writer of the form refuses it; not known to happen.
    #[error("writing the run in this form")]
    Write(#[source] Box<dyn Error + Send + Sync>),
}

impl FormatError {
    /// For `map_err`.
    pub(super) fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Write(error.into())
    }
}
