//! Progress on standard error, drawn when it is a terminal and silent otherwise.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::has_progress;

/// Steps of the bar for one replicate.
const STEPS: u64 = 1_000;

/// A bar over replicates, each moving it by the share of its blocks that are done.
pub struct Progress {
    bar: ProgressBar,
    replicates: ProgressBar,
}

impl Progress {
    /// A bar for so many replicates.
    pub fn new(replicates: u32) -> Self {
        let length = u64::from(replicates);
        let bar = if has_progress() {
            ProgressBar::with_draw_target(Some(length * STEPS), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) =
            ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {elapsed}, {eta} left")
        {
            bar.set_style(style);
        }
        let counted = ProgressBar::hidden();
        counted.set_length(length);
        let progress = Progress {
            bar,
            replicates: counted,
        };
        progress.tell();
        progress
    }

    /// Moves on to `done` of `of` blocks of one replicate; `seen` holds the steps it has moved so far.
    pub fn advance(&self, done: u64, of: u64, seen: &mut u64) {
        let now = (STEPS * done).checked_div(of).unwrap_or(0).min(STEPS);
        if now > *seen {
            self.bar.inc(now - *seen);
            *seen = now;
        }
    }

    /// One replicate is finished.
    pub fn finish_one(&self) {
        self.replicates.inc(1);
        self.bar
            .set_position(self.bar.position().max(self.replicates.position() * STEPS));
        self.tell();
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn tell(&self) {
        let (done, of) = (self.replicates.position(), self.replicates.length().unwrap_or(0));
        self.bar.set_message(format!("{done}/{of} replicates"));
    }
}
