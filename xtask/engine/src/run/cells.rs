//! The unit that gets one verdict, and its guests. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use cxl_topology::Topology;
use event::CellId;
use spec::{CaseFile, Settings, Suite, SuiteVariant, Userland};

use super::provider::Provider;
use super::wanted::WantedCases;

/// The unit that gets one verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cell {
    /// Its name.
    pub id: CellId,
    /// Where it runs.
    pub topology: Arc<Topology>,
    /// What it runs.
    pub suite: Arc<Suite>,
    /// With which parameters.
    pub variant: SuiteVariant,
    /// One guest each.
    pub boots: Vec<Boot>,
    /// Cases that wait for a patch that is not applied, with the patch.
    pub missing_patches: BTreeMap<String, String>,
    /// Which of the cases that are found later are wanted.
    pub wanted: WantedCases,
    /// Its variants are known only when the kernel is built.
    pub open: bool,
    /// What the kernel lacks for it.
    pub lacks: Option<String>,
    /// What a matrix says of it in particular.
    pub settings: Settings,
    /// Cases for which a series in `patches/` brings what the kernel may lack, with the series.
    pub provided_by: BTreeMap<String, Provider>,
}

/// Cases that share one guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Boot {
    /// What the guest has besides the modules.
    pub userland: Userland,
    /// Modules that are not autoloaded.
    pub deny: Vec<String>,
    /// Additions to the kernel command line.
    pub cmdline: Vec<String>,
    /// In the order in which they run.
    pub cases: Vec<CaseFile>,
}

/// Groups cases by what their guest must be booted with; an isolated case has a guest of its own.
pub(super) fn boots(cases: &[CaseFile]) -> Vec<Boot> {
    let mut boots: Vec<Boot> = Vec::new();
    for case in cases {
        let shared = boots.iter_mut().find(|boot| {
            !case.isolate
                && boot.cases.iter().all(|other| !other.isolate)
                && boot.userland == case.userland
                && boot.deny == case.deny
                && boot.cmdline == case.cmdline
        });
        match shared {
            Some(boot) => boot.cases.push(case.clone()),
            None => boots.push(Boot {
                userland: case.userland,
                deny: case.deny.clone(),
                cmdline: case.cmdline.clone(),
                cases: vec![case.clone()],
            }),
        }
    }
    boots
}
