//! `cxl-topology`: the topology in a case's words. Ids are those of the topology file; the kernel's names for what bears
//! them are found out here.

use std::fs;
use std::path::{Path, PathBuf};

use wire::{Expect, ExpectMemdev, ExpectRegion, PciPath};

use crate::cxl_changed::{Slot, device, name, slots};
use crate::cxl_sysfs::{self, Memdev, number};

const USAGE: &str = "usage: cxl-topology sample       a device of each sort of place: ID PORT
       cxl-topology slots        a slot of each sort of place that is empty: PORT
       cxl-topology memdev ID    the kernel's name of it: memN
       cxl-topology pci ID       its PCI address
       cxl-topology region ID    number of a legal region for cxl-regions that it is in
       cxl-topology mapped ID N  of byte N that a region maps: DPA, HPA, regionN\n";

/// What is printed, and whether all is well. `words` are those of the command line.
pub fn run(words: &[String], expect: &Expect, sysfs: &Path) -> (String, bool) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let answer = match words[..] {
        ["sample"] => Ok(sample(expect)),
        ["slots"] => Ok(empty(expect)),
        ["memdev", id] => memdev(id, expect, sysfs).map(|memdev| memdev.name),
        ["pci", id] => memdev(id, expect, sysfs).and_then(|memdev| pci(&memdev)),
        ["region", id] => region(id, expect),
        ["mapped", id, byte] => memdev(id, expect, sysfs).and_then(|memdev| mapped(&memdev, byte, sysfs)),
        _ => return (USAGE.to_owned(), false),
    };
    match answer {
        Ok(text) if text.is_empty() => (text, true),
        Ok(text) => (text + "\n", true),
        Err(why) => (why + "\n", false),
    }
}

