//! From the shape as written to a checked calibration: every problem of a file at once.
//!
//! **Invariant.** Work and memory are bounded by the text's length, which is checked first; aliases and
//! merge keys, by which a short text could stand for a long one, are refused.

use std::collections::BTreeMap;

use serde_yaml::Spanned;
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy};

use crate::error::{CalibrationError, Problem};
use crate::file::*;
use crate::raw::*;

/// The only format that is read.
pub(crate) const FORMAT: &str = "stakeout-calibration/1";
/// Name of substitute 0.
pub(crate) const PROMISED: &str = "none";

const MAX_BYTES: usize = 1 << 20;
const MAX_NAME: usize = 64;
const MAX_TEXT: usize = 2000;
const MAX_ROWS: usize = 256;
const MAX_PROMPTS: usize = 16;
const MAX_KERNELS: usize = 32;
const MAX_SUBSTITUTES: usize = 64;
const MAX_QUANTILES: usize = 64;
const MIN_STEP: f64 = 1e-9;
const MAX_RATIO: f64 = 1e3;
const SHARE_TOLERANCE: f64 = 1e-9;

impl CalibrationDraft {
    /// Checks the draft by the same door that a file goes through: it is written out and read back.
    ///
    /// # Errors
    /// As [`Calibration::from_yaml`]; lines and columns are those of [`to_yaml`](Self::to_yaml).
    pub fn check(&self) -> Result<Calibration, CalibrationError> {
        Calibration::from_yaml(&self.to_yaml())
    }
}

impl Calibration {
    /// Reads a calibration file.
    ///
    /// # Errors
    /// The text is longer than 1 MiB, is not YAML of the expected shape (with line and column), or holds
    /// values out of range: then all of them are named at once.
    pub fn from_yaml(text: &str) -> Result<Calibration, CalibrationError> {
        if text.len() > MAX_BYTES {
            return Err(CalibrationError::TooLarge {
                bytes: text.len(),
                limit: MAX_BYTES,
            });
        }
        let raw: RawCalibration =
            serde_yaml::from_str_with_options(text, parser_options()).map_err(syntax_error)?;
        Checker::default().calibration(raw)
    }
}

fn parser_options() -> serde_yaml::Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_documents: 1,
            max_depth: 16,
            max_aliases: 0,
            max_anchors: 0,
            max_merge_keys: 0,
            flow_nesting_limit: 8,
            max_events: 400_000,
            max_nodes: 200_000,
            max_total_scalar_bytes: MAX_BYTES,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn syntax_error(error: serde_yaml::Error) -> CalibrationError {
    let location = error.location();
    CalibrationError::Syntax {
        line: location.map_or(0, |place| place.line()),
        column: location.map_or(0, |place| place.column()),
        message: error.without_snippet().render(),
    }
}

/// Names in the order of the file, by which laws and operating points refer to rows.
type Names = BTreeMap<String, u8>;

#[derive(Default)]
struct Checker {
    problems: Vec<Problem>,
}

