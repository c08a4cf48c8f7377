//! Workflows for other systems, from templates: build once a kernel, shards, merge, report.

mod export;

pub use export::{Build, CiError, System, Workflow, export};
