//! Compares `/sys/bus/cxl` with what the topology implies, as KTAP: one line an object.
//!
//! Linux 6.12 and 7.3 differ in when a dport appears, see [`wire::ExpectDport::required`]; both are right here.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use wire::{Expect, ExpectMemdev, ExpectPort, ExpectWindow, PciPath};

use crate::cxl_sysfs::{self, Dport, Memdev, Place, Port, Tree, Window};
use crate::cxl_tree;

/// Compares once. Returns the KTAP text and whether everything is as it must be.
pub fn run(expect: &Expect, sysfs_root: &Path) -> (String, bool) {
    let tree = cxl_sysfs::read(sysfs_root);
    let mut report = Report::default();
    root(expect, &tree, &mut report);
    windows(&expect.windows, &tree.windows, &mut report);
    ports(expect, &tree, &mut report);
    memdevs(expect, &tree, &mut report);
    if report.failed {
        report.tree = cxl_tree::diff(expect, &tree);
    }
    report.finish()
}

/// Compares until it fits or its time ends: drivers bind on their own time. Returns what was seen last.
pub fn wait(expect: &Expect, sysfs_root: &Path, longest: Duration) -> (String, bool) {
    const STEP: Duration = Duration::from_millis(100);
    let begun = Instant::now();
    loop {
        let seen = run(expect, sysfs_root);
        if seen.1 || begun.elapsed() >= longest {
            return seen;
        }
        thread::sleep(STEP);
    }
}

/// The lines so far.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    failed: bool,
    /// Both trees, where they differ.
    tree: Vec<String>,
}

impl Report {
    /// One object: good if nothing is wrong with it.
    fn object(&mut self, name: &str, wrong: &[String]) {
        let number = self.lines.len() + 1;
        let line = if wrong.is_empty() {
            format!("ok {number} - {name}")
        } else {
            self.failed = true;
            format!("not ok {number} - {name}: {}", wrong.join("; "))
        };
        // What sysfs shows is the tested kernel's: it must not end the line nor look like a directive.
        self.lines.push(line.chars().map(|c| if c.is_control() || c == '#' { '?' } else { c }).collect());
    }

    fn finish(self) -> (String, bool) {
        let mut text = format!("KTAP version 1\n1..{}\n", self.lines.len());
        for line in &self.lines {
            text += line;
            text.push('\n');
        }
        if !self.tree.is_empty() {
            text += "# tree of /sys/bus/cxl: - is missing, + was not expected\n";
        }
        for line in &self.tree {
            text += &format!("# {line}\n").replace(|c: char| c.is_control() && c != '\n', "?");
        }
        (text, !self.failed)
    }
}

/// Collects what is wrong with one object.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn add(&mut self, text: impl Into<String>) {
        self.0.push(text.into());
    }

    /// A value that can be compared as it is shown.
    fn differs(&mut self, what: &str, wanted: impl ToString, got: Option<impl ToString>) {
        let (wanted, got) = (wanted.to_string(), got.map_or("nothing".to_owned(), |got| got.to_string()));
        if wanted != got {
            self.add(format!("{what}: wanted {wanted}, got {got}"));
        }
    }

    fn driver(&mut self, what: &str, wanted: &str, got: Option<&String>) {
        match got {
            Some(got) if got == wanted => {}
            Some(got) => self.add(format!("{what} is bound to {got}, wanted {wanted}")),
            None => self.add(format!("{what} is not bound to {wanted}")),
        }
    }

    fn place(&mut self, what: &str, wanted: &PciPath, got: &Place) {
        if got.at.as_ref() != Some(wanted) {
            self.add(format!("{what}: wanted {}, got {}", shown(wanted), got.shown));
        }
    }
}

/// A size as people read it.
fn size(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        n if n.is_multiple_of(1 << 30) => format!("{}G", n >> 30),
        n if n.is_multiple_of(1 << 20) => format!("{}M", n >> 20),
        n => n.to_string(),
    }
}

/// As [`Place::shown`], with what is known without bus numbers.
fn shown(path: &PciPath) -> String {
    let mut text = format!("pci0000:{:02x}", path.host_bridge);
    for device in &path.devices {
        text += &format!("/*:{device:02x}.0");
    }
    text
}

/// The path of what is this many steps above.
fn above(path: &PciPath, steps: usize) -> PciPath {
    let kept = path.devices.len().saturating_sub(steps);
    PciPath { host_bridge: path.host_bridge, devices: path.devices[..kept].to_vec() }
}

