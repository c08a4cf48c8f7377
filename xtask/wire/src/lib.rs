//! The protocol between the host and the guest's agent.
//!
//! The host packs a [`Job`] into the guest's initramfs as [`JOB_PATH`]. The agent answers with one
//! [`FromGuest`] a line (JSON, newline-terminated) on the virtio-serial port named [`PORT_NAME`], and the
//! host answers an [`FromGuest::Ask`], and each file, with one [`ToGuest`] a line on the same port. Without a
//! host on the other end (a replay by hand) the agent still runs its job.
//!
//! A guest that powers off takes along what QEMU has not read from its port yet. So the host answers the hello, and a guest that
//! has been answered waits for the answer to its bye.
//!
//! A guest may be started before its modules are linked. Then it finds [`WAIT_PATH`] in place of a job, says nothing, and takes its
//! files as [`ToGuest::File`] up to [`ToGuest::Go`]; from there on it is like any other.
//!
//! A file leaves the guest as one [`FromGuest::FileBegin`], any number of [`FromGuest::FileData`] and one
//! [`FromGuest::FileEnd`]. It is bounded ([`FILE_LIMIT`], [`BOOT_LIMIT`], [`FILES_LIMIT`]) by the host, which does
//! not trust the guest.
//!
//! Types, the markers in the kernel's log ([`Markers`]), and the one text form of what is expected ([`tree`]): nothing else, so that
//! neither side can drift.

mod expect;
mod file;
mod frame;
mod health;
mod job;
mod marker;
mod paths;
pub mod tree;

pub use expect::{
    Expect, ExpectDecoder, ExpectDport, ExpectMemdev, ExpectPort, ExpectRegion, ExpectWindow, PciPath,
};
pub use file::{
    AGENT_FILES, BOOT_LIMIT, Bytes, COUNTS, COUNTS_BEFORE, FILE_CHUNK, FILE_LIMIT, FILE_NAME_LENGTH,
    FILES_LIMIT, OPEN_FILES_LIMIT, check_file_name,
};
pub use frame::{CaseEnd, FromGuest, ToGuest};
pub use health::Health;
pub use job::{Case, Job};
pub use marker::{MARKER, Markers};
pub use paths::{
    EXPECT_PATH, JOB_PATH, KERNEL, KILLED, LIB_PATH, PORT_NAME, PROTOCOL, SUITE_PATH, TESTS_PATH, WAIT_PATH,
};
