//! What a case asks of the host: `host device-del mem0` connects to a socket that PID 1 serves, and PID 1
//! carries the request over the port.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::ExitCode;
use std::thread;

use crate::port::{Port, console};

const SOCKET: &str = "/run/bench.sock";
/// A request is a few words.
const LONGEST: u64 = 64 << 10;

/// Serves the socket on threads of its own.
///
/// # Errors
/// The socket could not be made.
pub fn serve(port: Port) -> io::Result<()> {
    let _ = fs::remove_file(SOCKET);
    let listener = UnixListener::bind(SOCKET)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let port = port.clone();
            thread::spawn(move || {
                // A case that went away does not want its answer.
                let _ = carry(&stream, &port);
            });
        }
    });
    Ok(())
}

fn carry(mut stream: &UnixStream, port: &Port) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(stream).take(LONGEST).read_line(&mut line)?;
    let (ok, text) = match serde_json::from_str::<Vec<String>>(&line) {
        Ok(words) => port.ask(words),
        Err(error) => (false, format!("the request is not a list of words: {error}")),
    };
    stream.write_all(serde_json::to_string(&(ok, text))?.as_bytes())
}

/// The `host` command: prints the answer; 0 when it was done, 1 when not, 2 without a request.
pub fn client(words: &[OsString]) -> ExitCode {
    if words.is_empty() {
        console(crate::USAGE);
        return ExitCode::from(2);
    }
    match request(words) {
        Ok((true, text)) => {
            let _ = writeln!(io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Ok((false, text)) => {
            console(&format!("host: {text}\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            console(&format!("host: asking through {SOCKET}: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn request(words: &[OsString]) -> io::Result<(bool, String)> {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let mut stream = UnixStream::connect(SOCKET)?;
    writeln!(stream, "{}", serde_json::to_string(&words)?)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_port_the_request_is_answered_all_the_same() {
        let port = Port::open(std::time::Duration::ZERO);
        let (ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
        theirs.write_all(b"[\"device-del\",\"mem0\"]\n").expect("the request is written");
        carry(&ours, &port).expect("it is carried");
        drop(ours);
        let mut answer = String::new();
        theirs.read_to_string(&mut answer).expect("an answer");
        assert_eq!(answer, r#"[false,"no host on the other end of the port"]"#);
    }
}