impl Checker {
    fn calibration(mut self, raw: RawCalibration) -> Result<Calibration, CalibrationError> {
        if raw.format.value != FORMAT {
            self.refuse(
                &raw.format,
                "format",
                format!("found {:?}, expected {FORMAT:?}", raw.format.value),
            );
        }
        let kind = self.kind(&raw.kind);
        let prompts = self.prompts(&raw.prompts);
        let prompt_names = self.names("prompts", raw.prompts.iter().map(|row| &row.name), MAX_PROMPTS);
        let kernel_names = self.names("kernels", raw.kernels.iter().map(|row| &row.name), MAX_KERNELS);
        let substitute_names = self.names(
            "substitutes",
            raw.substitutes.iter().map(|row| &row.name),
            MAX_SUBSTITUTES,
        );
        if let Some(first) = raw.substitutes.first()
            && first.name.value != PROMISED
        {
            let found = format!(
                "found {:?}, the first substitute is the promised model {PROMISED:?}",
                first.name.value
            );
            self.refuse(&first.name, "substitutes[0].name", found);
        }
        let laws = self.laws(
            &raw.laws,
            [&substitute_names, &kernel_names, &kernel_names, &prompt_names],
        );
        if kind == Kind::Derived && raw.fit.is_empty() {
            self.missing("fit", "a derived calibration lists what it was fitted to".into());
        }
        let file = CalibrationDraft {
            name: self.name(&raw.name, "name"),
            model: self.name(&raw.model, "model"),
            kind,
            statistic: self.text(&raw.statistic, "statistic"),
            provenance: self.provenance(&raw.provenance),
            thresholds: self.thresholds(&raw.thresholds),
            prompts,
            kernels: self.kernels(&raw.kernels),
            substitutes: self.substitutes(&raw.substitutes),
            laws,
            operating_points: self.operating_points(&raw.operating_points, &substitute_names),
            overdispersion: self.overdispersion(&raw.overdispersion),
            fit: self.fit(&raw.fit),
        };
        if self.problems.is_empty() {
            return Ok(Calibration { file });
        }
        // What is missing altogether has no place and comes last.
        self.problems
            .sort_by_key(|problem| (problem.line == 0, problem.line, problem.column));
        Err(CalibrationError::Invalid(self.problems))
    }

    fn kind(&mut self, raw: &Text) -> Kind {
        match raw.value.as_str() {
            "measured" => Kind::Measured,
            "derived" => Kind::Derived,
            other => {
                self.refuse(
                    raw,
                    "kind",
                    format!("found {other:?}, allowed are measured and derived"),
                );
                // Measured asks for no `fit`: one problem stays one problem.
                Kind::Measured
            }
        }
    }

    fn provenance(&mut self, raw: &RawProvenance) -> Provenance {
        self.bound("provenance.versions", raw.versions.len(), 0, MAX_ROWS);
        self.bound("provenance.samples", raw.samples.len(), 0, MAX_ROWS);
        self.bound("provenance.sources", raw.sources.len(), 1, MAX_ROWS);
        let mut versions = BTreeMap::new();
        for (name, version) in &raw.versions {
            versions.insert(
                name.clone(),
                self.text(version, &format!("provenance.versions.{name}")),
            );
        }
        Provenance {
            model_hash: raw
                .model_hash
                .as_ref()
                .map(|hash| self.text(hash, "provenance.model_hash")),
            dtype: self.text(&raw.dtype, "provenance.dtype"),
            device: self.text(&raw.device, "provenance.device"),
            versions,
            samples: raw.samples.clone(),
            sources: raw
                .sources
                .iter()
                .map(|source| self.text(source, "provenance.sources"))
                .collect(),
        }
    }

    fn thresholds(&mut self, rows: &[RawThreshold]) -> Vec<Threshold> {
        self.names("thresholds", rows.iter().map(|row| &row.name), MAX_ROWS);
        let row = |(index, row): (usize, &RawThreshold)| Threshold {
            name: row.name.value.clone(),
            similarity_ppb: ppb(self.unit(&row.similarity, &format!("thresholds[{index}].similarity"))),
            source: self.text(&row.source, &format!("thresholds[{index}].source")),
        };
        rows.iter().enumerate().map(row).collect()
    }

    fn prompts(&mut self, rows: &[RawPromptClass]) -> Vec<PromptClass> {
        let mut classes = Vec::new();
        let mut sum = 0.0;
        for (index, row) in rows.iter().enumerate() {
            let share = self.unit(&row.share, &format!("prompts[{index}].share"));
            sum += share;
            classes.push(PromptClass {
                name: row.name.value.clone(),
                share,
            });
        }
        if !rows.is_empty() && (sum - 1.0).abs() > SHARE_TOLERANCE {
            self.missing("prompts", format!("the shares sum to {sum}, not to 1"));
        }
        classes
    }

