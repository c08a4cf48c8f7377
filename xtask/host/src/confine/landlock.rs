//! A box without namespaces: the kernel refuses what is not listed (Documentation/userspace-api/landlock.rst).

use std::io;
use std::path::{Path, PathBuf};

use ::landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, Scope, path_beneath_rules,
};

use super::inside::Confinement;
use super::system::{ROOTS, SYSTEM, homes_of};

/// The newest that we know the rights of: signals and abstract sockets stay inside (6.12).
const NEWEST: ABI = ABI::V6;
/// Devices that any program may expect.
const DEVICES: [&str; 6] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/shm"];

/// The ABI of the running kernel; 0 where it has none.
pub(super) fn abi() -> u32 {
    #[expect(unsafe_code, reason = "the crate does not tell the ABI of the running kernel")]
    // SAFETY: with no attributes and LANDLOCK_CREATE_RULESET_VERSION the call reads and writes no memory.
    let abi =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, 1_u32) };
    u32::try_from(abi).unwrap_or(0)
}

/// The rules, ready to be put on a child.
///
/// # Errors
/// The kernel refuses them.
pub(super) fn rules(inside: &Confinement, program: &Path, temp: &Path) -> io::Result<RulesetCreated> {
    let all = AccessFs::from_all(NEWEST);
    let read = AccessFs::from_read(NEWEST);
    let system = SYSTEM.iter().chain(&ROOTS).map(PathBuf::from).chain(homes_of(program));
    // Its own processes are there as well as all others: what it may do to those, signals and ptrace, is refused elsewhere.
    let reads = system.chain(inside.read.iter().cloned()).chain(["/proc".into()]);
    let writes = inside.write.iter().cloned().chain([temp.to_owned()]);
    let devices = DEVICES.map(PathBuf::from).into_iter().chain(inside.devices.iter().cloned());
    let rules = || {
        Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?
            .add_rules(path_beneath_rules(reads, read))?
            .add_rules(path_beneath_rules(writes.chain(devices), all))
    };
    rules().map_err(io::Error::other)
}
