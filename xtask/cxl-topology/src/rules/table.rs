//! All rules by name, with what happens when they are broken. `topology lint --explain` prints it.

use specfile::did_you_mean;

use super::finding::{Rule, Severity};

macro_rules! rules {
    ($($constant:ident $severity:ident $name:literal: $summary:literal, $why:literal;)*) => {
        $(
            #[doc = $summary]
            pub(in crate) static $constant: Rule =
                Rule { name: $name, severity: Severity::$severity, summary: $summary, why: $why };
        )*
        /// All rules, in the order in which they are checked.
        pub static RULES: &[&Rule] = &[$(&$constant),*];
    };
}

/// The rule of this name.
///
/// # Errors
/// The nearest name, or all.
pub fn rule(name: &str) -> Result<&'static Rule, String> {
    let names = || RULES.iter().map(|rule| rule.name);
    RULES.iter().copied().find(|rule| rule.name == name).ok_or_else(|| match did_you_mean(name, names()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("known: {}", names().collect::<Vec<_>>().join(", ")),
    })
}

rules! {
    NODES Error "nodes": "1 to 8 NUMA nodes",
        "The tool deals CPUs and memory to the nodes in turn. cxl_test needs two: with one it crashes the kernel \
         (`set_dev_node(i % 2)` in tools/testing/cxl).";
    CPUS Error "cpus": "1 to 64 CPUs",
        "q35 takes more, but under TCG each costs more than it brings.";
    MEMORY Error "memory": "memory spreads evenly over the nodes, and suffices to boot",
        "Each node gets an equal share, in whole pages of 2 MiB.";
    NUMA_DISTANCES Error "numa-distances": "distances form a square: 10 to itself, 11 to 254 to others",
        "ACPI's SLIT: 10 is local, 255 unreachable. QEMU takes each distance by itself and complains of one that is \
         missing or out of range only when it starts.";
    NUMA_NODE Error "numa-node": "a host bridge's NUMA node is one of the nodes",
        "QEMU does not start: `Illegal numa node 2`.";
    ID_FORM Error "id-form": "an id is a letter, then letters, digits, - and _, 32 in all at most",
        "Ids become QEMU's ids, in options that are parted by commas and equal signs. A dot is for the ids that the \
         tool makes (hb0.rp1), so that none can clash.";
    ID_UNIQUE Error "id-unique": "every id is unique in its file",
        "QEMU has one name space for all devices: `Duplicate device ID`.";
    HOST_BRIDGE_COUNT Error "host-bridge-count": "at most 16 host bridges",
        "QEMU's window of host bridge registers is 1 MiB, 64 KiB each. A 17th starts, with its block outside of the \
         window; an 18th does not (`Insufficient space for pxb cxl host register space`).";
    PORT_COUNT Error "port-count": "1 to 32 ports on a host bridge or switch",
        "A bus has 32 device numbers, and ports have function 0 only: `PCI: no slot/function available`. Without any \
         port Linux's cxl_port does not bind (devm_cxl_port_enumerate_dports()).";
    INTERLEAVE_PORTS Warning "interleave-ports": "at most 8 ports with memory on a host bridge or switch",
        "The target list of an HDM decoder has 8 entries (target_count, HDM decoder capability), so a region takes \
         memory from 8 of the ports at most.";
    LINK_WIDTH Error "link-width": "a link has 1, 2, 4, 8, 12, 16 or 32 lanes",
        "QEMU does not start: `Invalid` value for x-width.";
    SWITCH_LEVELS Error "switch-levels": "at most one switch between host bridge and device",
        "QEMU starts with a switch below a switch, but its memory path (cxl_cfmws_find_device() in hw/cxl/cxl-host.c) \
         goes through one level only: reads and writes of the lower devices' memory lead nowhere.";
    BUS_SPACE Error "bus-space": "all ports together fit into PCI buses 12 to 255",
        "The tool spaces the host bridges' buses. Neither QEMU nor its firmware checks that the buses behind one host \
         bridge end before those of the next begin: devices then vanish in the guest.";
    PASSTHROUGH Warning "passthrough": "hdm-for-passthrough stands on a host bridge with one root port",
        "With more than one root port a host bridge has HDM decoders anyway (pxb_cxl_dev_reset()).";
    DEVICE_MEMORY Error "device-memory": "a device has volatile or persistent memory",
        "QEMU does not start: `at least one memdev property must be set`.";
    DEVICE_SIZE Error "device-size": "a device's memories are multiples of 256M",
        "CXL's IDENTIFY counts capacity in units of 256 MiB. QEMU starts with another size, and its IDENTIFY command \
         then fails in the guest, so that cxl_pci does not bind.";
    LSA_NEEDED Error "lsa-needed": "persistent memory comes with a label storage area",
        "QEMU does not start: `lsa property must be set for persistent devices`.";
    LSA_SIZE Error "lsa-size": "a label storage area is a multiple of 4k up to 1G",
        "Any size starts; what is no multiple of a page is rounded by the memory backend.";
    SERIAL_NONE Error "serial-none": "a serial number is neither 0 nor all ones",
        "All ones is QEMU's own mark for none (UI64_NULL), and Linux shows 0 for a device without.";
    SERIAL_UNIQUE Error "serial-unique": "every serial number is unique",
        "QEMU takes two devices with one number. Tools and the suite `enumerate` distinguish devices by it, and a \
         pmem region with labels is assembled from the wrong device.";
    CDAT_FILE Error "cdat-file": "a CDAT file is one: header, known entries, lengths and checksum right",
        "QEMU reads the file unchecked when the guest asks for it; on an entry with an impossible length it aborts by \
         an assertion.";
    PERSISTENT_WINDOW Error "persistent-window": "persistent memory comes with a window",
        "Linux makes its nvdimm bridge only where a window is; without it cxl_mem does not bind to a device with \
         persistent memory (`PMEM disabled by platform`, cxl_mem_probe() in 6.12 and 7.3).";
    QEMU_FORM Error "qemu-form": "below qemu: stand names of properties, each with one word",
        "Both become part of a `-device` option, whose properties are parted by commas, and of a line of QEMU's monitor, by \
         which a device is added while the guest runs.";
    QEMU_RESERVED Error "qemu-reserved": "below qemu: stands nothing that a field sets or the tool assigns",
        "QEMU takes a property twice, and the last one holds: what the rules checked, and what is expected in the guest, \
         would not be what runs.";
    WINDOW_SIZE Error "window-size": "a window's size is a multiple of 256M, and not 0",
        "QEMU does not start: `Size of a CXL fixed memory window must be a multiple of 256MiB`. It takes 0, and Linux \
         then registers no root decoder for it.";
    WINDOW_WAYS Error "window-ways": "a window has 1, 2, 3, 4, 6, 8, 12 or 16 targets",
        "Encoded interleave ways of the CFMWS. QEMU does not start: `Interleave ways: 5 not supported`.";
    WINDOW_GRANULARITY Error "window-granularity": "a window's granularity is 256, 512, 1k, 2k, 4k, 8k or 16k",
        "Encoded interleave granularity of the CFMWS. QEMU does not start: `Interleave granularity: 300 invalid`.";
    WINDOW_TARGET Error "window-target": "a window's targets are host bridges of the file",
        "QEMU does not start: `Could not resolve CXLFM target`.";
    WINDOW_TARGET_TWICE Error "window-target-twice": "a window has no target twice",
        "QEMU takes it. No region can then span the window's ways, since Linux refuses a host bridge that stands in \
         two positions.";
    ADDRESS_SPACE Error "address-space": "all windows together leave room in 46 bits of address",
        "TCG's `max` has 40 address bits, beyond which QEMU reports `phys-bits too low`; the tool raises them to 46 \
         where the windows need it. Beyond that there is no guest.";
    WINDOW_CAPACITY Warning "window-capacity": "the windows of a host bridge can hold the memory below it",
        "A region needs room in a window. Memory that finds none stays unmapped, whatever the guest does.";
    UNMAPPED Warning "unmapped": "every device's host bridge is a target of a window",
        "Memory is mapped through a window only; a device below a host bridge without one can be enumerated, but not \
         be part of a region.";
    DECODER_COUNT Warning "decoder-count": "at most 4 windows on one host bridge",
        "QEMU's components have 4 HDM decoders each (CXL_HDM_DECODER_COUNT): a host bridge, a switch and an endpoint \
         take part in 4 regions at a time.";
    QEMU_FEATURE Warning "qemu-feature": "the QEMU at hand has what the topology asks for",
        "A QEMU without it refuses the option, so the topology is skipped with this reason. Each QEMU is \
         asked what it can do.";
    CXL_ON Assigned "cxl-on": "a machine with host bridges has cxl=on, and is a q35",
        "QEMU does not start: `CXL host bridges present, but cxl=off`. Other machines have no such property.";
    PLACEMENT Assigned "placement": "host bridges on pcie.0, root ports on host bridges, downstream ports on switches",
        "QEMU refuses little of it: a cxl-rp or cxl-type3 on pcie.0, a cxl-downstream on a root port and a cxl-upstream \
         on pcie.0 all start, and are no CXL in the guest. The file's structure leaves no other place.";
    BUS_NUMBER Assigned "bus-number": "bus numbers are unique, not 0, below 256, and spaced",
        "QEMU: `Bus 12 is already in use`; it takes 0, which is pcie.0's own. The tool assigns them.";
    CHASSIS_SLOT Assigned "chassis-slot": "chassis and slot are unique over all ports",
        "QEMU: `Can't add chassis slot, error -16`. The tool assigns them.";
    PORT_NUMBER Assigned "port-number": "port numbers are unique on a host bridge or switch",
        "QEMU takes a number twice and routes by it (pcie_find_port_by_pn()), so that memory lands in the wrong device. \
         The tool assigns them.";
    MEMORY_BACKEND Assigned "memory-backend": "every memory and label storage area has a backend of its own",
        "QEMU refuses a memory twice (`memory backend m0 can't be used multiple times.`) and takes a label storage area \
         twice, in which two devices then write over each other's labels. The tool makes one each.";
    MACHINE_OPTION Assigned "machine-option": "all windows stand in one -M, without holes in their numbers",
        "QEMU: `Parameters 'cxl-fmw.*' used inconsistently` and `Parameter 'cxl-fmw.0' missing`.";
    HOTPLUG_PORT Assigned "hotplug-port": "only devices come later; their ports are there from the start",
        "`Device 'cxl-rp' does not support hotplugging`, nor do host bridges and downstream ports. The language knows \
         `present: false` for devices only, and `empty` for the ports that wait for them.";
    DYNAMIC_CAPACITY Assigned "dynamic-capacity": "no dynamic capacity",
        "QEMU checks neither the number of regions (9 overrun its array) nor more than their length, and Linux has no \
         driver for it yet. The language has no field for it, and `qemu:` makes no memory: without one of their own QEMU \
         refuses the regions, `dynamic capacity must have a backing device`.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        let names: BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
        assert_eq!(rule("window-size"), Ok(&WINDOW_SIZE));
        assert_eq!(rule("windowsize"), Err("did you mean 'window-size'?".to_owned()));
        assert!(rule("?").expect_err("no rule").starts_with("known: nodes, cpus"));
    }

    /// The table of what QEMU did with each rule broken has a row for each.
    #[test]
    fn every_rule_has_a_row_in_the_documentation() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/topology-rules.md");
        let text = std::fs::read_to_string(file).expect("the page");
        let rows: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        let names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(rows, names);
    }
}
