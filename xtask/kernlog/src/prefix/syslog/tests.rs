//! What is said of who wrote a line.

use super::super::Part;
use super::*;

/// What a part says of a line behind this prefix: S, it is stamped; T, with the kernel's name; U, a program's; G, by a guess; and, before
/// `¦`, what it takes.
fn seen<'a>(before: Prefix<'a>, text: &'a str, part: Part) -> String {
    let mut found = before;
    let taken = part(text.as_bytes(), &mut found);
    let marks =
        [(found.stamped, 'S'), (found.tagged, 'T'), (found.user, 'U'), (found.guessed.is_some(), 'G')];
    let marks: String = marks.into_iter().filter_map(|(is, mark)| is.then_some(mark)).collect();
    let (taken, rest) = text.split_at(taken);
    let mark = if taken.is_empty() { "" } else { "¦" };
    format!("{} {taken}{mark}{rest}", if marks.is_empty() { "-" } else { &marks })
}

fn check(before: Prefix<'static>, lines: &[&str], part: Part) {
    for line in lines {
        let (_, text) = line.split_once(' ').expect("marks and a text");
        assert_eq!(seen(before, &text.replace('¦', ""), part), **line);
    }
}

const NOTHING: Prefix<'static> =
    Prefix { len: 0, caller: None, stamped: false, tagged: false, timed: false, user: false, guessed: None };
/// Behind a time.
const TIMED: Prefix<'static> = Prefix { len: 16, timed: true, ..NOTHING };

#[test]
fn the_kernels_own_name() {
    let lines = [
        "ST kernel: ¦BUG",
        "ST kernel:¦BUG",
        "ST kernel[0]: ¦BUG",
        "ST kernel[12]: ¦BUG",
        "- kernel[a]: BUG",
        "- kernel[0 : BUG",
        "- kernel BUG at",
        "- kernels: BUG",
        "- Kernel: BUG",
    ];
    check(TIMED, &lines, kernel);
    // At the start of a line it says nothing, and takes nothing back.
    check(NOTHING, &["- kernel: ¦BUG"], kernel);
    check(Prefix { stamped: true, tagged: true, ..NOTHING }, &["ST kernel: ¦BUG"], kernel);
    check(Prefix { len: 1, ..NOTHING }, &["ST kernel: ¦BUG"], kernel);
    check(Prefix { timed: true, ..NOTHING }, &["ST kernel: ¦BUG"], kernel);
}

#[test]
fn who_wrote_it_behind_a_time() {
    let lines = [
        "ST kernel: ¦BUG",
        "ST box kernel: ¦BUG",
        "ST box kern.warn kernel: ¦BUG",
        "ST a b c kernel: ¦BUG",
        "- a b c d kernel: BUG",
        "- stdout F ¦BUG",
        "- 01E ¦BUG",
        "S box 3,630,1000000,-;¦BUG",
        "U box prog[12]: ¦BUG",
        "U prog[12]: ¦BUG",
        "UG box prog: ¦BUG",
        "- prog: BUG",
        "- a b prog: BUG",
        "U box kern.warn prog: ¦BUG",
        "U a b prog[7]: ¦BUG",
        "U box prog[7]:¦",
        "U box (prog)[7]: ¦BUG",
        "U box /usr/bin/prog[7]: ¦BUG",
        "- box prog[x]: BUG",
        "- box prog[]: BUG",
        "- box 1prog[7]: BUG",
        "- box pr;og[7]: BUG",
        "- b*x prog[7]: BUG",
        "- box\tprog[7]: BUG",
        "- 3,630,1000000,-;BUG",
        "- box",
        "- ",
    ];
    check(TIMED, &lines, program);
    let guessed = |text: &'static str| {
        let mut found = TIMED;
        program(text.as_bytes(), &mut found);
        found.guessed
    };
    assert_eq!((guessed("box prog: BUG"), guessed("box prog[7]: BUG")), (Some(16), None));
}

#[test]
fn a_host_before_the_kernels_name() {
    let lines = [
        "ST box kernel: ¦BUG",
        "ST b-o.x_1 kernel: ¦BUG",
        "- box prog: BUG",
        "-  kernel: BUG",
        "- box: kernel: BUG",
        "- box",
    ];
    check(TIMED, &lines, host_kernel);
    check(Prefix { len: 16, ..NOTHING }, &["- box kernel: BUG"], host_kernel);
}

#[test]
fn facilities_and_levels() {
    let lines = [
        "- kern.warn: ¦BUG",
        "- kern.warn ¦BUG",
        "U local7.info: ¦BUG",
        "U daemon.err ¦BUG",
        "- kern.warn:BUG",
        "- kern.loud: BUG",
        "- local77.info BUG",
        "- locus7.info BUG",
        "- kernel.warn BUG",
        "- kern  :warn  : ¦BUG",
        "- kern  :warn  :¦BUG",
        "U user  :notice: ¦BUG",
        "U local7:info  : ¦BUG",
        "- kern  :loud  : BUG",
        "- kern  :warning: BUG",
        "- kern  :warn",
        "-   :warn  : BUG",
        "- elevenfacil:warn: BUG",
        "- words without a mark",
    ];
    check(NOTHING, &lines, facility);
    check(Prefix { user: true, ..NOTHING }, &["U kern.warn: ¦BUG", "U kern  :warn  : ¦BUG"], facility);
}

#[test]
fn a_head_of_rfc_5424() {
    let lines = [
        "ST 1 2026-11-24T10:00:00Z box kernel - - - ¦BUG",
        "ST 1 - - kernel - - - ¦BUG",
        "U 1 2026-11-24T10:00:00Z box prog 12 id - ¦BUG",
        "ST 1 - - kernel - - [a b=\"c\"] ¦BUG",
        "ST 1 - - kernel - - [a b=\"c ] d\"][e f=\"g\"] ¦BUG",
        "ST 1 - - kernel - - [a b=\"c \\\" ] d\"] ¦BUG",
        "ST 1 - - kernel - - [a b=\"c \\\\\"] ¦BUG]",
        "ST 1 - - kernel - - -¦",
        "ST 1 - - kernel - - - \u{feff}¦BUG",
        "- 1 - - kernel - - [a b=\"c\" BUG",
        "- 1 - - kernel - - BUG",
        "- 1 yesterday box kernel - - - BUG",
        "- 1 2026-11-24T10:00:00Z; box kernel - - - BUG",
        "- 1 - - kernel -",
        "- 1  - kernel - - - BUG",
        "- 2 - - kernel - - - BUG",
    ];
    check(NOTHING, &lines, rfc5424);
    check(Prefix { user: true, ..NOTHING }, &["STU 1 - - kernel - - - ¦BUG"], rfc5424);
    check(Prefix { stamped: true, tagged: true, ..NOTHING }, &["STU 1 - - prog - - - ¦BUG"], rfc5424);
}
