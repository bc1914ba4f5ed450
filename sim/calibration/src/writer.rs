//! The canonical text of a calibration: the same calibration, the same bytes.
//!
//! **Invariant.** What is written reads back as the same calibration: numbers are written in the shortest
//! form that parses to the same double, text is always quoted.

use std::fmt::Write;

use crate::check::FORMAT;
use crate::file::{Calibration, CalibrationDraft, Kernel, Kind, PromptClass, Quantile, Rate, Substitute};

impl Calibration {
    /// Canonical YAML, without comments.
    pub fn to_yaml(&self) -> String {
        self.file.to_yaml()
    }
}

impl CalibrationDraft {
    /// Canonical YAML, without comments.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        self.write_head(&mut out);
        self.write_strata(&mut out);
        self.write_laws(&mut out);
        self.write_evidence(&mut out);
        out
    }

    fn write_head(&self, out: &mut String) {
        let kind = match self.kind {
            Kind::Measured => "measured",
            Kind::Derived => "derived",
        };
        line(out, format!("format: {}", quoted(FORMAT)));
        line(out, format!("name: {}", quoted(&self.name)));
        line(out, format!("model: {}", quoted(&self.model)));
        line(out, format!("kind: {kind}"));
        line(out, format!("statistic: {}", quoted(&self.statistic)));
        line(out, "provenance:".into());
        if let Some(hash) = &self.provenance.model_hash {
            line(out, format!("  model_hash: {}", quoted(hash)));
        }
        line(out, format!("  dtype: {}", quoted(&self.provenance.dtype)));
        line(out, format!("  device: {}", quoted(&self.provenance.device)));
        if !self.provenance.versions.is_empty() {
            line(out, "  versions:".into());
            for (name, version) in &self.provenance.versions {
                line(out, format!("    {}: {}", quoted(name), quoted(version)));
            }
        }
        if !self.provenance.samples.is_empty() {
            line(out, "  samples:".into());
            for (name, count) in &self.provenance.samples {
                line(out, format!("    {}: {count}", quoted(name)));
            }
        }
        line(out, "  sources:".into());
        for source in &self.provenance.sources {
            line(out, format!("    - {}", quoted(source)));
        }
    }

    fn write_strata(&self, out: &mut String) {
        line(out, "thresholds:".into());
        for row in &self.thresholds {
            let similarity = f64::from(row.similarity_ppb) / 1e9;
            let (name, source) = (quoted(&row.name), quoted(&row.source));
            line(
                out,
                format!("  - {{ name: {name}, similarity: {similarity:?}, source: {source} }}"),
            );
        }
        line(out, "prompts:".into());
        for row in &self.prompts {
            line(
                out,
                format!("  - {{ name: {}, share: {:?} }}", quoted(&row.name), row.share),
            );
        }
        line(out, "kernels:".into());
        for row in &self.kernels {
            line(
                out,
                format!(
                    "  - {{ name: {}, note: {} }}",
                    quoted(&row.name),
                    quoted(&row.note)
                ),
            );
        }
        line(out, "substitutes:".into());
        for row in &self.substitutes {
            line(out, format!("  - name: {}", quoted(&row.name)));
            line(out, format!("    decode_cost: {:?}", row.decode_cost));
            line(out, format!("    prefill_cost: {:?}", row.prefill_cost));
            line(out, format!("    memory: {:?}", row.memory));
            line(out, format!("    note: {}", quoted(&row.note)));
        }
    }

    fn write_laws(&self, out: &mut String) {
        line(out, "laws:".into());
        for law in &self.laws {
            line(
                out,
                format!("  - substitute: {}", name_at(&self.substitutes, law.substitute)),
            );
            line(
                out,
                format!("    executor: {}", name_at(&self.kernels, law.executor)),
            );
            line(
                out,
                format!("    validator: {}", name_at(&self.kernels, law.validator)),
            );
            line(out, format!("    prompt: {}", name_at(&self.prompts, law.prompt)));
            let point = |quantile: &Quantile| format!("[{:?}, {:?}]", quantile.p, quantile.similarity);
            let points: Vec<String> = law.quantiles.iter().map(point).collect();
            line(out, format!("    quantiles: [{}]", points.join(", ")));
        }
    }

    fn write_evidence(&self, out: &mut String) {
        if !self.operating_points.is_empty() {
            line(out, "operating_points:".into());
        }
        for row in &self.operating_points {
            line(out, format!("  - label: {}", quoted(&row.label)));
            line(
                out,
                format!("    substitute: {}", name_at(&self.substitutes, row.substitute)),
            );
            line(
                out,
                format!("    threshold: {:?}", f64::from(row.threshold_ppb) / 1e9),
            );
            line(out, format!("    attack: {}", row.attack.name()));
            if let Some(length) = row.length {
                line(out, format!("    length: {length}"));
            }
            line(out, format!("    false_positive: {}", rate(&row.false_positive)));
            line(out, format!("    true_positive: {}", rate(&row.true_positive)));
        }
        let is_empty = self.overdispersion.is_empty();
        line(
            out,
            if is_empty {
                "overdispersion: []"
            } else {
                "overdispersion:"
            }
            .into(),
        );
        for row in &self.overdispersion {
            line(out, format!("  - unit: {}", quoted(&row.unit)));
            line(out, format!("    correlation: {:?}", row.correlation));
            line(out, format!("    n: {}", row.n));
            line(out, format!("    source: {}", quoted(&row.source)));
        }
        if !self.fit.is_empty() {
            line(out, "fit:".into());
        }
        for row in &self.fit {
            line(out, format!("  - parameter: {}", quoted(&row.parameter)));
            line(out, format!("    value: {:?}", row.value));
            line(out, format!("    target: {}", quoted(&row.target)));
            line(out, format!("    published: {:?}", row.published));
            line(
                out,
                format!("    fitted: {:?}  # residual {:.6}", row.fitted, row.residual()),
            );
            line(out, format!("    source: {}", quoted(&row.source)));
        }
    }
}

fn line(out: &mut String, text: String) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

/// A double-quoted YAML scalar.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Rows that laws refer to by position.
trait Named {
    fn name(&self) -> &str;
}

impl Named for Kernel {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Substitute {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for PromptClass {
    fn name(&self) -> &str {
        &self.name
    }
}

/// Name at a position; a draft may point outside, which the reader then refuses as an unknown name.
fn name_at(rows: &[impl Named], index: u8) -> String {
    rows.get(index as usize)
        .map_or_else(|| format!("\"no-row-{index}\""), |row| quoted(row.name()))
}

fn rate(rate: &Rate) -> String {
    format!(
        "{{ estimate: {:?}, low: {:?}, high: {:?}, n: {} }}",
        rate.estimate, rate.low, rate.high, rate.n
    )
}
