//! QEMU's connections to the sockets at which we listen.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

/// How soon a connection is noticed.
pub const TICK: Duration = Duration::from_millis(2);

/// The connection that waits at a listener, which must not block; none where nobody has connected.
pub fn accepted(listener: &UnixListener) -> io::Result<Option<UnixStream>> {
    match listener.accept() {
        Ok((stream, _)) => stream.set_nonblocking(false).map(|()| Some(stream)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
