//! All regions that are legal in a topology.

use super::{GRANULARITIES, Kind, Region, UNIT, WAYS, check};
use crate::bytes::Bytes;
use crate::model::Topology;
use crate::walk::Placed;

/// Regions that differ in granularity and size alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The largest, with the window's granularity where it is legal.
    pub region: Region,
    /// Every granularity that is legal.
    pub granularities: Vec<Bytes>,
}

/// All of them, window by window, and whether there are more than `most`.
///
/// Each is listed once for its devices in their order; any size that is a multiple of 256M a device, up to the
/// region's, is legal too.
pub fn legal(topology: &Topology, most: usize) -> (Vec<Listed>, bool) {
    let mut search = Search { topology, devices: topology.devices(), found: Vec::new(), most };
    for window in 0..topology.windows.len() {
        for kind in Kind::ALL {
            for ways in WAYS {
                if ways <= search.devices.len() && !search.from(window, kind, ways, &mut Vec::new()) {
                    return (search.found, true);
                }
            }
        }
    }
    (search.found, false)
}

struct Search<'a> {
    topology: &'a Topology,
    devices: Vec<Placed<'a>>,
    found: Vec<Listed>,
    most: usize,
}

impl Search<'_> {
    /// Takes every device for the next position that may stand there; false when there are too many.
    fn from(&mut self, window: usize, kind: Kind, ways: usize, taken: &mut Vec<usize>) -> bool {
        if taken.len() == ways {
            return self.try_it(window, kind, taken);
        }
        let targets = &self.topology.windows[window].targets;
        let turn = targets[taken.len() % targets.len()].clone();
        for next in 0..self.devices.len() {
            let placed = &self.devices[next];
            let fits = placed.host_bridge.id == turn && kind.of(placed.device).is_some();
            if fits && !taken.contains(&next) {
                taken.push(next);
                let room = self.from(window, kind, ways, taken);
                taken.pop();
                if !room {
                    return false;
                }
            }
        }
        true
    }

    fn try_it(&mut self, window: usize, kind: Kind, taken: &[usize]) -> bool {
        let smallest =
            taken.iter().filter_map(|i| kind.of(self.devices[*i].device)).min().unwrap_or_default();
        let ways = taken.len() as u64;
        let of = &self.topology.windows[window];
        let share = smallest.0.min(of.size.0 / ways) / UNIT.0 * UNIT.0;
        let devices = taken.iter().map(|i| self.devices[*i].device.id.clone()).collect();
        let region = Region { window, kind, devices, granularity: of.granularity, size: Bytes(share * ways) };
        let legal = |granularity: &Bytes| {
            check(self.topology, &Region { granularity: *granularity, ..region.clone() }).is_ok()
        };
        let granularities: Vec<_> = GRANULARITIES.into_iter().map(Bytes).filter(legal).collect();
        let Some(first) = granularities.first().copied() else { return true };
        if self.found.len() == self.most {
            return false;
        }
        let granularity = if granularities.contains(&of.granularity) { of.granularity } else { first };
        self.found.push(Listed { region: Region { granularity, ..region }, granularities });
        true
    }
}
