//! A panic is our bug: it is caught, and told with the line that replays it.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Mutex;

use super::failure::{Failure, Reason};

/// The command that would show the same bug again, as long as something is running.
static REPLAY: Mutex<Option<String>> = Mutex::new(None);
/// What the first panic said and where; the threads that follow it down say nothing new.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Remembers how to run again what is about to run.
pub fn set_replay(line: String) {
    if let Ok(mut replay) = REPLAY.lock() {
        *replay = Some(line);
    }
}

/// Runs `work`; a panic in it, in any thread it waits for, becomes a failure.
pub fn catch(work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    panic::set_hook(Box::new(keep_first));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(as_failure()))
}

fn keep_first(info: &PanicHookInfo<'_>) {
    let said = info
        .payload()
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| info.payload().downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_string());
    let place = info
        .location()
        .map(|place| format!(" ({}:{})", place.file(), place.line()))
        .unwrap_or_default();
    if let Ok(mut first) = FIRST.lock() {
        first.get_or_insert(format!("{said}{place}"));
    }
}

fn as_failure() -> Failure {
    let take = |cell: &Mutex<Option<String>>| cell.lock().ok().and_then(|mut value| value.take());
    let said = take(&FIRST).unwrap_or_else(|| "a panic without a message".to_string());
    let version = env!("CARGO_PKG_VERSION");
    let mut message = format!("this is a bug in stakeout {version}, not in your scenario: {said}");
    if let Some(replay) = take(&REPLAY) {
        message.push_str(&format!("\nreplay: {replay}"));
    }
    message.push_str("\nplease report this line together with the scenario file");
    Failure::new(Reason::Bug, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure_with_a_line_that_replays_it() {
        set_replay("stakeout run a.yaml --seed 7".to_string());
        let failure = catch(|| panic!("the ledger does not sum")).expect_err("a panic is no success");
        assert_eq!(failure.reason, Reason::Bug);
        for part in [
            "the ledger does not sum",
            "bug.rs:",
            "replay: stakeout run a.yaml --seed 7",
        ] {
            assert!(failure.message.contains(part), "{part}: {}", failure.message);
        }
    }
}
