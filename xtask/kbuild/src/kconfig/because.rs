//! Why an option has another value than a fragment wants.

use super::DotConfig;
use super::expr::{Expr, Tristate};
use super::parse::{Condition, Definition, KconfigTree, Symbol};
use crate::fragment::Value;

/// How far a chain of unmet dependencies is followed: enough to reach what a fragment must set.
const DEPTH: usize = 4;

/// Says in lines why the symbol is not what was wanted; at least one line.
pub fn explain(tree: &KconfigTree, config: &DotConfig, symbol: &str, wanted: &Value) -> Vec<String> {
    let Some(known) = tree.symbols.get(symbol).filter(|known| !known.definitions.is_empty()) else {
        let nearest = tree.nearest(symbol);
        let nearest =
            if nearest.is_empty() { String::new() } else { format!(", nearest: {}", nearest.join(", ")) };
        return vec![format!("not known to this kernel{nearest}")];
    };
    let mut lines = match (wanted, level(config.value(symbol))) {
        (Value::Module, 2) if known.kind == "bool" => vec!["is a bool and cannot be m".into()],
        // Without modules every m becomes y (scripts/kconfig/symbol.c: sym_calc_value).
        (Value::Module, 2) if config.value("MODULES") == "n" => vec!["modules are off: MODULES=n".into()],
        (Value::No, 1..) | (Value::Module, 2) => held_on(known, config),
        _ => held_off(tree, config, symbol, known, wanted),
    };
    if lines.is_empty() {
        let places: Vec<_> = known.definitions.iter().map(|d| d.at.as_str()).collect();
        lines.push(format!("no reason found: see {}", places.join(", ")));
    }
    lines
}

fn level(value: &str) -> u8 {
    match value {
        "n" => 0,
        "m" => 1,
        _ => 2,
    }
}

fn held_on(known: &Symbol, config: &DotConfig) -> Vec<String> {
    let on = |(name, when): &(String, Option<Expr>)| {
        let value = config.value(name);
        let holds = when.as_ref().is_none_or(|when| when.eval(config) != Some(0));
        (value != "n" && holds).then(|| match when {
            Some(when) => format!("selected by {name}={value} if {when}"),
            None => format!("selected by {name}={value}"),
        })
    };
    let mut lines: Vec<_> = known.selected_by.iter().filter_map(on).collect();
    if lines.is_empty() && known.definitions.iter().all(|d| d.prompt.is_none()) {
        lines.push(format!("has no prompt: its default decides ({})", known.definitions[0].at));
    }
    if lines.is_empty() {
        let conditions = known.definitions.iter().flat_map(|d| d.prompt.iter().flatten());
        lines.extend(conditions.filter_map(|c| unmet(c, 1, config)).map(hidden));
    }
    lines
}

fn hidden(unmet: Unmet) -> String {
    format!("its prompt is hidden: it wants {}", unmet.text)
}

fn held_off(
    tree: &KconfigTree,
    config: &DotConfig,
    symbol: &str,
    known: &Symbol,
    wanted: &Value,
) -> Vec<String> {
    if *wanted == Value::Module && known.kind == "bool" {
        return vec!["is a bool and cannot be m".into()];
    }
    let needed = if *wanted == Value::Yes && known.kind == "tristate" { 2 } else { 1 };
    let mut chain = Chain { tree, config, seen: vec![symbol], lines: Vec::new() };
    chain.follow(known, needed, 0);
    if chain.lines.is_empty() { met_but_off(tree, config, symbol, known, wanted) } else { chain.lines }
}

/// What a chain of unmet dependencies has led to so far.
struct Chain<'t> {
    tree: &'t KconfigTree,
    config: &'t DotConfig,
    /// Symbols that were looked at, so that none is explained twice.
    seen: Vec<&'t str>,
    lines: Vec<String>,
}

