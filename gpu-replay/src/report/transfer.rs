//! The page of thresholds that were tried on another model.

use super::numbers::{percent, percent_interval, table};
use crate::derive::TransferRow;

/// One row a direction and rule.
pub fn transfer_page(rows: &[TransferRow]) -> String {
    let cells = rows.iter().map(|row| {
        vec![
            row.from.clone(),
            row.to.clone(),
            row.rule.name().into(),
            row.length.to_string(),
            percent(row.alpha),
            percent_interval(&row.false_positive),
            if row.is_model_specific {
                "model-specific".into()
            } else {
                "travels".into()
            },
        ]
    });
    let head = [
        "fixed on",
        "tried on",
        "rule",
        "tokens",
        "nominal",
        "honest answers rejected",
        "verdict",
    ];
    format!(
        "# Thresholds on another model\n\nThresholds are fixed on one model's honest answers and judge the other's. \
         A rule is model-specific where more than three times the nominal rate is rejected.\n\n{}",
        table(&head, cells)
    )
}
