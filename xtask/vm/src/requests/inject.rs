//! Errors and events that a device is made to have.

use serde_json::{Value, json};

use super::schema::{Fields, Schema};
use super::words::{ANSWER, id, number, path, run};
use crate::Qmp;

/// Poison from a device address on, both in bytes: multiples of 64.
pub fn poison(device: &str, start: &str, length: &str, qmp: &Qmp) -> Result<String, String> {
    let arguments = json!({ "path": path(id(device)?), "start": number(start)?, "length": number(length)? });
    run("cxl-inject-poison", arguments, qmp)
}

/// An event record, `general-media`, `dram` or `memory-module`: informational unless the fields make it another.
pub fn event(
    kind: &str,
    device: &str,
    fields: &[&str],
    schema: &Schema,
    qmp: &Qmp,
) -> Result<String, String> {
    let command = format!("cxl-inject-{kind}-event");
    let fields = fields.iter().copied().map(field).collect::<Result<Vec<_>, _>>()?;
    let fixed = json!({ "path": path(id(device)?), "log": "informational" });
    let arguments = schema.arguments(&command, fixed, &fields as &Fields<'_>)?;
    run(&command, arguments, qmp)
}

fn field(word: &str) -> Result<(&str, &str), String> {
    match word.split_once('=') {
        Some(("path", _)) | None => Err(format!("{word:?} is not FIELD=VALUE")),
        Some(pair) => Ok(pair),
    }
}

/// A correctable CXL protocol error, such as `mem-data-ecc`.
pub fn correctable(device: &str, error: &str, qmp: &Qmp) -> Result<String, String> {
    let arguments = json!({ "path": path(id(device)?), "type": id(error)? });
    run("cxl-inject-correctable-error", arguments, qmp)
}

/// Uncorrectable CXL protocol errors, such as `mem-parity`. The header log counts up from 0, so that it can be recognised.
pub fn uncorrectable(device: &str, errors: &[&str], qmp: &Qmp) -> Result<String, String> {
    let header: Vec<u32> = (0..HEADER_LOG).collect();
    let error = |error: &&str| Ok(json!({ "type": id(error)?, "header": header }));
    let errors = errors.iter().map(error).collect::<Result<Vec<Value>, String>>()?;
    if errors.is_empty() {
        return Err("no error is named".to_owned());
    }
    let arguments = json!({ "path": path(id(device)?), "errors": errors });
    run("cxl-inject-uncorrectable-errors", arguments, qmp)
}

/// Words of a RAS header log (CXL 3.0, 8.2.4.16.7).
const HEADER_LOG: u32 = 32;

/// A PCIe error of any device. `pcie_aer_inject_error` exists in the human monitor only.
pub fn aer(option: &str, device: &str, error: &str, qmp: &Qmp) -> Result<String, String> {
    let line = format!("pcie_aer_inject_error {option}{device} {error}");
    let printed = qmp.human(&line, ANSWER).map_err(|error| error.to_string())?;
    // hmp_pcie_aer_inject_error() in hw/pci/pcie_aer.c starts with "OK id: …" when it was done.
    if printed.starts_with("OK") { Ok(printed) } else { Err(printed) }
}