    fn kernels(&mut self, rows: &[RawKernel]) -> Vec<Kernel> {
        let row = |(index, row): (usize, &RawKernel)| Kernel {
            name: row.name.value.clone(),
            note: self.text(&row.note, &format!("kernels[{index}].note")),
        };
        rows.iter().enumerate().map(row).collect()
    }

    fn substitutes(&mut self, rows: &[RawSubstitute]) -> Vec<Substitute> {
        let row = |(index, row): (usize, &RawSubstitute)| {
            let path = |key: &str| format!("substitutes[{index}].{key}");
            Substitute {
                name: row.name.value.clone(),
                decode_cost: self.ratio(&row.decode_cost, &path("decode_cost")),
                prefill_cost: self.ratio(&row.prefill_cost, &path("prefill_cost")),
                memory: self.ratio(&row.memory, &path("memory")),
                note: self.text(&row.note, &path("note")),
            }
        };
        rows.iter().enumerate().map(row).collect()
    }

    /// Laws sorted by their key; a key said twice or not at all is a problem.
    fn laws(&mut self, rows: &[RawLaw], names: [&Names; 4]) -> Vec<Law> {
        let expected: usize = names.iter().map(|names| names.len()).product();
        self.bound(
            "laws",
            rows.len(),
            1,
            MAX_PROMPTS * MAX_KERNELS * MAX_KERNELS * MAX_SUBSTITUTES,
        );
        let mut found: BTreeMap<[u8; 4], Law> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            let path = format!("laws[{index}]");
            let quantiles = self.quantiles(&row.quantiles, &path);
            let parts = [&row.substitute, &row.executor, &row.validator, &row.prompt];
            let mut key = [0u8; 4];
            let mut is_known = true;
            for (part, (text, what)) in parts
                .iter()
                .zip(["substitute", "executor", "validator", "prompt"])
                .enumerate()
            {
                match self.lookup(text, names[part], &format!("{path}.{what}")) {
                    Some(position) => key[part] = position,
                    None => is_known = false,
                }
            }
            let [substitute, executor, validator, prompt] = key;
            let law = Law {
                substitute,
                executor,
                validator,
                prompt,
                quantiles,
            };
            if is_known && found.insert(key, law).is_some() {
                self.refuse(&row.substitute, &path, "this law is given twice".into());
            }
        }
        if self.problems.is_empty() && found.len() < expected {
            self.missing("laws", missing_law(&found, names));
        }
        found.into_values().collect()
    }

    fn quantiles(&mut self, points: &[Spanned<(f64, f64)>], law: &str) -> Vec<Quantile> {
        self.bound(&format!("{law}.quantiles"), points.len(), 2, MAX_QUANTILES);
        let mut checked: Vec<Quantile> = Vec::new();
        for (index, point) in points.iter().enumerate() {
            let path = format!("{law}.quantiles[{index}]");
            let (p, similarity) = point.value;
            if !(0.0..=1.0).contains(&p) || !(0.0..=1.0).contains(&similarity) {
                self.refuse(
                    point,
                    &path,
                    format!("found [{p}, {similarity}], both lie in 0..1"),
                );
            }
            if let Some(before) = checked.last() {
                if p - before.p < MIN_STEP {
                    self.refuse(
                        point,
                        &path,
                        format!("p is {p} after {}, it rises by 1e-9 or more", before.p),
                    );
                }
                if similarity < before.similarity {
                    self.refuse(
                        point,
                        &path,
                        format!("similarity falls from {} to {similarity}", before.similarity),
                    );
                }
            }
            let end = if index == 0 {
                Some(0.0)
            } else {
                (index + 1 == points.len()).then_some(1.0)
            };
            if let Some(end) = end
                && p != end
            {
                self.refuse(
                    point,
                    &path,
                    format!("p is {p}; a law reaches from p = 0 to p = 1"),
                );
            }
            checked.push(Quantile { p, similarity });
        }
        checked
    }

    fn operating_points(&mut self, rows: &[RawOperatingPoint], substitutes: &Names) -> Vec<OperatingPoint> {
        self.bound("operating_points", rows.len(), 0, MAX_ROWS);
        let mut points = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let path = |key: &str| format!("operating_points[{index}].{key}");
            points.push(OperatingPoint {
                label: self.text(&row.label, &path("label")),
                substitute: self
                    .lookup(&row.substitute, substitutes, &path("substitute"))
                    .unwrap_or(0),
                threshold_ppb: ppb(self.unit(&row.threshold, &path("threshold"))),
                attack: self.attack(&row.attack, &path("attack")),
                length: row.length,
                false_positive: self.rate(&row.false_positive, &path("false_positive")),
                true_positive: self.rate(&row.true_positive, &path("true_positive")),
            });
        }
        points
    }

    fn attack(&mut self, raw: &Text, path: &str) -> Attack {
        let all = [Attack::Naive, Attack::Laundered, Attack::Optimised, Attack::Mixed];
        if let Some(attack) = all.into_iter().find(|attack| attack.name() == raw.value) {
            return attack;
        }
        let names: Vec<&str> = all.iter().map(|attack| attack.name()).collect();
        self.refuse(
            raw,
            path,
            format!("found {:?}, allowed are {}", raw.value, names.join(", ")),
        );
        Attack::Naive
    }

    fn rate(&mut self, raw: &RawRate, path: &str) -> Rate {
        let low = self.unit(&raw.low, &format!("{path}.low"));
        let high = self.unit(&raw.high, &format!("{path}.high"));
        let estimate = self.unit(&raw.estimate, &format!("{path}.estimate"));
        if !(low <= estimate && estimate <= high) {
            self.refuse(
                &raw.estimate,
                path,
                format!("the estimate {estimate} lies outside {low}..{high}"),
            );
        }
        Rate {
            estimate,
            low,
            high,
            n: raw.n,
        }
    }

    fn overdispersion(&mut self, rows: &[RawOverdispersion]) -> Vec<Overdispersion> {
        // Too few answers show no correlation: there may be none, and then there is nothing to name.
        if !rows.is_empty() {
            self.names("overdispersion", rows.iter().map(|row| &row.unit), MAX_ROWS);
        }
        let row = |(index, row): (usize, &RawOverdispersion)| Overdispersion {
            unit: row.unit.value.clone(),
            correlation: self.unit(&row.correlation, &format!("overdispersion[{index}].correlation")),
            n: row.n,
            source: self.text(&row.source, &format!("overdispersion[{index}].source")),
        };
        rows.iter().enumerate().map(row).collect()
    }

    fn fit(&mut self, rows: &[RawFitRow]) -> Vec<FitRow> {
        self.bound("fit", rows.len(), 0, MAX_ROWS);
        let row = |(index, row): (usize, &RawFitRow)| {
            let path = |key: &str| format!("fit[{index}].{key}");
            FitRow {
                parameter: self.text(&row.parameter, &path("parameter")),
                value: self.finite(&row.value, &path("value")),
                target: self.text(&row.target, &path("target")),
                published: self.finite(&row.published, &path("published")),
                fitted: self.finite(&row.fitted, &path("fitted")),
                source: self.text(&row.source, &path("source")),
            }
        };
        rows.iter().enumerate().map(row).collect()
    }
}

