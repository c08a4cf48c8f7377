//! The socket between the commands that cases call and PID 1: a request on a line of JSON, what belongs to it, and the
//! answer on a line.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use serde::{Deserialize, Serialize};

/// Where PID 1 listens.
pub const SOCKET: &str = "/run/bench.sock";

/// First line on the socket.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Request {
    /// Words for the host.
    Host(Vec<String>),
    /// The file of this name follows.
    Save {
        /// Its name.
        save: String,
    },
}

/// Sends a request to PID 1.
///
/// # Errors
/// Nobody serves the socket.
pub fn connect(request: &Request) -> io::Result<UnixStream> {
    let asking = |error: io::Error| io::Error::new(error.kind(), format!("asking through {SOCKET}: {error}"));
    let mut stream = UnixStream::connect(SOCKET).map_err(asking)?;
    writeln!(stream, "{}", serde_json::to_string(request)?).map_err(asking)?;
    Ok(stream)
}

/// Waits for the answer: whether it was done, and what came of it.
///
/// # Errors
/// There is none.
pub fn answer(stream: &UnixStream) -> io::Result<(bool, String)> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}
