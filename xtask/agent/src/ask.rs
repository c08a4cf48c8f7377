//! What a case asks of the host: `host device-del mem0` and `save NAME` connect to a socket that PID 1 serves, and PID 1
//! carries the request over the port.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::ExitCode;
use std::thread;

use crate::files::CaseNow;
use crate::port::{Port, console};
use crate::request::{Request, SOCKET, answer, connect};
use crate::{save, usage};

/// A request is a few words.
const LONGEST: u64 = 64 << 10;

/// Serves the socket on threads of its own.
///
/// # Errors
/// The socket could not be made.
pub fn serve(port: Port, case: CaseNow) -> io::Result<()> {
    let _ = fs::remove_file(SOCKET);
    let listener = UnixListener::bind(SOCKET)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Here, before the case can have ended: what it saves is its own.
            let (port, case) = (port.clone(), case.get());
            thread::spawn(move || {
                // A case that went away does not want its answer.
                let _ = carry(&stream, &port, case);
            });
        }
    });
    Ok(())
}

fn carry(mut stream: &UnixStream, port: &Port, case: Option<u32>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    (&mut reader).take(LONGEST).read_line(&mut line)?;
    let (ok, text) = match serde_json::from_str(&line) {
        Ok(Request::Host(words)) => port.ask(words),
        Ok(Request::Save { save: name }) => match save::receive(&mut reader, port, case, &name) {
            Ok(place) => (true, place),
            Err(why) => (false, why),
        },
        Err(error) => (false, format!("the request is neither a list of words nor a file: {error}")),
    };
    writeln!(stream, "{}", serde_json::to_string(&(ok, text))?)?;
    // A refused file's rest: whoever is in the middle of a write must come to read the answer.
    io::copy(&mut reader, &mut io::sink()).map(drop)
}

/// The `host` command: prints the answer; 0 when it was done, 1 when not, 2 without a request.
pub fn client(words: &[OsString]) -> ExitCode {
    if words.is_empty() {
        console(usage::USAGE);
        return ExitCode::from(2);
    }
    let words = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    match connect(&Request::Host(words)).and_then(|stream| answer(&stream)) {
        Ok((true, text)) => {
            let _ = writeln!(io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Ok((false, text)) => {
            console(&format!("host: {text}\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            console(&format!("host: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_port_the_request_is_answered_all_the_same() {
        let port = Port::on(None);
        let (ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
        theirs.write_all(b"[\"device-del\",\"mem0\"]\n").expect("the request is written");
        theirs.shutdown(std::net::Shutdown::Write).expect("it is open");
        carry(&ours, &port, None).expect("it is carried");
        assert_eq!(
            answer(&theirs).expect("an answer"),
            (false, "no host on the other end of the port".into())
        );
    }

    #[test]
    fn what_is_no_request_is_answered_too() {
        let port = Port::on(None);
        for line in ["\n", "{\"save\":7}\n", "boo", "{}\n"] {
            let (ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
            theirs.write_all(line.as_bytes()).expect("the request is written");
            theirs.shutdown(std::net::Shutdown::Write).expect("it is open");
            carry(&ours, &port, Some(0)).expect("it is carried");
            assert!(!answer(&theirs).expect("an answer").0, "{line}");
        }
    }
}
