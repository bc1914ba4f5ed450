//! Progress over the cells of an experiment: done, to do, rate and time left on a terminal, and one line elsewhere.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use stakeout_engine::experiment::sweep::campaign::Monitor;
use stakeout_engine::experiment::sweep::cell::Cell;

use super::interrupt;
use super::terminal::{has_progress, remark};

/// A bar over cells.
pub struct CellBar {
    bar: ProgressBar,
    has_begun: AtomicBool,
}

impl CellBar {
    /// A bar without a cell.
    pub fn new() -> Self {
        let bar = if has_progress() {
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        let template = "{bar:30} {pos}/{len} cells  {rate}  {elapsed}, {eta} left  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            let told = |state: &ProgressState, text: &mut dyn Write| {
                // A bar that cannot be written is no reason to stop.
                let _ = text.write_str(&rate(state.per_sec()));
            };
            bar.set_style(style.with_key("rate", told));
        }
        CellBar {
            bar,
            has_begun: AtomicBool::new(false),
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Cells a second, with no more digits than mean something.
fn rate(per_second: f64) -> String {
    match per_second {
        _ if !per_second.is_finite() || per_second <= 0.0 => "–/s".to_string(),
        fast if fast >= 9.95 => format!("{fast:.0}/s"),
        slow if slow >= 0.095 => format!("{slow:.1}/s"),
        slow => format!("{:.1}/min", 60.0 * slow),
    }
}

impl Monitor for CellBar {
    fn is_stopping(&self) -> bool {
        interrupt::is_asked()
    }

    fn is_cutting(&self) -> bool {
        interrupt::is_asked_again()
    }

    fn expect(&self, cells: u64) {
        self.bar.inc_length(cells);
        if !has_progress() && !self.has_begun.swap(true, Ordering::Relaxed) {
            let threads = rayon::current_num_threads();
            remark(&format!(
                "{cells} cells to begin with, on {threads} threads; no progress is shown outside a terminal"
            ));
        }
    }

    fn tell(&self, cell: &Cell) {
        self.bar.inc(1);
        if cell.error.is_some() {
            self.bar.set_message("some cells failed");
        }
    }

    fn tick(&self) {
        self.bar.inc(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_no_digits_that_mean_nothing() {
        let cases = [
            (41.9554, "42/s"),
            (1_234.5, "1234/s"),
            (9.96, "10/s"),
            (4.249, "4.2/s"),
            (0.25, "0.2/s"),
            (0.02, "1.2/min"),
            (0.0, "–/s"),
            (f64::NAN, "–/s"),
        ];
        for (per_second, expected) in cases {
            assert_eq!(rate(per_second), expected, "{per_second}");
        }
    }
}
