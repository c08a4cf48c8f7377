//! `patchbench.yaml`, and `patchbench.local.yaml` over it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use specfile::SpecError;

use super::defaults::Defaults;
use super::kernel::{Kernel, Source, Sources};
use super::matrix::{self, Matrix, RawMatrix};
use super::range::SeriesRange;

/// Name of the project's file.
pub const FILE: &str = "patchbench.yaml";
/// Name of the git-ignored file that overrides it, key by key.
pub const LOCAL_FILE: &str = "patchbench.local.yaml";
/// The flavour that is built where nobody says which.
pub const PLAIN: &str = "plain";

/// All that `patchbench.yaml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Folder of the file: the top of the repository.
    pub root: PathBuf,
    /// Kernels by name.
    pub kernels: BTreeMap<String, Kernel>,
    /// Where ndctl's tools and tests may come from; the first that is available and builds wins.
    pub ndctl: Vec<Source>,
    /// What a command without options takes.
    pub defaults: Defaults,
    /// The run that others are compared with where nobody says which: a name as `results show` takes it.
    pub baseline: Option<String>,
    /// Which cells are run together, by name.
    pub matrices: BTreeMap<String, Matrix>,
    /// Commits that stand in the place of a series.
    range: Option<SeriesRange>,
    /// The folder of the series, where it is another than `patches`.
    patches: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProject {
    #[serde(default, deserialize_with = "specfile::unique_map")]
    kernels: BTreeMap<String, RawKernel>,
    ndctl: Option<RawNdctl>,
    #[serde(default)]
    defaults: RawDefaults,
    baseline: Option<String>,
    #[serde(default, deserialize_with = "specfile::unique_map")]
    matrix: BTreeMap<String, RawMatrix>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNdctl {
    source: Sources,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKernel {
    source: Option<Sources>,
    series: Option<Vec<String>>,
    kconfig: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDefaults {
    kernel: Option<String>,
    flavour: Option<String>,
    topologies: Option<Vec<String>>,
    suites: Option<Vec<String>>,
}

impl Project {
    /// Reads the project in this folder.
    ///
    /// # Errors
    /// [`SpecError`] of either file.
    pub fn load(root: &Path) -> Result<Self, SpecError> {
        let (file, local) = (root.join(FILE), root.join(LOCAL_FILE));
        let text = specfile::read(&file).map_err(|error| {
            error.with_hint(format!("run this in a clone of cxl-patchbench, whose top folder has {FILE}"))
        })?;
        let mut raw: RawProject = specfile::parse_yaml(&text, &file)?;
        let mut matrices = vec![(&file, text, std::mem::take(&mut raw.matrix))];
        if local.exists() {
            let text = specfile::read(&local)?;
            let mut own: RawProject = specfile::parse_yaml(&text, &local)?;
            matrices.push((&local, text, std::mem::take(&mut own.matrix)));
            raw.overridden_by(own);
        }
        let mut project = raw.validate(root, &file)?;
        for (file, text, raw) in matrices {
            let known = Matrix::validate_all(raw, (&project.kernels, &project.defaults), file, &text)?;
            project.matrices.extend(known);
        }
        Ok(project)
    }

    /// The matrix of this name; without one, the one called `default`, or the only one.
    ///
    /// # Errors
    /// [`SpecError::Invalid`] with the nearest name, or all names.
    pub fn matrix(&self, name: Option<&str>) -> Result<&Matrix, SpecError> {
        let names: Vec<_> = self.matrices.keys().map(String::as_str).collect();
        let wrong = |message: String| SpecError::invalid(self.root.join(FILE), "matrix", message);
        let meant = match (name, &names[..]) {
            (_, []) => {
                return Err(wrong("there is none".to_owned())
                    .with_hint("matrix: { default: { kernels: all, topologies: all, suites: all } }"));
            }
            (Some(name), _) => name,
            (None, [only]) => only,
            (None, _) => matrix::DEFAULT,
        };
        self.matrices.get(meant).ok_or_else(|| match name {
            Some(name) => {
                let message = format!("there is no matrix `{}`", name.escape_debug());
                wrong(message).with_near(name, names.iter().copied())
            }
            None => wrong("there are several, and none is called `default`".to_owned())
                .with_hint(format!("--matrix {}", names.join(" or --matrix "))),
        })
    }

    /// The kernel of this name.
    ///
    /// # Errors
    /// [`SpecError::Invalid`] with the nearest name, or all names.
    pub fn kernel(&self, name: &str) -> Result<&Kernel, SpecError> {
        self.kernels.get(name).ok_or_else(|| {
            let message = format!("there is no kernel `{}`", name.escape_debug());
            SpecError::invalid(self.root.join(FILE), "kernels", message)
                .with_near(name, self.kernels.keys().map(String::as_str))
        })
    }

    /// Folder of the series.
    pub fn patches_dir(&self) -> PathBuf {
        self.patches.clone().unwrap_or_else(|| self.root.join("patches"))
    }

    /// The same with commits in the place of a series, as this folder of series has them.
    #[must_use]
    pub fn with_range(mut self, range: SeriesRange, patches: PathBuf) -> Self {
        self.range = Some(range);
        self.with_patches(patches)
    }

    /// The same with another folder of series.
    #[must_use]
    pub fn with_patches(mut self, patches: PathBuf) -> Self {
        self.patches = Some(patches);
        self
    }

    /// Commits that stand in the place of a series.
    pub fn range(&self) -> Option<&SeriesRange> {
        self.range.as_ref()
    }

    /// Folder of the topologies.
    pub fn topologies_dir(&self) -> PathBuf {
        self.root.join("topologies")
    }

    /// Folder of the suites.
    pub fn scenarios_dir(&self) -> PathBuf {
        self.root.join("scenarios")
    }
}

impl RawProject {
    fn overridden_by(&mut self, local: Self) {
        fn over<T>(mine: &mut Option<T>, theirs: Option<T>) {
            if theirs.is_some() {
                *mine = theirs;
            }
        }
        for (name, theirs) in local.kernels {
            let mine = self.kernels.entry(name).or_default();
            over(&mut mine.source, theirs.source);
            over(&mut mine.series, theirs.series);
            over(&mut mine.kconfig, theirs.kconfig);
        }
        over(&mut self.ndctl, local.ndctl);
        over(&mut self.baseline, local.baseline);
        over(&mut self.defaults.kernel, local.defaults.kernel);
        over(&mut self.defaults.flavour, local.defaults.flavour);
        over(&mut self.defaults.topologies, local.defaults.topologies);
        over(&mut self.defaults.suites, local.defaults.suites);
    }

    fn validate(self, root: &Path, file: &Path) -> Result<Project, SpecError> {
        let mut kernels = BTreeMap::new();
        for (name, raw) in self.kernels {
            let kernel = raw.validate(&name, root, file)?;
            kernels.insert(name, kernel);
        }
        let names = || kernels.keys().map(String::as_str);
        let kernel = match (self.defaults.kernel, kernels.len()) {
            (_, 0) => {
                return Err(SpecError::invalid(file, "kernels", "there is none")
                    .with_hint("kernels: { lts: { source: { apt: linux-source-6.12 } } }"));
            }
            (Some(name), _) => name,
            (None, 1) => names().next().unwrap_or_default().to_owned(),
            (None, _) => {
                let message = "there is more than one kernel and none is the default";
                return Err(SpecError::invalid(file, "defaults.kernel", message)
                    .with_hint(format!("one of {}", names().collect::<Vec<_>>().join(", "))));
            }
        };
        if !kernels.contains_key(&kernel) {
            let message = format!("there is no kernel `{}`", kernel.escape_debug());
            return Err(SpecError::invalid(file, "defaults.kernel", message).with_near(&kernel, names()));
        }
        let defaults = Defaults {
            kernel,
            flavour: self.defaults.flavour.unwrap_or_else(|| PLAIN.to_owned()),
            topologies: self.defaults.topologies.unwrap_or_default(),
            suites: self.defaults.suites.unwrap_or_default(),
        };
        specfile::check_names(file, "defaults.flavour", [&defaults.flavour])?;
        specfile::check_names(file, "defaults.topologies", &defaults.topologies)?;
        for text in &defaults.suites {
            let wrong = |why| SpecError::invalid(file, "defaults.suites", why);
            text.parse::<super::Selector>().map_err(wrong)?;
        }
        let ndctl = self.ndctl.map(|raw| raw.source.0).unwrap_or_default();
        let ndctl = ndctl.into_iter().map(|source| source.resolved(root)).collect();
        let (root, baseline) = (root.to_owned(), self.baseline);
        Ok(Project {
            root,
            kernels,
            ndctl,
            defaults,
            baseline,
            matrices: BTreeMap::new(),
            range: None,
            patches: None,
        })
    }
}

impl RawKernel {
    fn validate(self, name: &str, root: &Path, file: &Path) -> Result<Kernel, SpecError> {
        specfile::check_name(name).map_err(|message| SpecError::invalid(file, "kernels", message))?;
        let field = format!("kernels.{name}");
        let Some(Sources(sources)) = self.source else {
            return Err(SpecError::invalid(file, field, "it has no `source`").with_hint(
                "source: { apt: …, suite: … }, { git: …, ref: … }, { dir: … } or { tarball: … }",
            ));
        };
        let (series, kconfig) = (self.series.unwrap_or_default(), self.kconfig.unwrap_or_default());
        specfile::check_names(file, &format!("{field}.series"), &series)?;
        specfile::check_names(file, &format!("{field}.kconfig"), &kconfig)?;
        if let Some(twice) = series.iter().enumerate().find(|(at, one)| series[..*at].contains(one)) {
            return Err(SpecError::invalid(
                file,
                format!("{field}.series"),
                format!("`{}` stands twice", twice.1),
            ));
        }
        let sources = sources.into_iter().map(|source: Source| source.resolved(root)).collect();
        Ok(Kernel { name: name.to_owned(), sources, series, kconfig })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const MAIN: &str = "kernels:\n  lts:\n    source: { apt: linux-source-6.12 }\n    series: [a, b]\n    kconfig: [base]\n  mine:\n    source: { git: ../linux, dirty: true }\ndefaults: { kernel: lts, topologies: [direct], suites: [enumerate] }\n";

    fn load(main: &str, local: Option<&str>) -> Result<Project, String> {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join(FILE), main).expect("written");
        if let Some(local) = local {
            fs::write(dir.path().join(LOCAL_FILE), local).expect("written");
        }
        let here = format!("{}/", dir.path().display());
        Project::load(dir.path()).map_err(|error| fault::shown(&error).replace(&here, ""))
    }

    fn error(main: &str) -> String {
        load(main, None).expect_err("it is wrong")
    }

    #[test]
    fn the_file_is_read() {
        let project = load(MAIN, None).expect("a project");
        assert_eq!(project.kernels.keys().collect::<Vec<_>>(), ["lts", "mine"]);
        let lts = project.kernel("lts").expect("a kernel");
        assert_eq!((lts.series.join(","), lts.kconfig.join(",")), ("a,b".to_owned(), "base".to_owned()));
        assert_eq!(project.defaults.flavour, "plain");
        let Source::Git { location, dirty: true, .. } = &project.kernels["mine"].sources[0] else {
            panic!("{:?}", project.kernels["mine"]);
        };
        assert_eq!(location, &project.root.join("../linux").to_string_lossy());
    }

    #[test]
    fn the_local_file_overrides_key_by_key() {
        let local = "kernels:\n  lts: { source: { dir: /src } }\n  new: { source: { dir: /new } }\ndefaults: { kernel: new }\n";
        let project = load(MAIN, Some(local)).expect("a project");
        let lts = project.kernel("lts").expect("a kernel");
        assert_eq!(lts.sources, [Source::Dir { path: "/src".into() }]);
        assert_eq!(lts.series, ["a", "b"]);
        assert_eq!(project.defaults.kernel, "new");
        assert_eq!(project.defaults.suites, ["enumerate"]);
    }

    #[test]
    fn errors_say_where_and_what_next() {
        insta::assert_snapshot!(error("kernels: {}\n"), @r"
        patchbench.yaml: kernels: there is none
        hint: kernels: { lts: { source: { apt: linux-source-6.12 } } }
        ");
        insta::assert_snapshot!(error("kernels:\n  lts: { series: [a] }\n"), @r"
        patchbench.yaml: kernels.lts: it has no `source`
        hint: source: { apt: …, suite: … }, { git: …, ref: … }, { dir: … } or { tarball: … }
        ");
        insta::assert_snapshot!(error(&MAIN.replace("kernel: lts", "kernel: ltss")), @r"
        patchbench.yaml: defaults.kernel: there is no kernel `ltss`
        hint: did you mean `lts`?
        ");
        insta::assert_snapshot!(error(&MAIN.replace("kernel: lts, ", "")), @r"
        patchbench.yaml: defaults.kernel: there is more than one kernel and none is the default
        hint: one of lts, mine
        ");
        insta::assert_snapshot!(error(&MAIN.replace("[a, b]", "[a, ../b]")), @"patchbench.yaml: kernels.lts.series: the name `../b` starts with a dot or a dash");
        insta::assert_snapshot!(error(&MAIN.replace("[a, b]", "[a, a]")), @"patchbench.yaml: kernels.lts.series: `a` stands twice");
        insta::assert_snapshot!(error(&MAIN.replace("kconfig:", "kconfigs:")), @r"
        patchbench.yaml: kernels.lts: unknown field `kconfigs`, expected one of `source`, `series`, `kconfig` at line 5 column 5
        hint: did you mean `kconfig`?
        ");
        insta::assert_snapshot!(error(&MAIN.replace("  mine:\n", "  lts:\n")), @"patchbench.yaml: kernels: the key `lts` stands twice at line 2 column 3");
        insta::assert_snapshot!(error(&MAIN.replace("  lts:\n", "  a/b:\n")), @"patchbench.yaml: kernels: the name `a/b` has more than letters, digits, `_`, `-`, `+` and single dots");
    }

    #[test]
    fn an_error_of_the_local_file_names_the_local_file() {
        let error = load(MAIN, Some("kernel: x\n")).expect_err("it is wrong");
        assert!(error.starts_with(LOCAL_FILE), "{error}");
    }

    #[test]
    fn an_unknown_kernel_is_met_with_the_nearest() {
        let error = fault::shown(&load(MAIN, None).expect("a project").kernel("mien").expect_err("unknown"));
        assert!(error.ends_with("kernels: there is no kernel `mien`\nhint: did you mean `mine`?"), "{error}");
    }
}
