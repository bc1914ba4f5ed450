//! Numbers as tables print them.
//!
//! **Invariant.** Three significant digits; a rate of zero or one says so.

use crate::derive::Estimate;

/// Three significant digits, in powers of ten where zeros would be long.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if !value.is_finite() {
        return "-".into();
    }
    let size = value.abs();
    if !(1e-4..1e6).contains(&size) {
        return format!("{value:.2e}");
    }
    let digits = (2.0 - libm::floor(libm::log10(size))).clamp(0.0, 6.0) as usize;
    format!("{value:.digits$}")
}

/// A rate in percent.
pub(super) fn percent(rate: f64) -> String {
    match rate {
        r if r == 0.0 || r == 1.0 => format!("{:.0} %", 100.0 * r),
        r if r < 0.1 => format!("{:.2} %", 100.0 * r),
        r => format!("{:.1} %", 100.0 * r),
    }
}

/// A rate in percent with its interval.
pub(super) fn percent_interval(rate: &Estimate) -> String {
    format!(
        "{} ({} to {})",
        percent(rate.value),
        percent(rate.low),
        percent(rate.high)
    )
}

/// A quantity with its interval.
pub(super) fn interval(estimate: &Estimate) -> String {
    format!(
        "{} ({} to {})",
        number(estimate.value),
        number(estimate.low),
        number(estimate.high)
    )
}

/// A count of tokens, or a dash.
pub(super) fn tokens(count: Option<f64>, longest: usize) -> String {
    count.map_or_else(|| format!("> {longest}"), |count| format!("{count:.0}"))
}

/// A Markdown table.
pub(super) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        out += &format!("| {} |\n", cells.join(" | "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_count() {
        let shown: Vec<String> = [0.0, 0.012345, 1.0, 123.456, 1.5e-5, 0.97].map(number).to_vec();
        assert_eq!(shown, ["0", "0.0123", "1.00", "123", "1.50e-5", "0.970"]);
        assert_eq!(
            [0.0, 0.0123, 0.5, 1.0].map(percent),
            ["0 %", "1.23 %", "50.0 %", "100 %"]
        );
    }
}
