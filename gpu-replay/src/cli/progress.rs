//! Progress on standard error: units done, time left; nothing where nobody watches.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `count` units.
pub fn bar(count: usize) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} units, {elapsed} gone, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
