//! What every subcommand is given: where things are, and how to talk.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, ValueEnum};

use cxl_topology::Topology;
use fault::ToolError;
use host::Cache;
use host::confine::{self, Policy, Strength};
use report::text::neutralise;
use report::{Folders, Verbosity};
use spec::Project;
use spec::project::FILE;

use super::Usage;
use super::args::PictureForm;
use super::exit::{Missing, tool_error};
use super::help::{GLOBAL, LAST, OUTPUT};
use super::origin::Origin;

/// Flags that every subcommand takes.
#[derive(Debug, clap::Args)]
pub struct Global {
    /// Print for people or for programs
    #[arg(
        long, global = true, value_parser = FormatParser, default_value = "human", help_heading = OUTPUT, display_order = LAST
    )]
    pub format: Format,
    /// Show more: every command, every stage, the output of passing cases
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = OUTPUT, display_order = LAST)]
    pub verbose: bool,
    /// Show only what is red, and the closing line
    #[arg(short, long, global = true, help_heading = OUTPUT, display_order = LAST)]
    pub quiet: bool,
    /// The folder of the project, which has a patchbench.yaml [default: this folder, or the nearest above it that has one]
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL, display_order = LAST)]
    pub project: Option<PathBuf>,
    /// Keep trees, builds and images in this folder [default: $XDG_CACHE_HOME/cxl-patchbench, else ~/.cache/cxl-patchbench]
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL, display_order = LAST)]
    pub cache_dir: Option<PathBuf>,
    /// Where builds and guests run: a box sees neither your files nor the network, see docs/box.md
    #[arg(
        long = "box", global = true, value_name = "BOX", default_value = "auto", help_heading = GLOBAL, display_order = LAST
    )]
    pub confine: BoxPolicy,
    /// Print help: -h in short, --help in full
    #[arg(short, long, global = true, action = ArgAction::Help, help_heading = GLOBAL, display_order = LAST + 1)]
    help: Option<bool>,
}

/// How much of a box is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BoxPolicy {
    /// In the strongest box that this machine can make
    Auto,
    /// In none: what a tree's Makefiles do, they do as you
    Off,
    /// In a whole one, or not at all
    Required,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// For programs
    Json,
}

