//! The module index that depmod writes, and what has to be loaded in which order. Pure.
//!
//! Limits: `modules.weakdep`, `install` commands and `blacklist` lines are not read; aliases of built-in
//! modules need no loading.

use std::collections::{BTreeMap, BTreeSet};

/// A module's name as the kernel shows it.
pub fn canonical(name: &str) -> String {
    name.replace('-', "_")
}

/// What depmod knows of one kernel's modules. Names are canonical throughout.
#[derive(Debug, Default)]
pub struct Index {
    modules: BTreeMap<String, Entry>,
    aliases: Vec<(String, String)>,
    soft: BTreeMap<String, Soft>,
    builtin: BTreeSet<String>,
}

#[derive(Debug)]
struct Entry {
    path: String,
    needs: Vec<String>,
}

#[derive(Debug, Default)]
struct Soft {
    pre: Vec<String>,
    post: Vec<String>,
}

/// One module to load.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// Canonical name.
    pub name: String,
    /// File, relative to the folder of the index.
    pub path: String,
    /// Loaded although denied, because this module cannot do without it.
    pub denied_for: Option<String>,
}

impl Index {
    /// Reads the texts of `modules.dep`, `modules.alias`, `modules.softdep` and `modules.builtin`. Lines that
    /// make no sense are passed over: depmod wrote them, not a person.
    pub fn parse(dep: &str, alias: &str, softdep: &str, builtin: &str) -> Self {
        let mut index = Self::default();
        for line in dep.lines() {
            let Some((path, needs)) = line.split_once(':') else { continue };
            let needs = needs.split_whitespace().map(name_of).collect();
            index.modules.insert(name_of(path), Entry { path: path.to_owned(), needs });
        }
        for line in alias.lines() {
            let mut words = line.split_whitespace();
            if let (Some("alias"), Some(pattern), Some(module)) = (words.next(), words.next(), words.next()) {
                index.aliases.push((normal(pattern), canonical(module)));
            }
        }
        for line in softdep.lines() {
            index.take_softdep(line);
        }
        index.builtin = builtin.lines().map(name_of).collect();
        index
    }

    fn take_softdep(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let (Some("softdep"), Some(module)) = (words.next(), words.next()) else { return };
        let soft = self.soft.entry(canonical(module)).or_default();
        let mut pre = true;
        for word in words {
            match word {
                "pre:" => pre = true,
                "post:" => pre = false,
                name if pre => soft.pre.push(canonical(name)),
                name => soft.post.push(canonical(name)),
            }
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    /// Modules whose alias matches a device's modalias, in the index's order, each once.
    pub fn by_alias(&self, modalias: &str) -> Vec<&str> {
        let modalias = normal(modalias);
        let mut found: Vec<&str> = Vec::new();
        for (pattern, module) in &self.aliases {
            if !found.contains(&module.as_str()) && matches(pattern.as_bytes(), modalias.as_bytes()) {
                found.push(module);
            }
        }
        found
    }

    /// Everything to load for a module, in order: what it would like before it, what it needs, itself, what
    /// it would like after it. A denied module is left out unless it is this one or needed.
    ///
    /// # Errors
    /// No module of this name, built in or not.
    pub fn plan(&self, name: &str, deny: &BTreeSet<String>) -> Result<Vec<Step>, String> {
        let name = canonical(name);
        if self.builtin.contains(&name) {
            return Ok(Vec::new());
        }
        if !self.modules.contains_key(&name) {
            return Err(format!("module {name} is not among the modules of this kernel"));
        }
        let mut plan = Plan { index: self, deny, seen: BTreeSet::new(), steps: Vec::new() };
        plan.add(&name, None);
        Ok(plan.steps)
    }
}

struct Plan<'a> {
    index: &'a Index,
    deny: &'a BTreeSet<String>,
    seen: BTreeSet<String>,
    steps: Vec<Step>,
}

impl Plan<'_> {
    fn add(&mut self, name: &str, needed_by: Option<&str>) {
        let Some(entry) = self.index.modules.get(name) else { return };
        // Soft dependencies may form a ring.
        if !self.seen.insert(name.to_owned()) {
            return;
        }
        let soft = self.index.soft.get(name);
        for wish in soft.iter().flat_map(|soft| &soft.pre) {
            self.wish(wish);
        }
        // modules.dep lists what must be loaded first last.
        for need in entry.needs.iter().rev() {
            self.add(need, Some(name));
        }
        let denied_for = needed_by.filter(|_| self.deny.contains(name)).map(str::to_owned);
        self.steps.push(Step { name: name.to_owned(), path: entry.path.clone(), denied_for });
        for wish in soft.iter().flat_map(|soft| &soft.post) {
            self.wish(wish);
        }
    }

    fn wish(&mut self, name: &str) {
        if !self.deny.contains(name) {
            self.add(name, None);
        }
    }
}

/// `kernel/drivers/cxl/core/cxl-core.ko.xz` → `cxl_core`.
fn name_of(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    canonical(file.split(".ko").next().unwrap_or(file))
}

/// `-` and `_` are the same in an alias, but not within brackets (libkmod's `alias_normalize()`).
fn normal(alias: &str) -> String {
    let mut inside = false;
    alias
        .chars()
        .map(|c| {
            inside = (inside || c == '[') && c != ']';
            if c == '-' && !inside { '_' } else { c }
        })
        .collect()
}

