//! The engine of `cargo xtask`. Each module is a room of ARCHITECTURE.md, which also says who may import whom.

pub mod bisect;
pub mod build;
pub mod ci;
pub mod cli;
pub mod event;
pub mod guest;
pub mod host;
pub mod judge;
pub mod report;
pub mod run;
pub mod series;
pub mod source;
pub mod spec;
pub mod topology;
pub mod vm;
