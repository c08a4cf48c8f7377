//! `completions`: the scripts for shells, and what they ask this program at each TAB.

mod candidates;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use clap::{Arg, Command, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, ValueCompleter};
use clap_complete::env::{Bash, CompleteEnv, EnvCompleter, Fish, Shells, Zsh};

use self::candidates::{Candidates, named};
use super::Exit;
use super::help::Footer;

/// Set by the scripts to the name of their shell.
const VARIABLE: &str = "XTASK_COMPLETE";

/// Prints a script that completes `cargo xtask` in a shell
///
/// Topologies, suites, cases, kernels, series, runs and the like are completed as they are in the project of the current folder.
/// What else cargo has is completed as before. The script asks the program that was built last, and compiles nothing.
#[derive(Debug, clap::Args)]
#[command(add = FOOTER)]
pub struct Args {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

const FOOTER: Footer = Footer::new(&[
    ("cargo xtask completions bash > ~/.xtask.bash", "And in ~/.bashrc, at its end: source ~/.xtask.bash"),
    ("cargo xtask completions zsh > ~/.xtask.zsh", "And in ~/.zshrc, behind compinit: source ~/.xtask.zsh"),
    ("cargo xtask completions fish > ~/.config/fish/conf.d/xtask.fish", "Read by fish at its next start"),
]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    /// GNU bash 4.4 or later
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

pub fn run(args: &Args) -> Exit {
    anstream::print!(
        "{}",
        match args.shell {
            Shell::Bash => include_str!("completions/xtask.bash"),
            Shell::Zsh => include_str!("completions/xtask.zsh"),
            Shell::Fish => include_str!("completions/xtask.fish"),
        }
    );
    Exit::Success
}

/// Answers a script, where it is one that asks. What goes wrong is silent: it would be printed into the line that is typed.
pub fn answered() -> bool {
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(|| with_candidates(super::tree()))
        .var(VARIABLE)
        .shells(Shells(&[&NamesFirst(&Bash), &NamesFirst(&Zsh), &NamesFirst(&Fish)]))
        .try_complete(std::env::args_os(), here.as_deref())
        .unwrap_or(true)
}

/// Every value is completed by what its name says that it is.
fn with_candidates(command: Command) -> Command {
    command.mut_args(completed).mut_subcommands(with_candidates)
}

fn completed(arg: Arg) -> Arg {
    if !arg.get_possible_values().is_empty() {
        return arg;
    }
    let names = arg.get_value_names().unwrap_or_default();
    let values = Values(names.iter().map(|name| named(name)).collect());
    arg.add(ArgValueCompleter::new(values))
}

/// What completes the values of an option, one after the other.
struct Values(Vec<Option<Candidates>>);

impl ValueCompleter for Values {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        self.complete_at(0, current)
    }

    fn complete_at(&self, index: usize, current: &OsStr) -> Vec<CompletionCandidate> {
        let values = self.0.get(index).or(self.0.last()).copied().flatten();
        values.map(|values| values.matching(current)).unwrap_or_default()
    }
}

/// A shell to which options are offered only where one is begun, or where there is nothing else.
struct NamesFirst<'a>(&'a dyn EnvCompleter);

impl EnvCompleter for NamesFirst<'_> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is(&self, name: &str) -> bool {
        self.0.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        self.0.write_registration(var, name, bin, completer, out)
    }

    fn write_complete(
        &self,
        tree: &mut Command,
        typed: Vec<OsString>,
        here: Option<&Path>,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let is_begun = typed.last().is_some_and(|word| !word.is_empty());
        let mut all = Vec::new();
        self.0.write_complete(tree, typed, here, &mut all)?;
        let all = String::from_utf8_lossy(&all);
        // What the script has asked for.
        let separator = std::env::var("_CLAP_IFS").unwrap_or_else(|_| "\n".to_owned());
        let names: Vec<&str> =
            all.split(&separator).filter(|line| !line.is_empty() && !line.starts_with('-')).collect();
        if is_begun || names.is_empty() {
            return write!(out, "{all}");
        }
        write!(out, "{}", names.join(&separator))
    }
}
