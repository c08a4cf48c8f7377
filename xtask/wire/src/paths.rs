//! Names and places on which both sides agree.

/// Version of everything in this crate. Agent and host are always built together; a mismatch means that a
/// stale image was booted and is an error on both sides.
pub const PROTOCOL: u32 = 5;

/// Name of the virtio-serial port, as in `/sys/class/virtio-ports/*/name`.
pub const PORT_NAME: &str = "patchbench.0";

/// Where the job lies in the guest.
pub const JOB_PATH: &str = "/bench/job.json";

/// A guest with this file was started before all of its files were there: they come over the port, the job among them, before the
/// agent does anything.
pub const WAIT_PATH: &str = "/bench/wait";

/// The kernel among modules, in [`crate::FromGuest::Code`].
pub const KERNEL: &str = "vmlinux";

/// What the topology must look like from inside, for the `cxl-expect` command of the agent.
pub const EXPECT_PATH: &str = "/bench/expect.json";

/// Where `scenarios/lib.sh` lies in the guest; cases source it.
pub const LIB_PATH: &str = "/bench/lib.sh";

/// Folder with the suite's files (cases and whatever lies beside them).
pub const SUITE_PATH: &str = "/bench/suite";

/// Folder of ndctl's own tests and their helpers, in a guest with that userland.
pub const TESTS_PATH: &str = "/usr/share/ndctl/test";

/// What stands in the output of a case that was killed at its deadline, before the processes as they then were: a line each, and
/// below one that no signal ends the functions in which it waits, innermost first and indented further.
pub const KILLED: &str = "# killed at its deadline; the processes then (pid, name, state, wait):";
