//! Times of all sorts, and what is none.

use super::*;

/// Of each text what stands before `¦` is taken, and nothing of one without it.
fn check(texts: &str, of: impl Fn(&[u8]) -> Option<usize>) {
    for line in texts.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
        assert_eq!(of(line.replace('¦', "").as_bytes()), line.find('¦'), "{line}");
    }
}

#[test]
fn clocks() {
    check(
        "
        10:00¦
        10:00¦ x
        1:02¦
        10:00:07¦
        10:00:07.5¦
        10:00:07,123456¦
        10:00:07.123456¦
        10:00:07,1234567¦
        10:00¦,5
        10:00.5
        10:00:07.
        100:00
        10:0
        10:000
        :00
        10-00
        10:00:0
        00:1f
        10:00¦:
        10:00:07¦:
        10:00:07:ab
        10:00:07¦:xy
        10:00:07.1:2
        10:00:07.1.2
        ",
        |text| clock(text).map(|(len, ..)| len),
    );
    let marks = |text: &str| clock(text.as_bytes()).map(|(_, seconds, of_dmesg)| (seconds, of_dmesg));
    assert_eq!(marks("10:00"), Some((false, false)));
    assert_eq!(marks("10:00:07,123456"), Some((true, true)));
    for others in ["10:00:07", "10:00:07.123456", "10:00:07,1234567", "10:00:07,12345"] {
        assert_eq!(marks(others), Some((true, false)), "{others}");
    }
}

#[test]
fn dates() {
    check(
        "
        2026-11-24¦
        2026-11-24¦ x
        2026-11-24¦T10
        2026-11-24¦: x
        2026-1-2¦
        24/11/26¦
        24.11.2026¦
        1/2/34¦
        24-Nov-2026¦
        2026-Nov-24¦
        24-лис-2026¦
        24-No-26¦
        24-November-26¦
        24-Novemberish-26
        24-123-26
        24-1ab-26
        24--26
        24/11/126
        2026-11-245
        123-11-24
        24+11+26
        24/11-26
        2026-11-24x
        2026-11-24-01
        24/11/
        24/11
        24
        a-b-c
        2026-11-24¦/
        ",
        date,
    );
}

#[test]
fn decimals() {
    check(
        "
        12.345678¦
        12.345¦ x
        12,345¦
        12.34
        12.3456.7
        12x345
        12
        .123
        1764000000¦
        2764000000
        1764000000123¦
        17640000001
        1764000000.5
        1764000000¦.
        1764000000,123¦
        1234567890123.456¦
        12345678901234.567
        ",
        decimal,
    );
}

#[test]
fn offsets_and_deltas() {
    check(
        "
        +01:00¦
        -0330¦
        +01¦
        +1
        +01¦:0
        +01¦:000
        +012
        +01345
        +x
        ",
        offset,
    );
    check(
        "
        <    0.000113>¦
        <0.123>¦ x
        <    0.000113 >¦
        <0.123   >
        <0.123
        <  x>
        <            0.123>¦
        <             0.123>
        ",
        |text| delta(text, &mut Seen::default()),
    );
}

#[test]
fn words_of_a_time() {
    let seen = |words, clock| Seen { words, clock, ..Seen::default() };
    check(
        "
        Nov¦
        Nov¦ x
        Nov¦,
        Nov: x
        Nov; x
        twelveletter¦ x
        thirteen-lett
        thirteenlette x
        Nov22¦
        Nov223
        N2v
        22Nov
        22
        .
        a.m.¦
        11月¦
        вересеньвере¦
        вересеньверес
        ",
        |text| word(text, &mut seen(0, false), false),
    );
    let takes = |words, clock, inside| word(b"foo x", &mut seen(words, clock), inside).is_some();
    assert!(takes(2, false, false) && !takes(3, false, false));
    assert!(takes(4, false, true) && !takes(5, false, true));
    assert!(!takes(0, true, false) && takes(0, true, true));
    let mut counted = seen(1, false);
    word(b"Nov 22", &mut counted, false);
    assert_eq!(counted.words, 2);
}

