//! `cxl-dump`: what `/sys/bus/cxl` shows, device by device, for a reader. Nothing is judged.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;

const DEVICES: &str = "/sys/bus/cxl/devices";
/// Most bytes of an attribute: a page, as the kernel gives them; what is longer is binary, as `CDAT`.
const LONGEST: u64 = 4096;
/// None of them is about CXL.
const SKIPPED: [&str; 3] = ["power", "uevent", "subsystem"];

/// Prints it; an error where there is no such bus.
pub fn run() -> ExitCode {
    match dump(Path::new(DEVICES), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cxl-dump: {DEVICES}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Device by device, each as soon as it was read: of a lock that is held for ever one sees whose it is.
fn dump(devices: &Path, out: &mut impl Write) -> io::Result<()> {
    let mut names = entries(devices)?;
    names.sort_by_cached_key(|name| natural(name));
    for name in names {
        let device = devices.join(&name);
        let place = fs::canonicalize(&device).unwrap_or_else(|_| device.clone());
        writeln!(out, "{name} at {}", place.display())?;
        out.flush()?;
        attributes(&device, "", out)?;
    }
    Ok(())
}

/// `mem10` after `mem2`.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = vec![(String::new(), 0_u64)];
    let mut in_number = false;
    for c in name.chars() {
        if in_number && !c.is_ascii_digit() {
            parts.push((String::new(), 0));
        }
        in_number = c.is_ascii_digit();
        if let Some((text, number)) = parts.last_mut() {
            match c.to_digit(10) {
                Some(digit) => *number = number.saturating_mul(10).saturating_add(u64::from(digit)),
                None => text.push(c),
            }
        }
    }
    parts
}

fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(folder)?;
    Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

fn attributes(folder: &Path, prefix: &str, out: &mut impl Write) -> io::Result<()> {
    let mut names = entries(folder).unwrap_or_default();
    names.retain(|name| !SKIPPED.contains(&name.as_str()));
    names.sort_by_cached_key(|name| natural(name));
    for name in names {
        let path = folder.join(&name);
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        if meta.is_symlink() {
            let target = fs::read_link(&path).unwrap_or_default();
            let target = target.file_name().unwrap_or_default().to_string_lossy();
            writeln!(out, "  {prefix}{name} -> {target}")?;
        } else if meta.is_dir() {
            // A device below this one is listed where it belongs; a group of attributes has no subsystem.
            if prefix.is_empty() && !path.join("subsystem").exists() {
                attributes(&path, &format!("{name}/"), out)?;
            }
        } else if meta.permissions().mode() & 0o400 != 0 {
            writeln!(out, "  {prefix}{name}: {}", value(&path))?;
        }
    }
    Ok(())
}

/// On one line where it is one; further lines are indented.
fn value(path: &Path) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    if let Err(error) = read {
        return format!("({error})");
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.contains(|c: char| c.is_control() && !"\n\t".contains(c)) => {
            text.trim_end().replace('\n', "\n    ")
        }
        _ => format!("({} bytes, binary)", bytes.len()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_device_is_shown_with_its_attributes_groups_and_links() {
        let root = std::env::temp_dir().join(format!("agent-dump-{}", std::process::id()));
        let devices = root.join("bus");
        fs::create_dir_all(&devices).expect("a folder");
        for (path, text) in [
            ("d/mem10/serial", "0x1\n"),
            ("d/mem2/ram/size", "0x10000000\n"),
            ("d/mem2/CDAT", "\x01\x02"),
            ("d/mem2/many", "a\nb\n"),
            ("d/mem2/uevent", "MODALIAS=cxl:t5\n"),
            ("d/mem2/power/control", "auto\n"),
            ("d/mem2/pmem0/subsystem", ""),
            ("d/mem2/pmem0/nothing", ""),
            ("d/mem2/trigger", ""),
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        fs::set_permissions(root.join("d/mem2/trigger"), fs::Permissions::from_mode(0o200)).expect("a mode");
        symlink("../../../bus/cxl/drivers/cxl_mem", root.join("d/mem2/driver")).expect("a link");
        for name in ["mem10", "mem2"] {
            symlink(root.join("d").join(name), devices.join(name)).expect("a link");
        }
        let mut out = Vec::new();
        dump(&devices, &mut out).expect("it is there");
        let text = String::from_utf8(out).expect("text");
        let here = fs::canonicalize(&root).expect("it is there").display().to_string();
        let _ = fs::remove_dir_all(&root);
        assert_eq!(
            text.replace(&here, ""),
            "mem2 at /d/mem2\n  CDAT: (2 bytes, binary)\n  driver -> cxl_mem\n  many: a\n    b\n  \
             ram/size: 0x10000000\nmem10 at /d/mem10\n  serial: 0x1\n"
        );
        assert!(dump(&devices, &mut Vec::new()).is_err());
    }
}
