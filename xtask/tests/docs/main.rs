//! The documentation is true: links lead somewhere, pages are found from the index, and the commands in them run.
//!
//! A block of commands that cannot run in a test has a comment right above it: `<!-- not run: REASON -->`. Its commands are read by the
//! command line's parser all the same.

mod commands;
mod links;
mod pages;
mod sandbox;
mod words;

use std::collections::BTreeSet;
use std::time::Instant;

use clap::Parser as _;

use commands::{Command, Speed, commands};
use pages::{Page, pages};
use sandbox::Sandbox;

/// Subcommands that need no kernel: these run in every test run.
#[test]
fn quick_commands_of_the_docs_run() {
    run_all(Speed::Quick);
}

/// All others, on a real kernel: an hour, and so nightly. `PATCHBENCH_PAGE=docs/runs.md` takes one page alone, and `--nocapture` shows
/// how far it is.
#[test]
#[ignore = "builds kernels and boots guests"]
fn every_command_of_the_docs_runs() {
    run_all(Speed::Slow);
}

/// The tool's own tests, of which these are some: the gate runs the README's command in the checkout.
const RUN_ELSEWHERE: &str = "test";

/// Runs the commands of this speed, each page in a fresh copy of the project, in the order in which they stand there. What takes long
/// is run once, though several pages have it.
fn run_all(speed: Speed) {
    let mut failures = Vec::new();
    let mut done = BTreeSet::new();
    let only = std::env::var("PATCHBENCH_PAGE").ok();
    let sandbox = Sandbox::new(speed);
    // The reference is made of the help, whose examples have a test of their own.
    let wanted = |page: &Page| {
        only.as_deref().map_or(!page.name.starts_with("docs/reference/"), |name| page.name == name)
    };
    for page in pages().into_iter().filter(wanted) {
        let is_run = |command: &Command| command.not_run.is_none() && command.words[1] != RUN_ELSEWHERE;
        let commands: Vec<_> = commands(&page).into_iter().filter(is_run).collect();
        if !commands.iter().any(|command| command.speed() == speed && !done.contains(&command.words)) {
            continue;
        }
        sandbox.turn_page();
        // A quick command may prepare what a slow one needs, so they run there too.
        for command in commands.iter().filter(|command| command.speed() <= speed) {
            let is_new = done.insert(command.words.clone());
            if !is_new && command.speed() == Speed::Slow {
                continue;
            }
            let begun = Instant::now();
            let result = sandbox.run(command);
            let place = format!("{}:{}: {}", page.name, command.line, command.text);
            println!(
                "{:5.0} s  {place}{}",
                begun.elapsed().as_secs_f64(),
                if result.is_ok() { "" } else { ": FAILED" }
            );
            failures.extend(result.err().map(|why| format!("{place}\n{why}")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(
        only.is_some() || done.len() > 10,
        "only {} commands were found: are they still in fences of `sh`?",
        done.len()
    );
}

#[test]
fn every_command_is_one_that_the_command_line_takes() {
    let mut failures = Vec::new();
    for page in pages() {
        for command in commands(&page) {
            let Err(error) = xtask::Cli::try_parse_from(command.arguments()) else { continue };
            // `--help` and `--version` are errors of clap's, printed on standard output.
            if error.use_stderr() {
                failures.push(format!("{}:{}: {}\n{error}", page.name, command.line, command.text));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let failures: Vec<_> = pages.iter().flat_map(|page| links::broken(page, &pages)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_page_is_in_the_table_of_contents_and_in_the_index() {
    let summary = Page::read("docs/site/SUMMARY.md");
    let listed: BTreeSet<_> =
        links::targets(&summary).into_iter().map(|link| link.replace("../", "")).collect();
    let missing: Vec<_> =
        pages().into_iter().map(|page| page.name).filter(|name| !listed.contains(name)).collect();
    assert!(missing.is_empty(), "docs/site/SUMMARY.md lacks {}", missing.join(", "));
    let index = links::reachable(&Page::read("docs/README.md"), &pages());
    let lost: Vec<_> =
        pages().into_iter().map(|page| page.name).filter(|name| !index.contains(name)).collect();
    assert!(lost.is_empty(), "no link leads from docs/README.md to {}", lost.join(", "));
}

#[test]
fn pages_avoid_the_words_that_have_a_better_one() {
    let words = words::avoided();
    let failures: Vec<_> = pages().iter().flat_map(|page| words::found(page, &words)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn judging_lists_the_classes_of_helpers() {
    let page = Page::read("docs/judging.md");
    for class in kernlog::kernel_log::helper_classes() {
        let row = format!("| {} | {} |", class.name, class.why);
        assert!(page.text.contains(&row), "{} has no row `{row}`", page.name);
    }
}

/// The picture of the README, from the topology that it shows. PATCHBENCH_UPDATE=1 renews it.
#[test]
fn pictures_show_the_topologies_as_they_are() {
    let sandbox = Sandbox::new(Speed::Quick);
    let drawn = sandbox.printed("topology draw mixed --as svg");
    let file = pages::root().join("docs/mixed.svg");
    if std::env::var_os("PATCHBENCH_UPDATE").is_some() {
        std::fs::write(&file, &drawn).expect("docs/mixed.svg");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == drawn,
        "docs/mixed.svg is not what `topology draw mixed --as svg` prints: PATCHBENCH_UPDATE=1 renews it"
    );
}
