//! What the tests of several crates need: no part of the tool.

mod apt;
mod counted;
mod folders;
mod git;
mod schema;

pub use apt::{etc, has_apt, publish};
pub use counted::{COUNTED_HEADER, COUNTED_SOURCE, CountedProgram};
pub use folders::{copy_folder, shared_cache};
pub use git::somebodys_git;
pub use schema::holds;
