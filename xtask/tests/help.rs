//! Help, as a tree: every subcommand in a group and with examples that can be typed, every option below a heading.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::Command;
use clap::builder::StyledStr;

use host::Process;
use xtask::{Footer, GROUPS};

/// A line of the list of subcommands, on a terminal of 80 columns.
const LONGEST_ABOUT: usize = 65;
/// What is below a subcommand may take a line of 100.
const LONGEST_BELOW: usize = 85;
/// A line of `-h`, or two.
const LONGEST_HELP: usize = 130;

/// Each command with what is typed for it, hidden ones left out.
fn all() -> Vec<(String, Command)> {
    fn walk(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
        found.push((path.to_owned(), command.clone()));
        for below in command.get_subcommands().filter(|command| !command.is_hide_set()) {
            walk(below, &format!("{path} {}", below.get_name()), found);
        }
    }
    let mut tree = xtask::tree();
    tree.build();
    let mut found = Vec::new();
    walk(&tree, "cargo xtask", &mut found);
    found
}

#[test]
fn every_subcommand_is_in_one_group() {
    let tree = xtask::tree();
    let known: Vec<&str> = tree.get_subcommands().map(Command::get_name).collect();
    let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
    assert_eq!(known.iter().collect::<BTreeSet<_>>(), grouped.iter().collect::<BTreeSet<_>>());
    assert_eq!(known.len(), grouped.len(), "one is in two groups");
    let help = tree.clone().render_help().to_string();
    for name in known {
        assert!(help.contains(&format!("\n  {name} ")), "{name} is not in the help");
    }
}

#[test]
fn every_option_is_below_a_heading() {
    for (path, command) in all() {
        for arg in command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set()) {
            assert!(arg.get_help_heading().is_some(), "{path}: --{}", arg.get_long().unwrap_or_default());
        }
        assert!(!command.clone().render_help().to_string().contains("\nOptions:"), "{path}");
        // A heading of a flattened struct goes on behind it.
        assert!(command.get_positionals().all(|arg| arg.get_help_heading().is_none()), "{path}");
    }
}

#[test]
fn every_example_can_be_typed() {
    for (path, command) in all() {
        let footer = command.get::<Footer>().unwrap_or_else(|| panic!("{path} has no examples"));
        assert!(!footer.examples.is_empty(), "{path} has no examples");
        for (example, purpose) in footer.examples {
            assert!(!purpose.is_empty(), "{example}");
            let words = typed(example);
            let parsed = xtask::tree().try_get_matches_from(words);
            assert!(
                parsed.is_ok(),
                "{path}: {example}: {}",
                parsed.err().map(|e| e.to_string()).unwrap_or_default()
            );
            let own = path.trim_start_matches("cargo ");
            let is_list_of_others = command.has_subcommands();
            assert!(is_list_of_others || example.contains(own), "{path}: {example} is of another subcommand");
        }
        let help = command.clone().render_help().to_string();
        assert!(help.contains(footer.examples[0].0), "{path}: -h has no examples");
    }
}

/// The words from `xtask` on, as far as they are the command's own.
fn typed(example: &str) -> Vec<String> {
    let words = shlex::split(example).unwrap_or_else(|| panic!("{example} is no command line"));
    let is_ours = |word: &String| word == "xtask" || word.ends_with("/xtask") || word.ends_with("(xtask");
    let begin = words.iter().position(is_ours).unwrap_or_else(|| panic!("{example} calls something else"));
    let own = words[begin..].iter().take_while(|word| !["|", ">", "&&"].contains(&word.as_str()));
    // Folders have to be there.
    own.map(|word| word.trim_end_matches(')').replace("~/linux", env!("CARGO_MANIFEST_DIR"))).collect()
}

/// Those whose examples need neither a kernel nor a guest, nor anything but a fresh clone.
const AT_ONCE: &[&str] = &["topology", "kernel", "series list", "completions", "ci export"];

#[test]
fn examples_work_in_a_fresh_clone() {
    let clone = tempfile::tempdir().expect("a folder");
    let home = clone.path().to_str().expect("text");
    fs::create_dir_all(clone.path().join(".config/fish/conf.d")).expect("a folder");
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the checkout");
    for name in ["patchbench.yaml", "topologies", "scenarios", "patches", "kconfig"] {
        let (from, to) = (checkout.join(name), clone.path().join(name));
        Process::new("cp", ["-r".as_ref(), from.as_os_str(), to.as_os_str()]).run().expect("copied");
    }
    let mut count = 0;
    for (path, command) in all() {
        let is_meant = |name: &str| path.starts_with(&format!("cargo xtask {name}"));
        let examples = command.get::<Footer>().map(|footer| footer.examples).unwrap_or_default();
        for (example, _) in examples.iter().filter(|_| AT_ONCE.iter().any(|name| is_meant(name))) {
            let line = example.replace("cargo xtask", env!("CARGO_BIN_EXE_xtask")).replace("/tmp", home);
            let ended = Process::new("sh", ["-ec", &line]).dir(clone.path()).env("HOME", home).run();
            ended.unwrap_or_else(|error| panic!("{example}: {}", fault::shown(&error)));
            count += 1;
        }
    }
    assert!(count > 20, "only {count} were tried");
}

#[test]
fn short_help_is_short() {
    let long = |text: Option<&StyledStr>, most: usize| {
        text.map(ToString::to_string).filter(|text| text.chars().count() > most || text.ends_with('.'))
    };
    for (path, command) in all().into_iter().skip(1) {
        let most = if path.split(' ').count() == 3 { LONGEST_ABOUT } else { LONGEST_BELOW };
        assert_eq!(long(command.get_about(), most), None, "{path}");
        for arg in command.get_arguments() {
            assert_eq!(long(arg.get_help(), LONGEST_HELP), None, "{path}");
        }
    }
}

#[test]
fn exit_codes_are_those_of_the_program() {
    let known = ["0", "1", "2", "3", "4", "125", "128", "130"];
    for (path, command) in all() {
        for (code, _) in command.get::<Footer>().map(|footer| footer.exits).unwrap_or_default() {
            assert!(known.contains(code), "{path}: {code}");
        }
    }
}
