//! Demand, calibration, outages and the record: the parts of a scenario that nobody in it decides.
//!
//! Invariant: what could not be built left a problem behind, so a placeholder never reaches a run.

use std::sync::Arc;

use stakeout_calibration::Calibration;
use stakeout_kernel::time::SimDuration;
use stakeout_protocol::units::Fraction;

use super::build::Builder;
use super::error::{Problem, nearest, quoted};
use super::files::{InputFile, MAX_DATA_BYTES, read_below, short_hash};
use super::population::Population;
use super::quantity::{MICRO_PER_DAY, Quantity, RATE};
use super::value::Lengths;
use super::{
    AiModel, Arrivals, GpuClass, LengthLaw, OutageLaw, Outages, ParamValue, Record, SharedOutage, fields,
    record, trace,
};

impl Builder<'_> {
    pub(super) fn length_law(&mut self, lengths: &Lengths, path: &str) -> LengthLaw {
        let millionths = |n: i128| n as f64 / 1e6;
        match lengths {
            Lengths::Constant(n) => LengthLaw::Constant(*n as u32),
            Lengths::Uniform(min, max) => LengthLaw::Uniform(*min as u32, *max as u32),
            Lengths::Exponential(mean) => LengthLaw::Exponential {
                mean: millionths(*mean),
            },
            Lengths::Lognormal(median, p95) => LengthLaw::Lognormal {
                median: millionths(*median),
                p95: millionths(*p95),
            },
            Lengths::Empirical(file) => {
                let lengths = self.table(file, path).map(|table| trace::read_lengths(&table));
                match lengths {
                    Some(Ok(lengths)) => LengthLaw::Empirical(Arc::new(lengths)),
                    Some(Err(problems)) => {
                        self.problems.extend(problems);
                        LengthLaw::Constant(0)
                    }
                    None => LengthLaw::Constant(0),
                }
            }
        }
    }

    pub(super) fn arrivals(&mut self, models: &[AiModel], population: &Population) -> Arrivals {
        let v = self.values;
        let law = v.choice("demand.law");
        let needed: &[&str] = match law {
            "poisson" => &["demand.rate"],
            "diurnal" => &["demand.rate", "demand.amplitude", "demand.peak"],
            "bursty" => &[
                "demand.calm_rate",
                "demand.burst_rate",
                "demand.calm_mean",
                "demand.burst_mean",
            ],
            _ => &["demand.trace"],
        };
        let missing: Vec<_> = needed.iter().filter(|path| v.get(path).is_none()).collect();
        for path in &missing {
            let problem = v
                .problem("demand.law", "")
                .allowed(fields::find(path).map_or("", |field| field.doc));
            self.problems.push(Problem {
                path: (**path).to_owned(),
                found: format!("it is missing, and the law is `{law}`"),
                ..problem
            });
        }
        if !missing.is_empty() {
            return Arrivals::Poisson { per_second: 0.0 };
        }
        match law {
            "poisson" => Arrivals::Poisson {
                per_second: self.per_second("demand.rate"),
            },
            "diurnal" => Arrivals::Diurnal {
                per_second: self.per_second("demand.rate"),
                amplitude: v.count::<u64>("demand.amplitude") as f64 / 1e18,
                peak: v.duration("demand.peak"),
                period: v.duration("demand.period"),
            },
            "bursty" => Arrivals::Bursty {
                calm_per_second: self.per_second("demand.calm_rate"),
                burst_per_second: self.per_second("demand.burst_rate"),
                calm_mean: v.duration("demand.calm_mean"),
                burst_mean: v.duration("demand.burst_mean"),
            },
            _ => self.trace(models, population),
        }
    }

    /// Arrivals a second; `/epoch` by the epoch's length in blocks.
    fn per_second(&self, path: &str) -> f64 {
        let v = self.values;
        let rate = v.quantity(path).unwrap_or(Quantity { base: 0, unit: 0 });
        if RATE.units[rate.unit].name != "/epoch" {
            return rate.base as f64 / RATE.units[0].factor as f64;
        }
        let epoch_ns = v.count::<u128>("protocol.geometry.length") * v.count::<u128>("chain.block_time");
        (rate.base as f64 / MICRO_PER_DAY as f64) / (epoch_ns as f64 / 1e9)
    }

    fn trace(&mut self, models: &[AiModel], population: &Population) -> Arrivals {
        let file = self.values.text("demand.trace").unwrap_or_default().to_owned();
        let Some(table) = self.table(&file, "demand.trace") else {
            return Arrivals::Trace(Arc::new(Vec::new()));
        };
        if population.hosts.is_empty() {
            // Names cannot be looked up; the population's own problems say why.
            return Arrivals::Trace(Arc::new(Vec::new()));
        }
        let clients = self.values.count("clients.count");
        match trace::read_trace(&table, models, &population.hosts, clients) {
            Ok(requests) => Arrivals::Trace(Arc::new(requests)),
            Err(problems) => {
                self.problems.extend(problems);
                Arrivals::Trace(Arc::new(Vec::new()))
            }
        }
    }

    pub(super) fn calibration(
        &mut self,
        hardware: &[GpuClass],
        population: &Population,
    ) -> Option<Calibration> {
        let v = self.values;
        let (path, read) = match v.text("calibration_file") {
            Some(file) => ("calibration_file", self.calibration_file(file)),
            None => (
                "calibration",
                Calibration::builtin(v.choice("calibration")).map_err(|e| e.to_string()),
            ),
        };
        let calibration = match read {
            Ok(calibration) => calibration,
            Err(reason) => {
                self.problems.push(v.problem(path, &reason));
                return None;
            }
        };
        let kernels: Vec<&str> = calibration
            .kernels()
            .iter()
            .map(|kernel| kernel.name.as_str())
            .collect();
        for class in hardware
            .iter()
            .filter(|class| calibration.kernel_index(&class.kernel).is_none())
        {
            let at = format!("hardware.{}.kernel", class.name);
            let place = self
                .layers
                .leaves
                .get(&at)
                .map_or(self.fallback, |leaf| &leaf.node.place);
            let found = format!("the calibration has no kernel {}", quoted(&class.kernel));
            let problem = Problem::new(place, &at, found).allowed(kernels.join(", "));
            self.problems
                .push(problem.hint(nearest(&class.kernel, kernels.iter().copied())));
        }
        let names: Vec<&str> = calibration
            .substitutes()
            .iter()
            .map(|substitute| substitute.name.as_str())
            .collect();
        for strategy in &population.strategies {
            for (param, value) in &strategy.params {
                let ParamValue::Name(name) = value else { continue };
                if param == "substitute" && calibration.substitute_index(name).is_none() {
                    let found = format!("the calibration has no substitute {}", quoted(name));
                    let at = format!("{}.substitute", strategy.name);
                    let problem = Problem::new(&v.place("population"), &at, found).allowed(names.join(", "));
                    self.problems
                        .push(problem.hint(nearest(name, names.iter().copied())));
                }
            }
        }
        Some(calibration)
    }

    fn calibration_file(&mut self, file: &str) -> Result<Calibration, String> {
        let folder = self
            .folder
            .ok_or("a calibration file needs a scenario that lies in a folder")?;
        let bytes = read_below(folder, file, MAX_DATA_BYTES)?;
        self.files.push(InputFile {
            path: file.to_owned(),
            hash: short_hash(&bytes),
        });
        let text = String::from_utf8(bytes).map_err(|_| "the calibration file is not UTF-8".to_owned())?;
        Calibration::from_yaml(&text).map_err(|e| e.to_string())
    }

    pub(super) fn outages(&mut self) -> Outages {
        let v = self.values;
        let (up, down) = (
            v.maybe("outages.per_host.mean_up"),
            v.maybe("outages.per_host.mean_down"),
        );
        if up.is_some() != down.is_some() {
            self.problems.push(
                v.problem("outages.per_host.mean_up", "one of mean_up and mean_down is none")
                    .allowed("both or neither"),
            );
        }
        let per_host = up.and(down).map(|_| OutageLaw {
            mean_up: v.duration("outages.per_host.mean_up"),
            mean_down: v.duration("outages.per_host.mean_down"),
        });
        let shared = v.items("outages.shared").iter().map(|item| SharedOutage {
            at: SimDuration::from_nanos(item.base("at") as u64),
            lasts: SimDuration::from_nanos(item.base("lasts") as u64),
            share: Fraction::from_parts(item.base("share") as u64),
        });
        Outages {
            per_host,
            shared: shared.collect(),
            resume: v.is_on("outages.resume"),
        }
    }

    pub(super) fn record(&mut self, population: &Population) -> Option<Record> {
        let file = self.values.text("record.hosts_csv").map(str::to_owned);
        let table = match file {
            Some(file) => Some(self.table(&file, "record.hosts_csv")?),
            None => None,
        };
        match record::read(self.values, table.as_ref(), &population.hosts) {
            Ok(record) => record,
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        }
    }
}