/// fnmatch(3) without flags: `*`, `?`, `[a-z]`, `[!a]`. Linear in practice: only the last star is tried again.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some(b'?') => Some(1),
            Some(b'[') => class(&pattern[p..], text[t]),
            Some(c) if *c == text[t] => Some(1),
            _ => None,
        };
        if let Some(step) = step {
            p += step;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// Length of the bracket expression at the start of the pattern if it takes this byte.
fn class(pattern: &[u8], byte: u8) -> Option<usize> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let first = if negated { 2 } else { 1 };
    // A bracket right at the start stands for itself.
    let Some(end) = (first + 1..pattern.len()).find(|at| pattern[*at] == b']') else {
        return (byte == b'[').then_some(1);
    };
    let mut set = &pattern[first..end];
    let mut inside = false;
    while let Some((low, rest)) = set.split_first() {
        if let [b'-', high, rest @ ..] = rest {
            inside |= (*low..=*high).contains(&byte);
            set = rest;
        } else {
            inside |= *low == byte;
            set = rest;
        }
    }
    (inside != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEP: &str = "\
kernel/drivers/cxl/core/cxl_core.ko: kernel/drivers/base/einj.ko
kernel/drivers/base/einj.ko:
kernel/drivers/cxl/cxl_port.ko: kernel/drivers/cxl/core/cxl_core.ko kernel/drivers/base/einj.ko
kernel/drivers/cxl/cxl_acpi.ko.xz: kernel/drivers/cxl/cxl_port.ko kernel/drivers/cxl/core/cxl_core.ko kernel/drivers/base/einj.ko
kernel/drivers/cxl/cxl-mem.ko: kernel/drivers/cxl/core/cxl_core.ko kernel/drivers/base/einj.ko
";
    const ALIAS: &str = "\
# Aliases extracted from modules themselves.
alias acpi*:ACPI0017:* cxl_acpi
alias cxl:t5* cxl-mem
alias cxl:t[1-3]* cxl_port
alias pci:v*d*sv*sd*bc05sc02i10* cxl_pci
alias platform:dw-apb cxl_port
";
    const SOFT: &str = "softdep cxl_acpi pre: cxl-mem post: cxl_port\nsoftdep cxl_mem pre: cxl_acpi\n";

    fn index() -> Index {
        Index::parse(DEP, ALIAS, SOFT, "kernel/drivers/char/virtio-console.ko\n")
    }

    fn names(name: &str, deny: &[&str]) -> Vec<String> {
        let deny = deny.iter().map(|name| (*name).to_owned()).collect();
        let steps = index().plan(name, &deny).expect("the module is there");
        steps
            .into_iter()
            .map(|step| step.name + &step.denied_for.map(|by| format!(" for {by}")).unwrap_or_default())
            .collect()
    }

    #[test]
    fn needs_come_before_and_wishes_around() {
        assert_eq!(names("cxl_acpi", &[]), ["einj", "cxl_core", "cxl_mem", "cxl_port", "cxl_acpi"]);
        assert_eq!(names("cxl-port", &[]), ["einj", "cxl_core", "cxl_port"]);
    }

    #[test]
    fn a_denied_wish_is_dropped_and_a_denied_need_is_named() {
        assert_eq!(names("cxl_acpi", &["cxl_mem"]), ["einj", "cxl_core", "cxl_port", "cxl_acpi"]);
        assert_eq!(names("cxl_port", &["cxl_core"]), ["einj", "cxl_core for cxl_port", "cxl_port"]);
        assert_eq!(names("cxl_port", &["cxl_port"]), ["einj", "cxl_core", "cxl_port"]);
    }

    #[test]
    fn a_built_in_module_needs_nothing_and_an_unknown_one_is_an_error() {
        assert!(index().plan("virtio_console", &BTreeSet::new()).is_ok_and(|steps| steps.is_empty()));
        assert_eq!(
            index().plan("cxl-pci", &BTreeSet::new()).expect_err("it is not there"),
            "module cxl_pci is not among the modules of this kernel"
        );
    }

    #[test]
    fn aliases_match_as_udev_matches_them() {
        let index = index();
        assert_eq!(index.by_alias("acpi:ACPI0017:"), ["cxl_acpi"]);
        assert_eq!(index.by_alias("cxl:t5"), ["cxl_mem"]);
        assert_eq!(index.by_alias("cxl:t3"), ["cxl_port"]);
        assert_eq!(index.by_alias("cxl:t4"), Vec::<&str>::new());
        assert_eq!(index.by_alias("pci:v00008086d00000D93sv00001AF4sd00001100bc05sc02i10"), ["cxl_pci"]);
        assert_eq!(
            index.by_alias("pci:v00008086d00000D93sv00001AF4sd00001100bc05sc03i10"),
            Vec::<&str>::new()
        );
        assert_eq!(index.by_alias("platform:dw_apb"), ["cxl_port"]);
    }

    #[test]
    fn patterns() {
        let yes = [
            ("", ""),
            ("*", ""),
            ("a*b*c", "aXbYbc"),
            ("?", "x"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("[a", "[a"),
        ];
        let no = [("?", ""), ("a*b", "ac"), ("[!a-c]x", "bx"), ("a", "ab"), ("ab", "a"), ("[a", "a")];
        for (pattern, text) in yes {
            assert!(matches(pattern.as_bytes(), text.as_bytes()), "{pattern} takes {text}");
        }
        for (pattern, text) in no {
            assert!(!matches(pattern.as_bytes(), text.as_bytes()), "{pattern} refuses {text}");
        }
    }
}
