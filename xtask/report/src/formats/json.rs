//! `run.json`: the run as one object.

use serde::Serialize;

use super::format::{Format, FormatError, Kept};
use crate::layout::{RUN, VERSION};
use crate::summary::Summary;

pub(super) const FORMAT: Format = Format {
    name: "json",
    about: "The run as one object, for programs: results/schema.json describes it",
    kept: Kept::EachCell(RUN),
    write: |run, _| {
        let file = RunFile { format: VERSION, summary: &run.summary, resolved: &run.resolved };
        let text = serde_json::to_string_pretty(&file).map_err(FormatError::of)?;
        Ok((text + "\n").into())
    },
    live: None,
};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RunFile<'a> {
    format: u32,
    #[serde(flatten)]
    summary: &'a Summary,
    resolved: &'a serde_json::Value,
}