fn root(expect: &Expect, tree: &Tree, report: &mut Report) {
    let mut wrong = Wrong::default();
    let (name, rest) = match (expect.ports.is_empty(), tree.roots.as_slice()) {
        (true, roots) => ("no CXL root", roots),
        (false, []) => {
            wrong.add("there is none: cxl_acpi did not bind to ACPI0017");
            ("CXL root", &[][..])
        }
        (false, [root, rest @ ..]) => {
            wrong.driver(&format!("{}'s host", root.name), "cxl_acpi", root.host_driver.as_ref());
            ("CXL root", rest)
        }
    };
    for root in rest {
        wrong.add(format!("{} was not expected", root.name));
    }
    report.object(name, &wrong.0);
}

/// In the order of their addresses. If some are missing, those that fit exactly are paired first, so that one
/// missing window does not make all later ones wrong.
fn windows(wanted: &[ExpectWindow], got: &[Window], report: &mut Report) {
    let mut got: Vec<&Window> = got.iter().collect();
    let fits = |wanted, got: &&Window| window_faults(wanted, got).is_empty();
    let in_order = wanted.len() == got.len();
    for (n, wanted) in wanted.iter().enumerate() {
        let name = format!("window {n} ({})", size(wanted.size));
        let found = if in_order { Some(0) } else { got.iter().position(|got| fits(wanted, got)) };
        match found {
            Some(i) => {
                let got = got.remove(i);
                report.object(&format!("{name} {}", got.name), &window_faults(wanted, got));
            }
            None => report.object(&name, &["no root decoder is like it".to_owned()]),
        }
    }
    for extra in got {
        let what = format!("of {} was not expected", extra.size.map_or("no size".to_owned(), size));
        report.object(&format!("window {}", extra.name), &[what]);
    }
}

fn window_faults(wanted: &ExpectWindow, got: &Window) -> Vec<String> {
    let mut wrong = Wrong::default();
    let targets: Vec<_> = wanted.targets.iter().map(ToString::to_string).collect();
    wrong.differs("size", size(wanted.size), got.size.map(size));
    wrong.differs("ways", targets.len(), got.ways);
    wrong.differs("granularity", wanted.granularity, got.granularity);
    wrong.differs("targets", targets.join(","), got.targets.as_ref());
    wrong.0
}

fn ports(expect: &Expect, tree: &Tree, report: &mut Report) {
    for wanted in &expect.ports {
        let mut wrong = Wrong::default();
        match find_port(tree, &wanted.at) {
            Some(got) => port(wanted, got, tree, &mut wrong),
            None => wrong.add(format!("no port with uport {}", shown(&wanted.at))),
        }
        report.object(&format!("port {} at {}", wanted.id, wanted.place), &wrong.0);
    }
    for extra in &tree.ports {
        let known =
            |wanted: &ExpectPort| find_port(tree, &wanted.at).is_some_and(|got| got.name == extra.name);
        if !expect.ports.iter().any(known) {
            report.object(
                &format!("port {} at {}", extra.name, extra.at.shown),
                &["was not expected".to_owned()],
            );
        }
    }
}

fn find_port<'a>(tree: &'a Tree, at: &PciPath) -> Option<&'a Port> {
    tree.ports.iter().find(|port| port.at.at.as_ref() == Some(at))
}

/// The port that leads to the thing at this path: its host bridge's or its switch's.
fn port_above<'a>(tree: &'a Tree, at: &PciPath) -> Option<&'a Port> {
    find_port(tree, &above(at, 2))
}

fn port(wanted: &ExpectPort, got: &Port, tree: &Tree, wrong: &mut Wrong) {
    wrong.driver(&got.name, "cxl_port", got.driver.as_ref());
    if wanted.at.devices.is_empty() {
        host_bridge(wanted, got, tree, wrong);
    } else {
        wrong.differs(
            "parent",
            port_above(tree, &wanted.at).map_or("none", |port| &port.name),
            Some(&got.parent),
        );
        wrong.place("parent dport", &above(&wanted.at, 1), &got.parent_dport);
    }
    dports(wanted, got, wrong);
    if got.decoders == 0 && wanted.dports.iter().any(|dport| dport.required) {
        wrong.add(format!("{} has no decoder", got.name));
    }
}

/// A host bridge is a dport of the root, under its `_UID`.
fn host_bridge(wanted: &ExpectPort, got: &Port, tree: &Tree, wrong: &mut Wrong) {
    let Some(root) = tree.roots.first() else { return };
    wrong.differs("parent", &root.name, Some(&got.parent));
    let uid = wanted.at.host_bridge;
    match root.dports.iter().find(|dport| dport.number == uid) {
        Some(dport) => wrong.place(&format!("{}'s dport{uid}", root.name), &wanted.at, &dport.at),
        None => wrong.add(format!("{} has no dport{uid}", root.name)),
    }
}

