//! Progress over the cells of an experiment: done, to do, rate and time left, on a terminal alone.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stakeout_engine::experiment::sweep::campaign::Monitor;
use stakeout_engine::experiment::sweep::cell::Cell;

use super::interrupt;
use super::terminal::has_progress;

/// A bar over cells.
pub struct CellBar {
    bar: ProgressBar,
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
        CellBar { bar }
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

    fn expect(&self, cells: u64) {
        self.bar.inc_length(cells);
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