/// Reads `--format`. What is a format elsewhere is refused with the way there.
#[derive(Debug, Clone)]
pub struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = Format;

    fn parse_ref(&self, cmd: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Format, clap::Error> {
        let elsewhere = value.to_str().and_then(|name| {
            if PictureForm::value_variants().iter().any(|picture| is_called(picture, name)) {
                Some(format!("cargo xtask topology draw NAME --as {name}"))
            } else {
                report::formats::format(name).map(|_| format!("cargo xtask results export RUN --as {name}"))
            }
        });
        // Both know it.
        match elsewhere.filter(|_| value != "json") {
            None => EnumValueParser::<Format>::new().parse_ref(cmd, arg, value),
            Some(command) => {
                let text =
                    format!("--format is human or json, not {}\nhint: {command}\n", value.to_string_lossy());
                Err(clap::Error::raw(ErrorKind::InvalidValue, text).with_cmd(cmd))
            }
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Format::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}

fn is_called(value: &impl ValueEnum, name: &str) -> bool {
    value.to_possible_value().is_some_and(|value| value.matches(name, false))
}

/// Where things are, and how results are printed.
pub struct Context {
    /// Top of the workspace: where `patchbench.yaml` lies.
    pub root: PathBuf,
    /// How it was found.
    pub root_from: Origin,
    /// The cache.
    pub cache: Cache,
    /// What says where it is.
    pub cache_from: Origin,
    /// How results are printed.
    pub format: Format,
    /// `-v`.
    pub verbose: bool,
    /// `-q`.
    pub quiet: bool,
}

impl Context {
    /// Finds the workspace and the cache.
    ///
    /// # Errors
    /// There is no `patchbench.yaml` here or above, or no place for a cache.
    pub fn new(global: &Global) -> Result<Self> {
        choose_box(global.confine)?;
        let option = |name| Origin::Option { name };
        let (root, root_from) = match &global.project {
            Some(dir) => (std::path::absolute(dir).context("resolving --project")?, option("--project")),
            None => find_root()?,
        };
        let (dir, cache_from) = match &global.cache_dir {
            Some(dir) => (std::path::absolute(dir).context("resolving --cache-dir")?, option("--cache-dir")),
            None => default_cache()?,
        };
        Ok(Self {
            root,
            root_from,
            cache: Cache::new(&dir)?,
            cache_from,
            format: global.format,
            verbose: global.verbose,
            quiet: global.quiet,
        })
    }

    /// Reads `patchbench.yaml`.
    ///
    /// # Errors
    /// As [`Project::load`].
    pub fn project(&self) -> Result<Project> {
        Ok(Project::load(&self.root)?)
    }

    /// Folder of the topology files.
    pub fn topologies(&self) -> PathBuf {
        self.root.join("topologies")
    }

    /// Folder of the runs.
    pub fn results(&self) -> Folders {
        Folders::of_runs(self.root.join("results"))
    }

    /// How much is printed.
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }

    /// Prints what is questionable about a topology.
    pub fn warn_of(&self, topology: &Topology) {
        for finding in &topology.warnings {
            self.print(&neutralise(&finding.to_string()));
        }
    }

    /// Prints a note on stderr, unless `-q`.
    pub fn print(&self, text: &str) {
        if !self.quiet {
            anstream::eprintln!("{text}");
        }
    }
}

/// For all processes that will be started.
fn choose_box(wanted: BoxPolicy) -> Result<()> {
    let policy = match wanted {
        BoxPolicy::Auto => Policy::Auto,
        BoxPolicy::Off => Policy::Off,
        BoxPolicy::Required if Strength::here().is_whole() => Policy::Required,
        BoxPolicy::Required => {
            let message = format!("--box required: the box of this machine: {}", Strength::here());
            let hint =
                "`cargo xtask doctor` shows what is missing; --box auto takes what there is".to_owned();
            return Err(Missing { message, hint: Some(hint) }.into());
        }
    };
    confine::set_policy(policy);
    Ok(())
}

/// The project that the current folder is in, and how it was found.
pub fn find_root() -> Result<(PathBuf, Origin)> {
    let here = env::current_dir().context("finding the current folder")?;
    let found = |dir: &Path, how| (dir.to_owned(), Origin::Found { how });
    let above = here.ancestors().find(|dir| dir.join(FILE).is_file());
    let above = above.map(|dir| found(dir, "the current folder, or one above it"));
    // `cargo xtask` may be called from anywhere through --manifest-path; the workspace is where we were built.
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().filter(|dir| dir.join(FILE).is_file());
    above.or_else(|| built.map(|dir| found(dir, "where the tool was built"))).ok_or_else(|| {
        Usage {
            message: format!("there is no {FILE} in {} or above", here.display()),
            hint: Some("call the tool from its checkout".to_owned()),
        }
        .into()
    })
}

fn default_cache() -> Result<(PathBuf, Origin)> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let from = |name| move |dir: PathBuf| (dir.join("cxl-patchbench"), Origin::Environment { name });
    set("XDG_CACHE_HOME")
        .filter(|dir| dir.is_absolute())
        .map(from("XDG_CACHE_HOME"))
        .or_else(|| set("HOME").map(|home| home.join(".cache")).map(from("HOME")))
        .ok_or_else(|| {
            Usage {
                message: "neither XDG_CACHE_HOME nor HOME is set".to_owned(),
                hint: Some("--cache-dir DIR names a place for the cache".to_owned()),
            }
            .into()
        })
}

/// Prints an error with its causes and their hints on stderr, the control characters in it made visible.
pub fn show_error(error: &anyhow::Error) {
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("\ncaused by: {cause}"));
    }
    for hint in hints(error) {
        text.push_str(&format!("\nhint: {hint}"));
    }
    anstream::eprintln!("{}", neutralise(&text));
}

/// The hints of an error and its causes, each once. What is to be done about an error of the system in general is said only
/// where nobody has anything better.
fn hints(error: &anyhow::Error) -> Vec<String> {
    let mut hints = Vec::new();
    for cause in error.chain() {
        let hint = tool_error(cause).and_then(ToolError::hint);
        let is_general = cause.is::<std::io::Error>() && !hints.is_empty();
        hints.extend(hint.filter(|hint| !is_general && !hints.contains(hint)));
    }
    hints
}

/// The checkout that this binary was built from: the agent is built from the same.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}
