//! When each kernel was built and each guest ran.

use std::collections::BTreeMap;

use serde::Serialize;

use event::{CellId, Event, StageEnd, Stamped};

use super::view::cell_class;
use crate::summary::Summary;
use crate::text::{duration, one_line};

/// What is drawn.
#[derive(Default, Serialize)]
pub(super) struct Timeline {
    pub(super) lanes: Vec<Lane>,
    pub(super) ticks: Vec<Tick>,
}

/// What does not overlap, in one line.
#[derive(Serialize)]
pub(super) struct Lane {
    label: String,
    bars: Vec<Bar>,
    /// End of the last bar, in seconds.
    #[serde(skip)]
    end: f64,
}

/// Places are shares of the whole, in percent.
#[derive(Serialize)]
pub(super) struct Bar {
    class: &'static str,
    x: String,
    width: String,
    title: String,
}

#[derive(Serialize)]
pub(super) struct Tick {
    x: String,
    label: String,
}

/// A guest, from its start to its end, in seconds.
struct Guest<'a> {
    cell: &'a CellId,
    boot: u32,
    start: f64,
    up: Option<f64>,
    end: f64,
}

pub(super) fn of(events: &[Stamped], summary: &Summary) -> Timeline {
    let total = events.last().map_or(0.0, |last| last.at);
    if total <= 0.0 {
        return Timeline::default();
    }
    let bar = |class, (start, end): (f64, f64), title: String| Bar {
        class,
        x: percent(start, total),
        width: percent((end - start).max(total * 0.0015), total),
        title: one_line(&title),
    };
    let mut stages: BTreeMap<String, Vec<Bar>> = BTreeMap::new();
    for stamped in events {
        if let Event::StageFinished { kernel, flavour, stage, end, seconds, note } = &stamped.event {
            let flavour = if flavour == "plain" { String::new() } else { format!("+{flavour}") };
            let class = if *end == StageEnd::Cached { "cached" } else { "stage" };
            let span = ((stamped.at - seconds).max(0.0), stamped.at);
            let title = format!("{stage}, {}: {note}", duration(*seconds));
            stages.entry(one_line(&format!("{kernel}{flavour}"))).or_default().push(bar(class, span, title));
        }
    }
    let mut lanes: Vec<Lane> =
        stages.into_iter().map(|(label, bars)| Lane { label, bars, end: f64::INFINITY }).collect();
    for guest in guests(events, total) {
        let name = format!("{} boot{}", guest.cell, guest.boot);
        let cell = summary.cells.iter().find(|cell| cell.cell == *guest.cell);
        let class = cell.map_or("bad", cell_class);
        let class = if class.is_empty() { "cached" } else { class };
        let up = guest.up.unwrap_or(guest.end);
        let title = format!(
            "{name}: {} in all, up after {}",
            duration(guest.end - guest.start),
            duration(up - guest.start)
        );
        let bars = [bar("up", (guest.start, up), title.clone()), bar(class, (up, guest.end), title)];
        let count = lanes.iter().filter(|lane| lane.end.is_finite()).count();
        let at = lanes.iter().position(|lane| lane.end <= guest.start).unwrap_or_else(|| {
            lanes.push(Lane { label: format!("guest {}", count + 1), bars: Vec::new(), end: 0.0 });
            lanes.len() - 1
        });
        lanes[at].bars.extend(bars);
        lanes[at].end = guest.end;
    }
    Timeline { lanes, ticks: ticks(total) }
}

/// Every guest in the order of their starts; one whose end was not seen goes to the end of all.
fn guests(events: &[Stamped], total: f64) -> Vec<Guest<'_>> {
    let mut guests: Vec<Guest> = Vec::new();
    for Stamped { at, event } in events {
        match event {
            Event::BootStarted { cell, boot, .. } => {
                guests.push(Guest { cell, boot: *boot, start: *at, up: None, end: total });
            }
            Event::GuestUp { cell, boot, .. } | Event::BootFinished { cell, boot, .. } => {
                let Some(guest) =
                    guests.iter_mut().rev().find(|guest| guest.cell == cell && guest.boot == *boot)
                else {
                    continue;
                };
                match event {
                    Event::GuestUp { .. } => guest.up = Some(*at),
                    _ => guest.end = *at,
                }
            }
            _ => {}
        }
    }
    guests
}

fn percent(part: f64, total: f64) -> String {
    format!("{:.3}", (part / total * 100.0).clamp(0.0, 100.0))
}

/// Marks at round times, eight at most.
fn ticks(total: f64) -> Vec<Tick> {
    const STEPS: [u32; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200];
    let step = STEPS.into_iter().find(|step| total / f64::from(*step) <= 8.0).unwrap_or(86400);
    let label = |seconds: u32| match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", f64::from(seconds) / 60.0),
        _ => format!("{} h", f64::from(seconds) / 3600.0),
    };
    (0..100_u32)
        .map(|n| n.saturating_mul(step))
        .take_while(|seconds| f64::from(*seconds) < total * 0.97)
        .map(|seconds| Tick { x: percent(f64::from(seconds), total), label: label(seconds) })
        .collect()
}
