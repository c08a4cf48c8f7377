//! QEMU's arguments for a topology: machine, CPUs, memory, NUMA nodes and all CXL devices.
//!
//! What the run adds (kernel, console, accelerator, network) is not here. Tried on QEMU 7.2.22 and 10.0.2.

use std::path::PathBuf;

use super::capabilities::{Capabilities, Lacking};
use super::model::{Below, Device, HostBridge, RootPort, Slot, Switch, Topology};
use crate::spec::bytes::Bytes;

/// What holds the devices' memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Backing {
    /// The QEMU process: nothing on disk, gone with it.
    #[default]
    Ram,
    /// One file a memory in this folder, so that persistent memory outlives the guest.
    Files(PathBuf),
}

/// TCG's `max` has 40 address bits; windows larger than this in sum may end beyond.
const WINDOWS_IN_40_BITS: Bytes = Bytes(512 << 30);

/// The arguments, or what this QEMU lacks for them.
///
/// # Errors
/// Nothing is wrong: the topology is to be skipped with this reason.
pub fn machine_args(
    topology: &Topology,
    qemu: &Capabilities,
    backing: &Backing,
) -> Result<Vec<String>, Lacking> {
    lacking(topology, qemu)?;
    let mut args = Args::default();
    args.add("-M", machine(topology));
    args.add("-cpu", cpu(topology));
    args.add("-m", topology.memory.to_string());
    args.add("-smp", cpus(topology));
    nodes(topology, &mut args);
    for bridge in &topology.host_bridges {
        host_bridge(bridge, qemu, backing, &mut args);
    }
    Ok(args.0)
}

/// What the topology needs and this QEMU has not.
fn lacking(topology: &Topology, qemu: &Capabilities) -> Result<(), Lacking> {
    let lacks =
        |what: String, since: &str| Err(Lacking { what, since: since.to_owned(), found: qemu.version });
    if topology.has_cxl() && !qemu.cxl {
        return lacks("CXL".to_owned(), "7.1 or newer, built with CXL");
    }
    match topology.devices().iter().find(|placed| placed.device.volatile.is_some()) {
        Some(placed) if !qemu.volatile => {
            lacks(format!("the volatile memory of {}", placed.device.id), "8.1 or newer")
        }
        _ => Ok(()),
    }
}

/// What the guest's kernel must be told on its command line to run this topology on this QEMU.
///
/// A `cxl-type3` without event interrupts answers "none" when Linux sets them up, and `cxl_pci` (6.12 and 7.3,
/// `cxl_event_irqsetup()`) then fails to bind: "Failed to get interrupt for event Info log". Without MSI it does
/// without events and binds; native PCIe hotplug and AER are not to be had then.
pub fn kernel_args(topology: &Topology, qemu: &Capabilities) -> Vec<String> {
    if topology.has_cxl() && !qemu.event_interrupts { vec!["pci=nomsi".to_owned()] } else { Vec::new() }
}

#[derive(Default)]
struct Args(Vec<String>);

impl Args {
    fn add(&mut self, option: &str, value: String) {
        self.0.extend([option.to_owned(), value]);
    }
}

/// All windows in one option: QEMU refuses a second with "Parameters 'cxl-fmw.*' used inconsistently".
fn machine(topology: &Topology) -> String {
    let mut value = "q35".to_owned();
    if topology.has_cxl() {
        value += ",cxl=on";
    }
    for (n, window) in topology.windows.iter().enumerate() {
        for (m, target) in window.targets.iter().enumerate() {
            value += &format!(",cxl-fmw.{n}.targets.{m}={}", topology.host_bridges[*target].id);
        }
        value += &format!(",cxl-fmw.{n}.size={}", window.size);
        value += &format!(",cxl-fmw.{n}.interleave-granularity={}", window.granularity);
    }
    value
}

