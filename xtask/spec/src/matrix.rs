//! `matrix:` of `patchbench.yaml`: which cells are run together.
//!
//! A matrix is the product of its axes, and of those of each of `include:`, without what an `exclude:` names.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use cxl_topology::bytes::Bytes;
use specfile::{SpecError, did_you_mean, locate, steps};

use super::Selector;
use super::defaults::Defaults;
use super::filter::{CellFilter, Field};
use super::kernel::Kernel;
use super::suite::check_cmdline;

/// A matrix of this name is meant where none is named and there are several.
pub const DEFAULT: &str = "default";

/// Which cells are run together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// Its name.
    pub name: String,
    /// Each of them a product; a cell that is in several is there once.
    pub products: Vec<Axes>,
    /// What is left out.
    pub exclude: Vec<Exclude>,
    /// What is particular to some cells; of two that fit, the later one counts.
    pub settings: Vec<Setting>,
}

/// The product of kernels, flavours, topologies, suites and variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axes {
    /// Kernels by name.
    pub kernels: Vec<String>,
    /// Flavours.
    pub flavours: Vec<String>,
    /// Topologies by name; none for all.
    pub topologies: Option<Vec<String>>,
    /// Suites, or parts of them: [`Selector`]; none for all.
    pub suites: Option<Vec<String>>,
    /// Patterns for the variants; all variants where there is none.
    pub variants: Vec<String>,
}

/// Cells that are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Exclude {
    /// The cells that are left out.
    pub cells: CellFilter,
    /// The reason, for the reader of the plan.
    pub because: String,
}

/// What is particular to some cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The cells that it is for.
    pub cells: CellFilter,
    /// What is set for them.
    pub settings: Settings,
}

/// What is particular to a cell. What is not set is as it is everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Settings {
    /// The guest's ordinary memory, in place of the topology's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// How many times as long everything may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_times: Option<u32>,
    /// How often a red case is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// How often every case runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
    /// Whether every case has a guest of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolate: Option<bool>,
    /// Added to the kernel's command line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cmdline: Vec<String>,
}

