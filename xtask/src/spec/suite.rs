//! A suite: `scenarios/NAME/suite.yaml` and one shell script a case.
//!
//! A case's header is the lines of its leading comment that start with `#: `; together they are one YAML map.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::load::{self, SpecError};

mod borrow;
use borrow::Borrowed;

/// Name of the file that makes a folder a suite.
pub const FILE: &str = "suite.yaml";
/// How long a case may take if neither it nor its suite says.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// A suite of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suite {
    /// Name of its folder.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// The folder of the suite whose cases it runs as well; what lies there comes along.
    pub lender: Option<PathBuf>,
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

/// What a case has where it says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shared {
    /// How long it may take.
    pub timeout: Duration,
    /// What its guest has besides the modules.
    pub userland: Userland,
}

/// Which CXL modules a boot has on disk; it is always exactly one of the two sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModuleSet {
    /// Those of `drivers/cxl`.
    #[default]
    Production,
    /// Those of `tools/testing/cxl`: the drivers wrapped, and the mock bus.
    Mock,
}

/// What a guest has besides its modules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Userland {
    /// A static busybox.
    #[default]
    Busybox,
    /// ndctl's tools (`cxl`, `daxctl`, `ndctl`), its tests, and what those call: bash, jq, keyctl, a real udevd.
    Ndctl,
}

/// Cases that somebody else wrote: scripts of the userland, each run by a script of the suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FoundCases {
    /// Names of files in the userland's folder of tests, with `*` as in a shell; a case is called as its file without
    /// `.sh`.
    pub scripts: String,
    /// File of the suite that runs one of them; the case's name is in `BENCH_CASE`.
    pub run_by: String,
}

/// Where a suite runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topologies {
    /// On every topology that is asked for.
    #[default]
    Any,
    /// On these alone.
    Only(Vec<String>),
}

impl Topologies {
    /// Whether the suite runs on this one.
    pub fn allow(&self, topology: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(names) => names.iter().any(|name| name == topology),
        }
    }
}

/// The parameter sets of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variants {
    /// These; none for one run without any.
    Listed(Vec<SuiteVariant>),
    /// None, then each switch of a kernel module alone, then each two of them: known when the module is built.
    ParametersOf(String),
}

impl Default for Variants {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// A parameter set of a suite.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteVariant {
    /// Its name.
    pub name: String,
    /// Added to the kernel's command line: `cxl_test.interleave_arithmetic=1` sets a module's parameter.
    #[serde(default)]
    pub cmdline: Vec<String>,
    /// Added to the environment of every case.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

impl SuiteVariant {
    /// How the one without any parameter is called.
    pub const DEFAULT: &str = "default";

    /// Switches of a module turned on: the variant `a+b` gives `MODULE.a=1 MODULE.b=1`. modprobe takes them from the
    /// kernel's command line.
    pub fn of_parameters(module: &str, name: &str) -> Self {
        let parameters = name.split('+').filter(|_| name != Self::DEFAULT);
        let cmdline = parameters.map(|parameter| format!("{module}.{parameter}=1")).collect();
        Self { name: name.to_owned(), cmdline, env: BTreeMap::new() }
    }
}

/// One case of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseFile {
    /// The script's file name without `.sh`.
    pub name: String,
    /// The script that runs it, relative to the suite's folder.
    pub script: String,
    /// What it promises, in one line.
    pub summary: String,
    /// Without which it is skipped.
    pub needs: Needs,
    /// How long it may take in the guest.
    pub timeout: Duration,
    /// What its guest has besides the modules.
    pub userland: Userland,
    /// Modules that the agent does not load by itself while it runs; not empty means a boot of its own or
    /// with others that withhold the same.
    pub withhold: Vec<String>,
    /// Added to the kernel's command line, likewise.
    pub cmdline: Vec<String>,
    /// Boots alone: it leaves the kernel in a state that no other case should see.
    pub isolate: bool,
}

/// What a case needs from the kernel and the topology.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needs {
    /// Modules that have to be among those built.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Memory devices that the topology has to have, at least.
    #[serde(default)]
    pub memdevs: u32,
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
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    summary: String,
    #[serde(default)]
    needs: Needs,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    userland: Option<Userland>,
    #[serde(default)]
    withhold: Vec<String>,
    #[serde(default)]
    cmdline: Vec<String>,
    #[serde(default)]
    isolate: bool,
}