impl<'t> Chain<'t> {
    /// Unmet dependencies of the entry that is nearest to being possible, and of what they want in turn.
    fn follow(&mut self, known: &'t Symbol, needed: u8, depth: usize) {
        let lacking = |d: &'t Definition| -> Vec<(&'t Condition, Unmet)> {
            let unmet = |c| Some((c, unmet(c, needed, self.config)?));
            let mut all: Vec<_> = d.depends.iter().filter_map(unmet).collect();
            // A macro may well be true: it is no reason beside a part that is known to fail.
            if all.iter().any(|(_, unmet)| unmet.certain) {
                all.retain(|(_, unmet)| unmet.certain);
            }
            all
        };
        let Some(nearest) = known.definitions.iter().map(lacking).min_by_key(Vec::len) else { return };
        for (condition, unmet) in nearest {
            let line = format!("{}depends on {}", "  ".repeat(depth), unmet.text);
            if self.lines.contains(&line) {
                continue;
            }
            self.lines.push(line);
            for part in condition.expr.conjuncts() {
                // Within an `||` any of several would do, and a negation wants less: not followed.
                if let Expr::Symbol(name) = part {
                    self.look_behind(name, depth);
                }
            }
        }
    }

    fn look_behind(&mut self, name: &'t str, depth: usize) {
        let followed = depth + 1 >= DEPTH || self.seen.contains(&name) || self.config.value(name) != "n";
        let Some(inner) = self.tree.symbols.get(name).filter(|_| !followed) else { return };
        self.seen.push(name);
        let before = self.lines.len();
        self.follow(inner, 1, depth + 1);
        if self.lines.len() > before {
            self.lines.insert(before, format!("{}{name}=n:", "  ".repeat(depth)));
        }
    }
}

fn met_but_off(
    tree: &KconfigTree,
    config: &DotConfig,
    symbol: &str,
    known: &Symbol,
    wanted: &Value,
) -> Vec<String> {
    let mut lines = Vec::new();
    if matches!(wanted, Value::Text(_)) {
        lines.extend(
            known.definitions.iter().flat_map(|d| &d.ranges).map(|range| format!("its range is {range}")),
        );
    }
    if known.definitions.iter().all(|d| d.prompt.is_none()) {
        let mut selectors: Vec<_> =
            known.selected_by.iter().map(|(name, _)| format!("{name}={}", config.value(name))).collect();
        selectors.truncate(8);
        lines.push(match selectors.as_slice() {
            [] => format!("has no prompt: its default decides ({})", known.definitions[0].at),
            some => format!("has no prompt: only what selects it sets it: {}", some.join(", ")),
        });
        return lines;
    }
    for definition in &known.definitions {
        lines.extend(definition.prompt.iter().flatten().filter_map(|c| unmet(c, 1, config)).map(hidden));
        let members = definition.choice.map(|choice| tree.members(choice)).unwrap_or_default();
        let chosen = members.into_iter().find(|other| *other != symbol && config.value(other) != "n");
        lines.extend(chosen.map(|other| format!("is one of a choice, of which {other} is chosen")));
    }
    lines
}

/// What is missing of a condition.
struct Unmet {
    /// False where only a macro decides, which is not run here.
    certain: bool,
    text: String,
}

