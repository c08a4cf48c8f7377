//! Files on their way from the guest into the boot's folder on the host.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use wire::{Bytes, FILE_CHUNK, FromGuest, check_file_name};

use crate::port::{NO_HOST, Port, console};

/// The host answers as soon as it has the last bytes. Nobody answers in a replay, where the port is a file.
const ANSWER_WAIT: Duration = Duration::from_secs(20);

/// Which case runs; clones share it.
#[derive(Clone)]
pub struct CaseNow(Arc<AtomicU32>);

impl CaseNow {
    const NONE: u32 = u32::MAX;

    /// None runs.
    pub fn new() -> Self {
        Self(Arc::new(AtomicU32::new(Self::NONE)))
    }

    /// Sets the index of the case that runs from now on, if any does.
    pub fn set(&self, case: Option<u32>) {
        self.0.store(case.unwrap_or(Self::NONE), Ordering::SeqCst);
    }

    /// Index of the case that runs.
    pub fn get(&self) -> Option<u32> {
        Some(self.0.load(Ordering::SeqCst)).filter(|case| *case != Self::NONE)
    }
}

/// A file on its way. One that is dropped before [`Upload::finish`] is given up, and the host does not keep it.
pub struct Upload<'a> {
    port: &'a Port,
    file: u32,
    answer: Receiver<(bool, String)>,
    bytes: u64,
    /// Why it is given up, should it be dropped; nothing once that is no news to the host.
    unfinished: Option<String>,
}

impl<'a> Upload<'a> {
    /// Begins a file of the running case of this index, or of the agent.
    ///
    /// # Errors
    /// The name is none, or there is no host.
    pub fn begin(port: &'a Port, case: Option<u32>, name: &str) -> Result<Self, String> {
        check_file_name(name)?;
        let (file, answer) = port.expect_answer().ok_or(NO_HOST)?;
        port.send(FromGuest::FileBegin { file, case, name: name.to_owned() });
        Ok(Self { port, file, answer, bytes: 0, unfinished: Some("the agent gave it up".into()) })
    }

    /// Sends the next bytes, and returns when they have left: what waits to be sent is bounded, whatever the file's size.
    ///
    /// # Errors
    /// The host has refused the file, or is gone: why.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        for chunk in bytes.chunks(FILE_CHUNK) {
            match self.answer.try_recv() {
                Err(TryRecvError::Empty) => {}
                Ok((_, why)) => return Err(self.end(why)),
                Err(TryRecvError::Disconnected) => return Err(self.end(NO_HOST.to_owned())),
            }
            let data = Bytes(chunk.to_vec());
            self.port.send(FromGuest::FileData { file: self.file, at: self.bytes, data });
            self.bytes += chunk.len() as u64;
            self.port.wait_until_sent();
        }
        Ok(())
    }

    /// Ends the file; where the host has stored it, relative to the boot's folder.
    ///
    /// # Errors
    /// It is not stored: why.
    pub fn finish(mut self) -> Result<String, String> {
        self.send_end();
        match self.answer.recv_timeout(ANSWER_WAIT) {
            Ok((true, place)) => Ok(place),
            Ok((false, why)) => Err(why),
            Err(RecvTimeoutError::Disconnected) => Err(NO_HOST.to_owned()),
            Err(RecvTimeoutError::Timeout) => {
                self.port.forget(self.file);
                Err(format!("the host did not answer within {} s", ANSWER_WAIT.as_secs()))
            }
        }
    }

    /// Ends the file, and leaves the answer to the host's own notes.
    pub fn finish_unanswered(mut self) {
        self.send_end();
        self.port.forget(self.file);
    }

    fn send_end(&mut self) {
        self.unfinished = None;
        self.port.send(FromGuest::FileEnd { file: self.file, bytes: self.bytes, problem: None });
    }

    /// Gives the file up; the host reports this as the reason.
    pub fn give_up(mut self, why: &str) {
        self.unfinished = Some(why.to_owned());
    }

    /// The host knows already that nothing more comes.
    fn end(&mut self, why: String) -> String {
        self.unfinished = None;
        why
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        if let Some(why) = self.unfinished.take() {
            self.port.send(FromGuest::FileEnd { file: self.file, bytes: self.bytes, problem: Some(why) });
            self.port.forget(self.file);
        }
    }
}

/// Sends a whole file of the agent's own. What the host refuses it notes itself, so that nobody waits for its answer: in a
/// replay there is none.
pub fn save(port: &Port, name: &str, bytes: &[u8]) {
    let sent = Upload::begin(port, None, name).and_then(|mut upload| {
        upload.send(bytes)?;
        upload.finish_unanswered();
        Ok(())
    });
    if let Err(why) = sent {
        console(&format!("patchbench agent: saving {name}: {why}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leaves_the_folder_does_not_reach_the_port() {
        let (port, frames) = Port::to_nowhere();
        assert!(Upload::begin(&port, None, "../x").is_err());
        assert!(frames.try_recv().is_err());
    }

    #[test]
    fn a_file_goes_out_in_chunks_and_what_is_dropped_is_given_up() {
        let (port, frames) = Port::to_nowhere();
        let mut upload = Upload::begin(&port, Some(3), "trace").expect("a beginning");
        upload.send(&vec![7; FILE_CHUNK + 1]).expect("nobody refuses it");
        upload.give_up("killed");
        port.wait_until_sent();
        let frames: Vec<_> = frames.try_iter().collect();
        let whole = Bytes(vec![7; FILE_CHUNK]);
        assert_eq!(
            frames,
            [
                FromGuest::FileBegin { file: 1, case: Some(3), name: "trace".into() },
                FromGuest::FileData { file: 1, at: 0, data: whole },
                FromGuest::FileData { file: 1, at: FILE_CHUNK as u64, data: Bytes(vec![7]) },
                FromGuest::FileEnd { file: 1, bytes: FILE_CHUNK as u64 + 1, problem: Some("killed".into()) },
            ]
        );
    }

    #[test]
    fn a_refusal_ends_the_sending_and_is_not_reported_back() {
        let (port, frames) = Port::to_nowhere();
        let mut upload = Upload::begin(&port, Some(0), "trace").expect("a beginning");
        port.answer(1, false, "too long");
        assert_eq!(upload.send(b"x"), Err("too long".into()));
        drop(upload);
        port.wait_until_sent();
        assert_eq!(frames.try_iter().count(), 1, "only the beginning");
    }

    #[test]
    fn a_file_that_is_stored_is_where_the_host_says() {
        let (port, _frames) = Port::to_nowhere();
        let upload = Upload::begin(&port, None, "trace").expect("a beginning");
        port.answer(1, true, "files/agent/trace");
        assert_eq!(upload.finish(), Ok("files/agent/trace".into()));
    }

    #[test]
    fn a_file_of_the_agents_own_waits_for_no_answer() {
        let (port, frames) = Port::to_nowhere();
        save(&port, "x.kmsg", b"log");
        port.wait_until_sent();
        let end = FromGuest::FileEnd { file: 1, bytes: 3, problem: None };
        assert_eq!(frames.try_iter().last(), Some(end));
        assert!(!port.answer(1, true, "files/agent/x.kmsg"), "nobody waits");
    }
}
