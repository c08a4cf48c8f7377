//! Installing what is missing: one `apt-get install` over repositories that are derived from the machine's own, so that a machine whose
//! package lists were never fetched works, and so that Debian 12 gets its QEMU from backports without a change to `/etc/apt`.
//!
//! It runs as root. So it takes nothing from the cache, which the user can write to, and so can what the user runs: the configuration and the
//! lists are made anew in a folder of root's, and packages have to be signed, whatever the machine's sources say.

use std::path::Path;

use fault::ToolError;

use super::requirements::Found;
use super::{AptError, Distribution, PrivateApt, Process, ProcessError};

/// All that must come from backports for QEMU 10 to install on Debian 12. Named one by one: a target release for the
/// whole command would prefer backports for everything else too, down to systemd.
const QEMU_FROM_BACKPORTS: &[&str] =
    &["qemu-system-x86", "qemu-system-common", "qemu-system-data", "seabios"];

/// What root runs, with the repositories and the packages as arguments.
const SCRIPT: &str = r#"set -e
export DEBIAN_FRONTEND=noninteractive
dir=$(mktemp -d /var/cache/cxl-patchbench.XXXXXX)
trap 'rm -rf "$dir"' EXIT
# For the user as whom apt fetches.
chmod 755 "$dir"
mkdir -p "$dir/lists/partial"
printf '%s' "$1" > "$dir/private.sources"
shift
get() {
	apt-get -o Dir::Etc::SourceList="$dir/private.sources" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$dir/lists" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Acquire::Languages=none -o Acquire::Retries=3 \
		-o APT::Update::Error-Mode=any -o APT::Get::AllowUnauthenticated=false -o Acquire::AllowInsecureRepositories=false \
		-o Acquire::AllowDowngradeToInsecureRepositories=false "$@"
}
get update
get install --yes --no-install-recommends --no-remove "$@"
"#;

/// What is going to be installed, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    packages: Vec<String>,
    suites: Vec<String>,
    sudo: bool,
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
pub fn plan(missing: &[&Found], distribution: &Distribution) -> Option<Plan> {
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
    let suite = &distribution.codename;
    let mut suites: Vec<String> =
        ["", "-updates", "-security"].iter().map(|kind| format!("{suite}{kind}")).collect();
    let mut packages: Vec<String> = packages.into_iter().map(str::to_owned).collect();
    let qemu = packages.iter().position(|package| package == "qemu-system-x86");
    if let Some(at) = qemu.filter(|_| distribution.backports_qemu()) {
        let named = QEMU_FROM_BACKPORTS.iter().map(|name| format!("{name}/{suite}-backports"));
        packages.splice(at..=at, named);
        suites.push(format!("{suite}-backports"));
    }
    Some(Plan { packages, suites, sudo: !rustix::process::geteuid().is_root() })
}

impl Plan {
    /// The command in short: what apt-get is asked for.
    pub fn shown(&self) -> String {
        let sudo = if self.sudo { "sudo " } else { "" };
        format!("{sudo}apt-get install --no-install-recommends {}", self.packages.join(" "))
    }

    /// The command as it runs, ready to paste.
    ///
    /// # Errors
    /// [`SetupError::Apt`].
    pub fn command_line(&self) -> Result<String, SetupError> {
        Ok(self.process()?.command_line())
    }

    /// Fetches the lists and installs.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn carry_out(&self) -> Result<(), SetupError> {
        which::which("apt-get").map_err(|_| AptError::Missing)?;
        self.process()?.interactive().run()?;
        Ok(())
    }

    fn process(&self) -> Result<Process, AptError> {
        let sources = PrivateApt::signed_sources(Path::new("/etc/apt"), &self.suites)?;
        let shell: &[&str] = if self.sudo { &["sudo", "sh"] } else { &["sh"] };
        let process = Process::new(shell[0], &shell[1..]).arg("-c").arg(SCRIPT).arg("setup").arg(sources);
        Ok(self.packages.iter().fold(process, Process::arg))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use fs_err as fs;

    use super::*;

    /// apt-get is played by a script that leaves what it was called with.
    #[test]
    fn root_takes_nothing_that_somebody_else_can_write_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("etc")).expect("made");
        let unsigned = "Types: deb\nURIs: http://m.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\
                        Trusted: yes\nAllow-Insecure: yes\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n";
        fs::create_dir(at("etc/sources.list.d")).expect("made");
        fs::write(at("etc/sources.list.d/debian.sources"), unsigned).expect("written");
        let apt = "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"$OUT/calls\"\nfor word; do case $word in\n\
                   *SourceList=*) cp \"${word#*=}\" \"$OUT/sources\"; stat -c %U \"${word#*=}\" > \"$OUT/owner\" ;;\nesac; done\n";
        fs::write(at("apt-get"), apt).expect("written");
        fs::set_permissions(at("apt-get"), Permissions::from_mode(0o755)).expect("a mode");
        let plan = Plan {
            packages: vec!["flex".to_owned(), "qemu-system-x86/bookworm-backports".to_owned()],
            suites: ["bookworm", "bookworm-backports"].map(str::to_owned).into(),
            sudo: false,
        };
        let sources = PrivateApt::signed_sources(&at("etc"), &plan.suites).expect("sources");
        let script = SCRIPT.replace("/var/cache", &folder.path().display().to_string());
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap_or_default());
        let process = Process::new("sh", ["-c", &script, "setup", &sources])
            .env("PATH", path)
            .env("OUT", folder.path());
        plan.packages.iter().fold(process, Process::arg).run().expect("it runs");

        let calls = fs::read_to_string(at("calls")).expect("calls");
        let calls: Vec<&str> = calls.lines().collect();
        assert!(calls.len() == 2 && calls[0].ends_with(" update"), "{calls:?}");
        assert!(calls[1].ends_with("--no-remove flex qemu-system-x86/bookworm-backports"), "{calls:?}");
        assert!(calls.iter().all(|call| call.contains("AllowUnauthenticated=false")), "{calls:?}");
        let read = fs::read_to_string(at("sources")).expect("sources");
        assert!(read.contains("Suites: bookworm-backports") && read.contains("Signed-By:"), "{read}");
        assert!(!read.contains("Trusted") && !read.contains("Insecure"), "{read}");
        let left = fs::read_dir(folder.path()).expect("a folder").flatten();
        assert!(
            left.map(|entry| entry.file_name())
                .all(|name| !name.to_string_lossy().contains("cxl-patchbench"))
        );
    }
}
