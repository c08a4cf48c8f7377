//! What is expected once devices have come and gone: `cxl-expect --without mem0`, `--moved mem0=sw0.dp3`,
//! `--new new0=mem0@hb0.rp1:0x1` (a new device like another, with a serial number of its own).

use wire::{Expect, ExpectMemdev, ExpectPort, PciPath};

use crate::cxl_sysfs::parse;

const OPTIONS: &str = "[--without ID] [--moved ID=PORT] [--new ID=LIKE@PORT:SERIAL]";

/// The expectation with the changes that the words name.
///
/// # Errors
/// A word that is none, a device or port that is not there, or a place whose node is not known.
pub fn changed(mut expect: Expect, words: &[String]) -> Result<Expect, String> {
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match (word, words.next()) {
            ("--without", Some(id)) => {
                take(&mut expect, id)?;
            }
            ("--moved", Some(what)) => {
                let (id, port) = what.split_once('=').ok_or("usage: --moved ID=PORT")?;
                let memdev = take(&mut expect, id)?;
                put(&mut expect, memdev, port)?;
            }
            ("--new", Some(what)) => {
                let parts = what.split_once('=').and_then(|(id, rest)| {
                    let (like, rest) = rest.split_once('@')?;
                    let (port, serial) = rest.split_once(':')?;
                    Some((id, like, port, parse(serial)?))
                });
                let (id, like, port, serial) = parts.ok_or("usage: --new ID=LIKE@PORT:SERIAL")?;
                let memdev = ExpectMemdev { id: id.to_owned(), serial, ..device(like, &expect)?.clone() };
                put(&mut expect, memdev, port)?;
            }
            _ => return Err(format!("{word:?}: usage: cxl-expect {OPTIONS}")),
        }
    }
    settle(&mut expect);
    Ok(expect)
}

/// The device of this id.
///
/// # Errors
/// There is none.
pub fn device<'a>(id: &str, expect: &'a Expect) -> Result<&'a ExpectMemdev, String> {
    let device = expect.memdevs.iter().find(|memdev| memdev.id == id);
    device.ok_or_else(|| format!("the topology has no device {id}"))
}

fn take(expect: &mut Expect, id: &str) -> Result<ExpectMemdev, String> {
    let taken = device(id, expect)?.clone();
    expect.memdevs.retain(|memdev| memdev.id != id);
    Ok(taken)
}

fn put(expect: &mut Expect, memdev: ExpectMemdev, port: &str) -> Result<(), String> {
    let Slot { at, place } = slots(expect)
        .find(|slot| name(&slot.place) == port)
        .ok_or_else(|| format!("the topology has no slot {port} on a port that is there"))?;
    if let Some(there) = expect.memdevs.iter().find(|other| other.at == at) {
        return Err(format!("{} is in {port}", there.id));
    }
    let same_bridge = |other: &&ExpectMemdev| other.at.host_bridge == at.host_bridge;
    let node = std::iter::once(&memdev).chain(&expect.memdevs).find(same_bridge).map(|other| other.node);
    let node = node.ok_or_else(|| format!("nothing gives the node of {port}"))?;
    expect.memdevs.push(ExpectMemdev { at, place, node, ..memdev });
    Ok(())
}

/// Where a device is or could be.
pub struct Slot {
    /// Of the device in it.
    pub at: PciPath,
    /// For the reader: `hb0/rp0/sw0/dp1`.
    pub place: String,
}

/// All slots of all ports, those that lead to a switch left out.
pub fn slots(expect: &Expect) -> impl Iterator<Item = Slot> {
    let of_port = |port: &ExpectPort| {
        let slot = |dport: &wire::ExpectDport| {
            let mut at = port.at.clone();
            at.devices.extend([dport.device, 0]);
            Slot { at, place: format!("{}/{}", port.place, dport.name) }
        };
        port.dports.iter().map(slot).collect::<Vec<_>>()
    };
    let all: Vec<_> = expect.ports.iter().flat_map(of_port).collect();
    let switches: Vec<_> = expect.ports.iter().map(|port| port.at.clone()).collect();
    all.into_iter().filter(move |slot| !switches.contains(&slot.at))
}

/// The id of a slot's port: `sw0.dp1` of `hb0/rp0/sw0/dp1`.
pub fn name(place: &str) -> String {
    let mut parts = place.rsplitn(3, '/');
    let (dport, port) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{port}.{dport}")
}

