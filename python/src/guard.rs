//! Work without the interpreter, which goes on listening: Ctrl-C asks the work to stop at its next quiet place.
//!
//! Invariant: the calling thread waits without the interpreter's lock, so strategies written in Python and other threads
//! of Python run meanwhile; a panic of the work comes back as an exception.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use stakeout_engine::strategy::StrategyFailure;

use crate::error::Failed;
use crate::strategy;

/// How often Python is asked whether the user pressed Ctrl-C.
const LISTEN: Duration = Duration::from_millis(50);

/// Unwinds work that was asked to stop; caught in this module.
struct Stopped;

/// Whether the work at hand should stop.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Someone asked, or a strategy failed, so that nothing more is worth starting.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst) || strategy::has_failed()
    }

    /// Leaves the work if someone asked.
    pub fn check(&self) {
        if self.is_asked() {
            panic::resume_unwind(Box::new(Stopped));
        }
    }
}

/// Does `work` on threads of its own while the caller listens for Ctrl-C.
///
/// # Errors
/// What the work reports, Python's `KeyboardInterrupt`, or a panic of the work.
pub fn interruptible<T, W>(py: Python<'_>, threads: Option<u16>, work: W) -> Result<T, Failed>
where
    T: Send,
    W: FnOnce(&Stop) -> Result<T, Failed> + Send,
{
    let stop = Stop::default();
    let bell = (Mutex::new(false), Condvar::new());
    strategy::forget_failure();
    let (finished, interrupt) = thread::scope(|scope| {
        let (stop, bell) = (&stop, &bell);
        let worker = scope.spawn(move || {
            let finished = panic::catch_unwind(AssertUnwindSafe(|| on_threads(threads, || work(stop))));
            *bell.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            bell.1.notify_all();
            finished
        });
        let mut interrupt = None;
        while !py.detach(|| rings(bell)) {
            if interrupt.is_none()
                && let Err(signal) = py.check_signals()
            {
                stop.0.store(true, Ordering::SeqCst);
                interrupt = Some(signal);
            }
        }
        (py.detach(|| worker.join()), interrupt)
    });
    let failure = strategy::take_failure();
    if let Some(signal) = interrupt {
        return Err(Failed::Python(signal));
    }
    if let Some((message, cause)) = failure {
        return Err(Failed::Strategy(message, Some(cause)));
    }
    match finished.and_then(|finished| finished) {
        Ok(result) => result,
        Err(payload) => Err(said(payload.as_ref())),
    }
}

/// Waits for the end of the work, for a moment at most.
fn rings((is_done, bell): &(Mutex<bool>, Condvar)) -> bool {
    let is_done = is_done.lock().unwrap_or_else(PoisonError::into_inner);
    if *is_done {
        return true;
    }
    let (is_done, _) = bell
        .wait_timeout(is_done, LISTEN)
        .unwrap_or_else(PoisonError::into_inner);
    *is_done
}

fn on_threads<T: Send>(
    threads: Option<u16>,
    work: impl FnOnce() -> Result<T, Failed> + Send,
) -> Result<T, Failed> {
    let Some(threads) = threads else {
        return work();
    };
    if threads == 0 {
        return Err(Failed::usage("threads=0: at least one thread is needed"));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads));
    let pool = pool
        .build()
        .map_err(|error| Failed::InputOutput(format!("threads cannot be started: {error}")))?;
    pool.install(work)
}

/// What a panic said.
fn said(payload: &(dyn Any + Send)) -> Failed {
    if let Some(failure) = payload.downcast_ref::<StrategyFailure>() {
        return Failed::Strategy(failure.0.clone(), None);
    }
    let text = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned());
    let text = text.unwrap_or_else(|| "a panic without a message".to_owned());
    Failed::Bug(format!("a bug of ours: {text}"))
}
