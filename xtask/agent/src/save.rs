//! `save NAME < FILE`: a case stores a file in the boot's folder on the host. Like every request it goes through PID 1's
//! socket: its bytes in pieces, each after its length (32 bits, big-endian), and a piece of none at the end.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wire::{FILE_CHUNK, check_file_name};

use crate::files::Upload;
use crate::port::{Port, console};
use crate::request::{Request, answer, connect};

const USAGE: &str = "usage: save NAME < FILE   stores a file in the boot's folder on the host\n";
/// A socket's end without a last piece: the command was killed, or its input could not be read.
const CUT_SHORT: &str = "what saved it ended before its input did";

/// PID 1's side: reads the pieces and sends them on; where the file is stored, or why it is not.
pub fn receive(mut pieces: impl Read, port: &Port, case: Option<u32>, name: &str) -> Result<String, String> {
    let case = case.ok_or("no case runs")?;
    let mut upload = Upload::begin(port, Some(case), name)?;
    let mut buffer = vec![0; FILE_CHUNK];
    loop {
        match piece(&mut pieces, &mut buffer) {
            Ok([]) => return upload.finish(),
            Ok(bytes) => upload.send(bytes)?,
            Err(_) => {
                upload.give_up(CUT_SHORT);
                return Err(CUT_SHORT.to_owned());
            }
        }
    }
}

fn piece<'a>(pieces: &mut impl Read, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut length = [0; 4];
    pieces.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    let bytes = buffer.get_mut(..length).ok_or(io::ErrorKind::InvalidData)?;
    pieces.read_exact(bytes)?;
    Ok(bytes)
}

/// The `save` command: 0 when the file is stored, 1 when it is not, 2 for a name that cannot be one.
pub fn client(words: &[OsString]) -> ExitCode {
    let [name] = words else {
        console(USAGE);
        return ExitCode::from(2);
    };
    let name = name.to_string_lossy();
    if let Err(why) = check_file_name(&name) {
        console(&format!("save: {why}\n"));
        return ExitCode::from(2);
    }
    match connect(&Request::Save { save: name.clone().into_owned() }).and_then(|s| send(s, io::stdin())) {
        Ok((true, _)) => ExitCode::SUCCESS,
        Ok((false, why)) => {
            console(&format!("save: {name} is not saved: {why}\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            console(&format!("save: {name} is not saved: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Sends the input until its end, or until an answer comes before it; the answer.
fn send(mut stream: UnixStream, mut input: impl Read) -> io::Result<(bool, String)> {
    let mut piece = vec![0; 4 + FILE_CHUNK];
    while !is_answered(&stream) {
        let length = fill(&mut input, &mut piece[4..])?;
        piece[..4].copy_from_slice(&u32::try_from(length).unwrap_or(0).to_be_bytes());
        stream.write_all(&piece[..4 + length])?;
        if length == 0 {
            break;
        }
    }
    answer(&stream)
}

fn is_answered(stream: &UnixStream) -> bool {
    let mut fds = [PollFd::new(stream, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
}

/// Reads until the buffer is full or the input ends.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match input.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use wire::{Bytes, FromGuest};

    use super::*;

    /// What the frames of a file come to: its bytes, and how it ended.
    fn file(frames: impl Iterator<Item = FromGuest>) -> (Vec<u8>, Option<FromGuest>) {
        let (mut bytes, mut end) = (Vec::new(), None);
        for frame in frames {
            match frame {
                FromGuest::FileData { data: Bytes(data), at, .. } => {
                    assert_eq!(at, bytes.len() as u64);
                    bytes.extend(data);
                }
                FromGuest::FileEnd { .. } => end = Some(frame),
                _ => {}
            }
        }
        (bytes, end)
    }

    #[test]
    fn what_goes_in_comes_out() {
        let input: Vec<u8> = (0..3 * FILE_CHUNK + 5).map(|n| u8::try_from(n % 253).unwrap_or(0)).collect();
        let (port, frames) = Port::to_nowhere();
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let mut seen = Vec::new();
        thread::scope(|scope| {
            let client = scope.spawn(|| send(theirs, &input[..]));
            scope.spawn(|| {
                let place = receive(&ours, &port, Some(0), "x").expect("it is stored");
                writeln!(&ours, "[true,{place:?}]").expect("it reads");
            });
            for frame in &frames {
                seen.push(frame);
                if matches!(seen.last(), Some(FromGuest::FileEnd { .. })) {
                    assert!(port.answer(1, true, "files/a/x"));
                    break;
                }
            }
            let answer = client.join().expect("no panic").expect("an answer");
            assert_eq!(answer, (true, "files/a/x".into()));
        });
        let (bytes, end) = file(seen.into_iter());
        assert!(bytes == input, "{} bytes of {}", bytes.len(), input.len());
        let length = input.len() as u64;
        assert_eq!(end, Some(FromGuest::FileEnd { file: 1, bytes: length, problem: None }));
    }

    #[test]
    fn a_command_that_was_killed_leaves_no_file() {
        let (port, frames) = Port::to_nowhere();
        for input in [&b""[..], b"\0\0\0\x03ab", b"\0\0", b"\xff\xff\xff\xff"] {
            assert_eq!(receive(input, &port, Some(0), "x"), Err(CUT_SHORT.into()));
            port.wait_until_sent();
            let (_, end) = file(frames.try_iter());
            assert!(matches!(end, Some(FromGuest::FileEnd { problem: Some(why), .. }) if why == CUT_SHORT));
        }
        assert_eq!(receive(&b""[..], &port, None, "x"), Err("no case runs".into()));
    }

    #[test]
    fn an_answer_before_the_end_stops_an_input_without_end() {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        thread::scope(|scope| {
            let client = scope.spawn(|| send(theirs, io::repeat(7)));
            let mut first = vec![0; 4 + FILE_CHUNK];
            (&ours).read_exact(&mut first).expect("a piece");
            (&ours).write_all(b"[false,\"too long\"]\n").expect("it reads");
            // As PID 1 does: nobody is left in a write.
            let _ = io::copy(&mut &ours, &mut io::sink());
            let answer = client.join().expect("no panic").expect("an answer");
            assert_eq!(answer, (false, "too long".into()));
        });
    }
}
