//! What a command without options takes.

/// What a command without options takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// A key of [`super::Project::kernels`].
    pub kernel: String,
    /// A flavour.
    pub flavour: String,
    /// Topologies, for suites that run on any.
    pub topologies: Vec<String>,
    /// Suites, or parts of them: [`super::Selector`].
    pub suites: Vec<String>,
}