impl Suite {
    /// Names of all suites in this folder, sorted.
    ///
    /// # Errors
    /// [`SpecError::Read`].
    pub fn names(scenarios_dir: &Path) -> Result<Vec<String>, SpecError> {
        let mut names = load::folders(scenarios_dir)?;
        names.retain(|name| scenarios_dir.join(name).join(FILE).is_file());
        Ok(names)
    }

    /// Reads the suite of this name.
    ///
    /// # Errors
    /// [`SpecError`]; an unknown name comes with the nearest one.
    pub fn load(scenarios_dir: &Path, name: &str) -> Result<Self, SpecError> {
        load::check_name(name).map_err(|why| SpecError::invalid(scenarios_dir, "suite", why))?;
        let dir = scenarios_dir.join(name);
        let file = dir.join(FILE);
        if !file.is_file() {
            let known = Self::names(scenarios_dir)?;
            return Err(SpecError::invalid(&file, "suite", format!("there is no suite `{name}`"))
                .with_near(name, known.iter().map(String::as_str)));
        }
        let raw: RawSuite = load::load_yaml(&file)?;
        load::check_names(&file, "load", &raw.load)?;
        if let Topologies::Only(names) = &raw.topologies {
            load::check_names(&file, "topologies", names)?;
        }
        match &raw.variants {
            Variants::Listed(variants) => {
                for variant in variants {
                    load::check_names(&file, "variants.name", [&variant.name])?;
                    check_cmdline(&file, "variants.cmdline", &variant.cmdline)?;
                }
            }
            Variants::ParametersOf(module) => {
                load::check_names(&file, "variants.parameters-of", [module])?;
            }
        }
        if let Some(found) = &raw.found {
            found.check(&file, &dir, raw.userland)?;
        }
        let shared = Shared { timeout: raw.timeout.unwrap_or(TIMEOUT), userland: raw.userland };
        let mut cases = Vec::new();
        for entry in load::entries(&dir)? {
            if let Some(case) = entry.strip_suffix(".sh") {
                cases.push(CaseFile::load(&dir.join(&entry), case, shared)?);
            }
        }
        let lender = match &raw.cases_of {
            Some(borrowed) => Some(borrowed.join(scenarios_dir, &file, shared, &mut cases)?),
            None => None,
        };
        if cases.is_empty() && raw.found.is_none() {
            return Err(SpecError::invalid(&dir, "cases", "there is none: a case is a file *.sh"));
        }
        Ok(Self {
            name: name.to_owned(),
            dir,
            lender,
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
        load::check_name(&self.run_by).map_err(|why| SpecError::invalid(file, "found.run-by", why))?;
        if !dir.join(&self.run_by).is_file() || self.run_by.strip_suffix(".sh").is_some() {
            let message = format!("`{}` is no file of the suite, or is a case itself", self.run_by);
            return Err(SpecError::invalid(file, "found.run-by", message));
        }
        Ok(())
    }
}

impl CaseFile {
    /// The case of a script that was found in the userland.
    pub fn found(name: &str, found: &FoundCases, shared: Shared) -> Self {
        Self {
            name: name.to_owned(),
            script: found.run_by.clone(),
            summary: format!("{name}, unmodified"),
            needs: Needs::default(),
            timeout: shared.timeout,
            userland: shared.userland,
            withhold: Vec::new(),
            cmdline: Vec::new(),
            isolate: false,
        }
    }

    fn load(path: &Path, name: &str, shared: Shared) -> Result<Self, SpecError> {
        load::check_name(name).map_err(|why| SpecError::invalid(path, "name", why))?;
        let raw: RawCase =
            load::parse_yaml(&header(&load::read(path)?, path)?, path).map_err(|error| match error {
                SpecError::Parse { file, message, hint: None } if message.contains("missing field") => {
                    let hint = Some("a case starts with `#: summary: what it promises`".to_owned());
                    SpecError::Parse { file, message, hint }
                }
                error => error,
            })?;
        load::check_names(path, "needs.modules", &raw.needs.modules)?;
        load::check_names(path, "withhold", &raw.withhold)?;
        check_cmdline(path, "cmdline", &raw.cmdline)?;
        Ok(Self {
            name: name.to_owned(),
            script: format!("{name}.sh"),
            summary: raw.summary,
            needs: raw.needs,
            timeout: raw.timeout.unwrap_or(shared.timeout),
            userland: raw.userland.unwrap_or(shared.userland),
            withhold: raw.withhold.iter().map(|module| module.replace('-', "_")).collect(),
            cmdline: raw.cmdline,
            isolate: raw.isolate,
        })
    }
}

/// The YAML in a script's leading comment. Every other line becomes an empty one and `#:` two blanks, so that
/// line and column of an error are the script's own.
fn header(script: &str, path: &Path) -> Result<String, SpecError> {
    let mut yaml = String::new();
    let mut over = false;
    for (at, line) in script.lines().enumerate() {
        match line.strip_prefix("#:") {
            Some(_) if over => {
                let message = format!("line {} comes after the first command", at + 1);
                return Err(SpecError::invalid(path, "header", message)
                    .with_hint("lines `#: key: value` belong to the comment at the top of the script"));
            }
            Some(text) => {
                yaml.push_str("  ");
                yaml.push_str(text);
            }
            None => over = over || !(line.trim().is_empty() || line.starts_with('#')),
        }
        yaml.push('\n');
    }
    Ok(yaml)
}

/// Words of a kernel command line: one word each, and nothing that the host's own words rely on.
fn check_cmdline(file: &Path, field: &str, words: &[String]) -> Result<(), SpecError> {
    let bad = |word: &&String| word.is_empty() || !word.chars().all(|c| c.is_ascii_graphic() && c != '"');
    match words.iter().find(bad) {
        Some(word) => Err(SpecError::invalid(
            file,
            field,
            format!("`{}` is not one word of a kernel command line", word.escape_debug()),
        )),
        None => Ok(()),
    }
}

impl<'de> Deserialize<'de> for Topologies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyOrOnly;

        impl<'de> serde::de::Visitor<'de> for AnyOrOnly {
            type Value = Topologies;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`any` or a list of topologies")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Topologies, E> {
                match text {
                    "any" => Ok(Topologies::Any),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Topologies, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                if names.is_empty() {
                    return Err(serde::de::Error::invalid_length(0, &self));
                }
                Ok(Topologies::Only(names))
            }
        }

        deserializer.deserialize_any(AnyOrOnly)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawParametersOf {
    parameters_of: String,
}

impl<'de> Deserialize<'de> for Variants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrModule;

        impl<'de> serde::de::Visitor<'de> for ListOrModule {
            type Value = Variants;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of variants or `{ parameters-of: MODULE }`")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Variants, A::Error> {
                let raw = RawParametersOf::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Variants::ParametersOf(raw.parameters_of))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Variants, A::Error> {
                let mut variants = Vec::new();
                while let Some(variant) = seq.next_element()? {
                    variants.push(variant);
                }
                Ok(Variants::Listed(variants))
            }
        }

