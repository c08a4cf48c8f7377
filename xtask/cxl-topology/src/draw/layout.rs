//! Where everything stands: a tree from the host bridges down, each port a column as wide as what hangs below it.

use crate::model::{Below, Device, HostBridge, Port, Switch, Topology};

/// Width of a card.
pub(super) const CARD: f64 = 124.0;
/// Between cards.
pub(super) const GAP: f64 = 14.0;
/// Between host bridges.
const BRIDGE_GAP: f64 = 28.0;

/// A column of the picture with all that hangs in it.
pub(super) struct Column<'a> {
    pub(super) left: f64,
    pub(super) width: f64,
    pub(super) port: &'a Port,
    pub(super) below: Hung<'a>,
}

/// What hangs below a port.
pub(super) enum Hung<'a> {
    Nothing,
    Device(&'a Device),
    Switch(&'a Switch, Vec<Column<'a>>),
}

/// A host bridge with its columns.
pub(super) struct Bridge<'a> {
    pub(super) left: f64,
    pub(super) width: f64,
    pub(super) of: &'a HostBridge,
    pub(super) columns: Vec<Column<'a>>,
}

impl Column<'_> {
    pub(super) fn middle(&self) -> f64 {
        self.left + self.width / 2.0
    }

    /// How many rows of things hang below the port.
    pub(super) fn depth(&self) -> usize {
        match &self.below {
            Hung::Nothing | Hung::Device(_) => 1,
            Hung::Switch(_, columns) => 1 + columns.iter().map(Self::depth).max().unwrap_or(0),
        }
    }
}

/// Places the host bridges from the left; `card` is the width of the widest card.
pub(super) fn bridges(topology: &Topology, left: f64, card: f64) -> Vec<Bridge<'_>> {
    let mut at = left;
    topology
        .host_bridges
        .iter()
        .map(|bridge| {
            let left = at;
            let columns = columns(&bridge.root_ports, left, card);
            let width = width(&columns, card);
            at += width + BRIDGE_GAP;
            Bridge { left, width, of: bridge, columns }
        })
        .collect()
}

fn columns(ports: &[Port], left: f64, card: f64) -> Vec<Column<'_>> {
    let mut at = left;
    ports
        .iter()
        .map(|port| {
            let left = at;
            let (width, below) = match &port.below {
                Below::Nothing => (card, Hung::Nothing),
                Below::Device(device) => (card, Hung::Device(device)),
                Below::Switch(switch) => {
                    let columns = columns(&switch.downstream, left, card);
                    (width(&columns, card), Hung::Switch(switch, columns))
                }
            };
            at += width + GAP;
            Column { left, width, port, below }
        })
        .collect()
}

fn width(columns: &[Column<'_>], card: f64) -> f64 {
    let sum: f64 = columns.iter().map(|column| column.width + GAP).sum();
    (sum - GAP).max(card)
}