/// Shows a condition that does not reach `needed`: the failing parts, and what their symbols are.
fn unmet(condition: &Condition, needed: u8, config: &DotConfig) -> Option<Unmet> {
    let below = |value: Tristate| value.is_none_or(|value| value < needed);
    let all = condition.expr.conjuncts();
    let failing: Vec<_> = all.into_iter().filter(|part| below(part.eval(config))).collect();
    let certain = failing.iter().any(|part| part.eval(config).is_some());
    let shown: Vec<_> = failing.into_iter().filter(|part| part.eval(config).is_some() || !certain).collect();
    if shown.is_empty() {
        return None;
    }
    let names = shown.iter().flat_map(|part| part.symbols());
    let mut values: Vec<_> = names.map(|name| format!("{name}={}", config.value(name))).collect();
    if values.is_empty() {
        values.push("decided by a macro".into());
    }
    let text: Vec<_> = shown.iter().map(ToString::to_string).collect();
    let text = format!("{} ({}): {}", text.join(" && "), condition.at, values.join(", "));
    Some(Unmet { certain, text })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const KCONFIG: &str = r#"
mainmenu "t"
config MODULES
	bool "modules"
	modules

config PCI
	bool "PCI" if EXPERT
	depends on ARCH_HAS_PCI || $(success,true)
	help
	  depends on NOTHING: this is prose.

	  if so, still prose

config ARCH_HAS_PCI
	bool

menuconfig CXL
	tristate "CXL"
	depends on PCI && \
		   MODULES

if CXL
source "sub/Kconfig"
endif

choice
	prompt "one of"
	depends on PCI=n
config ONE
	bool "one"
config TWO
	bool "two"
endchoice

config HELD
	bool "held"
config HOLDER
	tristate "holder"
	select HELD if PCI = n
config NUMBER
	int "number"
	range 1 64
"#;
    const SUB: &str = r#"
menu "m"
	depends on EFI # why
config REGION
	bool "r"
	default y
endmenu
config EFI
	bool "efi"
	depends on $(cc-option,-x)
	depends on CXL=y
"#;

    fn tree() -> KconfigTree {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("sub")).expect("a folder");
        fs::write(folder.path().join("Kconfig"), KCONFIG).expect("written");
        fs::write(folder.path().join("sub/Kconfig"), SUB).expect("written");
        KconfigTree::load(folder.path())
    }

    fn why(config: &str, symbol: &str, wanted: &Value) -> String {
        explain(&tree(), &DotConfig::parse(config), symbol, wanted).join(
            "
",
        )
    }

    #[test]
    fn unmet_dependencies_are_followed_to_their_root() {
        insta::assert_snapshot!(why("CONFIG_MODULES=y\n", "REGION", &Value::Yes), @r#"
        depends on CXL (Kconfig:23): CXL=n
        CXL=n:
          depends on PCI (Kconfig:20): PCI=n
          PCI=n:
            depends on ARCH_HAS_PCI || $(success,true) (Kconfig:9): ARCH_HAS_PCI=n
        depends on EFI (sub/Kconfig:3): EFI=n
        EFI=n:
          depends on CXL (Kconfig:23): CXL=n
          depends on CXL=y (sub/Kconfig:11): CXL=n
        "#);
    }

    #[test]
    fn a_module_is_not_enough_for_a_built_in() {
        insta::assert_snapshot!(why("CONFIG_MODULES=y\nCONFIG_PCI=y\nCONFIG_CXL=m\n", "EFI", &Value::Yes), @"depends on CXL=y (sub/Kconfig:11): CXL=m");
    }

    #[test]
    fn prompts_and_selects_and_choices_are_named() {
        insta::assert_snapshot!(why("CONFIG_ARCH_HAS_PCI=y\n", "PCI", &Value::Yes), @"its prompt is hidden: it wants EXPERT (Kconfig:8): EXPERT=n");
        insta::assert_snapshot!(why("", "ARCH_HAS_PCI", &Value::Yes), @"has no prompt: its default decides (Kconfig:15)");
        insta::assert_snapshot!(why("CONFIG_HOLDER=m\nCONFIG_HELD=y\n", "HELD", &Value::No), @"selected by HOLDER=m if PCI=n");
        insta::assert_snapshot!(why("CONFIG_ONE=y\n", "TWO", &Value::Yes), @"is one of a choice, of which ONE is chosen");
        insta::assert_snapshot!(why("CONFIG_HELD=y", "HELD", &Value::Module), @"is a bool and cannot be m");
        insta::assert_snapshot!(why("CONFIG_HOLDER=y", "HOLDER", &Value::Module), @"modules are off: MODULES=n");
        insta::assert_snapshot!(why("CONFIG_NUMBER=64", "NUMBER", &Value::Text("65".into())), @"its range is 1 64 (Kconfig:43)");
    }

    #[test]
    fn an_unknown_symbol_gets_its_neighbours() {
        insta::assert_snapshot!(why("", "REGOIN", &Value::Yes), @"not known to this kernel, nearest: REGION");
        insta::assert_snapshot!(why("", "QQQ", &Value::Yes), @"not known to this kernel");
    }
}
