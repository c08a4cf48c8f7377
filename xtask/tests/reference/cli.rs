//! The command line as a page.

use clap::{Arg, Command};

use xtask::{Footer, GROUPS, exit_codes};

use super::markdown::{anchor, head, row};

pub fn page() -> String {
    let mut tree = xtask::tree();
    tree.build();
    let about = tree.get_long_about().map(ToString::to_string).unwrap_or_default();
    let mut page = format!(
        "# Command line\n\n<!-- Made of the program: PATCHBENCH_UPDATE=1 cargo test -p xtask --test reference -->\n\n{about}\n\n\
         `-h` prints help in short, `--help` in full. `cargo xtask completions SHELL` completes names in a shell, and \
         `cargo xtask man DIR` writes this as manual pages.\n"
    );
    for (title, names) in GROUPS {
        page += &format!("\n**{title}**\n\n");
        for name in *names {
            let Some(command) = tree.find_subcommand(name) else { continue };
            page += &contents(command, 0);
        }
    }
    page += "\n## Exit codes\n\nThese hold unless a subcommand names others.\n\n";
    page += &codes(&Footer::default());
    page += "\n## Options of every subcommand\n";
    page += &options(&tree, &|_| true);
    for name in GROUPS.iter().flat_map(|(_, names)| *names) {
        let Some(command) = tree.find_subcommand(name) else { continue };
        page += &section(command, 2);
    }
    page
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set())
}

fn path(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_default()
}

fn contents(command: &Command, depth: usize) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let indent = "  ".repeat(depth);
    let line = format!("{indent}- [`{}`](#{}): {about}\n", command.get_name(), anchor(path(command)));
    line + &shown(command).map(|command| contents(command, depth + 1)).collect::<String>()
}

fn section(command: &Command, level: usize) -> String {
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage: Vec<&str> = usage.lines().map(|line| line.trim_start_matches("Usage:").trim()).collect();
    let mut text = format!(
        "\n{} {}\n\n{about}\n\n```text\n{}\n```\n",
        "#".repeat(level),
        path(command),
        usage.join("\n")
    );
    text += &arguments(command);
    text += &options(command, &|arg| !arg.is_global_set());
    if let Some(footer) = command.get::<Footer>() {
        text += "\n**Examples**\n\n```sh\n";
        let examples = footer.examples.iter().map(|(command, purpose)| format!("# {purpose}\n{command}\n"));
        text += &examples.collect::<Vec<_>>().join("\n");
        text += "```\n";
        if !footer.exits.is_empty() {
            text += "\n**Exit codes**\n\n";
            text += &codes(footer);
        }
    }
    text + &shown(command).map(|command| section(command, level + 1)).collect::<String>()
}

fn codes(footer: &Footer) -> String {
    let rows = exit_codes(footer).into_iter().map(|(code, meaning)| row(&[code, meaning]));
    head(&["code", "meaning"]) + &rows.collect::<String>()
}

fn arguments(command: &Command) -> String {
    let rows: String = command
        .get_positionals()
        .filter(|arg| !arg.is_hide_set())
        .map(|arg| entry(arg, &values(arg)))
        .collect();
    if rows.is_empty() { rows } else { "\n".to_owned() + &head(&["argument", "meaning", "default"]) + &rows }
}

/// Options by the headings of the help, in their order.
fn options(command: &Command, is_meant: &dyn Fn(&Arg) -> bool) -> String {
    let all: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_positional() && !arg.is_hide_set() && is_meant(arg))
        .collect();
    let mut headings: Vec<&str> = Vec::new();
    for heading in all.iter().filter_map(|arg| arg.get_help_heading()) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    let table = |heading: &str| {
        let rows = all
            .iter()
            .filter(|arg| arg.get_help_heading() == Some(heading))
            .map(|arg| entry(arg, &form(arg)));
        format!("\n**{heading}**\n\n{}{}", head(&["option", "meaning", "default"]), rows.collect::<String>())
    };
    headings.into_iter().map(table).collect()
}

fn entry(arg: &Arg, form: &str) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let (mut text, mut default) = match help.split_once(" [default") {
        Some((before, after)) => {
            let (default, rest) = after.split_once(']').unwrap_or((after, ""));
            (format!("{before}{rest}"), default.trim_start_matches(':').trim().to_owned())
        }
        None => (help, String::new()),
    };
    let values: Vec<_> =
        arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if default.is_empty() && arg.get_action().takes_values() {
        default = values.join(", ");
    }
    if arg.get_action().takes_values() {
        for value in arg.get_possible_values() {
            let about = value.get_help().map(|help| format!(": {help}")).unwrap_or_default();
            text += &format!("<br>`{}`{about}", value.get_name());
        }
    }
    let text = text.replacen("\n\n", ".<br>", 1).replace("\n\n", "<br>");
    row(&[&format!("`{form}`"), &text, &default])
}

fn form(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let long = arg.get_long().map(|long| format!("--{long}")).unwrap_or_default();
    let optional = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
    let values = if arg.get_action().takes_values() { values(arg) } else { String::new() };
    match (values.as_str(), optional) {
        ("", _) => format!("{short}{long}"),
        (values, true) => format!("{short}{long} [{values}]"),
        (values, false) => format!("{short}{long} {values}"),
    }
}

fn values(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string);
    names.collect::<Vec<_>>().join(" ")
}
