//! From a request to a verdict. Each module is a room of ARCHITECTURE.md, which also says who may import whom.

pub mod bisect;
pub mod ci;
pub mod judge;
pub mod run;
pub mod series;
