//! What is done with a series as a whole: mail in and out, sabotage.

pub mod export;
pub mod import;
pub mod mail;
pub mod sabotage;
