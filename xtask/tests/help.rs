//! Help, as a tree: every subcommand in a group and with examples that can be typed, every option below a heading.

use std::collections::BTreeSet;

use clap::Command;
use clap::builder::StyledStr;

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