#[test]
fn what_stands_behind_a_clock() {
    for of_time in
        ["CET", "CEST", "ABCDT", "UTC", "Z", "MSK", "WIB", "AM", "PM", "am", "pm", "a.m.", "p.m.", "лис"]
    {
        assert!(is_behind_clock(of_time.as_bytes()), "{of_time}");
    }
    for other in ["AT", "ABCDET", "cet", "CeT", "ABC", "лx", "box"] {
        assert!(!is_behind_clock(other.as_bytes()), "{other}");
    }
}

#[test]
fn what_is_a_time_between_brackets() {
    check(
        "
        12.345678¦
        +0.123456¦
        <    0.000113>¦
        Sat Nov 22 10:00:00 2026¦
        10:00
        10:00:00¦
        Nov22 10:00¦
        2026-11-24 10:00¦
        22 10:00¦
        2026-11-24
        Nov 22
        10:00:00 22¦
        10:00:00 11:00:00
        10:00:00 12.345
        1.234 +5.678
        1.234 5.678
        12.345 <0.001>¦
        2026-11-24 10:00:00 <0.001>
        10:00:00 foo¦
        10:00:00;
        10:00:00 +0100¦
        10:00:00Z¦
        1 2 3 10:00:00
        лис 22 10:00¦
        1764000000¦
        ",
        |text| is_time(text).then_some(text.len()),
    );
    assert!(is_time(b" 12.345678 ") && !is_time(b""));
}

#[test]
fn what_is_a_time_at_the_start() {
    check(
        "
        10:00:00¦ x
        10:00 x
        10:00:00¦
        10:00:00¦\tx
        10:00:00¦: x
        10:00:00¦| x
        10:00:00¦> x
        10:00:00¦] x
        10:00:00¦, x
        10:00:00; x
        Nov 22 10:00¦ x
        Nov 22 x
        22 10:00¦ x
        2026-11-24 x
        2026-11-24 10:00¦ x
        Nov 2026-11-24 x
        2026-11-24T10:00:00Z¦ x
        2026-11-24T10:00:00+01:00¦ x
        10:00:00 +0100¦ x
        2026-11-24¦ +01:00 x
        2026-11-24Tx
        10:00:00¦ 11:00:00 x
        2026-11-24¦ 2026-11-25 x
        10:00:00¦ 12.345 x
        12.345 10:00:00¦ x
        1.234¦ 5.678 x
        Nov 12.345 x
        12.345¦ x
        Nov 22 10:00:00 2026¦ x
        Nov 22 10:00:00¦ 3026 x
        2025 Nov 22 10:00:00¦ 2026 x
        1 2 10:00:00¦ x
        1 2 3 10:00:00 x
        123 10:00:00 x
        10:00:00¦ 22 x
        11月24日 10:00:00¦ x
        24. Nov 10:00:00¦ x
        24.Nov 10:00:00 x
        10:00:00¦ 24. x
        22; 10:00:00 x
        <0.123> x
        +12.345 x
        10:00:00 PM CET¦ x
        10:00:00¦ foo x
        Nov  22,  10:00:00¦ x
        Nov         22 10:00:00 x
        Nov 22T10:00:00¦ x
        a b c 10:00:00¦ x
        a b c d 10:00:00 x
        words: 10:00:00
        ",
        |text| at_start(text).map(|time| time.len),
    );
    let of_dmesg = |text: &str| at_start(text.as_bytes()).is_some_and(|time| time.of_dmesg);
    assert!(
        of_dmesg("2026-11-24T10:00:00,123456+01:00 x") && !of_dmesg("2026-11-24T10:00:00.123456+01:00 x")
    );
}

#[test]
fn the_seconds_of_a_head() {
    let of = |head: &str| seconds(head.as_bytes());
    assert_eq!(of("[   12.345678] "), Some(12.345_678));
    assert_eq!(of("[    5.345678] "), Some(5.345_678));
    assert_eq!(of("box 10:00:07 x"), Some(36_007.0));
    assert_eq!(of("10:01:07,5 "), Some(36_067.5));
    assert_eq!(of("10:00 and 3.125"), Some(3.125));
    for none in ["no time", "1.2.345", "12345678901234.567", &format!("{:64}1.234", "")] {
        assert_eq!(of(none), None, "{none}");
    }
}
