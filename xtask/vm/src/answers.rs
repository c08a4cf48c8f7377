//! Answers on their way to the guest.
//!
//! One that does not read them, and asks on, must not keep the host from its frames and its clock: a thread writes, and
//! what does not fit into its queue is dropped.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, SyncSender};
use std::thread::Scope;

use wire::ToGuest;

/// Answers that wait for the guest to read. The agent reads at once, and has few requests under way at a time.
const QUEUE: usize = 256;

/// Handle to the queue; clones answer on the same port.
#[derive(Debug, Clone)]
pub struct Answers(SyncSender<Vec<u8>>);

impl Answers {
    /// Starts the thread that writes. It ends when the last handle is gone and the stream is closed or read.
    pub fn start<'scope>(scope: &'scope Scope<'scope, '_>, mut stream: &'scope UnixStream) -> Self {
        let (queue, lines) = mpsc::sync_channel::<Vec<u8>>(QUEUE);
        scope.spawn(move || {
            for line in lines {
                // The guest may be gone; that is reported elsewhere.
                if stream.write_all(&line).is_err() {
                    return;
                }
            }
        });
        Self(queue)
    }

    /// Answers the request or file of this number, where the guest still reads.
    pub fn send(&self, id: u32, result: Result<String, String>) {
        let (ok, text) = match result {
            Ok(text) => (true, text),
            Err(text) => (false, text),
        };
        self.send_frame(&ToGuest::Answer { id, ok, text });
    }

    /// Answers in another way.
    pub fn send_frame(&self, frame: &ToGuest) {
        let Ok(mut line) = serde_json::to_vec(frame) else { return };
        line.push(b'\n');
        let _ = self.0.try_send(line);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::Shutdown;
    use std::thread;

    use super::*;

    #[test]
    fn a_guest_that_does_not_read_makes_nobody_wait() {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        thread::scope(|scope| {
            let answers = Answers::start(scope, &ours);
            for id in 0..2000 {
                answers.send(id, Err("x".repeat(1000)));
            }
            // As at the end of every boot: the thread is not left in its write.
            ours.shutdown(Shutdown::Both).expect("it was open");
        });
        let first = BufReader::new(theirs).lines().next().expect("a line").expect("text");
        assert!(first.starts_with(r#"{"frame":"answer","id":0,"ok":false,"text":"xxx"#), "{first}");
    }
}
