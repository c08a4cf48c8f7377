//! How much of a box the user wants, for all of this program.

use std::sync::OnceLock;

/// How much of a box is wanted: `--box`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Policy {
    /// As much as this machine can.
    #[default]
    Auto,
    /// None.
    Off,
    /// All of it, or nothing is run.
    Required,
}

static POLICY: OnceLock<Policy> = OnceLock::new();

/// Chooses for all processes of this program. The first choice counts.
pub fn set_policy(policy: Policy) {
    let _ = POLICY.set(policy);
}

/// What was chosen.
pub fn policy() -> Policy {
    POLICY.get().copied().unwrap_or_default()
}
