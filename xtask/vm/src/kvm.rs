//! Whether KVM really runs a guest on this machine.

use std::path::Path;
use std::time::Duration;

use event::VmEnd;
use wire::{Job, PROTOCOL};

use super::{Accel, Boot, Deadlines, Machine, VmError, no_requests};

/// How long a kernel may take to reach the agent under a KVM that works; a tenth of it is usual.
const KVM_BOOT: Duration = Duration::from_secs(8);

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
) -> Result<Result<(), String>, VmError> {
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
        VmEnd::QemuDied { how, stderr } => {
            format!("QEMU ended with {how}: {}", stderr.lines().last().unwrap_or("it printed nothing").trim())
        }
        VmEnd::Deadline { .. } if transcript.console.is_empty() => {
            format!("a guest printed nothing within {} s", KVM_BOOT.as_secs())
        }
        VmEnd::Deadline { .. } => format!("a guest did not reach its init within {} s", KVM_BOOT.as_secs()),
        _ => "a guest died before it reached its init".into(),
    }))
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
