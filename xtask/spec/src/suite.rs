//! A suite: `scenarios/NAME/suite.yaml` and one shell script a case.

mod axes;
mod borrow;
mod case;
mod folder;
mod kmsg;
#[cfg(test)]
mod tests;
mod userland;

use std::path::{Path, PathBuf};
use std::time::Duration;

use borrow::Borrowed;
use case::duration;
use kmsg::RawMessages;
use serde::{Deserialize, Serialize};

use specfile::SpecError;

pub(super) use case::check_cmdline;

pub use axes::{SuiteVariant, Topologies, Variants};
pub use case::{CaseFile, Needs, Shared};
pub use folder::FILE;
pub use kmsg::{AllowedMessage, KernelMessages, LogLevel, Pattern};
pub use userland::{FoundCases, ModuleSet, Userland};

/// How long a case may take if neither it nor its suite says.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// The file beside the suites that says what holds for all of them.
pub const FOR_ALL: &str = "all.yaml";

/// A suite of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    /// Name of its folder.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// The folder of the suite whose cases it runs as well; what lies there comes along.
    pub base_suite: Option<PathBuf>,
    /// What it is about, in one line.
    pub summary: String,
    /// Which modules are on the guest's disk.
    pub modules: ModuleSet,
    /// Cases that are found in the userland, besides those that lie in the suite's folder.
    pub found: Option<FoundCases>,
    /// Modules to load at boot, in order.
    pub load: Vec<String>,
    /// Where it runs.
    pub topologies: Topologies,
    /// Its parameter sets.
    pub variants: Variants,
    /// Its cases, sorted by name.
    pub cases: Vec<CaseFile>,
    /// What its cases have where they say nothing else.
    pub shared: Shared,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSuite {
    summary: String,
    #[serde(default)]
    modules: ModuleSet,
    #[serde(default)]
    load: Vec<String>,
    #[serde(default)]
    userland: Userland,
    found: Option<FoundCases>,
    #[serde(default)]
    topologies: Topologies,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default)]
    variants: Variants,
    #[serde(default, rename = "cases-of")]
    cases_of: Option<Borrowed>,
    kmsg: Option<RawMessages>,
}

/// What holds for all suites.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawForAll {
    kmsg: Option<RawMessages>,
}

/// `kmsg:` of all suites; nothing where there is no such file.
fn kmsg_of_all(scenarios_dir: &Path) -> Result<KernelMessages, SpecError> {
    let file = scenarios_dir.join(FOR_ALL);
    if !file.is_file() {
        return Ok(KernelMessages::default());
    }
    let text = specfile::read(&file)?;
    let raw: RawForAll = specfile::parse_yaml(&text, &file)?;
    raw.kmsg.unwrap_or_default().over(&KernelMessages::default(), &file, &text)
}

impl Suite {
    /// Names of all suites in this folder, sorted.
    ///
    /// # Errors
    /// [`SpecError::Read`].
    pub fn names(scenarios_dir: &Path) -> Result<Vec<String>, SpecError> {
        folder::names(scenarios_dir)
    }

    /// Reads the suite of this name.
    ///
    /// # Errors
    /// [`SpecError`]; an unknown name comes with the nearest one.
    pub fn load(scenarios_dir: &Path, name: &str) -> Result<Self, SpecError> {
        specfile::check_name(name).map_err(|why| SpecError::invalid(scenarios_dir, "suite", why))?;
        let dir = scenarios_dir.join(name);
        let file = dir.join(FILE);
        if !file.is_file() {
            let known = Self::names(scenarios_dir)?;
            return Err(SpecError::invalid(&file, "suite", format!("there is no suite `{name}`"))
                .with_near(name, known.iter().map(String::as_str)));
        }
        let text = specfile::read(&file)?;
        let raw: RawSuite = specfile::parse_yaml(&text, &file)?;
        specfile::check_names(&file, "load", &raw.load)?;
        if let Topologies::Only(names) = &raw.topologies {
            specfile::check_names(&file, "topologies", names)?;
        }
        match &raw.variants {
            Variants::Listed(variants) => {
                for variant in variants {
                    specfile::check_names(&file, "variants.name", [&variant.name])?;
                    check_cmdline(&file, "variants.cmdline", &variant.cmdline)?;
                }
            }
            Variants::ParametersOf(module) => {
                specfile::check_names(&file, "variants.parameters-of", [module])?;
            }
        }
        if let Some(found) = &raw.found {
            found.check(&file, &dir, raw.userland)?;
        }
        let kmsg = raw.kmsg.unwrap_or_default().over(&kmsg_of_all(scenarios_dir)?, &file, &text)?;
        let shared = Shared { timeout: raw.timeout.unwrap_or(TIMEOUT), userland: raw.userland, kmsg };
        let mut cases = Vec::new();
        for entry in specfile::entries(&dir)? {
            if let Some(case) = entry.strip_suffix(".sh") {
                cases.push(CaseFile::load(&dir.join(&entry), case, &shared)?);
            }
        }
        let base_suite = match &raw.cases_of {
            Some(borrowed) => Some(borrowed.join(scenarios_dir, &file, &shared, &mut cases)?),
            None => None,
        };
        if cases.is_empty() && raw.found.is_none() {
            return Err(SpecError::invalid(&dir, "cases", "there is none: a case is a file *.sh"));
        }
        Ok(Self {
            name: name.to_owned(),
            dir,
            base_suite,
            summary: raw.summary,
            modules: raw.modules,
            found: raw.found,
            shared,
            load: raw.load,
            topologies: raw.topologies,
            variants: raw.variants,
            cases,
        })
    }
}

impl FoundCases {
    fn check(&self, file: &Path, dir: &Path, userland: Userland) -> Result<(), SpecError> {
        if userland == Userland::Busybox {
            let message = "there is no test in the userland busybox";
            return Err(SpecError::invalid(file, "found", message).with_hint("userland: ndctl"));
        }
        specfile::check_name(&self.run_by).map_err(|why| SpecError::invalid(file, "found.run-by", why))?;
        if !dir.join(&self.run_by).is_file() || self.run_by.strip_suffix(".sh").is_some() {
            let message = format!("`{}` is no file of the suite, or is a case itself", self.run_by);
            return Err(SpecError::invalid(file, "found.run-by", message));
        }
        Ok(())
    }
}
