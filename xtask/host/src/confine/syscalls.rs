//! System calls that a box has no use for. A list of what is refused, not of what is allowed: compilers and emulators of any age run in
//! it, and what protects files and processes are the namespaces, or Landlock.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Looks into other processes, changes what others see, or is new enough that nobody depends on it and young enough for holes.
const REFUSED: [i64; 31] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_perf_event_open,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_open_by_handle_at,
];

/// The filters, one for each answer.
///
/// # Errors
/// This processor's architecture is not known to the crate.
pub(super) fn filters() -> Result<Vec<BpfProgram>, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let arch = std::env::consts::ARCH.try_into().map_err(|error: seccompiler::BackendError| text(&error))?;
    let filter = |rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32| {
        let answer = SeccompAction::Errno(errno.unsigned_abs());
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, arch);
        filter.and_then(BpfProgram::try_from).map_err(|error| text(&error))
    };
    let when = |argument: u8, operator: SeccompCmpOp, value: u64| {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value);
        condition.and_then(|condition| SeccompRule::new(vec![condition])).map_err(|error| text(&error))
    };
    let number = |value: i32| u64::from(value.unsigned_abs());
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    refused.insert(libc::SYS_socket, vec![when(0, SeccompCmpOp::Ne, number(libc::AF_UNIX))?]);
    let user = number(libc::CLONE_NEWUSER);
    refused.insert(libc::SYS_clone, vec![when(0, SeccompCmpOp::MaskedEq(user), user)?]);
    // Both put words into the terminal that the tool was started from.
    let ioctls = [libc::TIOCSTI, libc::TIOCLINUX].map(|request| when(1, SeccompCmpOp::Eq, request));
    refused.insert(libc::SYS_ioctl, ioctls.into_iter().collect::<Result<_, _>>()?);
    // Its flags lie in memory, which a filter does not see. The C library takes clone() instead where this is not there.
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    Ok(vec![filter(refused, libc::EPERM)?, filter(absent, libc::ENOSYS)?])
}
