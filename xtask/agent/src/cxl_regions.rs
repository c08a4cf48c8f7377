//! `cxl-regions`: the sample of regions that the host derived from the topology, for a case that creates them with the
//! real `cxl`, and the comparison of each with its decoders in sysfs, from the root to the endpoints.
//!
//! The host speaks of devices by serial number; names like `mem0` are the kernel's, and found out here.

use std::fs;
use std::path::{Path, PathBuf};

use wire::{Expect, ExpectRegion};

use crate::cxl_sysfs::{self, Tree, parse};

/// What is printed, and whether all is well. `words` are those of the command line.
pub fn run(words: &[String], expect: &Expect, sysfs: &Path) -> (String, bool) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let region = |number: &str| number.parse::<usize>().ok().and_then(|number| expect.regions.get(number));
    match words[..] {
        ["list"] => (list(&expect.regions), true),
        ["name", number] => answer(region(number).map(name)),
        ["arguments", number] => answer(region(number).and_then(|region| arguments(region, sysfs))),
        ["check", number, name] => match region(number) {
            Some(region) => {
                let wrong = check(region, name, sysfs);
                (wrong.iter().map(|line| format!("{line}\n")).collect(), wrong.is_empty())
            }
            None => answer(None),
        },
        _ => ("usage: cxl-regions list | name N | arguments N | check N REGION\n".to_owned(), false),
    }
}

fn answer(text: Option<String>) -> (String, bool) {
    match text {
        Some(text) => (text + "\n", true),
        None => ("there is no such region, or a device of it is not there\n".to_owned(), false),
    }
}

fn list(regions: &[ExpectRegion]) -> String {
    let line = |(number, region): (usize, &ExpectRegion)| {
        format!("{number} {}\n", if region.refused.is_some() { "refused" } else { "legal" })
    };
    regions.iter().enumerate().map(line).collect()
}

fn name(region: &ExpectRegion) -> String {
    match &region.refused {
        None => region.name.clone(),
        Some(why) => format!("{} is refused: {why}", region.name),
    }
}

/// What `cxl create-region` is called with.
fn arguments(region: &ExpectRegion, sysfs: &Path) -> Option<String> {
    let tree = cxl_sysfs::read(sysfs);
    let memdev = |serial: &u64| {
        tree.memdevs.iter().find(|memdev| memdev.serial == Some(*serial)).map(|memdev| memdev.name.clone())
    };
    let memdevs = region.serials.iter().map(memdev).collect::<Option<Vec<_>>>()?;
    let ExpectRegion { window, kind, ways, granularity, size, .. } = region;
    let memdevs = memdevs.join(" ");
    Some(format!("-d decoder0.{window} -m -t {kind} -w {ways} -g {granularity} -s {size} {memdevs}"))
}

/// Attributes of a folder of sysfs, compared one by one.
struct Attributes<'a> {
    what: String,
    folder: PathBuf,
    wrong: &'a mut Vec<String>,
}

impl Attributes<'_> {
    fn text(&self, attribute: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(attribute)).ok().map(|text| text.trim().to_owned())
    }

    fn is(&mut self, attribute: &str, wanted: &str) {
        let got = self.text(attribute);
        let same = match (got.as_deref().and_then(parse), parse(wanted)) {
            (Some(got), Some(wanted)) => got == wanted,
            _ => got.as_deref() == Some(wanted),
        };
        if !same {
            let got = got.unwrap_or_else(|| "nothing".to_owned());
            self.wrong.push(format!("{} {attribute}: wanted {wanted}, got {got}", self.what));
        }
    }
}

