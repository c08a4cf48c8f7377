use std::fs;

use super::*;

fn sh(script: &str) -> Process {
    Process::new("sh", ["-c", script])
}

#[test]
fn output_and_status_are_kept() {
    let output = sh("echo out; echo err >&2; exit 3").output().expect("sh runs");
    assert_eq!(output.text(), "out");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(output.tail.len(), 2);
}

#[test]
fn a_failure_shows_command_status_and_tail() {
    let error = sh("echo 'no such thing' >&2; kill -SEGV $$").dir("/").run().expect_err("it fails");
    insta::assert_snapshot!(error, @r"
    sh ended with SIGSEGV
      command: cd / && sh -c 'echo '\''no such thing'\'' >&2; kill -SEGV $$'
      | no such thing
    ");
}

#[test]
fn a_missing_program_is_named() {
    let error = Process::new("no-such-program", ["x"]).run().expect_err("it is missing");
    assert!(fault::one_line(&error).starts_with("cannot start no-such-program: "), "{error}");
}

#[test]
fn the_deadline_ends_the_whole_group() {
    let begun = Instant::now();
    let error = sh("sleep 60 & sleep 60").deadline(Duration::from_millis(100)).run().expect_err("too slow");
    assert!(matches!(error, ProcessError::Deadline { .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_grandchild_that_keeps_the_pipe_does_not_hold_us() {
    let begun = Instant::now();
    let output = sh("sleep 60 & echo done").output().expect("sh runs");
    assert_eq!(output.text(), "done");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn the_log_starts_with_the_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("deep/log");
    sh("echo hello").log(&log).run().expect("it runs");
    insta::assert_snapshot!(fs::read_to_string(log).expect("a log"), @r"
    + sh -c 'echo hello'
    hello
    ");
}

#[test]
fn words_are_quoted_only_where_they_must_be() {
    assert_eq!(quote("a-b_c.d/e=f,g"), "a-b_c.d/e=f,g");
    assert_eq!(quote("a b"), "'a b'");
    assert_eq!(quote("it's"), r"'it'\''s'");
    assert_eq!(quote(""), "''");
}

#[test]
fn a_command_of_xshell_keeps_its_words_its_environment_and_its_folder() {
    let shell = xshell::Shell::new().expect("a folder");
    let word = "a b";
    let command = xshell::cmd!(shell, "printf %s/%s {word} c").env("LC_ALL", "C").env_remove("LANG");
    assert_eq!(Process::from(command).command_line(), "LC_ALL=C printf %s/%s 'a b' c");
    let printed = Process::from(xshell::cmd!(shell, "sh -c 'echo $A $PWD'").env("A", "1"));
    shell.change_dir("/");
    let elsewhere = Process::from(xshell::cmd!(shell, "pwd"));
    assert_eq!(printed.read().expect("it runs").split_once(' ').expect("two").0, "1");
    assert_eq!(
        (elsewhere.command_line().as_str(), elsewhere.read().expect("it runs").as_str()),
        ("cd / && pwd", "/")
    );
}
