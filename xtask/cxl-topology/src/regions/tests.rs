//! Against what Linux was seen to take and to refuse, which the suite `regions` holds every topology to.

use std::path::Path;

use super::*;
use crate::model::Topology;

fn shipped(name: &str) -> Topology {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies");
    Topology::load(&dir, name).expect("a sound file")
}

fn topology(text: &str) -> Topology {
    Topology::from_raw("t", &serde_yaml::from_str(text).expect("YAML")).expect("sound")
}

fn region(window: usize, devices: &str, granularity: u64) -> Region {
    let devices: Vec<_> = devices.split_whitespace().map(str::to_owned).collect();
    let size = Bytes(UNIT.0 * devices.len() as u64);
    Region { window, kind: Kind::Pmem, devices, granularity: Bytes(granularity), size }
}

/// The decoders, or the reasons.
fn outcome(topology: &Topology, region: &Region) -> String {
    match check(topology, region) {
        Ok(decoders) => {
            let line =
                |d: &Decoder| format!("{}: {} ways by {} to {:?}", d.id, d.ways, d.granularity, d.targets);
            decoders.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Err(refusals) => refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

#[test]
fn decoders_of_legal_regions() {
    insta::assert_snapshot!(outcome(&shipped("direct"), &region(0, "mem0", 4096)), @"hb0: 1 ways by 4k to [0]");
    insta::assert_snapshot!(outcome(&shipped("switch"), &region(0, "mem2 mem0", 256)), @"
    hb0: 1 ways by 256 to [0]
    sw0: 2 ways by 256 to [2, 0]
    ");
    insta::assert_snapshot!(outcome(&shipped("two-bridges"), &region(0, "mem0 mem1", 8192)), @"
    hb0: 1 ways by 16k to [0]
    hb1: 1 ways by 16k to [0]
    ");
    insta::assert_snapshot!(outcome(&wide(), &region(0, "a0 b0 a2 b2 a1 b1 a3 b3", 1024)), @"
    ha: 2 ways by 2k to [0, 1]
    hb: 2 ways by 2k to [0, 1]
    sa0: 2 ways by 4k to [0, 1]
    sb0: 2 ways by 4k to [0, 1]
    sa1: 2 ways by 4k to [0, 1]
    sb1: 2 ways by 4k to [0, 1]
    ");
}

/// Two host bridges with a switch on each of two root ports, two devices below each.
fn wide() -> Topology {
    let device = |id: String| format!("device: {{id: {id}, persistent: 256M, lsa: 1M}}");
    let switch = |b: &str, n: usize| {
        let devices = [device(format!("{b}{}", 2 * n)), device(format!("{b}{}", 2 * n + 1))];
        format!("switch: {{id: s{b}{n}, downstream: [{}]}}", devices.join(", "))
    };
    let bridge = |b: &str| format!("{{id: h{b}, root-ports: [{}, {}]}}", switch(b, 0), switch(b, 1));
    topology(&format!(
        "{{summary: s, host-bridges: [{}, {}], windows: [{{size: 4G, targets: [ha, hb], granularity: 1k}}, {{size: 4G, targets: [ha]}}]}}",
        bridge("a"),
        bridge("b")
    ))
}

#[test]
fn every_refusal_has_its_reason() {
    let two = shipped("two-bridges");
    insta::assert_snapshot!(outcome(&two, &region(0, "mem1 mem0", 8192)), @"
    mem1 at position 0 hangs below hb1, and it is the turn of hb0 in window 0 (cxl_region_attach_position())
    mem0 at position 1 hangs below hb0, and it is the turn of hb1 in window 0 (cxl_region_attach_position())
    ");
    insta::assert_snapshot!(outcome(&two, &region(0, "mem0 mem1", 4096)), @"a granularity of 4k in a window that deals 8k to 2 host bridges: it has to be the same (interleave_granularity_store())");
    insta::assert_snapshot!(outcome(&two, &region(0, "mem0", 8192)), @"1 ways in a window of 2: the ways are 2 times a power of two, since decoders below the root divide by powers of two only (interleave_ways_store())");
    insta::assert_snapshot!(outcome(&two, &region(1, "mem1", 256)), @"mem1 hangs below hb1, which window 1 does not reach (cxl_region_attach())");
    insta::assert_snapshot!(outcome(&two, &region(1, "mem0 mem0", 300)), @"
    a granularity of 300: 256, 512, 1k, 2k, 4k, 8k or 16k are possible (granularity_to_eig())
    mem0 stands in it twice (cxl_region_validate_position())
    ");
    insta::assert_snapshot!(outcome(&two, &region(9, "mem0", 256)), @"there is no window 9: the topology has 3 (topology)");
    let switch = shipped("switch");
    insta::assert_snapshot!(outcome(&switch, &region(0, "mem0 mem1 mem2", 256)), @"3 ways in a window of 1: the ways are 1 times a power of two, since decoders below the root divide by powers of two only (interleave_ways_store())");
    insta::assert_snapshot!(outcome(&switch, &Region { size: Bytes::mib(512), ..region(0, "mem0", 256) }), @"512M of the 256M pmem of mem0 (cxl_dpa_alloc())");
    insta::assert_snapshot!(outcome(&switch, &Region { size: Bytes::mib(300), ..region(0, "mem0", 256) }), @"
    300M for 1 ways: each device gives a multiple of 256M (alloc_hpa())
    300M of the 256M pmem of mem0 (cxl_dpa_alloc())
    ");
    insta::assert_snapshot!(outcome(&switch, &Region { kind: Kind::Ram, ..region(0, "mem0", 256) }), @"mem0 has no ram (cxl_dpa_alloc())");
    insta::assert_snapshot!(outcome(&shipped("fan"), &region(0, "mem0 mem1 mem2 mem3", 16384)), @"4 ways by 16k at an endpoint: the address bits that distinguish them lie beyond bit 14 (check_interleave_cap())");
    insta::assert_snapshot!(outcome(&shipped("later"), &region(0, "mem4", 256)), @"mem4 is not there at the start (topology)");
    let wide = wide();
    insta::assert_snapshot!(outcome(&wide, &region(0, "a0 b0 a1 b1 a2 b2 a3 b3", 1024)), @"position 2 takes a port of ha that it shares with another, but not with the one 4 before: the ports have to be taken in turn (check_last_peer())");
    insta::assert_snapshot!(outcome(&wide, &region(1, "a0 a1 a2", 256)), @"3 ways in a window of 1: the ways are 1 times a power of two, since decoders below the root divide by powers of two only (interleave_ways_store())");
    insta::assert_snapshot!(outcome(&wide, &region(1, "a0 a2 a1 a3", 8192)), @"
    ha: 2 ways by 8k to [0, 1]
    sa0: 2 ways by 16k to [0, 1]
    sa1: 2 ways by 16k to [0, 1]
    ");
}

#[test]
fn three_ports_of_one_host_bridge_are_no_power_of_two() {
    let device = |i: usize| format!("device: {{id: m{i}, persistent: 256M, lsa: 1M}}");
    let switch = format!("switch: {{id: sw, downstream: [{}, {}]}}", device(0), device(1));
    let topology = topology(&format!(
        "{{summary: s, host-bridges: [{{id: h, root-ports: [{switch}, {}, {}]}}], windows: [{{size: 4G, targets: [h]}}]}}",
        device(2),
        device(3)
    ));
    insta::assert_snapshot!(outcome(&topology, &region(0, "m0 m2 m3 m1", 256)), @"h would divide among 3 ports: HDM decoders divide by powers of two (cxl_port_setup_targets())");
    insta::assert_snapshot!(outcome(&topology, &region(0, "m0 m2", 16384)), @"sw would divide by 32k: 16k is the largest granularity (cxl_port_setup_targets())");
}

#[test]
fn lists_are_complete_and_legal() {
    let listed = |name: &str| {
        let topology = shipped(name);
        let (all, more) = legal(&topology, 1000);
        assert!(!more);
        for listed in &all {
            assert!(check(&topology, &listed.region).is_ok(), "{}", listed.region);
        }
        all.iter().map(|listed| listed.region.to_string()).collect::<Vec<_>>()
    };
    insta::assert_snapshot!(listed("two-bridges").join("\n"), @"
    cxl create-region -d decoder0.0 -m -t pmem -w 2 -g 8192 -s 536870912 mem0 mem1
    cxl create-region -d decoder0.1 -m -t pmem -w 1 -g 4096 -s 268435456 mem0
    cxl create-region -d decoder0.2 -m -t pmem -w 1 -g 4096 -s 268435456 mem1
    ");
    insta::assert_snapshot!(listed("mixed").join("\n"), @"
    cxl create-region -d decoder0.0 -m -t ram -w 1 -g 4096 -s 268435456 mem0
    cxl create-region -d decoder0.0 -m -t ram -w 1 -g 4096 -s 268435456 mem2
    cxl create-region -d decoder0.0 -m -t ram -w 2 -g 4096 -s 536870912 mem0 mem2
    cxl create-region -d decoder0.0 -m -t ram -w 2 -g 4096 -s 536870912 mem2 mem0
    cxl create-region -d decoder0.0 -m -t pmem -w 1 -g 4096 -s 268435456 mem1
    ");
    assert_eq!(listed("fan").len(), 4 + 4 * 3 + 4 * 3 * 2);
    assert_eq!(legal(&shipped("fan"), 5), (legal(&shipped("fan"), 1000).0[..5].to_vec(), true));
}

#[test]
fn a_sample_has_both_sorts() {
    let names = |name: &str| {
        let line = |region: wire::ExpectRegion| match region.refused {
            None => region.name,
            Some(why) => format!("NOT {}: {why}", region.name),
        };
        sample(&shipped(name)).into_iter().map(line).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(names("two-bridges"), @"
    window 0 512M pmem by 8k of mem0 mem1
    window 1 256M pmem by 4k of mem0
    window 2 256M pmem by 4k of mem1
    NOT window 0 512M pmem by 8k of mem1 mem0: mem1 at position 0 hangs below hb1, and it is the turn of hb0 in window 0 (cxl_region_attach_position())
    NOT window 0 640M pmem by 8k of mem0 mem1: 640M for 2 ways: each device gives a multiple of 256M (alloc_hpa())
    NOT window 0 4608M pmem by 8k of mem0 mem1: 4608M in a window of 4G (alloc_free_mem_region())
    NOT window 0 512M pmem by 256 of mem0 mem1: a granularity of 256 in a window that deals 8k to 2 host bridges: it has to be the same (interleave_granularity_store())
    NOT window 0 768M pmem by 8k of mem0 mem1 mem0: 3 ways in a window of 2: the ways are 2 times a power of two, since decoders below the root divide by powers of two only (interleave_ways_store())
    NOT window 0 512M pmem by 8k of mem0 mem0: mem0 stands in it twice (cxl_region_validate_position())
    NOT window 1 384M pmem by 4k of mem0: 384M for 1 ways: each device gives a multiple of 256M (alloc_hpa())
    NOT window 1 2304M pmem by 4k of mem0: 2304M in a window of 2G (alloc_free_mem_region())
    NOT window 1 512M pmem by 4k of mem0 mem1: mem1 hangs below hb1, which window 1 does not reach (cxl_region_attach())
    NOT window 1 256M pmem by 4k of mem1: mem1 hangs below hb1, which window 1 does not reach (cxl_region_attach())
    ");
    insta::assert_snapshot!(names("switch"), @"
    window 0 256M pmem by 4k of mem0
    window 0 512M pmem by 4k of mem0 mem1
    window 0 512M pmem by 16k of mem0 mem1
    window 0 256M pmem by 4k of mem1
    window 0 512M pmem by 4k of mem0 mem2
    NOT window 0 384M pmem by 4k of mem0: 384M for 1 ways: each device gives a multiple of 256M (alloc_hpa())
    NOT window 0 4352M pmem by 4k of mem0: 4352M in a window of 4G (alloc_free_mem_region())
    NOT window 0 512M pmem by 4k of mem0 mem0: mem0 stands in it twice (cxl_region_validate_position())
    NOT window 0 640M pmem by 4k of mem0 mem1: 640M for 2 ways: each device gives a multiple of 256M (alloc_hpa())
    NOT window 0 4608M pmem by 4k of mem0 mem1: 4608M in a window of 4G (alloc_free_mem_region())
    NOT window 0 768M pmem by 4k of mem0 mem1 mem0: 3 ways in a window of 1: the ways are 1 times a power of two, since decoders below the root divide by powers of two only (interleave_ways_store())
    ");
    insta::assert_snapshot!(names("direct"), @"
    window 0 256M pmem by 4k of mem0
    NOT window 0 384M pmem by 4k of mem0: 384M for 1 ways: each device gives a multiple of 256M (alloc_hpa())
    NOT window 0 4352M pmem by 4k of mem0: 4352M in a window of 4G (alloc_free_mem_region())
    NOT window 0 512M pmem by 4k of mem0 mem0: mem0 stands in it twice (cxl_region_validate_position())
    ");
}

proptest::proptest! {
    /// Every listed region holds, and so does every sample that says so.
    #[test]
    fn what_is_listed_is_legal(raw in crate::properties::legal()) {
        let topology = Topology::from_raw("t", &raw).expect("legal");
        for listed in legal(&topology, 60).0 {
            assert!(!listed.granularities.is_empty());
            for granularity in listed.granularities {
                let region = Region { granularity, ..listed.region.clone() };
                let decoders = check(&topology, &region).expect("legal");
                let bridges = decoders.iter().filter(|decoder| decoder.at.devices.is_empty()).count();
                assert_eq!(bridges, topology.windows[region.window].targets.len());
            }
        }
    }
}
