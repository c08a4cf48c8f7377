//! What the user writes, raw (serde, unknown fields denied) and validated: project, kernels, series, suites,
//! topologies.
//!
//! Every error names its file, and the line or the field, and the way out where there is one.

mod defaults;
pub mod filter;
pub mod kernel;
pub mod matrix;
mod origins;
pub mod project;
pub mod range;
pub mod sabotage;
pub mod selector;
pub mod series;
pub mod suite;
pub mod version;

pub use defaults::Defaults;
pub use filter::{CellFilter, Field, FilterError};
pub use kernel::{Kernel, Source};
pub use matrix::{Axes, Exclude, Matrix, Setting, Settings};
pub use origins::Origins;
pub use project::{PLAIN, Project};
pub use range::SeriesRange;
pub use sabotage::Sabotage;
pub use selector::{Selector, fits};
pub use series::{Patch, Series, Symbol};
pub use suite::{
    AllowedMessage, CaseFile, FOR_ALL, FoundCases, KernelMessages, LogLevel, ModuleSet, Needs, Pattern,
    Suite, SuiteVariant, Topologies, Userland, Variants,
};
pub use version::{KernelRange, KernelVersion};
