//! What goes over the port: one frame a line in either direction.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Bytes, Health};

#[cfg(doc)]
use crate::{Job, PROTOCOL};

/// What the guest reports or asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "frame", rename_all = "kebab-case")]
pub enum FromGuest {
    /// First line of every boot.
    Hello {
        /// [`PROTOCOL`] of the agent.
        protocol: u32,
        /// `uname -r`.
        release: String,
        /// Milliseconds since the guest kernel's start.
        uptime_ms: u64,
    },
    /// Something worth knowing that belongs to no case: a module that did not load, a wait that ran out.
    Note {
        /// One line of text.
        text: String,
    },
    /// The markers in the kernel's log, before the first of them is written.
    Markers {
        /// [`crate::Markers::anchor`].
        anchor: String,
    },
    /// The case of this index in [`Job::cases`] starts.
    Begin {
        /// Index in [`Job::cases`].
        case: u32,
    },
    /// Output of the running case (stdout and stderr together), not split at line ends.
    Output {
        /// Index in [`Job::cases`].
        case: u32,
        /// Bytes as lossy UTF-8; control characters are still in it.
        text: String,
    },
    /// The case has ended and all of its output was sent.
    End {
        /// Index in [`Job::cases`].
        case: u32,
        /// How it ended.
        how: CaseEnd,
        /// Wall time in milliseconds.
        ms: u64,
        /// Bytes of output beyond the agent's cap, which were dropped: lines that are no results.
        dropped: u64,
        /// Whether there were more results beyond the cap than the agent passes on.
        cut: bool,
        /// Whether the case itself or a process that it left behind cannot be killed: it hangs in the kernel.
        left: bool,
    },
    /// What the kernel has logged, whatever its level and whatever the console shows: records of `/dev/kmsg`, one a line.
    Kmsg {
        /// `priority,sequence,microseconds,flags;text` with its line end (Documentation/ABI/testing/dev-kmsg), once or more.
        text: String,
    },
    /// What the kernel counts: before the first case, at the end of each (before its [`Self::End`]) and before [`Self::Bye`].
    Health {
        /// As it is now.
        health: Health,
    },
    /// Which kernel and which modules run, where that was not reported yet: before the first case, and at the end of each (before its
    /// [`Self::End`]).
    Code {
        /// Build ids (`.note.gnu.build-id`, in hexadecimal digits) by the canonical names of modules; the kernel is [`crate::KERNEL`].
        build_ids: BTreeMap<String, String>,
    },
    /// A case asks for what only the host can do, e.g. `["device-del", "mem0"]`.
    Ask {
        /// Names the answer.
        id: u32,
        /// The request's words.
        words: Vec<String>,
    },
    /// A file begins, for the boot's folder on the host. The host answers once, with a [`ToGuest::Answer`] of this id: at
    /// the file's end, or before it where it refuses the file; what still comes of a refused file is ignored.
    FileBegin {
        /// Names the file in the frames that follow, and the answer; of the same numbers as those of [`Self::Ask`].
        file: u32,
        /// Index in [`Job::cases`] of the case that saves it, which must be running; the agent's own without one.
        case: Option<u32>,
        /// Its name, as [`crate::check_file_name`] wants it.
        name: String,
    },
    /// The next bytes of a file.
    FileData {
        /// Number of [`Self::FileBegin`].
        file: u32,
        /// How many bytes of the file came before these: a frame that was lost is noticed.
        at: u64,
        /// At most [`crate::FILE_CHUNK`] bytes.
        data: Bytes,
    },
    /// A file ends.
    FileEnd {
        /// Number of [`Self::FileBegin`].
        file: u32,
        /// How many bytes it has.
        bytes: u64,
        /// Why it is not whole: it is then not kept.
        problem: Option<String>,
    },
    /// Last line: all cases were run, the guest powers off.
    Bye {
        /// How many cases were run.
        ran: u32,
    },
}

/// How a case's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseEnd {
    /// Exit status: 0 pass, 4 skip, else fail.
    Exit(i32),
    /// Killed by this signal.
    Signal(i32),
    /// Killed by the agent at its deadline.
    TimedOut,
    /// Could not be started; the text of the error went out as output.
    NotStarted,
}

/// What the host answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "frame", rename_all = "kebab-case")]
pub enum ToGuest {
    /// Answer to [`FromGuest::Ask`], or what became of the file of a [`FromGuest::FileBegin`].
    Answer {
        /// Id of the request, or number of the file.
        id: u32,
        /// Whether it was done; whether the file is stored.
        ok: bool,
        /// What came of it (of a file, where it is), or the error.
        text: String,
    },
    /// To a guest that waits for its last files ([`crate::WAIT_PATH`]): one of them. Its bytes follow the frame's line as they are.
    File {
        /// Where it lies in the guest, from the root on.
        path: String,
        /// Its permission bits.
        mode: u32,
        /// How many bytes it has.
        bytes: u64,
    },
    /// That was the last of the files: the guest goes on as if all had been in its initramfs.
    Go,
    /// To a [`FromGuest::Hello`]: this host answers, and so it will the [`FromGuest::Bye`].
    Hello,
    /// To a [`FromGuest::Bye`]: it is here, and with it all that was sent before. The guest may power off.
    Bye,
}
