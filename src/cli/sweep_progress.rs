//! Progress over the cells of an experiment: done, to do, rate and time left on a terminal, and one line elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
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
        let template = "{bar:30} {pos}/{len} cells  {per_sec}  {elapsed}, {eta} left  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
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
