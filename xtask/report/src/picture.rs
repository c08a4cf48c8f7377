//! Pictures of topologies, which others draw.

/// A picture of a topology.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Name of the topology.
    pub topology: String,
    /// The picture.
    pub svg: String,
    /// What is marked in it as failing.
    pub marked: Vec<String>,
}
