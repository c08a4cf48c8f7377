//! Functions that are never to blame: they report, lock, copy, allocate or wait for someone else.

mod classes;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use self::classes::HelperClass;
use self::classes::{Alone, CLASSES};

/// The patterns of all classes.
struct Patterns {
    /// Whole names.
    names: HashMap<&'static str, &'static HelperClass>,
    /// What stands before and after the `*`.
    globs: Vec<(&'static str, &'static str, &'static HelperClass)>,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let mut patterns = Patterns { names: HashMap::new(), globs: Vec::new() };
    for class in CLASSES {
        for pattern in class.patterns.split_whitespace() {
            match pattern.split_once('*') {
                Some((before, after)) => patterns.globs.push((before, after, class)),
                None => _ = patterns.names.entry(pattern).or_insert(class),
            }
        }
    }
    patterns
});

/// Rust's own libraries, told by their crate, which a mangled name has.
static RUST: HelperClass = HelperClass {
    name: "Rust's own libraries",
    why: "carries out what the language promises, its panics included",
    alone: Alone::Then,
    patterns: "",
};

/// The classes of helpers, in the order in which they are looked at.
pub fn helper_classes() -> impl Iterator<Item = &'static HelperClass> {
    std::iter::once(&RUST).chain(CLASSES)
}

/// The class of helpers to which a function belongs, by its name as a trace has it; none for one that may be to blame.
///
/// ```
/// use kernlog::kernel_log::helper_class;
///
/// assert_eq!(helper_class("__kmalloc_noprof").map(|class| class.name), Some("allocation and freeing"));
/// assert_eq!(helper_class("cxl_mem_probe"), None);
/// ```
pub fn helper_class(function: &str) -> Option<&'static HelperClass> {
    let name = plain_name(function);
    if is_rust_library(name) {
        return Some(&RUST);
    }
    let name = name.strip_suffix("_noprof").unwrap_or(name);
    let name = name.trim_start_matches('_');
    PATTERNS.names.get(name).copied().or_else(|| {
        let fits = |before: &str, after: &str| {
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        };
        PATTERNS.globs.iter().find(|(before, after, _)| fits(before, after)).map(|(.., class)| *class)
    })
}

/// Whether `function` only carries out what another asked for.
pub(super) fn is_helper(function: &str) -> bool {
    helper_class(function).is_some()
}

/// Whether `function` is what runs others in a context of their own: of code that is all helpers, it is who called them.
pub(super) fn is_context(function: &str) -> bool {
    helper_class(function).is_some_and(|class| class.alone == Alone::First)
}

/// Whether `function` is of what reports, rather than of what was done.
pub(super) fn reports(function: &str) -> bool {
    helper_class(function).is_some_and(|class| class.alone == Alone::Last)
}

/// Whether the frames below this one are those of what an interrupt interrupted: the entry of interrupts on machines whose traces do
/// not mark the stacks. arch/arm64/kernel/entry.S, arch/arm/kernel/entry-armv.S, arch/x86/entry before 4.9.
pub(super) fn enters_interrupt(function: &str) -> bool {
    const ENTRIES: [&str; 9] = [
        "el1_irq",
        "el1h_64_irq",
        "el1t_64_irq",
        "el1h_64_fiq",
        "__irq_svc",
        "ret_from_irq",
        "ret_from_intr",
        "common_interrupt",
        "apic_timer_interrupt",
    ];
    ENTRIES.contains(&function)
}

/// Whether `function` does nothing but print a trace: no report is of it, even where all other frames are helpers.
pub(super) fn prints_trace(function: &str) -> bool {
    ["dump_stack", "__dump_stack", "show_stack", "dump_backtrace"]
        .iter()
        .any(|start| function.starts_with(start))
}

/// Whether a mangled name is of Rust's own libraries, panic machinery included. The first crate that a name of the v0 scheme has
/// is where the code was written: `_RNvNtCs9jEwPDbx20M_4core9panicking9panic_fmt` (RFC 2603).
fn is_rust_library(function: &str) -> bool {
    const CRATES: [&str; 4] = ["4core", "5alloc", "7___rustc", "17compiler_builtins"];
    let within = |rest: &str| CRATES.iter().any(|name| rest.starts_with(name));
    if let Some(legacy) = function.strip_prefix("_ZN") {
        return within(legacy) || legacy.starts_with("17rust_begin_unwind");
    }
    let v0 = function.strip_prefix("_R").and_then(|path| path.split_once("Cs"));
    v0.and_then(|(_, root)| root.split_once('_')).is_some_and(|(_, name)| within(name))
}

