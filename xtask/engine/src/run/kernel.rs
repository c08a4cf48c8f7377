//! A kernel with all that its guests need: what travels to wherever its cells run.

use serde::{Deserialize, Serialize};

use guest::{Image, Ndctl};
use kbuild::Built;
use source::Prepared;
use spec::{ModuleSet, Userland};

/// A kernel with all that its guests need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PreparedKernel {
    /// The kernel.
    pub built: Built,
    /// What it was made from.
    pub source: Prepared,
    /// ndctl's tools and tests, where a guest has them.
    pub ndctl: Option<Ndctl>,
    /// The guests that the plan boots, and the smallest; the reason where the mock modules did not build.
    pub images: Vec<(ModuleSet, Userland, Result<Image, String>)>,
}

impl PreparedKernel {
    /// The image with these modules and this userland, or why there is none.
    pub fn image(&self, modules: ModuleSet, userland: Userland) -> Result<&Image, &str> {
        match self.images.iter().find(|image| (image.0, image.1) == (modules, userland)) {
            Some((_, _, image)) => image.as_ref().map_err(String::as_str),
            None => Err("it was not planned"),
        }
    }

    /// Names of these modules, canonical.
    pub fn modules(&self, modules: ModuleSet) -> &[String] {
        match modules {
            ModuleSet::Production => &self.built.production_modules,
            ModuleSet::Mock => &self.built.mock_modules,
        }
    }
}