        deserializer.deserialize_any(ListOrModule)
    }
}

/// `500ms`, `60s`, `2m`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{}` is no time such as 500ms, 60s or 2m, from 1ms to 60m", text.escape_debug());
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return Err(wrong()),
    };
    let ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms)).ok_or_else(wrong)?;
    if !(1..=3_600_000).contains(&ms) {
        return Err(wrong());
    }
    Ok(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const CASE: &str = "#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0-only\n#: summary: it works\n#: needs: { modules: [cxl_mem], memdevs: 2 }\n#: withhold: [cxl-acpi]        # not autoloaded\n#: cmdline: [driver_async_probe=cxl_mem]\n\n. /bench/lib.sh\ntrue\n";

    fn load(files: &[(&str, &str)]) -> Result<Suite, String> {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("s")).expect("made");
        for (name, text) in files {
            fs::write(dir.path().join("s").join(name), text).expect("written");
        }
        let here = format!("{}/", dir.path().display());
        Suite::load(dir.path(), "s").map_err(|error| error.to_string().replace(&here, ""))
    }

    fn case_error(script: &str) -> String {
        load(&[(FILE, "summary: x\n"), ("a.sh", script)]).expect_err("it is wrong")
    }

    #[test]
    fn a_suite_is_read_with_its_cases() {
        let yaml = "summary: the bus\nmodules: mock\nload: [cxl_test]\ntopologies: [none]\ntimeout: 2m\nvariants: [{ name: xor, cmdline: [cxl_test.interleave_arithmetic=1] }]\n";
        let suite = load(&[
            (FILE, yaml),
            ("b.sh", "#: summary: b\n#: timeout: 500ms\n"),
            ("a.sh", CASE),
            ("data", ""),
        ])
        .expect("a suite");
        assert_eq!((suite.modules, suite.load.join(",")), (ModuleSet::Mock, "cxl_test".to_owned()));
        assert!(suite.topologies.allow("none") && !suite.topologies.allow("direct"));
        let Variants::Listed(variants) = &suite.variants else { panic!("they are listed") };
        assert_eq!(variants[0].cmdline, ["cxl_test.interleave_arithmetic=1"]);
        let names: Vec<_> =
            suite.cases.iter().map(|case| (case.name.as_str(), case.timeout.as_millis())).collect();
        assert_eq!(names, [("a", 120_000), ("b", 500)]);
        let case = &suite.cases[0];
        assert_eq!((case.needs.memdevs, case.needs.modules.join(",")), (2, "cxl_mem".to_owned()));
        assert_eq!((case.withhold.join(","), case.isolate), ("cxl_acpi".to_owned(), false));
        assert_eq!(case.cmdline, ["driver_async_probe=cxl_mem"]);
    }

    #[test]
    fn variants_may_be_those_of_a_modules_parameters() {
        let of = |yaml: &str| load(&[(FILE, yaml), ("a.sh", CASE)]).map(|suite| suite.variants);
        let yaml = "summary: x\nvariants: { parameters-of: cxl_test }\n";
        assert_eq!(of(yaml), Ok(Variants::ParametersOf("cxl_test".to_owned())));
        assert_eq!(of("summary: x\n"), Ok(Variants::default()));
        insta::assert_snapshot!(of("summary: x\nvariants: { parameter-of: cxl_test }\n").expect_err("wrong"), @r"
        s/suite.yaml: variants: unknown field `parameter-of`, expected `parameters-of` at line 2 column 13
        hint: did you mean `parameters-of`?
        ");
        insta::assert_snapshot!(of("summary: x\nvariants: all\n").expect_err("wrong"), @r#"s/suite.yaml: variants: invalid type: string "all", expected a list of variants or `{ parameters-of: MODULE }` at line 2 column 11"#);
        let pair = SuiteVariant::of_parameters("cxl_test", "a+b");
        assert_eq!(pair.cmdline, ["cxl_test.a=1", "cxl_test.b=1"]);
        assert_eq!(SuiteVariant::of_parameters("cxl_test", SuiteVariant::DEFAULT).cmdline.len(), 0);
    }

    #[test]
    fn header_errors_name_file_and_line() {
        insta::assert_snapshot!(case_error("#!/bin/sh\n#\n#: summary: x\n#: tiemout: 3s\n"), @r"
        s/a.sh: unknown field `tiemout`, expected one of `summary`, `needs`, `timeout`, `userland`, `withhold`, `cmdline`, `isolate` at line 4 column 4
        hint: did you mean `timeout`?
        ");
        insta::assert_snapshot!(case_error("#!/bin/sh\n#: summary: x\n#: timeout: 3 days\n"), @"s/a.sh: `3 days` is no time such as 500ms, 60s or 2m, from 1ms to 60m at line 2 column 4");
        insta::assert_snapshot!(case_error("#!/bin/sh\ntrue\n"), @r"
        s/a.sh: missing field `summary` at line 3 column 1
        hint: a case starts with `#: summary: what it promises`
        ");
        insta::assert_snapshot!(case_error("#: summary: x\ntrue\n#: timeout: 3s\n"), @r"
        s/a.sh: header: line 3 comes after the first command
        hint: lines `#: key: value` belong to the comment at the top of the script
        ");
        insta::assert_snapshot!(case_error("#: summary: x\n#: needs: [\n"), @"s/a.sh: needs: invalid type: sequence, expected struct Needs at line 2 column 11");
        insta::assert_snapshot!(case_error("#: summary: x\n#: cmdline: [a b]\n"), @"s/a.sh: cmdline: `a b` is not one word of a kernel command line");
        insta::assert_snapshot!(case_error("#: summary: x\n#: withhold: [../x]\n"), @"s/a.sh: withhold: the name `../x` starts with a dot or a dash");
    }

    #[test]
    fn suite_errors_name_what_is_wrong() {
        let error = |yaml| load(&[(FILE, yaml), ("a.sh", CASE)]).expect_err("it is wrong");
        insta::assert_snapshot!(error("summary: x\ntopologies: all\n"), @r#"s/suite.yaml: topologies: invalid value: string "all", expected `any` or a list of topologies at line 2 column 13"#);
        insta::assert_snapshot!(error("summary: x\nmodules: moc\n"), @r"
        s/suite.yaml: modules: unknown variant `moc`, expected `production` or `mock` at line 2 column 10
        hint: did you mean `mock`?
        ");
        insta::assert_snapshot!(load(&[(FILE, "summary: x\n")]).expect_err("no case"), @"s: cases: there is none: a case is a file *.sh");
    }

    #[test]
    fn times_have_a_unit_and_an_end() {
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "5", "s", "-1s", "1h", "0s", "99999999999999999999s", "61m"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
