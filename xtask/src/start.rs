//! `cargo xtask` alone: what is there, what is missing, and which commands make sense in just this state.
//!
//! Looks and asks, and changes nothing: no network, no build, no guest.

mod next;
mod screen;
mod state;

use anyhow::Result;
use serde::Serialize;

use self::next::{Next, next};
use self::state::State;
use super::{Context, Exit, Format};

/// What `--format json` prints.
#[derive(Serialize)]
struct Start<'a> {
    #[serde(flatten)]
    state: &'a State,
    next: &'a [Next],
}

pub fn run(ctx: &Context) -> Result<Exit> {
    let state = State::found(ctx);
    let next = next(&state);
    match ctx.format {
        Format::Json => {
            let start = Start { state: &state, next: &next };
            anstream::println!("{}", serde_json::to_string_pretty(&start)?);
        }
        Format::Human => anstream::print!("{}", screen::screen(&state, &next)),
    }
    Ok(Exit::Success)
}
