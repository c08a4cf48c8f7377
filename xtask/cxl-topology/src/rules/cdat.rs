//! CDAT files: what QEMU reads without looking.

use std::fs;
use std::path::Path;

use specfile::check_name;

use super::finding::Finding;
use super::findings::Findings;
use super::table::CDAT_FILE;
use crate::raw::RawTopology;

/// Header: length, revision, checksum, reserved, sequence (CDAT 1.03, table 3).
const HEADER: usize = 16;

/// Length of the entries of types 0 to 4: DSMAS, DSLBIS, DSMSCIS, DSIS, DSEMTS. Type 5, SSLBIS, is 16 and 8 a link.
const LENGTHS: [usize; 5] = [24, 24, 20, 8, 24];
const SSLBIS: u8 = 5;

/// Checks the files that a topology of this folder names.
pub(crate) fn check_files(raw: &RawTopology, dir: &Path) -> Vec<Finding> {
    let mut findings = Findings::default();
    for at in raw.devices() {
        let Some(name) = &at.part.cdat else { continue };
        if let Err(why) = name_within(name).and_then(|()| file(&dir.join(name))) {
            let hint = "a path below this file's folder, to a table as in the CDAT specification";
            findings.add(&CDAT_FILE, format!("{}.cdat", at.field), format!("{name:?}: {why}"), hint);
        }
    }
    findings.0
}

/// A path that cannot leave the folder.
fn name_within(name: &str) -> Result<(), String> {
    name.split('/').try_for_each(check_name)
}

fn file(path: &Path) -> Result<(), String> {
    table(&fs::read(path).map_err(|error| error.to_string())?)
}

/// Whether these bytes are a CDAT.
fn table(bytes: &[u8]) -> Result<(), String> {
    let length = bytes.first_chunk::<4>().map(|length| u32::from_le_bytes(*length) as usize);
    if bytes.len() < HEADER || length != Some(bytes.len()) {
        return Err(format!("its header gives another length than its {} bytes", bytes.len()));
    }
    let mut at = HEADER;
    while at < bytes.len() {
        let Some([kind, _, low, high]) = bytes.get(at..at + 4) else {
            return Err(format!("it ends within the entry at byte {at}"));
        };
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let right = match LENGTHS.get(usize::from(*kind)) {
            Some(known) => length == *known,
            None if *kind == SSLBIS => length >= 24 && (length - 16).is_multiple_of(8),
            None => return Err(format!("the entry at byte {at} has the unknown type {kind}")),
        };
        if !right || at + length > bytes.len() {
            return Err(format!("the entry at byte {at} (type {kind}) has the impossible length {length}"));
        }
        at += length;
    }
    match bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) {
        0 => Ok(()),
        _ => Err("its checksum is wrong".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table with one DSMAS and one DSLBIS.
    fn good() -> Vec<u8> {
        let mut bytes = vec![0; 16 + 24 + 24];
        bytes[0] = 64;
        bytes[4] = 1;
        (bytes[16], bytes[18]) = (0, 24);
        (bytes[40], bytes[42]) = (1, 24);
        checksummed(bytes)
    }

    fn checksummed(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes[5] = 0;
        bytes[5] = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte));
        bytes
    }

    fn altered(at: usize, byte: u8) -> Result<(), String> {
        let mut bytes = good();
        bytes[at] = byte;
        table(&checksummed(bytes))
    }

    #[test]
    fn a_table_is_checked_down_to_its_sum() {
        assert_eq!(table(&good()), Ok(()));
        let mut bytes = good();
        bytes[30] ^= 1;
        insta::assert_snapshot!(table(&bytes).expect_err("wrong"), @"its checksum is wrong");
        insta::assert_snapshot!(altered(0, 63).expect_err("wrong"), @"its header gives another length than its 64 bytes");
        insta::assert_snapshot!(altered(18, 23).expect_err("wrong"), @"the entry at byte 16 (type 0) has the impossible length 23");
        insta::assert_snapshot!(altered(16, 9).expect_err("wrong"), @"the entry at byte 16 has the unknown type 9");
        assert_eq!(altered(40, 5), Ok(()), "an SSLBIS with one link");
        insta::assert_snapshot!(altered(42, 25).expect_err("wrong"), @"the entry at byte 40 (type 1) has the impossible length 25");
        insta::assert_snapshot!(table(b"not a table at all").expect_err("wrong"), @"its header gives another length than its 18 bytes");
        assert!(table(b"").is_err());
    }

    #[test]
    fn a_file_is_below_the_folder_and_there() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("good.bin"), good()).expect("written");
        let check = |name: &str| {
            let text = format!(
                "{{summary: s, host-bridges: [{{id: hb0, root-ports: [device: {{id: m, volatile: 256M, cdat: {name}}}]}}]}}"
            );
            let found = check_files(&serde_yaml::from_str(&text).expect("YAML"), folder.path());
            found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(check("good.bin"), "");
        insta::assert_snapshot!(check("missing.bin"), @r#"
        error: host-bridges[0].root-ports[0].device.cdat: "missing.bin": No such file or directory (os error 2) [cdat-file]
          hint: a path below this file's folder, to a table as in the CDAT specification
        "#);
        insta::assert_snapshot!(check("../good.bin"), @r#"
        error: host-bridges[0].root-ports[0].device.cdat: "../good.bin": the name `..` starts with a dot or a dash [cdat-file]
          hint: a path below this file's folder, to a table as in the CDAT specification
        "#);
        insta::assert_snapshot!(check("/etc/passwd"), @r#"
        error: host-bridges[0].root-ports[0].device.cdat: "/etc/passwd": the name is empty [cdat-file]
          hint: a path below this file's folder, to a table as in the CDAT specification
        "#);
    }
}