/// A dport must be there if memory lies below it, a switch's port only if a dport of it must.
fn settle(expect: &mut Expect) {
    let memdevs = expect.memdevs.clone();
    let below = |at: &PciPath| {
        memdevs.iter().any(|memdev| {
            memdev.at.host_bridge == at.host_bridge && memdev.at.devices.starts_with(&at.devices)
        })
    };
    for port in &mut expect.ports {
        for dport in &mut port.dports {
            let mut at = port.at.clone();
            at.devices.push(dport.device);
            dport.required = below(&at);
        }
    }
    expect.ports.retain(|port| port.at.devices.is_empty() || below(&port.at));
}

#[cfg(test)]
pub mod tests {
    use wire::ExpectDport;

    use super::*;

    /// A switch with one device and an empty port on a bridge's first port, nothing on its second.
    pub fn expect() -> Expect {
        let at = |devices: &[u8]| PciPath { host_bridge: 12, devices: devices.to_vec() };
        let dport = |name: &str, device, required| ExpectDport {
            name: name.into(),
            device,
            number: device.into(),
            required,
        };
        let port = |id: &str, place: &str, devices: &[u8], dports| ExpectPort {
            id: id.into(),
            place: place.into(),
            at: at(devices),
            dports,
        };
        let memdev = ExpectMemdev {
            id: "mem0".into(),
            place: "hb0/rp0/sw0/dp0".into(),
            at: at(&[0, 0, 0, 0]),
            serial: 0xa0,
            ram: 1 << 28,
            pmem: 0,
            lsa: 0,
            node: -1,
        };
        Expect {
            ports: vec![
                port("hb0", "hb0", &[], vec![dport("rp0", 0, true), dport("rp1", 1, false)]),
                port("sw0", "hb0/rp0/sw0", &[0, 0], vec![dport("dp0", 0, true), dport("dp1", 1, false)]),
            ],
            memdevs: vec![memdev],
            ..Expect::default()
        }
    }

    fn after(words: &[&str]) -> Result<Expect, String> {
        changed(expect(), &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn nothing_changes_without_words() {
        assert_eq!(after(&[]), Ok(expect()));
    }

    #[test]
    fn a_switch_goes_with_its_last_device() {
        let expect = after(&["--without", "mem0"]).expect("legal");
        assert_eq!(expect.memdevs, []);
        assert_eq!(expect.ports.len(), 1);
        assert!(expect.ports[0].dports.iter().all(|dport| !dport.required));
    }

    #[test]
    fn a_device_is_expected_where_it_was_put() {
        let expect = after(&["--moved", "mem0=sw0.dp1"]).expect("legal");
        assert_eq!(
            (expect.memdevs[0].place.as_str(), &expect.memdevs[0].at.devices[..]),
            ("hb0/rp0/sw0/dp1", &[0, 0, 1, 0][..])
        );
        assert_eq!(expect.ports[1].dports.iter().map(|d| d.required).collect::<Vec<_>>(), [false, true]);
        let expect = after(&["--moved", "mem0=hb0.rp1"]).expect("legal");
        assert_eq!(expect.ports.len(), 1, "{:?}", expect.ports);
        assert!(!expect.ports[0].dports[0].required && expect.ports[0].dports[1].required);
    }

    #[test]
    fn a_new_device_is_expected_beside_the_others() {
        let expect = after(&["--new", "new0=mem0@hb0.rp1:0x7"]).expect("legal");
        let ids: Vec<_> = expect.memdevs.iter().map(|memdev| (memdev.id.as_str(), memdev.serial)).collect();
        assert_eq!(ids, [("mem0", 0xa0), ("new0", 7)]);
        assert!(expect.ports[0].dports[1].required);
        assert!(after(&["--new", "new0=mem0@sw0.dp0:0x7"]).is_err(), "mem0 is there");
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert_eq!(after(&["--without", "mem9"]), Err("the topology has no device mem9".into()));
        let error = "the topology has no slot hb0.rp0 on a port that is there";
        assert_eq!(after(&["--moved", "mem0=hb0.rp0"]), Err(error.into()));
        assert!(after(&["--moved", "mem0"]).is_err());
        assert!(after(&["--what"]).is_err());
    }
}
