//! The terminal: keys as they are pressed, and a screen that is drawn over.

use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

use super::screen::Size;
use super::state::Key;

/// Of a terminal that does not report its own.
const SIZE: Size = Size { width: 80, height: 24 };

/// The terminal as long as it is ours. Dropping it gives it back as it was.
pub(super) struct Terminal {
    before: Termios,
    shown: String,
}

impl Terminal {
    /// Takes the terminal of standard input and output.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn take() -> io::Result<Self> {
        let terminal = Self { before: tcgetattr(io::stdin())?, shown: String::new() };
        terminal.begin()?;
        Ok(terminal)
    }

    fn begin(&self) -> io::Result<()> {
        let mut ours = self.before.clone();
        // Ctrl-C is a key as well: a round is then stopped in its time, and Ctrl-Z would leave this terminal behind as it is.
        ours.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        ours.special_codes[SpecialCodeIndex::VMIN] = 1;
        ours.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Now, &ours)?;
        // The other screen, so that what was there before comes back.
        print("\x1b[?1049h\x1b[2J")
    }

    fn end(&self) -> io::Result<()> {
        tcsetattr(io::stdin(), OptionalActions::Now, &self.before)?;
        print("\x1b[?1049l")
    }

    /// Gives the terminal to something else until that has ended. Ctrl-C remains a key: it would end us as well.
    pub(super) fn aside(&mut self, work: impl FnOnce()) -> io::Result<()> {
        self.end()?;
        let mut theirs = self.before.clone();
        theirs.local_modes -= LocalModes::ISIG;
        tcsetattr(io::stdin(), OptionalActions::Now, &theirs)?;
        work();
        self.shown.clear();
        self.begin()
    }

    /// Its size now.
    pub(super) fn size() -> Size {
        let size = tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
        size.map_or(SIZE, |size| Size { width: size.ws_col.into(), height: size.ws_row.into() })
    }

    /// Draws this, unless it stands there.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(super) fn draw(&mut self, text: &str) -> io::Result<()> {
        if self.shown == text {
            return Ok(());
        }
        text.clone_into(&mut self.shown);
        // Drawn over, line by line: a cleared screen would flicker.
        print(&format!("\x1b[H{}\x1b[K\x1b[J", text.replace('\n', "\x1b[K\n")))
    }

    /// Waits at most this long for keys.
    pub(super) fn keys(wait: Duration) -> Vec<Key> {
        let stdin = io::stdin();
        let mut polled = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) };
        match poll(&mut polled, Some(&wait)) {
            Ok(1..) => {}
            // A signal, of which the caller knows, or no key.
            Ok(0) | Err(_) => return Vec::new(),
        }
        let mut buffer = [0; 64];
        match rustix::io::read(stdin, &mut buffer) {
            Ok(count @ 1..) => meant(&buffer[..count]),
            // The terminal is gone.
            Ok(0) | Err(_) => vec![Key::Interrupt],
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Nobody is left to see that it failed.
        let _ = self.end();
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// The keys that mean something. Those of arrows and the like begin with an escape, and mean nothing.
fn meant(bytes: &[u8]) -> Vec<Key> {
    if bytes.starts_with(b"\x1b") {
        return Vec::new();
    }
    let key = |byte: &u8| match byte {
        b'r' | b'R' | b'\r' | b'\n' => Some(Key::All),
        b'l' | b'L' => Some(Key::Log),
        b'q' | b'Q' => Some(Key::Quit),
        // Ctrl-C, and Ctrl-D.
        3 | 4 => Some(Key::Interrupt),
        _ => None,
    };
    bytes.iter().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_and_arrows_are_none() {
        assert_eq!(meant(b"r\rxlq"), [Key::All, Key::All, Key::Log, Key::Quit]);
        assert_eq!(meant(b"\x03"), [Key::Interrupt]);
        assert_eq!(meant(b"\x1b[1;5rq"), []);
    }
}
