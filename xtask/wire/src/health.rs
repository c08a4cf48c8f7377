//! What the kernel itself counts, beside what it prints.

use serde::{Deserialize, Serialize};

/// What the kernel counts and keeps whatever became of the console: a case that silences that changes none of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Health {
    /// Bits of `/proc/sys/kernel/tainted` (Documentation/admin-guide/tainted-kernels.rst).
    pub tainted: u64,
    /// `/sys/kernel/warn_count`; 0 for a kernel that has none (before 6.2).
    pub warnings: u64,
    /// `/sys/kernel/oops_count`, likewise.
    pub oopses: u64,
    /// The console's log level, the first number of `/proc/sys/kernel/printk`: messages of a lower level are printed.
    pub console_level: u64,
    /// Records of the kernel's log that were overwritten before the agent had read them, or that it did not send.
    pub lost: u64,
}
