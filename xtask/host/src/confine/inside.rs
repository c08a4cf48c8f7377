//! What is inside of a box.

use std::path::{Path, PathBuf};

use super::limits::Limits;
use super::strength::Strength;
use super::system::homes_of;

/// What a process that runs a stranger's code may touch, beside the system's own programs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confinement {
    pub(crate) read: Vec<PathBuf>,
    pub(crate) write: Vec<PathBuf>,
    pub(crate) devices: Vec<PathBuf>,
    pub(crate) limits: Limits,
    pub(crate) strength: Option<Strength>,
}

impl Confinement {
    /// Nothing but the system's programs.
    pub fn new() -> Self {
        Self::default()
    }

    /// This file or folder, read-only. One that is not there is left out.
    #[must_use]
    pub fn read(mut self, path: impl AsRef<Path>) -> Self {
        self.read.push(path.as_ref().to_owned());
        self
    }

    /// This program, with what lies beside it, where it is none of the system's: one of another `PATH`, or built by hand.
    #[must_use]
    pub fn program(mut self, program: impl AsRef<Path>) -> Self {
        self.read.extend(homes_of(program.as_ref()));
        self
    }

    /// This folder, to write into. It is made where it is not there.
    #[must_use]
    pub fn write(mut self, path: impl AsRef<Path>) -> Self {
        self.write.push(path.as_ref().to_owned());
        self
    }

    /// This device, where it is there.
    #[must_use]
    pub fn device(mut self, path: impl AsRef<Path>) -> Self {
        self.devices.push(path.as_ref().to_owned());
        self
    }

    /// A box as another machine would make it: to try what that is worth.
    #[cfg(test)]
    pub(crate) fn strength(mut self, strength: Strength) -> Self {
        self.strength = Some(strength);
        self
    }

    /// Other limits than those that every box has.
    #[cfg(test)]
    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
