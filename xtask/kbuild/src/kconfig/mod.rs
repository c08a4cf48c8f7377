//! Reading a kernel tree's Kconfig files, to say why an option could not be set.
//!
//! Not a configurator: `make olddefconfig` decides, and this only explains. Macros such as `$(cc-option,…)`
//! are not run; where they decide, the explanation says so.

mod because;
mod dotconfig;
mod expr;
mod line;
mod parse;

pub use because::explain;
pub use dotconfig::DotConfig;
pub use parse::KconfigTree;
