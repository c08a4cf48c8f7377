//! SVG: windows as rows of cells over their host bridges, then host bridges, ports, switches and devices downwards.
#![expect(clippy::cast_precision_loss, reason = "pixels, and shares of a bar")]

use std::fmt::Write as _;

use super::layout::{self, Bridge, CARD, Column, Hung};
use super::{escape, port_label, window_label};
use crate::model::{Below, Device, HostBridge, Switch, Topology, Window};
use crate::setting::labels;
use crate::text::{self, with_labels};

const MARGIN: f64 = 24.0;
/// For the names of the rows.
const GUTTER: f64 = 150.0;
const WINDOW_ROW: f64 = 30.0;
const BAR: f64 = 46.0;
const PORT: f64 = 20.0;
/// Between a port and what hangs below.
const DROP: f64 = 22.0;
const DEVICE: f64 = 78.0;
/// Of 12 px text; a little more than most fonts need.
const CHARACTER: f64 = 7.2;

const STYLE: &str = "\
text{font:12px system-ui,'DejaVu Sans',sans-serif;fill:#1f2937}\
.title{font-size:17px;font-weight:600}.quiet{fill:#6b7280}.row{fill:#6b7280;font-size:11px}\
.id{font-weight:600}.middle{text-anchor:middle}\
.bridge{fill:#e8ecf4;stroke:#4a5a78}.port{fill:#4a5a78}.in-port{fill:#fff;font-size:10.5px}\
.switch{fill:#eef0f8;stroke:#4a5a78}.device{fill:#fff;stroke:#4a5a78}\
.later{fill:#fff;stroke:#9aa4b5;stroke-dasharray:5 4}.link{stroke:#4a5a78;stroke-width:1.4}\
.weak{stroke:#9aa4b5;stroke-dasharray:5 4}.ram{fill:#7aa7e0}.pmem{fill:#e3b065}\
.failing{fill:#fde0e0;stroke:#c22a2a;stroke-width:2.6}\
.window{fill:#dff1e5;stroke:#34804f}.join{stroke:#34804f;stroke-width:2}.on-window{fill:#14532d}";

/// The picture so far, and the ids that are marked as failing.
struct Canvas<'a>(String, &'a [String]);

impl Canvas<'_> {
    /// The class of what has this id.
    fn class(&self, class: &str, id: &str) -> String {
        if self.1.iter().any(|marked| marked == id) { format!("{class} failing") } else { class.to_owned() }
    }

    fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), radius: f64) {
        let _ = writeln!(
            self.0,
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="{radius}"/>"#
        );
    }

    fn text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let _ = writeln!(self.0, r#"<text class="{class}" x="{x:.1}" y="{y:.1}">{}</text>"#, escape(text));
    }

    fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let _ = writeln!(
            self.0,
            r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#
        );
    }
}

/// The picture, ready to be written to a file or put into a page.
pub fn svg(topology: &Topology) -> String {
    svg_with(topology, &[])
}

/// The picture, with the host bridges, switches and devices of these ids marked as failing.
pub fn svg_with(topology: &Topology, failing: &[String]) -> String {
    let bridges = layout::bridges(topology, MARGIN + GUTTER, card(topology));
    let right = bridges.last().map_or(MARGIN + GUTTER, |bridge| bridge.left + bridge.width);
    let words = [topology.summary.as_str(), &text::guest(topology)];
    let title = topology.name.chars().count() as f64 * 10.0 + MARGIN;
    let words = words.iter().map(|text| text.chars().count() as f64 * CHARACTER + MARGIN);
    let width = words.fold(right.max(title), f64::max) + MARGIN;
    let mut canvas = Canvas(String::new(), failing);
    canvas.text("title", (MARGIN, 34.0), &topology.name);
    canvas.text("", (MARGIN, 54.0), &topology.summary);
    canvas.text("quiet", (MARGIN, 72.0), &text::guest(topology));
    let mut y = 92.0;
    for (n, window) in topology.windows.iter().enumerate() {
        self::window(&mut canvas, window, n, &bridges, y);
        y += WINDOW_ROW + 8.0;
    }
    if !bridges.is_empty() {
        y += 6.0;
        canvas.text("row", (MARGIN, y + 19.0), "host bridges");
        canvas.text("row", (MARGIN, y + BAR + PORT / 2.0 + 4.0), "root ports");
        for bridge in &bridges {
            self::bridge(&mut canvas, bridge, y);
        }
        let depth = bridges.iter().flat_map(|bridge| &bridge.columns).map(Column::depth).max().unwrap_or(1);
        let levels = depth.saturating_sub(1) as f64;
        y += BAR + PORT + levels * (DROP + BAR + PORT) + DROP + DEVICE;
    }
    let height = y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}</svg>\n",
        escape(&format!("{}: {}", topology.name, topology.summary)),
        canvas.0
    )
}

/// Width that the widest text in a card or a port needs.
fn card(topology: &Topology) -> f64 {
    let mut longest = 0;
    for bridge in &topology.host_bridges {
        longest = longest.max(bridge_line(bridge).chars().count());
        for at in bridge.ports() {
            let words: Vec<String> = match &at.port.below {
                Below::Device(device) => {
                    vec![device.id.clone(), super::memory(device), small_print(device)]
                }
                Below::Switch(switch) => vec![format!("{} (switch)", switch.id), switch_line(switch)],
                Below::Nothing => Vec::new(),
            };
            let words = words.iter().chain([&port_label(at.port)]).map(|words| words.chars().count()).max();
            longest = longest.max(words.unwrap_or(0));
        }
    }
    (longest as f64 * CHARACTER + 20.0).max(CARD)
}

