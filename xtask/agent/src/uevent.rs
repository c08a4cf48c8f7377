//! Autoloading by modalias: devices that are there already (coldplug) and those that come (netlink uevents).

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with, sockopt};

use crate::modules::Loader;

/// The kernel's own multicast group (`netlink_broadcast()` in lib/kobject_uevent.c sends to group 1).
const KERNEL_GROUP: u32 = 1;
/// Room for a burst: cxl_test makes some hundreds of devices at once.
const RECEIVE_BUFFER: usize = 8 << 20;

/// Listens for uevents on a thread of its own and loads for what is there already.
pub fn start(loader: &Arc<Loader>) {
    match listen() {
        Ok(socket) => {
            let loader = Arc::clone(loader);
            thread::spawn(move || follow(&socket, &loader));
        }
        Err(error) => loader.note(format!("no module is loaded for devices that come later: {error}")),
    }
    // After the listening has begun, so that no device falls between.
    coldplug(loader);
}

fn listen() -> io::Result<OwnedFd> {
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC, Some(KOBJECT_UEVENT))?;
    // Without it a burst is lost, which is noticed and made good.
    let _ = sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER);
    bind(&socket, &SocketAddrNetlink::new(0, KERNEL_GROUP))?;
    Ok(socket)
}

fn follow(socket: &OwnedFd, loader: &Arc<Loader>) {
    // UEVENT_BUFFER_SIZE is 2048; udev's own messages do not reach the kernel's group.
    let mut buffer = [0u8; 16384];
    loop {
        match recv(socket, &mut buffer[..], RecvFlags::empty()) {
            Ok((count, _)) => {
                if let Some(modalias) = added_modalias(&buffer[..count]) {
                    loader.autoload(&modalias);
                }
            }
            Err(Errno::NOBUFS) => coldplug(loader),
            Err(Errno::INTR) => {}
            Err(error) => {
                loader.note(format!("no module is loaded for devices that come later: {error}"));
                return;
            }
        }
    }
}

/// Modalias of a device that was added; none for any other event. As udev's 80-drivers.rules.
fn added_modalias(message: &[u8]) -> Option<String> {
    let mut action = None;
    let mut modalias = None;
    for field in message.split(|byte| *byte == 0).filter_map(|field| std::str::from_utf8(field).ok()) {
        match field.split_once('=') {
            Some(("ACTION", value)) => action = Some(value),
            Some(("MODALIAS", value)) => modalias = Some(value),
            _ => {}
        }
    }
    (action == Some("add")).then_some(modalias?).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn coldplug(loader: &Arc<Loader>) {
    visit(Path::new("/sys/devices"), loader);
}

fn visit(folder: &Path, loader: &Arc<Loader>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        // Symbolic links lead out of the tree and in rings.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            visit(&entry.path(), loader);
        } else if entry.file_name() == "modalias"
            && let Ok(modalias) = fs::read_to_string(entry.path())
        {
            loader.autoload(modalias.trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_added_devices_with_a_modalias_count() {
        let added = b"add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0MODALIAS=cxl:t5\0SEQNUM=7\0";
        assert_eq!(added_modalias(added).as_deref(), Some("cxl:t5"));
        assert_eq!(added_modalias(b"add@/x\0ACTION=add\0MODALIAS=\0"), None);
        assert_eq!(added_modalias(b"add@/x\0ACTION=add\0SEQNUM=7\0"), None);
        assert_eq!(added_modalias(b"bind@/x\0ACTION=bind\0MODALIAS=cxl:t5\0"), None);
        assert_eq!(added_modalias(b"\xff\0\0=\0ACTION"), None);
        assert_eq!(added_modalias(b""), None);
    }
}