/// A list of names, or the word `all`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Axis {
    All,
    These(Vec<String>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMatrix {
    kernels: Option<Axis>,
    flavours: Option<Vec<String>>,
    topologies: Option<Axis>,
    suites: Option<Axis>,
    variants: Option<Vec<String>>,
    #[serde(default)]
    include: Vec<RawAxes>,
    #[serde(default)]
    exclude: Vec<Exclude>,
    #[serde(default)]
    settings: Vec<RawSetting>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAxes {
    kernels: Option<Axis>,
    flavours: Option<Vec<String>>,
    topologies: Option<Axis>,
    suites: Option<Axis>,
    variants: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawSetting {
    cells: CellFilter,
    memory: Option<Bytes>,
    timeout_times: Option<u32>,
    retries: Option<u32>,
    repeat: Option<u32>,
    isolate: Option<bool>,
    #[serde(default)]
    cmdline: Vec<String>,
}

impl Matrix {
    /// Checks those of one file, beside what else the project says.
    ///
    /// # Errors
    /// [`SpecError`] naming file, field and line.
    pub(super) fn validate_all(
        raw: BTreeMap<String, RawMatrix>,
        (kernels, defaults): (&BTreeMap<String, Kernel>, &Defaults),
        file: &Path,
        text: &str,
    ) -> Result<BTreeMap<String, Self>, SpecError> {
        let place = Place { kernels, defaults, file, text };
        let one = |(name, raw): (String, RawMatrix)| {
            specfile::check_name(&name).map_err(|why| place.wrong("matrix", why))?;
            let matrix = raw.validate(&name, &place)?;
            Ok((name, matrix))
        };
        raw.into_iter().map(one).collect()
    }
}

/// Where a matrix stands.
struct Place<'a> {
    kernels: &'a BTreeMap<String, Kernel>,
    defaults: &'a Defaults,
    file: &'a Path,
    text: &'a str,
}

impl Place<'_> {
    fn wrong(&self, field: &str, message: impl fmt::Display) -> SpecError {
        let at = match locate(self.text, &steps(field)) {
            Some((line, column)) => format!(" at line {line} column {column}"),
            None => String::new(),
        };
        SpecError::Parse {
            file: self.file.to_owned(),
            message: format!("{field}: {message}{at}"),
            hint: None,
        }
    }

    /// The first of these names that is none or stands twice.
    fn names(&self, field: &str, names: &[String]) -> Result<(), SpecError> {
        if names.is_empty() {
            return Err(self.wrong(field, "the list is empty"));
        }
        for (at, name) in names.iter().enumerate() {
            let field = format!("{field}[{at}]");
            specfile::check_name(name).map_err(|why| self.wrong(&field, why))?;
            if names[..at].contains(name) {
                return Err(self.wrong(&field, format!("`{name}` stands twice")));
            }
        }
        Ok(())
    }

    fn kernels_of(&self, field: &str, axis: Option<Axis>) -> Result<Vec<String>, SpecError> {
        let known = || self.kernels.keys().map(String::as_str);
        let names = match axis {
            None => return Ok(vec![self.defaults.kernel.clone()]),
            Some(Axis::All) => return Ok(self.kernels.keys().cloned().collect()),
            Some(Axis::These(names)) => names,
        };
        self.names(field, &names)?;
        for (at, name) in names.iter().enumerate() {
            if !self.kernels.contains_key(name) {
                return Err(self
                    .wrong(&format!("{field}[{at}]"), format!("there is no kernel `{name}`"))
                    .with_near(name, known()));
            }
        }
        Ok(names)
    }

    fn axes(&self, field: &str, raw: RawAxes) -> Result<Axes, SpecError> {
        let of = |name: &str| format!("{field}.{name}");
        let defaults = self.defaults;
        let kernels = self.kernels_of(&of("kernels"), raw.kernels)?;
        let flavours = raw.flavours.unwrap_or_else(|| vec![defaults.flavour.clone()]);
        self.names(&of("flavours"), &flavours)?;
        let topologies = match raw.topologies {
            None => Some(defaults.topologies.clone()),
            Some(Axis::All) => None,
            Some(Axis::These(names)) => {
                self.names(&of("topologies"), &names)?;
                Some(names)
            }
        };
        let suites = match raw.suites {
            None => Some(defaults.suites.clone()),
            Some(Axis::All) => None,
            Some(Axis::These(texts)) => Some(texts),
        };
        for (at, text) in suites.iter().flatten().enumerate() {
            let wrong = |why| self.wrong(&of(&format!("suites[{at}]")), why);
            text.parse::<Selector>().map_err(wrong)?;
        }
        let variants = raw.variants.unwrap_or_default();
        for (at, pattern) in variants.iter().enumerate() {
            let wrong = |why| self.wrong(&of(&format!("variants[{at}]")), why);
            specfile::check_name(&pattern.replace(['*', '+'], "x")).map_err(wrong)?;
        }
        Ok(Axes { kernels, flavours, topologies, suites, variants })
    }
}

impl RawMatrix {
    fn validate(self, name: &str, place: &Place) -> Result<Matrix, SpecError> {
        let field = format!("matrix.{name}");
        let (kernels, flavours) = (self.kernels, self.flavours);
        let (topologies, suites, variants) = (self.topologies, self.suites, self.variants);
        let own = RawAxes { kernels, flavours, topologies, suites, variants };
        let mut products = vec![place.axes(&field, own)?];
        for (at, raw) in self.include.into_iter().enumerate() {
            products.push(place.axes(&format!("{field}.include[{at}]"), raw)?);
        }
        let mut settings = Vec::new();
        for (at, raw) in self.settings.into_iter().enumerate() {
            settings.push(raw.validate(&format!("{field}.settings[{at}]"), place)?);
        }
        Ok(Matrix { name: name.to_owned(), products, exclude: self.exclude, settings })
    }
}

impl RawSetting {
    fn validate(self, field: &str, place: &Place) -> Result<Setting, SpecError> {
        /// Less than this no kernel of ours boots in.
        const LEAST: Bytes = Bytes::mib(128);
        let between = |name: &str, value: Option<u32>, least: u32, most: u32| match value {
            Some(value) if !(least..=most).contains(&value) => {
                Err(place.wrong(&format!("{field}.{name}"), format!("{value} is not from {least} to {most}")))
            }
            _ => Ok(()),
        };
        between("timeout-times", self.timeout_times, 1, 100)?;
        between("retries", self.retries, 0, 10)?;
        between("repeat", self.repeat, 1, 1000)?;
        if let Some(memory) = self.memory
            && memory < LEAST
        {
            return Err(place.wrong(&format!("{field}.memory"), format!("{memory} is less than {LEAST}")));
        }
        check_cmdline(place.file, &format!("{field}.cmdline"), &self.cmdline)?;
        let settings = Settings {
            memory: self.memory.map(|memory| memory.0),
            timeout_times: self.timeout_times,
            retries: self.retries,
            repeat: self.repeat,
            isolate: self.isolate,
            cmdline: self.cmdline,
        };
        if settings == Settings::default() {
            let message = "it sets nothing";
            let hint = "memory, timeout-times, retries, repeat, isolate or cmdline";
            return Err(place.wrong(field, message).with_hint(hint));
        }
        Ok(Setting { cells: self.cells, settings })
    }
}

impl Settings {
    /// Those of all that fit a cell with these names, the later ones over the earlier ones.
    pub fn of<'a>(all: &[Setting], name: impl Fn(Field) -> Option<&'a str>) -> Self {
        let mut found = Self::default();
        for setting in all.iter().filter(|setting| setting.cells.holds(&name) == Some(true)) {
            let over = setting.settings.clone();
            found = Self {
                memory: over.memory.or(found.memory),
                timeout_times: over.timeout_times.or(found.timeout_times),
                retries: over.retries.or(found.retries),
                repeat: over.repeat.or(found.repeat),
                isolate: over.isolate.or(found.isolate),
                cmdline: [found.cmdline, over.cmdline].concat(),
            };
        }
        found
    }
}

impl<'de> Deserialize<'de> for Axis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AllOrThese;

        impl<'de> Visitor<'de> for AllOrThese {
            type Value = Axis;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`all` or a list of names")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Axis, E> {
                let near = did_you_mean(word, ["all"].into_iter());
                match word {
                    "all" => Ok(Axis::All),
                    _ if near.is_some() => Err(E::custom(format!("`{word}` is not `all`"))),
                    _ => Err(E::custom(format!("one name is a list too: [{word}]"))),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Axis, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = access.next_element()? {
                    names.push(name);
                }
                Ok(Axis::These(names))
            }
        }

        deserializer.deserialize_any(AllOrThese)
    }
}

#[cfg(test)]
#[path = "matrix_tests.rs"]
mod tests;
