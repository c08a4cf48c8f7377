//! QEMU's arguments for a topology: machine, CPUs, memory, NUMA nodes and all CXL devices.
//!
//! What the run adds (kernel, console, accelerator, network) is not here. Tried on QEMU 7.2.22 and 10.0.2.

use std::path::{Path, PathBuf};

use super::capabilities::{Capabilities, Lacking};
use super::model::{Below, Device, HostBridge, Port, Slot, Switch, Topology};
use crate::bytes::Bytes;

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

/// The `-object` and `-device` arguments of the devices that are not there at the start, as a device is added with them
/// while the guest runs.
pub fn later_args(topology: &Topology, qemu: &Capabilities, backing: &Backing) -> Vec<String> {
    let mut args = Args::default();
    for placed in topology.all_devices() {
        if let (false, Some(above)) = (placed.device.present, placed.ports.last()) {
            memory_device(placed.device, &above.slot, qemu, backing, &mut args);
        }
    }
    args.0
}

/// What the topology needs and this QEMU has not.
fn lacking(topology: &Topology, qemu: &Capabilities) -> Result<(), Lacking> {
    let needs = |has: bool, what: Option<String>, since: &str| match what {
        Some(what) if !has => Err(Lacking { what, since: since.to_owned(), found: qemu.version }),
        _ => Ok(()),
    };
    needs(qemu.cxl, topology.has_cxl().then(|| "CXL".to_owned()), "7.1 or newer, built with CXL")?;
    let devices = topology.all_devices();
    let volatile = devices.iter().find(|placed| placed.device.volatile.is_some());
    let volatile = volatile.map(|placed| format!("the volatile memory of {}", placed.device.id));
    needs(qemu.volatile, volatile, "8.1 or newer")?;
    let bridge = topology.host_bridges.iter().find(|bridge| bridge.hdm_for_passthrough);
    let bridge = bridge.map(|bridge| format!("hdm-for-passthrough of {}", bridge.id));
    needs(qemu.hdm_for_passthrough, bridge, "8.1 or newer")?;
    let ports = ports(topology);
    let link = ports.iter().find(|port| port.speed.is_some() || port.width.is_some());
    let link = link.map(|port| format!("the link of {}", port.slot.id));
    needs(qemu.link_speed, link, "10.0 or newer")?;
    let cci = ports.iter().find_map(|port| match &port.below {
        Below::Switch(switch) if switch.mailbox_cci => Some(format!("the mailbox CCI of {}", switch.id)),
        _ => None,
    });
    needs(qemu.mailbox_cci, cci, "9.0 or newer")
}

/// All ports, those of switches too.
fn ports(topology: &Topology) -> Vec<&Port> {
    fn walk<'a>(ports: &'a [Port], found: &mut Vec<&'a Port>) {
        for port in ports {
            found.push(port);
            if let Below::Switch(switch) = &port.below {
                walk(&switch.downstream, found);
            }
        }
    }
    let mut found = Vec::new();
    topology.host_bridges.iter().for_each(|bridge| walk(&bridge.root_ports, &mut found));
    found
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
            value += &format!(",cxl-fmw.{n}.targets.{m}={target}");
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
    let share = Bytes(topology.memory.0 / u64::from(topology.nodes.max(1)));
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
    for (src, row) in topology.distances.iter().flatten().enumerate() {
        for (dst, val) in row.iter().enumerate() {
            args.add("-numa", format!("dist,src={src},dst={dst},val={val}"));
        }
    }
}

fn host_bridge(bridge: &HostBridge, qemu: &Capabilities, backing: &Backing, args: &mut Args) {
    let mut value = format!("pxb-cxl,id={},bus=pcie.0,bus_nr={}", bridge.id, bridge.bus_nr);
    if let Some(node) = bridge.node {
        value += &format!(",numa_node={node}");
    }
    if bridge.hdm_for_passthrough {
        value += ",hdm_for_passthrough=on";
    }
    args.add("-device", value);
    for port in &bridge.root_ports {
        self::port("cxl-rp", port, &bridge.id, qemu, backing, args);
    }
}

/// The port and what hangs below it.
fn port(model: &str, port: &Port, bus: &str, qemu: &Capabilities, backing: &Backing, args: &mut Args) {
    let Slot { id, device, number, chassis, slot, .. } = &port.slot;
    let mut value =
        format!("{model},id={id},bus={bus},addr={device:#x}.0,port={number},chassis={chassis},slot={slot}");
    if let Some(speed) = port.speed {
        value += &format!(",x-speed={}", speed.qemu());
    }
    if let Some(width) = port.width {
        value += &format!(",x-width={width}");
    }
    if !port.hotplug {
        value += ",hotplug=off";
    }
    args.add("-device", value);
    match &port.below {
        Below::Device(device) if device.present => memory_device(device, &port.slot, qemu, backing, args),
        Below::Nothing | Below::Device(_) => {}
        Below::Switch(switch) => self::switch(switch, &port.slot, qemu, backing, args),
    }
}

fn switch(switch: &Switch, above: &Slot, qemu: &Capabilities, backing: &Backing, args: &mut Args) {
    let Switch { id, number, mailbox_cci, downstream } = switch;
    let functions = if *mailbox_cci { ",addr=0.0,multifunction=on" } else { "" };
    args.add("-device", format!("cxl-upstream,id={id},bus={},port={number}{functions}", above.id));
    if *mailbox_cci {
        let cci = format!("cxl-switch-mailbox-cci,id={id}.cci,bus={},addr=0.1,target={id}", above.id);
        args.add("-device", cci);
    }
    for port in downstream {
        self::port("cxl-downstream", port, id, qemu, backing, args);
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
    value += &format!(",sn={:#x}", device.serial);
    if let Some(file) = &device.cdat {
        value += &format!(",cdat={}", escape(file));
    }
    args.add("-device", value);
}

fn backend(id: &str, size: Bytes, backing: &Backing) -> String {
    match backing {
        Backing::Ram => format!("memory-backend-ram,id={id},size={size}"),
        Backing::Files(dir) => {
            let path = escape(&dir.join(id));
            format!("memory-backend-file,id={id},mem-path={path},size={size},share=on")
        }
    }
}

/// A path within an option: options are parted by commas; a doubled one stands for itself.
fn escape(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

#[cfg(test)]
mod tests;