/// What is wrong with a region that was created, and with the decoders that lead to it.
fn check(region: &ExpectRegion, name: &str, sysfs: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let tree = cxl_sysfs::read(sysfs);
    let device = |name: &str| sysfs.join("bus/cxl/devices").join(name);
    let mut of = Attributes { what: name.to_owned(), folder: device(name), wrong: &mut wrong };
    let start = of.text("resource").unwrap_or_default();
    of.is("size", &region.size.to_string());
    of.is("interleave_ways", &region.ways.to_string());
    of.is("interleave_granularity", &region.granularity.to_string());
    of.is("commit", "1");
    let targets: Vec<_> = (0..region.serials.len()).map(|n| of.text(&format!("target{n}"))).collect();
    for (n, (serial, target)) in region.serials.iter().zip(&targets).enumerate() {
        let Some(decoder) = target.as_deref().filter(|name| name.starts_with("decoder")) else {
            wrong.push(format!("{name} target{n}: there is none"));
            continue;
        };
        endpoint(region, n, (*serial, decoder), &start, name, (sysfs, &tree), &mut wrong);
    }
    for wanted in &region.decoders {
        let Some(port) = tree.ports.iter().find(|port| port.at.at.as_ref() == Some(&wanted.at)) else {
            wrong.push(format!("{}: there is no such port", wanted.id));
            continue;
        };
        let Some(decoder) = decoder_of(&device(&port.name), name) else {
            wrong.push(format!("{} ({}): no decoder serves {name}", port.name, wanted.id));
            continue;
        };
        let what = format!("{decoder} of {} ({})", port.name, wanted.id);
        let mut of = Attributes { what, folder: device(&decoder), wrong: &mut wrong };
        of.is("start", &start);
        of.is("size", &region.size.to_string());
        of.is("interleave_ways", &wanted.ways.to_string());
        of.is("interleave_granularity", &wanted.granularity.to_string());
        let targets: Vec<_> = wanted.targets.iter().map(ToString::to_string).collect();
        of.is("target_list", &targets.join(","));
    }
    wrong
}

/// The decoder at one position: of the right device, and with its share.
fn endpoint(
    region: &ExpectRegion,
    position: usize,
    (serial, decoder): (u64, &str),
    start: &str,
    name: &str,
    (sysfs, tree): (&Path, &Tree),
    wrong: &mut Vec<String>,
) {
    let folder = sysfs.join("bus/cxl/devices").join(decoder);
    let above = fs::canonicalize(&folder).ok();
    let above = above.as_deref().and_then(Path::parent).and_then(Path::file_name);
    let port = tree.endpoints.iter().find(|port| above.is_some_and(|above| *port.name == *above));
    let memdev =
        port.and_then(|port| tree.memdevs.iter().find(|memdev| port.uport.as_ref() == Some(&memdev.path)));
    if memdev.and_then(|memdev| memdev.serial) != Some(serial) {
        let got = memdev.map_or("none", |memdev| &memdev.name);
        wrong.push(format!(
            "{decoder} at position {position} is of {got}, wanted the one with serial {serial:#x}"
        ));
    }
    let mut of = Attributes { what: decoder.to_owned(), folder, wrong };
    of.is("start", start);
    of.is("size", &region.size.to_string());
    of.is("interleave_ways", &region.ways.to_string());
    of.is("interleave_granularity", &region.granularity.to_string());
    of.is("dpa_size", &(region.size / u64::from(region.ways.max(1))).to_string());
    of.is("mode", &region.kind);
    of.is("region", name);
}

