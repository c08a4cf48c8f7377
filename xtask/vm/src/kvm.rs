//! Whether KVM really runs a guest on this machine.

use std::path::Path;
use std::time::Duration;

use event::VmEnd;
use wire::{Job, PROTOCOL};

use super::{Accel, Boot, Deadlines, Machine, VmError, no_requests};

/// How long a kernel may take to reach the agent under a KVM that works; a tenth of it is usual.
const KVM_BOOT: Duration = Duration::from_secs(8);

/// Why KVM runs no guest here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoGuest {
    /// In a few words.
    pub why: String,
    /// What QEMU printed last, as it is; none where it printed nothing.
    pub raw: Option<String>,
}

impl From<String> for NoGuest {
    fn from(why: String) -> Self {
        Self { why, raw: None }
    }
}

/// Whether this kernel reaches the agent under KVM: nothing, or why not. A `/dev/kvm` that opens proves
/// little: on some hosts it runs no ordinary guest, which either dies at once or spins without a word.
///
/// `folder` takes the console log. The answer holds for this host boot, QEMU and kernel; the caller keeps it.
///
/// # Errors
/// QEMU could not be started at all, or the user interrupted.
pub fn kvm_works(
    qemu: &Path,
    kernel: &Path,
    image: &Path,
    folder: &Path,
) -> Result<Result<(), NoGuest>, VmError> {
    let machine_args = ["-M", "q35", "-cpu", "max", "-m", "512M", "-smp", "2"].map(str::to_owned);
    let machine = Machine {
        qemu,
        accel: Accel::Kvm,
        kernel,
        image,
        job: None,
        cmdline: &[],
        machine_args: &machine_args,
    };
    let boot = Boot { machine, folder, deadlines: Deadlines { boot: KVM_BOOT, slack: KVM_BOOT } };
    let transcript = boot.run(&empty_job(), &mut |_| {}, &no_requests())?;
    if matches!(transcript.end, VmEnd::Interrupted) {
        return Err(host::ProcessError::Interrupted.into());
    }
    if transcript.release.is_some() {
        return Ok(Ok(()));
    }
    Ok(Err(match transcript.end {
        VmEnd::QemuDied { how, stderr } => qemu_died(&how, &stderr),
        VmEnd::Deadline { .. } if transcript.console.is_empty() => {
            format!("a guest printed nothing within {} s", KVM_BOOT.as_secs()).into()
        }
        VmEnd::Deadline { .. } => {
            format!("a guest did not reach its init within {} s", KVM_BOOT.as_secs()).into()
        }
        _ => "a guest died before it reached its init".to_owned().into(),
    }))
}

/// The first clause of what QEMU printed last: `qemu-system-x86_64: -accel kvm: failed to initialize kvm: Permission denied` is
/// `failed to initialize kvm`, and an assertion is named without its text, which says something to QEMU's developers alone.
fn qemu_died(how: &str, stderr: &str) -> NoGuest {
    let Some(raw) = stderr.lines().rev().map(str::trim).find(|line| !line.is_empty()) else {
        return format!("QEMU ended with {how} and printed nothing").into();
    };
    let is_prefix = |clause: &&str| clause.starts_with("qemu") || clause.starts_with('-');
    let clause = if raw.contains("Assertion `") {
        "an assertion of its own failed"
    } else {
        raw.split(": ").find(|clause| !is_prefix(clause)).unwrap_or(raw)
    };
    NoGuest { why: format!("QEMU: {clause}"), raw: Some(raw.to_owned()) }
}

/// A job without anything to do.
fn empty_job() -> Job {
    Job {
        protocol: PROTOCOL,
        modules: Vec::new(),
        autoload: false,
        udev: false,
        deny: Vec::new(),
        memdevs: 0,
        settle_ms: 0,
        cases: Vec::new(),
        env: std::collections::BTreeMap::new(),
        shell: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_qemu_says_is_told_by_its_first_clause() {
        let why = |stderr: &str| qemu_died("SIGABRT", stderr).why;
        let assertion = "qemu-system-x86_64: ../target/i386/kvm/kvm.c:3813: kvm_buf_set_msrs: Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed.";
        assert_eq!(why(assertion), "QEMU: an assertion of its own failed");
        assert_eq!(qemu_died("SIGABRT", &format!("{assertion}\n\n")).raw.as_deref(), Some(assertion));
        let denied = "qemu-system-x86_64: -accel kvm: failed to initialize kvm: Permission denied\n";
        assert_eq!(why(denied), "QEMU: failed to initialize kvm");
        assert_eq!(
            why("Could not access KVM kernel module: No such file"),
            "QEMU: Could not access KVM kernel module"
        );
        assert_eq!(why("qemu-system-x86_64:"), "QEMU: qemu-system-x86_64:");
        assert_eq!(
            qemu_died("SIGKILL", " \n"),
            "QEMU ended with SIGKILL and printed nothing".to_owned().into()
        );
    }
}
