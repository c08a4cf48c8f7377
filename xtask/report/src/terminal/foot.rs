//! The lines at the foot of a terminal.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::board::Board;

/// How often the lines at the foot are drawn.
const DRAW: Duration = Duration::from_millis(250);
/// Width of a terminal that does not report its own.
const WIDTH: usize = 80;

/// The lines at the foot of the terminal, drawn from the board.
pub(super) fn foot(board: &Arc<Mutex<Board>>) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    let board = Arc::clone(board);
    let write = move |_: &ProgressState, out: &mut dyn fmt::Write| {
        let width = rustix::termios::tcgetwinsize(std::io::stderr()).map_or(WIDTH, |size| size.ws_col.into());
        let board = board.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = board.lines(Instant::now(), width.saturating_sub(1));
        let _ = out.write_str(&lines.join("\n"));
    };
    if let Ok(style) = ProgressStyle::with_template("{board}") {
        bar.set_style(style.with_key("board", write));
    }
    bar.enable_steady_tick(DRAW);
    bar
}