/// The name without what compilers add: `.isra.0`, `.constprop.0`, `.part.0`, `.cold`, `.llvm.123`.
pub(super) fn plain_name(symbol: &str) -> &str {
    let symbol = symbol.strip_prefix("__pfx_").unwrap_or(symbol);
    match symbol.char_indices().skip(1).find(|(_, c)| *c == '.' || *c == '$') {
        Some((at, _)) => &symbol[..at],
        None => symbol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_no_helpers() {
        for name in
            ["kasan_report", "__kmalloc_noprof", "mutex_lock_nested", "_raw_spin_lock_irqsave", "memcpy"]
        {
            assert!(is_helper(name), "{name}");
        }
        for name in [
            "rust_helper_BUG",
            "_RNvNtCs9jEwPDbx20M_4core9panicking9panic_fmt",
            "_RINvNtCs9jEwPDbx20M_4core3ptr13drop_in_placeNtCs1a_10cxl_sample6SampleE",
            "_RNvCscSpY9Juk0HT_7___rustc17rust_begin_unwind",
            "_ZN4core9panicking5panic17h0123456789abcdefE",
        ] {
            assert!(is_helper(name), "{name}");
        }
        for name in
            ["_RNvMs3_NtCshgDM7dBCdno_10cxl_sample6sampleNtB5_6Sample4read", "_ZN10cxl_sample4read17hE"]
        {
            assert!(!is_helper(name), "{name}");
        }
        for name in ["cxl_mem_probe", "kmem_dump", "devm_cxl_add_memdev", "rcu_torture_reader", "lkdtm_BUG"] {
            assert!(!is_helper(name), "{name}");
        }
    }

    /// What no name can fit, and what another pattern already says.
    #[test]
    fn patterns_are_of_use() {
        let all = CLASSES.iter().flat_map(|class| class.patterns.split_whitespace());
        let mut seen = std::collections::HashSet::new();
        for pattern in all {
            assert!(!pattern.starts_with('_'), "{pattern}: names are compared without leading underscores");
            assert!(!pattern.ends_with("_noprof"), "{pattern}: names are compared without this ending");
            assert!(pattern.matches('*').count() < 2, "{pattern}: one * is understood");
            assert!(pattern.len() > 1 && !pattern.contains('.'), "{pattern}");
            assert!(seen.insert(pattern), "{pattern} stands twice");
        }
        for class in CLASSES {
            let patterns: Vec<_> = class.patterns.split_whitespace().collect();
            for pattern in &patterns {
                let starts =
                    |other: &str| other.strip_suffix('*').is_some_and(|start| pattern.starts_with(start));
                let covered = patterns.iter().find(|other| *other != pattern && starts(other));
                assert!(covered.is_none(), "{pattern} is covered by {covered:?}");
            }
        }
    }

    #[test]
    fn compilers_suffixes_go() {
        assert_eq!(plain_name("cxl_probe.isra.0.cold"), "cxl_probe");
        assert_eq!(plain_name("__pfx_init_module"), "init_module");
        assert_eq!(plain_name("f$local"), "f");
        assert_eq!(plain_name(".dotted"), ".dotted");
    }

    #[test]
    fn a_class_says_what_its_functions_are_where_no_other_is_there() {
        let of = |name: &str| (is_helper(name), is_context(name), reports(name));
        assert_eq!(of("process_one_work"), (true, true, false));
        assert_eq!(of("kasan_report"), (true, false, true));
        assert_eq!(of("kmalloc"), (true, false, false));
        assert_eq!(of("cxl_mem_probe"), (false, false, false));
        assert!(enters_interrupt("el1_irq") && !enters_interrupt("cxl_irq"));
        assert!(prints_trace("dump_stack_lvl") && !prints_trace("cxl_dump"));
        // A pattern with something on both sides of its star has to have room for both.
        for (before, after, _) in &PATTERNS.globs {
            let name = format!("{before}{after}");
            assert!(is_helper(&name), "{name}");
        }
    }
}
