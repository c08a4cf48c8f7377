//! The event stream as JSON lines: `events.jsonl`, and what `run --format json` prints.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use event::{Event, Sink, Stamped};

use super::format::{Format, Kept};
use crate::layout::EVENTS;
use crate::stored::StoredError;

pub(super) const FORMAT: Format = Format {
    name: "events",
    about: "Every event with its time, as JSON lines",
    kept: Kept::EachEvent(EVENTS),
    write: |run, _| {
        let mut lines = fs_err::read(run.dir.join(EVENTS)).map_err(StoredError::from)?;
        // A killed run may have half a line at the end.
        lines.truncate(lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        Ok(lines)
    },
    live: Some(|_| Box::new(JsonLines::new(std::io::stdout()))),
};

/// Writes each event with its time as one line.
pub struct JsonLines<W> {
    begun: Instant,
    /// Seconds that had gone by before.
    earlier: f64,
    inner: Mutex<(W, Option<std::io::Error>)>,
}

impl<W: Write + Send> JsonLines<W> {
    /// A sink into `writer`. After the first error it writes no more.
    pub fn new(writer: W) -> Self {
        Self::after(writer, 0.0)
    }

    /// The same for a stream that goes on after this many seconds.
    pub(crate) fn after(writer: W, earlier: f64) -> Self {
        Self { begun: Instant::now(), earlier, inner: Mutex::new((writer, None)) }
    }

    /// The first error, once.
    pub fn take_error(&self) -> Option<std::io::Error> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).1.take()
    }

    /// Seconds since the stream began, to the millisecond.
    fn now(&self) -> f64 {
        ((self.earlier + self.begun.elapsed().as_secs_f64()) * 1000.0).round() / 1000.0
    }

    /// Writes an event that happened then.
    pub(crate) fn emit_at(&self, at: f64, event: &Event) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.1.is_some() {
            return;
        }
        // One write a line: a killed run leaves whole lines, but for the last.
        let written = serde_json::to_vec(&Stamped { at, event: event.clone() })
            .map_err(std::io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                inner.0.write_all(&line)
            })
            .and_then(|()| inner.0.flush());
        inner.1 = written.err();
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn emit(&self, event: &Event) {
        self.emit_at(self.now(), event);
    }
}
