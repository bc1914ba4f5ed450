//! Ctrl-C: the first one asks runs to stop at their next block, what is finished being kept; the second one ends the
//! program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use super::failure::{Failure, Reason};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Listens for Ctrl-C from now on.
pub fn listen() {
    let handler = || {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(Reason::Interrupted as u8));
        }
        super::terminal::remark("stopping; what is finished is kept (Ctrl-C again stops at once)");
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        super::terminal::remark(&format!("warning: Ctrl-C will end the program at once ({error})"));
    }
}

/// Whether the user asked to stop.
pub fn is_asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// The failure of a command that stopped because it was asked to.
pub fn failure(kept: impl Into<String>) -> Failure {
    Failure::new(Reason::Interrupted, kept)
}
