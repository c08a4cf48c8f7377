//! What is done with a series as a whole, by runs.

pub mod sabotage;