/// Single values.
impl Checker {
    fn names<'a>(&mut self, path: &str, rows: impl Iterator<Item = &'a Text>, limit: usize) -> Names {
        let mut names = Names::new();
        let mut count = 0usize;
        for (index, text) in rows.enumerate() {
            let name = self.name(text, &format!("{path}[{index}]"));
            count += 1;
            if names.insert(name, index.min(u8::MAX as usize) as u8).is_some() {
                self.refuse(
                    text,
                    &format!("{path}[{index}]"),
                    format!("{:?} is given twice", text.value),
                );
            }
        }
        self.bound(path, count, 1, limit);
        names
    }

    fn lookup(&mut self, text: &Text, names: &Names, path: &str) -> Option<u8> {
        let position = names.get(&text.value).copied();
        if position.is_none() {
            let known: Vec<&str> = names.keys().map(String::as_str).take(16).collect();
            self.refuse(
                text,
                path,
                format!("unknown name {:?}; known are {}", text.value, known.join(", ")),
            );
        }
        position
    }

    fn name(&mut self, text: &Text, path: &str) -> String {
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
        let value = &text.value;
        if value.is_empty() || value.len() > MAX_NAME || !value.bytes().all(is_allowed) {
            let shown: String = value.chars().take(MAX_NAME).collect();
            self.refuse(
                text,
                path,
                format!("found {shown:?}, a name is 1 to {MAX_NAME} of a-z, 0-9, '.' and '-'"),
            );
        }
        value.clone()
    }

    fn text(&mut self, text: &Text, path: &str) -> String {
        if text.value.len() > MAX_TEXT || text.value.chars().any(char::is_control) {
            self.refuse(text, path, format!("at most {MAX_TEXT} bytes on one line"));
        }
        text.value.clone()
    }

    fn unit(&mut self, number: &Number, path: &str) -> f64 {
        if !(0.0..=1.0).contains(&number.value) {
            self.refuse(number, path, format!("found {}, allowed is 0..1", number.value));
        }
        number.value
    }

    fn ratio(&mut self, number: &Number, path: &str) -> f64 {
        if !(number.value > 0.0 && number.value <= MAX_RATIO) {
            self.refuse(
                number,
                path,
                format!("found {}, allowed is above 0 and up to {MAX_RATIO}", number.value),
            );
        }
        number.value
    }

    fn finite(&mut self, number: &Number, path: &str) -> f64 {
        if !number.value.is_finite() {
            self.refuse(
                number,
                path,
                format!("found {}, a finite number is expected", number.value),
            );
        }
        number.value
    }

    fn bound(&mut self, path: &str, found: usize, low: usize, high: usize) {
        if !(low..=high).contains(&found) {
            self.missing(path, format!("{found} entries, allowed are {low} to {high}"));
        }
    }

    fn refuse<T>(&mut self, at: &Spanned<T>, path: &str, message: String) {
        let (line, column) = (at.referenced.line(), at.referenced.column());
        self.problems.push(Problem {
            line,
            column,
            path: path.into(),
            message,
        });
    }

    fn missing(&mut self, path: &str, message: String) {
        self.problems.push(Problem {
            line: 0,
            column: 0,
            path: path.into(),
            message,
        });
    }
}

/// Names the first law that a file leaves out.
fn missing_law(found: &BTreeMap<[u8; 4], Law>, names: [&Names; 4]) -> String {
    let mut ordered: [Vec<&str>; 4] = Default::default();
    for (part, names) in names.iter().enumerate() {
        ordered[part] = vec![""; names.len()];
        for (name, index) in *names {
            ordered[part][*index as usize] = name;
        }
    }
    for (s, substitute) in ordered[0].iter().enumerate() {
        for (e, executor) in ordered[1].iter().enumerate() {
            for (v, validator) in ordered[2].iter().enumerate() {
                for (p, prompt) in ordered[3].iter().enumerate() {
                    if !found.contains_key(&[s as u8, e as u8, v as u8, p as u8]) {
                        return format!(
                            "no law for substitute {substitute}, executor {executor}, validator {validator}, prompt {prompt}"
                        );
                    }
                }
            }
        }
    }
    "incomplete".into()
}

/// Parts per 10^9 of a number in 0..1, rounded to the nearest; out of range saturates.
pub(crate) fn ppb(value: f64) -> u32 {
    (value * 1e9 + 0.5) as u32
}
