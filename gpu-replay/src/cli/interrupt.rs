//! Ctrl-C: finish the units that run, keep them, stop.

use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);

/// The flag that the first Ctrl-C sets; a second one ends the program at once.
pub fn flag() -> &'static AtomicBool {
    // Without a handler the program simply ends, and what is finished is kept all the same.
    let _ = ctrlc::set_handler(|| {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    &STOP
}