/// A row: a cell over each target, in it the turn that it has in the interleave.
fn window(canvas: &mut Canvas<'_>, window: &Window, number: usize, bridges: &[Bridge<'_>], y: f64) {
    if window.targets.len() > 1 {
        canvas.text("row", (MARGIN, y + 12.0), &format!("window {number}"));
        canvas.text("on-window", (MARGIN, y + 26.0), &window_label(window));
    } else {
        canvas.text("row", (MARGIN, y + 19.0), &format!("window {number}"));
    }
    let cells: Vec<_> = window
        .targets
        .iter()
        .enumerate()
        .filter_map(|(turn, id)| Some((turn, bridges.iter().find(|bridge| bridge.of.id == *id)?)))
        .collect();
    let middle = |bridge: &Bridge<'_>| bridge.left + bridge.width / 2.0;
    let ends = cells.iter().map(|(_, bridge)| middle(bridge));
    let (first, last) = ends.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
    if cells.len() > 1 {
        canvas.line("join", (first, y + WINDOW_ROW / 2.0), (last, y + WINDOW_ROW / 2.0));
    }
    for (turn, bridge) in &cells {
        canvas.rect("window", (bridge.left, y), (bridge.width, WINDOW_ROW), 4.0);
        let text = match cells.len() {
            1 => window.size.to_string(),
            ways => format!("turn {} of {ways}", turn + 1),
        };
        canvas.text("on-window middle", (middle(bridge), y + 19.0), &text);
    }
}

fn bridge_line(bridge: &HostBridge) -> String {
    with_labels(&format!("bus {}", bridge.bus_nr), &bridge.settings)
}

fn switch_line(switch: &Switch) -> String {
    with_labels("switch", &switch.settings)
}

/// `1M lsa, CDAT, added later`.
fn small_print(device: &Device) -> String {
    let later = (!device.present).then_some("added later");
    labels(&device.settings).into_iter().chain(later).collect::<Vec<_>>().join(", ")
}

fn bridge(canvas: &mut Canvas<'_>, bridge: &Bridge<'_>, y: f64) {
    let middle = bridge.left + bridge.width / 2.0;
    let class = canvas.class("bridge", &bridge.of.id);
    canvas.rect(&class, (bridge.left, y), (bridge.width, BAR), 6.0);
    canvas.text("id middle", (middle, y + 19.0), &bridge.of.id);
    canvas.text("quiet middle", (middle, y + 35.0), &bridge_line(bridge.of));
    columns(canvas, &bridge.columns, y + BAR);
}

/// Ports hang as tabs at the lower edge of what they belong to.
fn columns(canvas: &mut Canvas<'_>, columns: &[Column<'_>], y: f64) {
    for column in columns {
        let label = port_label(column.port);
        let width = label.chars().count() as f64 * 6.6 + 16.0;
        let (x, below) = (column.middle(), y + PORT);
        canvas.rect("port", (x - width / 2.0, y), (width, PORT), 5.0);
        canvas.text("in-port middle", (x, y + 14.0), &label);
        let there = match &column.below {
            Hung::Nothing => false,
            Hung::Device(device) => device.present,
            Hung::Switch(..) => true,
        };
        canvas.line(if there { "link" } else { "weak" }, (x, below), (x, below + DROP));
        let y = below + DROP;
        match &column.below {
            Hung::Nothing => {
                canvas.rect("later", (column.left + 16.0, y), (column.width - 32.0, 30.0), 15.0);
                canvas.text("quiet middle", (x, y + 19.0), "empty");
            }
            Hung::Device(device) => self::device(canvas, device, (column.left, y), column.width),
            Hung::Switch(switch, below) => {
                let class = canvas.class("switch", &switch.id);
                canvas.rect(&class, (column.left, y), (column.width, BAR), 12.0);
                canvas.text("id middle", (x, y + 19.0), &switch.id);
                canvas.text("quiet middle", (x, y + 35.0), &switch_line(switch));
                self::columns(canvas, below, y + BAR);
            }
        }
    }
}

/// A card with a bar of its memories, volatile then persistent, as their DPA has them.
fn device(canvas: &mut Canvas<'_>, device: &Device, (left, y): (f64, f64), width: f64) {
    let middle = left + width / 2.0;
    let class = canvas.class(if device.present { "device" } else { "later" }, &device.id);
    canvas.rect(&class, (left, y), (width, DEVICE), 6.0);
    canvas.text("id middle", (middle, y + 20.0), &device.id);
    let (bar, capacity) = (width - 20.0, device.capacity().0.max(1) as f64);
    let mut x = left + 10.0;
    for (class, size) in [("ram", device.volatile), ("pmem", device.persistent)] {
        let Some(size) = size else { continue };
        let share = bar * size.0 as f64 / capacity;
        canvas.rect(class, (x, y + 30.0), (share, 8.0), 2.0);
        x += share;
    }
    canvas.text("middle", (middle, y + 54.0), &text::memories(device));
    canvas.text("quiet middle", (middle, y + 70.0), &small_print(device));
}