/// "phys-bits too low" is QEMU's answer to windows beyond the CPU's address space.
fn cpu(topology: &Topology) -> String {
    let windows = topology.windows.iter().fold(0_u64, |sum, window| sum.saturating_add(window.size.0));
    if Bytes(windows) > WINDOWS_IN_40_BITS { "max,phys-bits=46".to_owned() } else { "max".to_owned() }
}

/// A socket for each: CPUs of one socket on two nodes make Linux warn (`topology_sane()`, "is not on the same node"),
/// which would be a splat in every run.
fn cpus(topology: &Topology) -> String {
    format!("{0},sockets={0}", topology.cpus)
}

fn nodes(topology: &Topology, args: &mut Args) {
    let share = Bytes(topology.memory.0 / u64::from(topology.nodes));
    for node in 0..topology.nodes {
        args.add("-object", format!("memory-backend-ram,id=node{node}.ram,size={share}"));
    }
    for node in 0..topology.nodes {
        let mut value = format!("node,nodeid={node},memdev=node{node}.ram");
        for cpu in (0..topology.cpus).filter(|cpu| cpu % topology.nodes == node) {
            value += &format!(",cpus={cpu}");
        }
        args.add("-numa", value);
    }
}

fn host_bridge(bridge: &HostBridge, qemu: &Capabilities, backing: &Backing, args: &mut Args) {
    let node = bridge.node.map(|node| format!(",numa_node={node}")).unwrap_or_default();
    args.add("-device", format!("pxb-cxl,id={},bus=pcie.0,bus_nr={}{node}", bridge.id, bridge.bus_nr));
    for RootPort { slot, below } in &bridge.root_ports {
        args.add("-device", port("cxl-rp", slot, &bridge.id));
        match below {
            Below::Nothing => {}
            Below::Device(device) => memory_device(device, slot, qemu, backing, args),
            Below::Switch(switch) => self::switch(switch, slot, qemu, backing, args),
        }
    }
}

fn port(model: &str, slot: &Slot, bus: &str) -> String {
    let Slot { id, device, number, chassis, slot, .. } = slot;
    format!("{model},id={id},bus={bus},addr={device:#x}.0,port={number},chassis={chassis},slot={slot}")
}

fn switch(switch: &Switch, above: &Slot, qemu: &Capabilities, backing: &Backing, args: &mut Args) {
    args.add("-device", format!("cxl-upstream,id={},bus={},port={}", switch.id, above.id, switch.number));
    for downstream in &switch.downstream {
        args.add("-device", port("cxl-downstream", &downstream.slot, &switch.id));
        if let Some(device) = &downstream.device {
            memory_device(device, &downstream.slot, qemu, backing, args);
        }
    }
}

/// The backends first, since `-object` comes before the `-device` that uses it.
fn memory_device(device: &Device, above: &Slot, qemu: &Capabilities, backing: &Backing, args: &mut Args) {
    let mut value = format!("cxl-type3,id={},bus={}", device.id, above.id);
    // QEMU before 8.1 knows one memory, which is persistent; later the name is deprecated.
    let persistent = if qemu.volatile { "persistent-memdev" } else { "memdev" };
    let memories = [
        ("volatile-memdev", "ram", device.volatile),
        (persistent, "pmem", device.persistent),
        ("lsa", "lsa", device.lsa),
    ];
    for (property, kind, size) in memories {
        if let Some(size) = size {
            let id = format!("{}.{kind}", device.id);
            args.add("-object", backend(&id, size, backing));
            value += &format!(",{property}={id}");
        }
    }
    args.add("-device", format!("{value},sn={:#x}", device.serial));
}

fn backend(id: &str, size: Bytes, backing: &Backing) -> String {
    match backing {
        Backing::Ram => format!("memory-backend-ram,id={id},size={size}"),
        Backing::Files(dir) => {
            // QEMU's options are parted by commas; a doubled one stands for itself.
            let path = dir.join(id).display().to_string().replace(',', ",,");
            format!("memory-backend-file,id={id},mem-path={path},size={size},share=on")
        }
    }
}

#[cfg(test)]
mod tests;
