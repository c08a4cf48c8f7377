//! What is done with a series as a whole: mail in and out, checks, edits, sabotage.

pub mod check;
pub mod diff;
pub mod edit;
pub mod export;
pub mod fetch;
pub mod import;
pub mod lint;
pub mod mail;
pub mod overlay;
pub mod range;
pub mod sabotage;
pub mod trailers;
