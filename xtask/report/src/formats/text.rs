//! A run as it is seen on a terminal, without colours.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use event::{Event, Sink};

use super::format::{Format, Kept};
use crate::lines::Verbosity;
use crate::stored::{Progress, Stored, StoredError};
use crate::terminal::Terminal;

pub(super) const FORMAT: Format = Format {
    name: "text",
    about: "As it is seen on a terminal, for people",
    kept: Kept::No,
    write: |run, _| {
        let text = Buffer::default();
        let out = anstream::StripStream::new(Box::new(text.clone()) as Box<dyn Write + Send>);
        replay(run, &Terminal::to_writer(Box::new(out), Verbosity::Normal), &|_| true)?;
        Ok(text.take())
    },
    live: Some(|how| {
        let terminal = Terminal::stdout(how.verbosity).side_by_side(how.jobs);
        Box::new(terminal.resuming(how.before.clone()))
    }),
};

/// Shows a run that was kept once more: those of its events of which `is_shown` holds. What has no end is closed with the
/// names of the cells that are not finished.
///
/// # Errors
/// Its events cannot be read.
pub fn replay(
    run: &Stored,
    terminal: &Terminal,
    is_shown: &dyn Fn(&Event) -> bool,
) -> Result<(), StoredError> {
    for stamped in run.events()?.iter().filter(|stamped| is_shown(&stamped.event)) {
        terminal.emit(&stamped.event);
    }
    if run.progress() != Progress::Complete {
        terminal.close(run.word(), &run.summary);
    }
    Ok(())
}

/// What a terminal has written, for who made it.
#[derive(Clone, Default)]
pub(super) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    /// All that was written since the last call.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
