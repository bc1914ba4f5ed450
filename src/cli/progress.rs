//! Progress on standard error, drawn when it is a terminal and silent otherwise.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal::has_progress;

/// A bar over a known number of steps.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar of `steps` steps, each called `unit` in the plural.
    pub fn new(steps: u64, unit: &str) -> Self {
        let bar = if has_progress() {
            ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        let shape = format!("{{bar:30}} {{pos}}/{{len}} {unit}  {{elapsed}} elapsed, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&shape) {
            bar.set_style(style);
        }
        bar.tick();
        Progress { bar }
    }

    /// Moves on by `steps`.
    pub fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
