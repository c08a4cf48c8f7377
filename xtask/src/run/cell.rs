//! One cell's life: what can be said without booting, then its boots, then its verdict.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use super::execute::{Guests, worse};
use super::guest::{self, Sitting};
use super::{Bench, Cell, RunError};
use crate::event::{CaseOutcome, CaseReport, Event, Verdict};
use crate::host::interrupt;
use crate::judge::{self, ExpectFile, Expectations, Here};
use crate::report::Store;
use crate::spec::version::VersionError;
use crate::spec::{CaseFile, KernelRange, ModuleSet};
use crate::topology::{self, qemu::Backing};

/// Runs every boot of a cell and judges it.
pub(super) fn run(bench: &Bench, guests: &Guests, cell: &Cell, store: &Store) -> Result<Verdict, RunError> {
    let begun = Instant::now();
    bench.sink.emit(&Event::CellStarted { cell: cell.id.clone() });
    let (verdict, reason) = match lacking(guests, cell) {
        Some(reason) => {
            for case in cell.boots.iter().flat_map(|boot| &boot.cases) {
                skip(bench, cell, case, &reason);
            }
            (Verdict::Skip, reason)
        }
        None => boots(bench, guests, cell, store)?,
    };
    let seconds = begun.elapsed().as_secs_f64();
    bench.sink.emit(&Event::CellFinished { cell: cell.id.clone(), verdict, reason, seconds });
    Ok(verdict)
}

/// What the found kernel or QEMU lacks for the cell as a whole: a reason to skip it, stated by what was probed.
fn lacking(guests: &Guests, cell: &Cell) -> Option<String> {
    if let Err(lacking) = topology::qemu::machine_args(&cell.topology, guests.capabilities, &Backing::Ram) {
        return Some(lacking.to_string());
    }
    let mut images = cell.boots.iter().map(|boot| guests.ready.image(cell.suite.modules, boot.userland));
    images.find_map(Result::err).map(|why| format!("the mock modules did not build: {why}"))
}

/// Why a case cannot run on this kernel and topology, if so.
fn unmet(guests: &Guests, cell: &Cell, case: &CaseFile) -> Option<String> {
    if let Some(patch) = cell.withheld.get(&case.name) {
        return Some(patch.clone());
    }
    let names = guests.ready.modules(cell.suite.modules);
    if let Some(module) = case.needs.modules.iter().find(|module| !names.contains(*module)) {
        let from = cell.brought_by.get(&case.name).map(|series| format!(", which series {series} brings"));
        return Some(format!("this kernel has no module {module}{}", from.unwrap_or_default()));
    }
    // The mock bus brings its own.
    if cell.suite.modules == ModuleSet::Mock {
        return None;
    }
    let there = cell.topology.devices().len();
    (there < case.needs.memdevs as usize)
        .then(|| format!("needs {} memdevs, topology {} has {there}", case.needs.memdevs, cell.topology.name))
}

fn skip(bench: &Bench, cell: &Cell, case: &CaseFile, reason: &str) {
    let report = CaseReport {
        name: case.name.clone(),
        outcome: CaseOutcome::Skip,
        reason: reason.to_owned(),
        seconds: 0.0,
        subtests: Vec::new(),
        diagnostics: Vec::new(),
    };
    bench.sink.emit(&Event::CaseFinished { cell: cell.id.clone(), report });
}

fn boots(bench: &Bench, guests: &Guests, cell: &Cell, store: &Store) -> Result<(Verdict, String), RunError> {
    let expectations = expectations(guests, cell)?;
    let dir = store.cell_dir(&cell.id)?;
    copy(&guests.ready.built.config, &dir.join(".config"))?;
    let mut worst: Option<(Verdict, String)> = None;
    let mut lacks = BTreeSet::new();
    for (number, boot) in cell.boots.iter().enumerate() {
        if interrupt::requested() {
            break;
        }
        let mut cases = Vec::new();
        for case in &boot.cases {
            let Some(reason) = unmet(guests, cell, case) else {
                cases.push(case.clone());
                continue;
            };
            skip(bench, cell, case, &reason);
            lacks.insert(reason);
        }
        if cases.is_empty() {
            continue;
        }
        let sitting = Sitting { cell, boot, number, cases: &cases, dir: &dir };
        let transcript = guest::boot(bench, guests, &sitting)?;
        let judged = judge::judge(&transcript, &expectations);
        for report in judged.cases {
            bench.sink.emit(&Event::CaseFinished { cell: cell.id.clone(), report });
        }
        for note in judged.notes {
            bench.sink.emit(&Event::Notice { text: format!("{}: {note}", cell.id) });
        }
        for (splat, expected) in judged.splats {
            bench.sink.emit(&Event::SplatFound { cell: cell.id.clone(), splat, expected });
        }
        let this = (judged.verdict, judged.reason);
        worst = match worst {
            Some(before) if worse(before.0, this.0) == before.0 => Some(before),
            _ => Some(this),
        };
    }
    let lacks = || lacks.into_iter().collect::<Vec<_>>().join("; ");
    Ok(worst.unwrap_or_else(|| (Verdict::Skip, lacks())))
}

/// What the suite expects to fail on this kernel, topology and QEMU, today.
fn expectations(guests: &Guests, cell: &Cell) -> Result<Expectations, RunError> {
    let kernel = &guests.ready.source.version;
    let qemu = guests.capabilities.version;
    let here = Here {
        topology: &cell.topology.name,
        flavour: &cell.id.flavour,
        today: jiff::Zoned::now().date(),
        kernel: &|range| match range.parse::<KernelRange>() {
            Ok(range) => Ok(range.contains(kernel)),
            Err(error) => Err(error.to_string()),
        },
        qemu: &|range| match range.parse::<KernelRange>() {
            Ok(range) => {
                qemu.to_string().parse().map(|v| range.contains(&v)).map_err(|e: VersionError| e.to_string())
            }
            Err(error) => Err(error.to_string()),
        },
    };
    Ok(ExpectFile::load(&cell.suite.dir.join("expect.yaml"))?.select(&here)?)
}

fn copy(from: &Path, to: &Path) -> Result<(), RunError> {
    let fail = |source| RunError::Io { doing: "writing", path: to.to_owned(), source };
    fs::copy(from, to).map(drop).map_err(fail)
}