/// One of each depth: right below a host bridge, and behind a switch. A line each.
fn one_of_each<'a>(all: impl Iterator<Item = (&'a PciPath, String)>) -> String {
    let mut depths = Vec::new();
    let mut lines = Vec::new();
    for (at, line) in all {
        if !depths.contains(&at.devices.len()) {
            depths.push(at.devices.len());
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn sample(expect: &Expect) -> String {
    let line = |memdev: &ExpectMemdev| format!("{} {}", memdev.id, name(&memdev.place));
    one_of_each(expect.memdevs.iter().map(|memdev| (&memdev.at, line(memdev))))
}

fn empty(expect: &Expect) -> String {
    let empty = |slot: &Slot| expect.memdevs.iter().all(|memdev| memdev.at != slot.at);
    let slots: Vec<_> = slots(expect).filter(empty).collect();
    one_of_each(slots.iter().map(|slot| (&slot.at, name(&slot.place))))
}

fn memdev(id: &str, expect: &Expect, sysfs: &Path) -> Result<Memdev, String> {
    let serial = device(id, expect)?.serial;
    let mut memdevs = cxl_sysfs::read(sysfs).memdevs.into_iter();
    let memdev = memdevs.find(|memdev| memdev.serial == Some(serial));
    memdev.ok_or_else(|| format!("{id} is not there: no memdev has serial {serial:#x}"))
}

fn pci(memdev: &Memdev) -> Result<String, String> {
    let parent = memdev.path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    parent.map(str::to_owned).ok_or_else(|| format!("{} hangs on nothing", memdev.name))
}

/// Of those of the sample in which it is, the one of fewest ways.
fn region(id: &str, expect: &Expect) -> Result<String, String> {
    let serial = device(id, expect)?.serial;
    let with = |region: &ExpectRegion| region.refused.is_none() && region.serials.contains(&serial);
    let regions = expect.regions.iter().enumerate().filter(|(_, region)| with(region));
    let least = regions.min_by_key(|(_, region)| region.ways).map(|(number, _)| number.to_string());
    least.ok_or_else(|| format!("the sample has no legal region with {id}"))
}

/// Device to host physical address by the arithmetic of CXL 3.0, 8.2.4.20.13 (modulo): the share of a device is cut into
/// pieces of the granularity, which take turns.
fn mapped(memdev: &Memdev, byte: &str, sysfs: &Path) -> Result<String, String> {
    let offset = cxl_sysfs::parse(byte).ok_or_else(|| format!("{byte:?} is not a number"))?;
    let tree = cxl_sysfs::read(sysfs);
    let endpoint = tree.endpoints.iter().find(|port| port.uport.as_ref() == Some(&memdev.path));
    let endpoint = endpoint.ok_or_else(|| format!("{} has no endpoint", memdev.name))?;
    let devices = sysfs.join("bus/cxl/devices");
    let folder = devices.join(&endpoint.name);
    let text = |path: PathBuf| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    for decoder in cxl_sysfs::entries(&folder) {
        let folder = folder.join(&decoder);
        let region = text(folder.join("region"));
        let (Some(start), false) = (number(&folder.join("dpa_resource")), region.is_empty()) else {
            continue;
        };
        let of = |attribute: &str| {
            let found = number(&devices.join(&region).join(attribute));
            found.ok_or_else(|| format!("{region} of {decoder} has no {attribute}"))
        };
        let (base, ways, granularity) =
            (of("resource")?, of("interleave_ways")?, of("interleave_granularity")?);
        let target =
            |position: &u64| text(devices.join(&region).join(format!("target{position}"))) == decoder;
        let position = (0..ways).find(target).ok_or_else(|| format!("{decoder} is no target of {region}"))?;
        let piece = offset.checked_div(granularity).ok_or("a granularity of 0")?;
        let hpa = base + (piece * ways + position) * granularity + offset % granularity;
        return Ok(format!("{:#x} {hpa:#x} {region}", start + offset));
    }
    Err(format!("no decoder of {} is of a region", endpoint.name))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn printed(words: &[&str], sysfs: &Path) -> (String, bool) {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        run(&words, &crate::cxl_changed::tests::expect(), sysfs)
    }

    /// A memdev at the second position of a region of two ways, whose memory begins at half of the device.
    fn sysfs() -> PathBuf {
        let sysfs = std::env::temp_dir().join(format!("topology-{}", std::process::id()));
        let (devices, real) = (sysfs.join("bus/cxl/devices"), sysfs.join("devices"));
        let memdev = real.join("pci0000:0c/0000:0d:00.0/mem7");
        let (endpoint, region) = (real.join("root0/port1/endpoint2"), real.join("root0/region5"));
        let decoder = endpoint.join("decoder2.0");
        for (folder, files) in [
            (&memdev, &[("serial", "0xa0")][..]),
            (&decoder, &[("dpa_resource", "0x1000"), ("region", "region5")]),
            (
                &region,
                &[
                    ("resource", "0x100000"),
                    ("interleave_ways", "2"),
                    ("interleave_granularity", "256"),
                    ("target0", "decoder3.0"),
                    ("target1", "decoder2.0"),
                ],
            ),
        ] {
            fs::create_dir_all(folder).expect("a folder");
            for (name, text) in files {
                fs::write(folder.join(name), format!("{text}\n")).expect("a file");
            }
        }
        symlink(&memdev, endpoint.join("uport")).expect("a link");
        fs::create_dir_all(&devices).expect("a folder");
        for real in [&memdev, &endpoint, &region] {
            symlink(real, devices.join(real.file_name().expect("a name"))).expect("a link");
        }
        sysfs
    }

    #[test]
    fn a_device_is_found_and_its_addresses_translated() {
        let sysfs = sysfs();
        assert_eq!(printed(&["memdev", "mem0"], &sysfs), ("mem7\n".into(), true));
        assert_eq!(printed(&["pci", "mem0"], &sysfs), ("0000:0d:00.0\n".into(), true));
        // The third piece of the device is the sixth of the region.
        let wanted = "0x1240 0x100540 region5\n";
        assert_eq!(printed(&["mapped", "mem0", "0x240"], &sysfs), (wanted.into(), true));
        fs::remove_dir_all(&sysfs).expect("it goes");
    }

    #[test]
    fn samples_have_one_of_each_sort_of_place() {
        let nowhere = Path::new("/nonexistent");
        assert_eq!(printed(&["sample"], nowhere), ("mem0 sw0.dp0\n".into(), true));
        assert_eq!(printed(&["slots"], nowhere), ("hb0.rp1\nsw0.dp1\n".into(), true));
        assert!(!printed(&["memdev", "mem0"], nowhere).1);
        assert!(!printed(&["memdev", "mem9"], nowhere).1);
        assert!(!printed(&[], nowhere).1);
    }
}
