use super::*;

/// The mutants of a function's body, each as operator and changed text; `L` is of a lifetime.
fn of_body(body: &str) -> String {
    let source = format!("static int f(struct device *dev, int a)\n{{\n{body}}}\n");
    let shown = |mutant: &Mutant| {
        let old = source[mutant.from..mutant.to].replace(['\n', '\t'], " ");
        let new = mutant.text.replace(['\n', '\t'], " ");
        let mark = if mutant.of_lifetime { "L" } else { " " };
        format!("{} {:10}{mark} {old} -> {new}", mutant.line - 2, mutant.operator)
    };
    of_source(&source, |_| true).iter().map(shown).collect::<Vec<_>>().join("\n")
}

#[test]
fn conditions() {
    insta::assert_snapshot!(of_body("\tif (!a || IS_ERR(dev))\n\t\treturn -EINVAL;\n\twhile (a < 4)\n\t\ta++;\n\treturn a == 1 ? 0 : -EIO;\n"), @"
    1 negate      !a || IS_ERR(dev) -> !(!a || IS_ERR(dev))
    1 always      !a || IS_ERR(dev) -> 1
    1 never       !a || IS_ERR(dev) -> 0
    1 logic       || -> &&
    2 succeed     -EINVAL -> 0
    3 negate      a < 4 -> !(a < 4)
    3 never       a < 4 -> 0
    3 compare     < -> <=
    3 off-by-one  4 -> 5
    4 drop        a++; -> ;
    5 negate      a == 1 -> !(a == 1)
    5 always      a == 1 -> 1
    5 never       a == 1 -> 0
    5 compare     == -> !=
    5 off-by-one  1 -> 2
    ");
}

#[test]
fn statements() {
    insta::assert_snapshot!(of_body("\trc = cxl_probe(dev);\n\tif (rc)\n\t\tgoto out;\n\tdev->x = true;\n\tget_device(dev);\n\tdevice_lock(dev);\n\tguard(device)(dev);\nout:\n\tput_device(dev);\n\treturn rc;\n"), @"
    1 skip-call   cxl_probe(dev) -> 0
    2 negate      rc -> !rc
    2 always      rc -> 1
    2 never       rc -> 0
    3 drop-goto   goto out; -> ;
    4 drop        dev->x = true; -> ;
    4 bool        true -> false
    5 drop      L get_device(dev); -> ;
    5 swap      L get_device(dev);  device_lock(dev); -> device_lock(dev);  get_device(dev);
    6 drop      L device_lock(dev); -> ;
    6 swap      L device_lock(dev);  guard(device)(dev); -> guard(device)(dev);  device_lock(dev);
    7 drop      L guard(device)(dev); -> ;
    9 drop      L put_device(dev); -> ;
    10 succeed     rc -> 0
    ");
}

#[test]
fn values() {
    insta::assert_snapshot!(of_body("\tif (a)\n\t\treturn ERR_PTR(-ENXIO);\n\tb(a, 3);\n\tif (b)\n\t\treturn NULL;\n\treturn 0;\n"), @"
    1 negate      a -> !a
    1 always      a -> 1
    1 never       a -> 0
    2 succeed     ERR_PTR(-ENXIO) -> NULL
    3 drop        b(a, 3); -> ;
    3 off-by-one  3 -> 4
    4 negate      b -> !b
    4 always      b -> 1
    4 never       b -> 0
    5 fail        NULL -> ERR_PTR(-EIO)
    6 fail        0 -> -EIO
    ");
}

#[test]
fn what_prints_or_asserts_is_left_alone() {
    insta::assert_snapshot!(of_body("\tdev_dbg(dev, \"%d\", a && 1);\n\tif (WARN_ON(a < 2))\n\t\treturn 0;\n\tlockdep_assert_held(&x);\n\t/* a && b */\n"), @"3 fail        0 -> -EIO");
}

#[test]
fn what_is_not_understood_is_left_alone() {
    assert_eq!(of_source("int f( { if (a &&", |_| true), []);
    assert_eq!(of_source("", |_| true), []);
    assert_eq!(of_source("#define F(x) if (x) return 0\nint a = 3;\n", |_| true), [], "no function");
}
