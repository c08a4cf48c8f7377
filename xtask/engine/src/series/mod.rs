//! What is done with a series as a whole: mail in and out, checks, edits, sabotage, coverage, mutants.

pub mod check;
pub mod coverage;
pub mod diff;
pub mod edit;
pub mod export;
pub mod fetch;
pub mod import;
pub mod lint;
pub mod mail;
pub mod mutate;
pub mod overlay;
pub mod range;
pub mod sabotage;
pub mod trailers;
