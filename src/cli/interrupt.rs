//! Ctrl-C: what is asked to stop, and how soon.
//!
//! A run stops at its next block. An experiment is made of cells: the first Ctrl-C begins no further one and lets those
//! that are running end, the second one cuts them at their next block. One more ends the program at once.

use std::sync::atomic::{AtomicU8, Ordering};

use super::failure::{Failure, Reason};

/// How often the user pressed Ctrl-C since somebody listens.
static ASKED: AtomicU8 = AtomicU8::new(0);

/// Listens for Ctrl-C from now on: the first one stops what is running at its next block.
pub fn listen() {
    answer(&["stopping; what is finished is kept (Ctrl-C again stops at once)"]);
}

/// Listens for Ctrl-C from now on: the first one lets the cells that are running end, the second one cuts them.
pub fn listen_between_cells() {
    answer(&[
        "stopping when the cells that are running are done; no further one is begun (Ctrl-C again cuts them)",
        "cutting the cells that are running; those that are done are kept (Ctrl-C again stops at once)",
    ]);
}

/// Says a line at each Ctrl-C and ends the program at the one after the last line.
fn answer(lines: &'static [&'static str]) {
    let handler = || match lines.get(usize::from(ASKED.fetch_add(1, Ordering::SeqCst))) {
        Some(line) => super::terminal::remark(line),
        None => std::process::exit(i32::from(Reason::Interrupted as u8)),
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        super::terminal::remark(&format!("warning: Ctrl-C will end the program at once ({error})"));
    }
}

/// Whether the user asked to stop.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::SeqCst) > 0
}

/// Whether the user asked again.
pub fn is_asked_again() -> bool {
    ASKED.load(Ordering::SeqCst) > 1
}

/// The failure of a command that stopped because it was asked to.
pub fn failure(kept: impl Into<String>) -> Failure {
    Failure::new(Reason::Interrupted, kept)
}