/// The decoder of a port that serves a region.
fn decoder_of(port: &Path, region: &str) -> Option<String> {
    let decoders =
        fs::read_dir(port).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut decoders = decoders.filter(|name| name.starts_with("decoder"));
    decoders.find(|decoder| {
        fs::read_to_string(port.join(decoder).join("region")).is_ok_and(|text| text.trim() == region)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use wire::{ExpectDecoder, PciPath};

    use super::*;

    fn region() -> ExpectRegion {
        ExpectRegion {
            name: "a region".to_owned(),
            refused: None,
            window: 1,
            kind: "pmem".to_owned(),
            ways: 1,
            granularity: 256,
            size: 1 << 28,
            serials: vec![0xa0],
            decoders: vec![ExpectDecoder {
                id: "hb0".to_owned(),
                at: PciPath { host_bridge: 12, devices: vec![] },
                ways: 1,
                granularity: 256,
                targets: vec![3],
            }],
        }
    }

    /// A sysfs with that region in it, gone with the value.
    struct Sysfs(PathBuf);

    impl Drop for Sysfs {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const PORT: &str = "devices/platform/ACPI0017:00/root0/port1";
    const MEM: &str = "devices/pci0000:0c/0000:0c:00.0/0000:0d:00.0/mem5";

    impl Sysfs {
        fn new(test: &str) -> Self {
            let sysfs = Self(std::env::temp_dir().join(format!("regions-{}-{test}", std::process::id())));
            let common =
                [("size", "0x10000000"), ("interleave_ways", "1"), ("interleave_granularity", "256")];
            let devices = [
                (MEM.to_owned(), vec![("serial", "0xa0")]),
                (
                    format!("{PORT}/decoder1.0"),
                    vec![("start", "0x90000000"), ("target_list", "3"), ("region", "region2")],
                ),
                (
                    format!("{PORT}/endpoint2/decoder2.1"),
                    vec![
                        ("start", "0x90000000"),
                        ("dpa_size", "0x10000000"),
                        ("mode", "pmem"),
                        ("region", "region2"),
                    ],
                ),
                (
                    "devices/platform/ACPI0017:00/root0/decoder0.1/region2".to_owned(),
                    vec![("resource", "0x90000000"), ("commit", "1"), ("target0", "decoder2.1")],
                ),
                (PORT.to_owned(), vec![]),
                (format!("{PORT}/endpoint2"), vec![]),
            ];
            fs::create_dir_all(sysfs.0.join("bus/cxl/devices")).expect("created");
            fs::create_dir_all(sysfs.0.join("devices/pci0000:0c")).expect("created");
            for (path, own) in devices {
                let folder = sysfs.0.join(&path);
                fs::create_dir_all(&folder).expect("created");
                let name = path.rsplit('/').next().expect("a name");
                symlink(&folder, sysfs.0.join("bus/cxl/devices").join(name)).expect("linked");
                for (attribute, text) in common.iter().chain(&own) {
                    fs::write(folder.join(attribute), format!("{text}\n")).expect("written");
                }
            }
            symlink(sysfs.0.join("devices/pci0000:0c"), sysfs.0.join(PORT).join("uport")).expect("linked");
            symlink(sysfs.0.join(MEM), sysfs.0.join(PORT).join("endpoint2/uport")).expect("linked");
            sysfs
        }
    }

    #[test]
    fn a_region_that_fits_has_no_faults_and_arguments_name_the_kernel_s_memdev() {
        let sysfs = Sysfs::new("fits");
        assert_eq!(check(&region(), "region2", &sysfs.0), [""; 0]);
        let expect = Expect { regions: vec![region()], ..Expect::default() };
        let printed =
            |words: &[&str]| run(&words.iter().map(|&w| w.to_owned()).collect::<Vec<_>>(), &expect, &sysfs.0);
        let wanted = "-d decoder0.1 -m -t pmem -w 1 -g 256 -s 268435456 mem5\n";
        assert_eq!(printed(&["arguments", "0"]), (wanted.to_owned(), true));
        assert_eq!(printed(&["list"]), ("0 legal\n".to_owned(), true));
        assert_eq!(printed(&["check", "0", "region2"]), (String::new(), true));
        assert!(!printed(&["check", "0", "region9"]).1 && !printed(&["name", "1"]).1 && !printed(&[]).1);
    }

    #[test]
    fn every_attribute_counts() {
        let root = "devices/platform/ACPI0017:00/root0/decoder0.1/region2";
        let endpoint = format!("{PORT}/endpoint2/decoder2.1");
        for (path, text) in [
            (format!("{root}/size"), "1"),
            (format!("{root}/interleave_ways"), "2"),
            (format!("{root}/interleave_granularity"), "512"),
            (format!("{root}/commit"), "0"),
            (format!("{root}/target0"), "decoder2.0"),
            (format!("{endpoint}/dpa_size"), "0"),
            (format!("{endpoint}/mode"), "ram"),
            (format!("{endpoint}/start"), "0x80000000"),
            (format!("{endpoint}/region"), "region1"),
            (format!("{PORT}/decoder1.0/region"), ""),
            (format!("{PORT}/decoder1.0/target_list"), "2"),
            (format!("{PORT}/decoder1.0/interleave_granularity"), "4096"),
            (format!("{MEM}/serial"), "0xa1"),
        ] {
            let sysfs = Sysfs::new("counts");
            fs::write(sysfs.0.join(&path), text).expect("written");
            assert!(!check(&region(), "region2", &sysfs.0).is_empty(), "{path}");
        }
    }
}
