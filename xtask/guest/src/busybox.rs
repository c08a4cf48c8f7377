//! The guest's userland: one static busybox, and a link for each of its applets.

use std::path::{Path, PathBuf};

use fs_err as fs;
use xshell::{Shell, cmd};

use host::{Process, elf};

use super::GuestError;

/// Where distributions put it.
const PLACES: [&str; 2] = ["/bin/busybox", "/usr/bin/busybox"];

/// A static busybox of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busybox {
    /// Where it is.
    pub path: PathBuf,
    /// The program.
    pub bytes: Vec<u8>,
    /// Names of its applets, sorted.
    pub applets: Vec<String>,
}

impl Busybox {
    /// Finds the machine's.
    ///
    /// # Errors
    /// [`GuestError::Missing`] and [`GuestError::NotStatic`] name the package `busybox-static`.
    pub fn find() -> Result<Self, GuestError> {
        let places = PLACES.map(PathBuf::from);
        match places.iter().find(|path| path.is_file()) {
            Some(path) => Self::load(path),
            None => Err(GuestError::Missing { what: "busybox", need: "busybox-static", at: places.into() }),
        }
    }

    /// Takes this one.
    ///
    /// # Errors
    /// [`GuestError`].
    pub fn load(path: &Path) -> Result<Self, GuestError> {
        let bytes = fs::read(path)?;
        if !elf::is_static(&bytes) {
            let hint = "install the package busybox-static";
            return Err(GuestError::NotStatic { path: path.to_owned(), hint });
        }
        let sh = Shell::new()?;
        let list = Process::from(cmd!(sh, "{path} --list")).read()?;
        let mut applets: Vec<_> =
            list.lines().map(str::trim).filter(|name| is_name(name)).map(str::to_owned).collect();
        applets.sort_unstable();
        applets.dedup();
        Ok(Self { path: path.to_owned(), bytes, applets })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dynamic_one_is_refused_with_the_way_out() {
        let own = std::env::current_exe().expect("our own program");
        let error = fault::shown(&Busybox::load(&own).expect_err("it is dynamic"));
        assert!(
            error.ends_with("the guest has no libraries\nhint: install the package busybox-static"),
            "{error}"
        );
    }

    #[test]
    fn the_machine_s_own_has_what_the_guest_needs() {
        let Ok(busybox) = Busybox::find() else { return };
        for applet in ["sh", "modprobe", "mount", "dmesg"] {
            assert!(busybox.applets.iter().any(|name| name == applet), "{applet}");
        }
    }
}
