//! `--list`: the plan as it is before anything is built.

use anyhow::Result;
use serde_json::json;

use engine::run::{Cell, Plan};
use report::Verbosity;
use report::text::{counted, one_line};

use crate::{Context, Exit, Format};

/// Prints every cell, and those that a matrix leaves out.
pub(super) fn run(plans: &[Plan], ctx: &Context) -> Result<Exit> {
    match ctx.format {
        Format::Json => {
            let cells = plans.iter().flat_map(|plan| &plan.cells).map(as_json);
            let left_out = plans.iter().flat_map(|plan| &plan.left_out);
            let left_out = left_out.map(|(cell, because)| json!({ "cell": cell, "because": because }));
            let all = json!({ "cells": cells.collect::<Vec<_>>(), "left-out": left_out.collect::<Vec<_>>() });
            anstream::println!("{}", serde_json::to_string_pretty(&all)?);
        }
        Format::Human => {
            let mut cells = 0;
            for plan in plans {
                for cell in &plan.cells {
                    anstream::println!("{}", line(cell));
                    if ctx.verbosity() == Verbosity::Verbose {
                        print_cases(cell);
                    }
                    cells += 1;
                }
            }
            for (cell, because) in plans.iter().flat_map(|plan| &plan.left_out) {
                anstream::println!("{:40} left out: {because}", cell.to_string());
            }
            let kernels = plans.len();
            anstream::println!("{}, {}", counted(cells, "cell"), counted(kernels, "kernel"));
        }
    }
    Ok(Exit::Success)
}

/// Each case with what it promises, and what it asserts of the kernel's messages.
fn print_cases(cell: &Cell) {
    for case in cell.boots.iter().flat_map(|boot| &boot.cases) {
        anstream::println!("  {:24} {}", case.name, one_line(&case.summary));
        if !case.kmsg.is_empty() {
            anstream::println!("  {:24} kmsg {}", "", one_line(&case.kmsg.to_string()));
        }
    }
}

fn cases(cell: &Cell) -> usize {
    cell.boots.iter().map(|boot| boot.cases.len()).sum()
}

fn line(cell: &Cell) -> String {
    let cases = cases(cell);
    let mut parts = Vec::new();
    if cases > 0 {
        parts.push(counted(cases, "case"));
    }
    if cell.suite.found.is_some() {
        parts.push("cases found in the userland".to_owned());
    }
    parts.push(counted(cell.boots.len(), "boot"));
    if cell.open {
        parts.push("variants found in the built module".to_owned());
    }
    format!("{:40} {}", cell.id.to_string(), parts.join(", "))
}

fn as_json(cell: &Cell) -> serde_json::Value {
    let names = cell.boots.iter().flat_map(|boot| &boot.cases).map(|case| &case.name);
    json!({
        "cell": cell.id,
        "cases": names.collect::<Vec<_>>(),
        "boots": cell.boots.len(),
        "cases-found-later": cell.suite.found.is_some(),
        "variants-found-later": cell.open,
        "settings": cell.settings,
    })
}
