//! What `run` prints: tables for people, one object for programs.

use std::fmt::Write;

use stakeout_engine::observe::cast::Cast;
use stakeout_engine::observe::comparisons::Comparisons;
use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::observe::run_archive::RunDirectory;
use stakeout_engine::observe::run_json::RunReport;
use stakeout_engine::observe::summary::Summary;

use super::failure::{Failure, Reason};
use super::format::Format;
use super::host_table::{SHOWN, host_table};
use super::network_table::{detection_table, network_table, stage_table, strategy_table};
use super::record_table::{history_table, record_remarks, record_tables};
use super::table::{Table, render_all};
use super::twin_table::twin_table;

/// Everything that is known once a run is over.
pub struct RunPage<'a> {
    /// Names.
    pub cast: &'a Cast,
    /// Replicates.
    pub outputs: &'a [RunOutput],
    /// Headline numbers.
    pub summary: &'a Summary,
    /// What it is set beside: a record, honest twins, counterfactuals; and parameters without effect.
    pub comparisons: Comparisons<'a>,
    /// Where the results lie.
    pub directory: &'a RunDirectory,
}

impl RunPage<'_> {
    /// The page in one form.
    pub fn render(&self, format: Format) -> Result<String, Failure> {
        match format {
            Format::Json => self.json(),
            Format::Csv => Ok(self
                .outputs
                .first()
                .map(|first| host_table(self.cast, first, None).render(format))
                .unwrap_or_default()),
            Format::Table | Format::Markdown => Ok(self.text(format)),
        }
    }

    fn json(&self) -> Result<String, Failure> {
        let path = Some(self.directory.path());
        let report = RunReport::new(
            self.cast,
            self.outputs,
            self.summary,
            self.comparisons.recorded,
            path,
        );
        let bug =
            |error: serde_json::Error| Failure::new(Reason::Bug, format!("a result is not JSON: {error}"));
        let mut value = serde_json::to_value(&report).map_err(bug)?;
        if let Some(object) = value.as_object_mut() {
            object.insert(
                "honest_twins".to_string(),
                serde_json::to_value(self.comparisons.honest_twins).map_err(bug)?,
            );
            object.insert(
                "shorter_histories".to_string(),
                serde_json::to_value(self.comparisons.shorter_histories).map_err(bug)?,
            );
            object.insert("warnings".to_string(), self.comparisons.warnings.into());
        }
        serde_json::to_string_pretty(&value)
            .map(|text| text + "\n")
            .map_err(bug)
    }

    fn text(&self, format: Format) -> String {
        let mut text = render_all(&self.tables(), format);
        let remarks = self.comparisons.recorded.map(record_remarks).unwrap_or_default();
        if !remarks.is_empty() {
            text.push_str("\nOutside the simulation's intervals\n");
            for remark in remarks {
                let _ = writeln!(text, "- {remark}");
            }
        }
        let _ = writeln!(text, "\ndigest       {}", self.summary.digest);
        let _ = writeln!(text, "results      {}", self.directory.path().display());
        let _ = writeln!(
            text,
            "a page       stakeout report {}",
            self.directory.path().display()
        );
        if !self.summary.assumptions.is_empty() {
            let _ = writeln!(
                text,
                "assumptions  {} (ASSUMPTIONS.md)",
                self.summary.assumptions.join(", ")
            );
        }
        text
    }

    fn tables(&self) -> Vec<Table> {
        let mut tables = Vec::new();
        if let Some(first) = self.outputs.first() {
            tables.push(host_table(self.cast, first, Some(SHOWN)));
            tables.push(stage_table(&first.stages));
        }
        tables.push(network_table(self.summary));
        if self.summary.strategies.len() > 1 {
            tables.push(strategy_table(&self.summary.strategies));
            tables.push(detection_table(&self.summary.detection));
        }
        if !self.comparisons.honest_twins.is_empty() {
            tables.push(twin_table(self.comparisons.honest_twins, self.summary.replicates));
        }
        tables.extend(self.comparisons.recorded.map(record_tables).unwrap_or_default());
        tables.push(history_table(self.comparisons.shorter_histories));
        tables.retain(|table| !table.is_empty());
        tables
    }
}
