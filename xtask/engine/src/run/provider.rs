//! The series that brings what a kernel may lack.

use serde::{Deserialize, Serialize};

use spec::{KernelRange, KernelVersion, Series};

/// The series that brings what a case needs and a kernel may lack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    series: String,
    base: Option<KernelRange>,
    outside: Option<String>,
}

impl Provider {
    /// Of these series, the one that first promises a case; none where the bare kernel does.
    pub(super) fn of(known: &[Series], suite: &str, case: &str) -> Option<Self> {
        let promised = known.iter().filter_map(|s| Some((s.promised_at(suite, case)?, s)));
        let (_, series) = promised.min_by_key(|(number, _)| *number).filter(|(number, _)| *number > 0)?;
        Some(Self { series: series.name.clone(), base: series.base.clone(), outside: series.outside.clone() })
    }

    /// For a sentence about what a kernel of this version lacks.
    pub(super) fn about(&self, version: &KernelVersion) -> String {
        let brings = format!("which series {} brings", self.series);
        match (&self.base, &self.outside) {
            (Some(base), Some(outside)) if !base.contains(version) => {
                format!("{brings} to {base}: {outside}")
            }
            _ => brings,
        }
    }
}
