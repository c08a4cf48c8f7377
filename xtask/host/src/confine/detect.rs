//! What this machine can make.

use std::sync::OnceLock;

use super::strength::Strength;
use super::{landlock, namespaces};

impl Strength {
    /// Of this machine; looked for once.
    pub fn here() -> &'static Self {
        static HERE: OnceLock<Strength> = OnceLock::new();
        HERE.get_or_init(|| {
            let why = match namespaces::find() {
                Ok(bwrap) => return Self::Namespaces { bwrap },
                Err(why) => why,
            };
            match landlock::abi() {
                0 => Self::None { why: format!("{why}, and the kernel has no Landlock") },
                abi => Self::Landlock { abi, why },
            }
        })
    }
}
