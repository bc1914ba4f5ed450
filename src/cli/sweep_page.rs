//! What a finished sweep prints: a row a point, what each factor did, what failed.

use stakeout_engine::experiment::sweep::analysis::{self, Front, Sensitivity};
use stakeout_engine::experiment::sweep::campaign::PointCells;
use stakeout_engine::experiment::sweep::meaning::{meaning, with_unit};
use stakeout_engine::experiment::sweep::plan::{Plan, ScenarioSource};
use stakeout_engine::experiment::sweep::table::{estimate, figure_names};

use super::format::Format;
use super::table::{Cell, Table, render_all};

/// Significant decimals that tables show of a figure.
const DECIMALS: usize = 4;

/// A finished sweep.
pub struct SweepPage<'a> {
    /// Its plan.
    pub plan: &'a Plan,
    /// Its cells.
    pub points: &'a [PointCells],
    /// The scenario, for replay lines.
    pub source: &'a ScenarioSource,
    /// What the plan trades, if anything.
    pub front: Option<Front>,
}

impl SweepPage<'_> {
    /// The tables.
    pub fn render(&self, format: Format) -> String {
        let mut tables = vec![self.results(format)];
        tables.extend(self.sensitivities(format));
        tables.extend(self.front(format));
        let uses = self.uses();
        if !uses.is_empty() {
            tables.push(uses);
        }
        let failures = self.failures();
        if !failures.is_empty() {
            tables.push(failures);
        }
        match tables.as_slice() {
            [only] => only.render(format),
            several => render_all(several, format),
        }
    }

    /// Sentences for standard error.
    pub fn remarks(&self) -> Vec<String> {
        let mut lines = vec![self.plan.rule_text()];
        if let Some(rule) = &self.plan.warm_up {
            lines.push(rule.told(self.points.iter().flat_map(|point| &point.cells)));
        }
        let known = figure_names(self.points);
        let asked = self.plan.outputs.iter().chain([&self.plan.watched]);
        for output in asked.filter(|output| !output.is_empty() && !known.contains(output)) {
            lines.push(format!(
                "warning: no cell has the figure `{output}`; the columns of results.csv are those that there are"
            ));
        }
        for output in &self.plan.outputs {
            let without = analysis::points_without(self.plan, self.points, output);
            if without > 0 {
                lines.push(format!(
                    "warning: nothing is said of what moves {output}: {without} of {} points have no value of it",
                    self.plan.points.len()
                ));
            }
        }
        if let Some(front) = &self.front {
            lines.push(format!(
                "the front commands {:.4} of the box between the best and the worst value of each figure",
                front.hypervolume
            ));
        }
        for used in analysis::factor_uses(self.plan, self.points)
            .iter()
            .filter(|used| used.is_dead())
        {
            lines.push(format!(
                "warning: the factor `{}` changed no figure: dead in this scenario",
                used.name
            ));
        }
        lines
    }

    /// A row a point; people get figures in the unit in which they read them.
    fn results(&self, format: Format) -> Table {
        let outputs = self.plan.outputs.iter();
        let units: Vec<(f64, &str)> = outputs.map(|output| format.unit_of(output)).collect();
        let mut columns = vec!["point".to_owned()];
        columns.extend(self.plan.factors.iter().cloned());
        columns.push("replicates".to_owned());
        for (output, (_, unit)) in self.plan.outputs.iter().zip(&units) {
            let name = with_unit(output, unit);
            let ends = [format!("{name} from"), format!("{name} to")];
            columns.push(name);
            columns.extend(ends);
        }
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut table = Table::new(&self.plan.name, &names);
        for point in self.points {
            let planned = &self.plan.points[point.point];
            let mut row = vec![Cell::count(point.point as i128)];
            row.extend(planned.labels.iter().map(Cell::text));
            row.push(Cell::count(point.cells.len() as i128));
            for (output, (scale, _)) in self.plan.outputs.iter().zip(&units) {
                let found = estimate(point, output, self.plan.confidence);
                let ends = [
                    found.mean,
                    found.interval.map(|i| i.low),
                    found.interval.map(|i| i.high),
                ];
                let real = |value: f64| Cell::Real(scale * value, decimals(scale * value));
                row.extend(ends.map(|value| Cell::or_empty(value, real)));
            }
            table.push(row);
        }
        for output in &self.plan.outputs {
            if let Some(meaning) = meaning(output) {
                table.note(format!("{output}: {meaning}."));
            }
        }
        table
    }

    /// Every point with the figures that are traded, those on the front marked.
    fn front(&self, format: Format) -> Option<Table> {
        let front = self.front.as_ref()?;
        let names: Vec<&str> = self
            .plan
            .front
            .iter()
            .map(|name| name.trim_start_matches('-'))
            .collect();
        let units: Vec<(f64, &str)> = names.iter().map(|name| format.unit_of(name)).collect();
        let traded: Vec<String> = names
            .iter()
            .zip(&units)
            .map(|(name, (_, unit))| with_unit(name, unit))
            .collect();
        let mut columns: Vec<&str> = vec!["point"];
        columns.extend(self.plan.factors.iter().map(String::as_str));
        columns.extend(traded.iter().map(String::as_str));
        columns.push("on the front");
        let mut table = Table::new("What is traded", &columns);
        for ((point, means), is_on_front) in front.points.iter().zip(&front.is_on_front) {
            let mut row = vec![Cell::count(*point as i128)];
            row.extend(self.plan.points[*point].labels.iter().map(Cell::text));
            let real =
                |(mean, (scale, _)): (&f64, &(f64, &str))| Cell::Real(scale * mean, decimals(scale * mean));
            row.extend(means.iter().zip(&units).map(real));
            row.push(Cell::text(if *is_on_front { "yes" } else { "" }));
            table.push(row);
        }
        Some(table)
    }

    fn sensitivities(&self, format: Format) -> Vec<Table> {
        let outputs = self.plan.outputs.iter();
        outputs
            .filter_map(|output| {
                let found = analysis::sensitivity(self.plan, self.points, output)?;
                Some(self.sensitivity(output, &found, format))
            })
            .collect()
    }

    fn sensitivity(&self, output: &str, found: &Sensitivity, format: Format) -> Table {
        let (scale, unit) = format.unit_of(output);
        let real = |value: f64| Cell::Real(scale * value, decimals(scale * value));
        match found {
            Sensitivity::Morris(effects) => {
                let columns = [
                    "factor",
                    "mean |effect|",
                    "from",
                    "to",
                    "mean effect",
                    "deviation",
                ];
                let mut table = Table::new(
                    &format!("Elementary effects on {}", with_unit(output, unit)),
                    &columns,
                );
                for (factor, effect) in self.plan.factors.iter().zip(effects) {
                    table.push(vec![
                        Cell::text(factor),
                        real(effect.mean_absolute),
                        Cell::or_empty(effect.interval, |i| real(i.low)),
                        Cell::or_empty(effect.interval, |i| real(i.high)),
                        real(effect.mean),
                        real(effect.deviation),
                    ]);
                }
                table
            }
            Sensitivity::Indices(indices) => {
                let columns = ["index", "factor", "share", "from", "to", "from half the rows"];
                let mut table = Table::new(&format!("Shares of the variance of {output}"), &columns);
                let names = &self.plan.factors;
                let first = names
                    .iter()
                    .cloned()
                    .zip(&indices.first)
                    .map(|(n, i)| ("first", n, i));
                let total = names
                    .iter()
                    .cloned()
                    .zip(&indices.total)
                    .map(|(n, i)| ("total", n, i));
                let second = indices
                    .second
                    .iter()
                    .map(|(i, j, index)| ("second", format!("{} x {}", names[*i], names[*j]), index));
                for (kind, name, index) in first.chain(total).chain(second) {
                    table.push(vec![
                        Cell::text(kind),
                        Cell::text(name),
                        Cell::Real(index.share, DECIMALS),
                        Cell::or_empty(index.interval, |i| Cell::Real(i.low, DECIMALS)),
                        Cell::or_empty(index.interval, |i| Cell::Real(i.high, DECIMALS)),
                        Cell::Real(index.from_half, DECIMALS),
                    ]);
                }
                table
            }
        }
    }

    fn uses(&self) -> Table {
        let mut table = Table::new("Factors", &["factor", "pairs compared", "pairs that differ"]);
        for used in analysis::factor_uses(self.plan, self.points) {
            if used.pairs > 0 {
                table.push(vec![
                    Cell::text(used.name),
                    Cell::count(used.pairs as i128),
                    Cell::count(used.differing as i128),
                ]);
            }
        }
        table
    }

    fn failures(&self) -> Table {
        let mut table = Table::new("Failures", &["point", "why", "replay"]);
        for (point, why, replay) in analysis::failures(self.plan, self.points, self.source) {
            let first = why
                .lines()
                .find(|line| line.starts_with("error: "))
                .unwrap_or(why.as_str());
            table.push(vec![
                Cell::count(point as i128),
                Cell::text(first),
                Cell::text(replay),
            ]);
        }
        table
    }
}

/// Decimals that show four significant digits.
pub fn decimals(value: f64) -> usize {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    let magnitude = value.abs();
    let mut decimals = 0;
    let mut scale = 1.0;
    while magnitude * scale < 1_000.0 && decimals < 9 {
        scale *= 10.0;
        decimals += 1;
    }
    decimals
}
