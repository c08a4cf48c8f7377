//! Pictures of the shipped topologies, and of what a file may hold at worst.

use std::path::Path;

use super::*;

fn shipped(name: &str) -> Topology {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies");
    Topology::load(&dir, name).expect("a sound file")
}

#[test]
fn mermaid_of_a_switch_and_of_windows() {
    insta::assert_snapshot!(mermaid(&shipped("mixed")), @r#"
    flowchart TD
      window0[/"4G"/]:::window
      window0 --> n_hb0
      n_hb0["hb0<br/>host bridge"]:::bridge
      n_hb0 ---|"rp0"| n_sw0{{"sw0<br/>switch"}}:::bridge
      n_sw0 ---|"dp0"| n_mem0["mem0<br/>256M ram"]:::device
      n_sw0 ---|"dp1"| n_mem1["mem1<br/>256M pmem"]:::device
      n_sw0 ---|"dp2"| n_sw0_dp2([empty]):::empty
      n_hb0 ---|"rp1"| n_mem2["mem2<br/>256M ram"]:::device
      n_hb0 ---|"rp2"| n_hb0_rp2([empty]):::empty
      classDef window fill:#e6f4ea,stroke:#34804f
      classDef bridge fill:#e8ecf4,stroke:#4a5a78
      classDef device fill:#fff,stroke:#4a5a78
      classDef empty fill:#fff,stroke:#9aa4b5,stroke-dasharray:4
    "#);
    insta::assert_snapshot!(mermaid(&shipped("two-bridges")), @r#"
    flowchart TD
      window0[/"4G, 2 ways by 8k"/]:::window
      window0 -->|0| n_hb0
      window0 -->|1| n_hb1
      window1[/"2G"/]:::window
      window1 --> n_hb0
      window2[/"1G"/]:::window
      window2 --> n_hb1
      n_hb0["hb0<br/>host bridge<br/>node 0"]:::bridge
      n_hb0 ---|"rp0"| n_mem0["mem0<br/>256M pmem"]:::device
      n_hb1["hb1<br/>host bridge<br/>node 1"]:::bridge
      n_hb1 ---|"rp0"| n_mem1["mem1<br/>256M pmem"]:::device
      classDef window fill:#e6f4ea,stroke:#34804f
      classDef bridge fill:#e8ecf4,stroke:#4a5a78
      classDef device fill:#fff,stroke:#4a5a78
      classDef empty fill:#fff,stroke:#9aa4b5,stroke-dasharray:4
    "#);
    insta::assert_snapshot!(mermaid(&shipped("none")), @r#"
    flowchart TD
      guest["2 CPUs, 1G memory, 2 NUMA nodes"]
    "#);
}

#[test]
fn dot_of_a_switch_and_of_windows() {
    insta::assert_snapshot!(dot(&shipped("mixed")), @r##"
    digraph "mixed" {
      graph [rankdir=TB, fontname="sans-serif", labelloc=t, label="one host bridge; a switch on one root port, a device on the other, an empty slot"];
      node [fontname="sans-serif", shape=box, style="rounded,filled", fillcolor=white];
      edge [fontname="sans-serif", fontsize=10, arrowhead=none];
      window0 [label="4G", shape=parallelogram, fillcolor="#e6f4ea"];
      window0 -> "hb0" [arrowhead=normal];
      "hb0" [label="hb0\nhost bridge", fillcolor="#e8ecf4"];
      "sw0" [label="sw0\nswitch", shape=hexagon, fillcolor="#e8ecf4"];
      "hb0" -> "sw0" [label="rp0"];
      "mem0" [label="mem0\n256M ram", fillcolor=white];
      "sw0" -> "mem0" [label="dp0"];
      "mem1" [label="mem1\n256M pmem", fillcolor=white];
      "sw0" -> "mem1" [label="dp1"];
      "sw0.dp2" [label="empty", style="rounded,dashed"];
      "sw0" -> "sw0.dp2" [label="dp2"];
      "mem2" [label="mem2\n256M ram", fillcolor=white];
      "hb0" -> "mem2" [label="rp1"];
      "hb0.rp2" [label="empty", style="rounded,dashed"];
      "hb0" -> "hb0.rp2" [label="rp2"];
    }
    "##);
    insta::assert_snapshot!(dot(&shipped("two-bridges")), @r##"
    digraph "two-bridges" {
      graph [rankdir=TB, fontname="sans-serif", labelloc=t, label="two host bridges on two NUMA nodes, a window interleaved over both, one window for each"];
      node [fontname="sans-serif", shape=box, style="rounded,filled", fillcolor=white];
      edge [fontname="sans-serif", fontsize=10, arrowhead=none];
      window0 [label="4G, 2 ways by 8k", shape=parallelogram, fillcolor="#e6f4ea"];
      window0 -> "hb0" [label=0, arrowhead=normal];
      window0 -> "hb1" [label=1, arrowhead=normal];
      window1 [label="2G", shape=parallelogram, fillcolor="#e6f4ea"];
      window1 -> "hb0" [arrowhead=normal];
      window2 [label="1G", shape=parallelogram, fillcolor="#e6f4ea"];
      window2 -> "hb1" [arrowhead=normal];
      "hb0" [label="hb0\nhost bridge, node 0", fillcolor="#e8ecf4"];
      "mem0" [label="mem0\n256M pmem", fillcolor=white];
      "hb0" -> "mem0" [label="rp0"];
      "hb1" [label="hb1\nhost bridge, node 1", fillcolor="#e8ecf4"];
      "mem1" [label="mem1\n256M pmem", fillcolor=white];
      "hb1" -> "mem1" [label="rp0"];
    }
    "##);
}

#[test]
fn what_fails_is_marked_and_nothing_else() {
    let topology = shipped("switch");
    assert_eq!(ids(&topology), ["hb0", "sw0", "mem0", "mem1", "mem2"]);
    let marked = svg_with(&topology, &["mem1".to_owned(), "sw0".to_owned(), "other".to_owned()]);
    assert_eq!(marked.matches("class=\"device failing\"").count(), 1);
    assert_eq!(marked.matches("class=\"switch failing\"").count(), 1);
    assert_eq!(marked.matches(" failing\"").count(), 2);
}

#[test]
fn svg_of_the_smallest() {
    insta::assert_snapshot!(svg(&shipped("direct")), @r##"
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 350 326" width="350" height="326" role="img">
    <title>direct: one host bridge, one root port, one device</title>
    <style>text{font:12px system-ui,'DejaVu Sans',sans-serif;fill:#1f2937}.title{font-size:17px;font-weight:600}.quiet{fill:#6b7280}.row{fill:#6b7280;font-size:11px}.id{font-weight:600}.middle{text-anchor:middle}.bridge{fill:#e8ecf4;stroke:#4a5a78}.port{fill:#4a5a78}.in-port{fill:#fff;font-size:10.5px}.switch{fill:#eef0f8;stroke:#4a5a78}.device{fill:#fff;stroke:#4a5a78}.later{fill:#fff;stroke:#9aa4b5;stroke-dasharray:5 4}.link{stroke:#4a5a78;stroke-width:1.4}.weak{stroke:#9aa4b5;stroke-dasharray:5 4}.ram{fill:#7aa7e0}.pmem{fill:#e3b065}.failing{fill:#fde0e0;stroke:#c22a2a;stroke-width:2.6}.window{fill:#dff1e5;stroke:#34804f}.join{stroke:#34804f;stroke-width:2}.on-window{fill:#14532d}</style>
    <rect width="100%" height="100%" fill="#fff"/>
    <text class="title" x="24.0" y="34.0">direct</text>
    <text class="" x="24.0" y="54.0">one host bridge, one root port, one device</text>
    <text class="quiet" x="24.0" y="72.0">2 CPUs, 1G memory, 2 NUMA nodes</text>
    <text class="row" x="24.0" y="111.0">window 0</text>
    <rect class="window" x="174.0" y="92.0" width="124.0" height="30.0" rx="4"/>
    <text class="on-window middle" x="236.0" y="111.0">4G</text>
    <text class="row" x="24.0" y="155.0">host bridges</text>
    <text class="row" x="24.0" y="196.0">root ports</text>
    <rect class="bridge" x="174.0" y="136.0" width="124.0" height="46.0" rx="6"/>
    <text class="id middle" x="236.0" y="155.0">hb0</text>
    <text class="quiet middle" x="236.0" y="171.0">bus 12</text>
    <rect class="port" x="218.1" y="182.0" width="35.8" height="20.0" rx="5"/>
    <text class="in-port middle" x="236.0" y="196.0">rp0</text>
    <line class="link" x1="236.0" y1="202.0" x2="236.0" y2="224.0"/>
    <rect class="device" x="174.0" y="224.0" width="124.0" height="78.0" rx="6"/>
    <text class="id middle" x="236.0" y="244.0">mem0</text>
    <rect class="pmem" x="184.0" y="254.0" width="104.0" height="8.0" rx="2"/>
    <text class="middle" x="236.0" y="278.0">256M pmem</text>
    <text class="quiet middle" x="236.0" y="294.0">1M lsa</text>
    </svg>
    "##);
}

/// Each element is closed or empty, in order, and the text between holds no bare character of XML's own.
fn well_formed(svg: &str) {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a bare > in {:?}", &rest[..start]);
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name), "{tag}"),
            (false, true) => {}
            (false, false) => open.push(name),
        }
        rest = &rest[end + 1..];
    }
    assert_eq!(open, [""; 0]);
}

#[test]
fn hostile_text_stays_text() {
    let mut topology = shipped("mixed");
    topology.summary = "</text><script>alert('\"&\u{1}\u{1b}[2J')</script>".to_owned();
    topology.name = "a\"]; x [label=\"b\\".to_owned();
    let svg = svg(&topology);
    well_formed(&svg);
    assert!(!svg.contains("<script") && !svg.chars().any(|c| c.is_control() && c != '\n'), "{svg}");
    let first: String = dot(&topology).lines().take(2).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(first, @r#"
    digraph "a\"]; x [label=\"b\\" {
      graph [rankdir=TB, fontname="sans-serif", labelloc=t, label="</text><script>alert('\"&��[2J')</script>"];
    "#);
}

proptest::proptest! {
    #[test]
    fn any_topology_has_pictures(raw in crate::properties::legal()) {
        let topology = Topology::from_raw("t", &raw).expect("legal");
        well_formed(&svg(&topology));
        let devices = topology.all_devices();
        let (mermaid, dot) = (mermaid(&topology), dot(&topology));
        for placed in devices {
            assert!(mermaid.contains(&placed.device.id) && dot.contains(&placed.device.id));
        }
    }
}
