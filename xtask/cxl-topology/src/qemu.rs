//! QEMU's arguments for a topology: machine, CPUs, memory, NUMA nodes and all CXL devices.
//!
//! What the run adds (kernel, console, accelerator, network) is not here. Tried on QEMU 7.2.22 and 10.0.2.

use std::path::{Path, PathBuf};

use super::capabilities::{Capabilities, Lacking, lacking};
use super::model::{Below, Device, HostBridge, Switch, Topology};
use super::setting::Setting;
use super::typename;
use super::walk::PlacedPort;
use crate::bytes::Bytes;
use crate::raw::Value;

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

/// A guest that takes over its QEMU starts no program. Obsolete system calls are denied wherever it is on.
const SANDBOX: &str = "on,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

/// The arguments, or what this QEMU lacks for them.
///
/// # Errors
/// Nothing is wrong: the topology is to be skipped with this reason.
pub fn machine_args(
    topology: &Topology,
    qemu: &Capabilities,
    backing: &Backing,
) -> Result<Vec<String>, Lacking> {
    if let Some(lacking) = lacking(topology, qemu).into_iter().next() {
        return Err(lacking);
    }
    let mut args = Args::default();
    if qemu.sandbox {
        args.add("-sandbox", SANDBOX.to_owned());
    }
    args.add("-M", machine(topology));
    args.add("-cpu", cpu(topology));
    args.add("-m", topology.memory.to_string());
    args.add("-smp", cpus(topology));
    nodes(topology, &mut args);
    for bridge in &topology.host_bridges {
        host_bridge(bridge, qemu, backing, &mut args);
        for at in bridge.ports() {
            port(&at, qemu, backing, &mut args);
        }
    }
    Ok(args.0)
}

/// The `-object` and `-device` arguments of the devices that are not there at the start, as a device is added with them
/// while the guest runs.
pub fn later_args(topology: &Topology, qemu: &Capabilities, backing: &Backing) -> Vec<String> {
    let mut args = Args::default();
    for placed in topology.all_devices() {
        if let (false, Some(above)) = (placed.device.present, placed.ports.last()) {
            memory_device(placed.device, &above.slot.id, qemu, backing, &mut args);
        }
    }
    args.0
}

/// What the guest's kernel needs on its command line to run this topology on this QEMU.
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

    /// A device with all that is set on it. The backends first, since `-object` comes before the `-device` that uses
    /// it.
    fn device(
        &mut self,
        mut value: String,
        id: &str,
        settings: &[Setting],
        qemu: &Capabilities,
        backing: &Backing,
    ) {
        for setting in settings {
            let set_to = match &setting.value {
                Value::Text(text) => text.replace(',', ",,"),
                Value::File(path) => escape(path),
                Value::Memory { kind, size } => {
                    let id = format!("{id}.{kind}");
                    self.add("-object", backend(&id, *size, backing));
                    id
                }
            };
            value += &format!(",{}={set_to}", qemu.name_of(setting));
        }
        self.add("-device", value);
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
    let value = format!("{},id={},bus=pcie.0,bus_nr={}", typename::HOST_BRIDGE, bridge.id, bridge.bus_nr);
    args.device(value, &bridge.id, &bridge.settings, qemu, backing);
}

/// The port and what hangs in it. A switch's ports are ports of their own.
fn port(at: &PlacedPort<'_>, qemu: &Capabilities, backing: &Backing, args: &mut Args) {
    let slot = &at.port.slot;
    let model = if at.switches.is_empty() { typename::ROOT_PORT } else { typename::DOWNSTREAM_PORT };
    let value = format!(
        "{model},id={},bus={},addr={:#x}.0,port={},chassis={},slot={}",
        slot.id,
        at.above(),
        slot.device,
        slot.number,
        slot.chassis,
        slot.slot
    );
    args.device(value, &slot.id, &at.port.settings, qemu, backing);
    match &at.port.below {
        Below::Device(device) if device.present => memory_device(device, &slot.id, qemu, backing, args),
        Below::Nothing | Below::Device(_) => {}
        Below::Switch(switch) => upstream_port(switch, &slot.id, qemu, backing, args),
    }
}

fn upstream_port(switch: &Switch, bus: &str, qemu: &Capabilities, backing: &Backing, args: &mut Args) {
    let Switch { id, number, mailbox_cci, settings, .. } = switch;
    let function = if *mailbox_cci { ",addr=0.0" } else { "" };
    let value = format!("{},id={id},bus={bus},port={number}{function}", typename::UPSTREAM_PORT);
    args.device(value, id, settings, qemu, backing);
    if *mailbox_cci {
        let cci = typename::MAILBOX_CCI;
        args.add("-device", format!("{cci},id={id}.cci,bus={bus},addr=0.1,target={id}"));
    }
}

fn memory_device(device: &Device, bus: &str, qemu: &Capabilities, backing: &Backing, args: &mut Args) {
    let value = format!("{},id={},bus={bus}", typename::TYPE3, device.id);
    args.device(value, &device.id, &device.settings, qemu, backing);
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
