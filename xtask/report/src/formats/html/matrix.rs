//! The matrix: a table a suite, a row a case, a column a cell.

use serde::Serialize;

use kernlog::Verdict;

use super::case::Case;
use super::name;
use super::view::cell_class;
use crate::summary::{CellSummary, Summary};
use crate::text::one_line;

/// One suite's table.
#[derive(Serialize)]
pub(super) struct Table {
    name: String,
    cells: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Column {
    name: String,
    label: String,
    word: &'static str,
    class: &'static str,
}

#[derive(Serialize)]
struct Row {
    case: String,
    squares: Vec<Option<Square>>,
}

#[derive(Serialize)]
struct Square {
    index: usize,
    cell: String,
    word: &'static str,
    letter: char,
    /// `3/10` of a case that ran more than once.
    of: Option<String>,
    title: String,
}

pub(super) fn of(summary: &Summary, cases: &[Case]) -> Vec<Table> {
    let mut suites: Vec<&str> = Vec::new();
    for cell in &summary.cells {
        if !suites.contains(&cell.cell.suite.as_str()) {
            suites.push(&cell.cell.suite);
        }
    }
    suites.into_iter().map(|suite| table(suite, summary, cases)).collect()
}

fn table(suite: &str, summary: &Summary, cases: &[Case]) -> Table {
    let cells: Vec<(usize, &CellSummary)> =
        summary.cells.iter().enumerate().filter(|(_, cell)| cell.cell.suite == suite).collect();
    let mut names: Vec<&str> = Vec::new();
    for case in cases.iter().filter(|case| summary.cells[case.cell].cell.suite == suite) {
        if !names.contains(&case.name) {
            names.push(case.name);
        }
    }
    let row = |name: &&str| Row {
        case: one_line(name),
        squares: cells.iter().map(|(at, cell)| square(name, *at, cell, cases)).collect(),
    };
    Table {
        name: one_line(suite),
        rows: names.iter().map(row).collect(),
        cells: cells.iter().map(|(_, cell)| column(cell, summary)).collect(),
    }
}

/// A column is named by what distinguishes it from the others.
fn column(cell: &CellSummary, summary: &Summary) -> Column {
    let id = &cell.cell;
    let mut label = id.topology.clone();
    if summary.cells.iter().any(|other| other.cell.kernel != id.kernel) {
        label = format!("{} {label}", id.kernel);
    }
    if summary.cells.iter().any(|other| other.cell.flavour != id.flavour) {
        label = format!("{label} +{}", id.flavour);
    }
    if id.variant != "default" {
        label = format!("{label} :{}", id.variant);
    }
    Column {
        name: name::of(id),
        label: one_line(&label),
        word: cell.verdict.map_or("not finished", Verdict::word),
        class: cell_class(cell),
    }
}

/// A case of a cell, its rounds taken together: the first red one stands for all.
fn square(name: &str, at: usize, cell: &CellSummary, cases: &[Case]) -> Option<Square> {
    let rounds: Vec<&Case> = cases.iter().filter(|case| case.cell == at && case.name == name).collect();
    let first = rounds.iter().find(|case| case.red).or(rounds.first())?;
    let red = rounds.iter().filter(|case| case.red).count();
    Some(Square {
        index: first.row.index,
        cell: name::of(&cell.cell),
        word: first.row.word,
        letter: first.row.letter,
        of: (rounds.len() > 1)
            .then(|| if red > 0 { format!("{red}/{}", rounds.len()) } else { rounds.len().to_string() }),
        title: if first.row.reason.is_empty() {
            first.row.word.to_owned()
        } else {
            format!("{}: {}", first.row.word, first.row.reason)
        },
    })
}