fn dports(wanted: &ExpectPort, got: &Port, wrong: &mut Wrong) {
    let below = |device: u8| {
        let mut path = wanted.at.clone();
        path.devices.push(device);
        path
    };
    for dport in &wanted.dports {
        let Dport { number, at } = match got.dports.iter().find(|got| got.number == dport.number) {
            Some(got) => got,
            None if !dport.required => continue,
            None => {
                wrong.add(format!("no dport{} ({})", dport.number, dport.name));
                continue;
            }
        };
        wrong.place(&format!("dport{number} ({})", dport.name), &below(dport.device), at);
    }
    for extra in &got.dports {
        if !wanted.dports.iter().any(|dport| dport.number == extra.number) {
            wrong.add(format!("dport{} at {} was not expected", extra.number, extra.at.shown));
        }
    }
}

fn memdevs(expect: &Expect, tree: &Tree, report: &mut Report) {
    let mut known = Vec::new();
    for wanted in &expect.memdevs {
        let found = find_memdev(tree, wanted);
        memdev(wanted, found, tree, report);
        endpoint(wanted, found, tree, report);
        known.extend(found.map(|found| &found.path));
    }
    for extra in tree.memdevs.iter().filter(|memdev| !known.contains(&&memdev.path)) {
        let serial = extra.serial.map_or("no serial".to_owned(), |serial| format!("serial {serial:#x}"));
        let what = format!("with {serial} was not expected");
        report.object(&format!("memdev {} at {}", extra.name, extra.at.shown), &[what]);
    }
    let of_known = |endpoint: &Port| endpoint.uport.as_ref().is_some_and(|uport| known.contains(&uport));
    for extra in tree.endpoints.iter().filter(|endpoint| !of_known(endpoint)) {
        let what = format!("below {} was not expected", extra.parent);
        report.object(&format!("endpoint {}", extra.name), &[what]);
    }
}

/// By serial number; of several with the same, the one at the right place.
fn find_memdev<'a>(tree: &'a Tree, wanted: &ExpectMemdev) -> Option<&'a Memdev> {
    let same = || tree.memdevs.iter().filter(|memdev| memdev.serial == Some(wanted.serial));
    same().find(|memdev| memdev.at.at.as_ref() == Some(&wanted.at)).or_else(|| same().next())
}

fn memdev(wanted: &ExpectMemdev, found: Option<&Memdev>, tree: &Tree, report: &mut Report) {
    let mut wrong = Wrong::default();
    if let Some(got) = found {
        wrong.place("place", &wanted.at, &got.at);
        wrong.differs("ram", size(wanted.ram), got.ram.map(size));
        wrong.differs("pmem", size(wanted.pmem), got.pmem.map(size));
        wrong.differs("label storage", size(wanted.lsa), got.lsa.map(size));
        wrong.differs("NUMA node", wanted.node, got.node);
        wrong.driver("its PCI device", "cxl_pci", got.pci_driver.as_ref());
        wrong.driver(&got.name, "cxl_mem", got.driver.as_ref());
        if wanted.pmem > 0 {
            wrong.driver("its nvdimm", "cxl_nvdimm", got.nvdimm_driver.as_ref());
        } else if got.nvdimm_driver.is_some() {
            wrong.add("it has an nvdimm, and no persistent memory");
        }
    } else {
        wrong.add(format!("no memdev with serial {:#x}", wanted.serial));
        if let Some(other) = tree.memdevs.iter().find(|memdev| memdev.at.at.as_ref() == Some(&wanted.at)) {
            let serial = other.serial.map_or("none".to_owned(), |serial| format!("{serial:#x}"));
            wrong.add(format!("{} is there with serial {serial}", other.name));
        }
    }
    report.object(&format!("memdev {} at {}", wanted.id, wanted.place), &wrong.0);
}

fn endpoint(wanted: &ExpectMemdev, memdev: Option<&Memdev>, tree: &Tree, report: &mut Report) {
    let mut wrong = Wrong::default();
    let of = |memdev: &Memdev| tree.endpoints.iter().find(|port| port.uport.as_ref() == Some(&memdev.path));
    match (memdev, memdev.and_then(of)) {
        (None, _) => wrong.add("there is no memdev"),
        (Some(memdev), None) => wrong.add(format!("no endpoint has {} as uport", memdev.name)),
        (Some(_), Some(got)) => {
            wrong.driver(&got.name, "cxl_port", got.driver.as_ref());
            let parent = port_above(tree, &wanted.at).map_or("none", |port| &port.name);
            wrong.differs("parent", parent, Some(&got.parent));
            wrong.place("parent dport", &above(&wanted.at, 1), &got.parent_dport);
            if got.decoders == 0 {
                wrong.add(format!("{} has no decoder", got.name));
            }
        }
    }
    report.object(&format!("endpoint of {} at {}", wanted.id, wanted.place), &wrong.0);
}

#[cfg(test)]
mod tests;
