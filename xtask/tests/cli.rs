//! The command line as its users see it: help, listings, and the errors of bad input.

#[test]
fn commands_say_what_the_transcripts_say() {
    trycmd::TestCases::new()
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("NO_COLOR", "1")
        .case("tests/cmd/*.trycmd");
}
