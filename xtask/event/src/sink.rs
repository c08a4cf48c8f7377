//! Where events go.

use std::sync::{Mutex, PoisonError};

use super::Event;

/// A reader of the event stream. Called from many threads; must not block for long.
pub trait Sink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: &Event);
}

impl<T: Sink + ?Sized> Sink for std::sync::Arc<T> {
    fn emit(&self, event: &Event) {
        (**self).emit(event);
    }
}

/// Hands every event to several sinks, in order.
#[derive(Default)]
pub struct Fan(pub Vec<Box<dyn Sink>>);

impl Sink for Fan {
    fn emit(&self, event: &Event) {
        for sink in &self.0 {
            sink.emit(event);
        }
    }
}

/// Drops every event.
pub struct Null;

impl Sink for Null {
    fn emit(&self, _event: &Event) {}
}

/// Keeps every event, for tests and for the summary.
#[derive(Default)]
pub struct Collect(Mutex<Vec<Event>>);

impl Collect {
    /// All events so far.
    pub fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sink for Collect {
    fn emit(&self, event: &Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}
