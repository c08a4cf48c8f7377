//! Files of the user in YAML: read with errors that name the file, the line, the field and what to do.

mod load;
mod locate;

pub use load::{
    SpecError, check_name, check_names, did_you_mean, entries, folders, load_yaml, parse_yaml, read,
    unique_map,
};
pub use locate::{Step, find, locate, steps};
