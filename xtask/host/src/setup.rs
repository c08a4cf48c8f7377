//! Installing what is missing: one `apt-get install` over a private apt configuration.
//!
//! The configuration is derived from the machine's own and kept in the cache, so that a machine whose package
//! lists were never fetched works, and so that Debian 12 gets its QEMU from backports without a change to
//! `/etc/apt`.

use std::path::{Path, PathBuf};

use fault::ToolError;

use super::requirements::Found;
use super::{AptError, Distribution, PrivateApt, Process, ProcessError};

/// All that must come from backports for QEMU 10 to install on Debian 12. Named one by one: a target release for the
/// whole command would prefer backports for everything else too, down to systemd.
const QEMU_FROM_BACKPORTS: &[&str] =
    &["qemu-system-x86", "qemu-system-common", "qemu-system-data", "seabios"];

/// What is going to be installed, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    packages: Vec<&'static str>,
    suite: String,
    backports: bool,
    sudo: bool,
    cache: PathBuf,
}

/// Why an installation did not work.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The private configuration could not be made, or the lists not be fetched.
    #[error(transparent)]
    Apt(#[from] AptError),
    /// apt-get failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

impl ToolError for SetupError {
    fn wrapped(&self) -> Option<&dyn ToolError> {
        match self {
            Self::Apt(error) => Some(error),
            Self::Process(error) => Some(error),
        }
    }
}

/// The plan for what is missing; none where nothing is, or where packages do not come through apt.
pub fn plan(missing: &[&Found], distribution: &Distribution, cache: &Path) -> Option<Plan> {
    if missing.is_empty() || !distribution.has_apt() {
        return None;
    }
    let mut packages: Vec<_> = missing.iter().map(|f| f.requirement.package).collect();
    // A compiler without the C library's headers builds nothing.
    if packages.contains(&"gcc") {
        packages.push("libc6-dev");
    }
    packages.sort_unstable();
    packages.dedup();
    let backports = distribution.backports_qemu() && packages.contains(&"qemu-system-x86");
    let sudo = !rustix::process::geteuid().is_root();
    Some(Plan { packages, suite: distribution.codename.clone(), backports, sudo, cache: cache.to_owned() })
}

impl Plan {
    /// The command as it will run, ready to paste.
    pub fn shown(&self) -> String {
        match self.apt() {
            Ok(apt) => self.install(&apt).command_line(),
            // Only the configuration's files are missing: the plain command says the same.
            Err(_) => {
                format!("{}apt-get install {}", if self.sudo { "sudo " } else { "" }, self.packages.join(" "))
            }
        }
    }

    /// Fetches the lists (without root) and installs.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn carry_out(&self) -> Result<(), SetupError> {
        let apt = self.apt()?;
        apt.update()?;
        self.install(&apt).interactive().run()?;
        Ok(())
    }

    fn apt(&self) -> Result<PrivateApt, AptError> {
        let mut suites: Vec<String> =
            ["", "-updates", "-security"].iter().map(|s| format!("{}{s}", self.suite)).collect();
        if self.backports {
            suites.push(format!("{}-backports", self.suite));
        }
        PrivateApt::new(&self.cache, &suites)
    }

    fn install(&self, apt: &PrivateApt) -> Process {
        let mut args: Vec<String> = Vec::new();
        if self.sudo {
            args.push("env".to_owned());
        }
        args.push("DEBIAN_FRONTEND=noninteractive".to_owned());
        args.push("apt-get".to_owned());
        args.extend(apt.options());
        args.extend(["install", "--yes", "--no-install-recommends", "--no-remove"].map(str::to_owned));
        for package in &self.packages {
            if self.backports && *package == "qemu-system-x86" {
                args.extend(
                    QEMU_FROM_BACKPORTS.iter().map(|name| format!("{name}/{}-backports", self.suite)),
                );
            } else {
                args.push((*package).to_owned());
            }
        }
        Process::new(if self.sudo { "sudo" } else { "env" }, args)
    }
}
