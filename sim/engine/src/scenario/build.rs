//! From typed values to the checked scenario.
//!
//! Invariant: either every part was built and every rule between fields holds, or there is a problem for
//! each thing that stops it; the parts that could be built are checked in either case.

use std::path::Path;
use std::sync::Arc;

use stakeout_calibration::Calibration;
use stakeout_protocol::units::Amount;

use super::error::{Place, Problem, nearest, quoted};
use super::files::{InputFile, MAX_DATA_BYTES, read_below};
use super::layers::Layers;
use super::population::{Catalogue, Group, Population};
use super::quantity::{MICRO_PER_DAY, RATE, SPAN};
use super::table::Table;
use super::value::{Item, Lengths, Typed};
use super::values::Values;
use super::{
    AiModel, Arrivals, Chain, Clients, Demand, Fidelity, GpuClass, LengthLaw, OutageLaw, Outages, ParamValue,
    Scenario, SharedOutage, build_protocol, canonical, record, trace, warnings,
};
use stakeout_kernel::time::SimDuration;

/// What building needs besides the values.
pub struct Builder<'a> {
    /// The values.
    pub values: &'a Values,
    /// Where they came from.
    pub layers: &'a Layers,
    /// The folder of the scenario file, if it lies in one.
    pub folder: Option<&'a Path>,
    /// Place of problems that have none.
    pub fallback: &'a Place,
    /// What was wrong so far.
    pub problems: Vec<Problem>,
    /// Files read so far.
    pub files: Vec<InputFile>,
}

impl Builder<'_> {
    /// Builds everything.
    pub fn build(mut self, default_name: &str) -> Result<Scenario, Vec<Problem>> {
        let v = self.values;
        self.problems.extend(build_protocol::check(v));
        let (models, hardware, population) = self.population();
        let prompt = self.length_law(v.lengths("demand.prompt"), "demand.prompt");
        let completion = self.length_law(v.lengths("demand.completion"), "demand.completion");
        let fresh = self.length_law(
            v.lengths("protocol.validation.fresh_length"),
            "protocol.validation.fresh_length",
        );
        let arrivals = self.arrivals(&models, &population);
        let calibration = self.calibration(&hardware, &population);
        let outages = self.outages();
        let record = self.record(&population);
        self.check_whole(&models, &population);
        self.check_hashes();
        let Some(calibration) = calibration.filter(|_| self.problems.is_empty()) else {
            return Err(self.problems);
        };
        let name = v
            .text("name")
            .map_or_else(|| safe_name(default_name), str::to_owned);
        let origins = canonical::origins(v, self.layers, &models, &hardware);
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        let canonical = canonical::write(
            v,
            self.layers,
            &models,
            &hardware,
            &name,
            &self.files,
            canonical::Extent::Commented,
        );
        let hashed = canonical::write(
            v,
            self.layers,
            &models,
            &hardware,
            &name,
            &self.files,
            canonical::Extent::Hashed,
        );
        let strategies = &population.strategies;
        Ok(Scenario {
            name,
            question: v.text("question").map(str::to_owned),
            seed: v.count("seed"),
            replicates: v.count("replicates"),
            fidelity: if v.choice("fidelity") == "service" {
                Fidelity::Service
            } else {
                Fidelity::Event
            },
            first_epoch: v.epoch("first_epoch"),
            epochs: v.count("duration"),
            until_blocks: self.until_blocks(),
            warm_up: v.duration("warm_up"),
            chain: chain(v),
            protocol: build_protocol::build(v, fresh),
            warnings: warnings::find(v, self.layers, strategies),
            models,
            hardware,
            hosts: population.hosts,
            owners: population.owners,
            strategies: population.strategies,
            clients: Clients {
                count: v.count("clients.count"),
                balance: v.amount("clients.balance"),
            },
            demand: Demand {
                arrivals,
                prompt,
                completion,
                max_tokens: v.maybe("demand.max_tokens").map(|n| n as u32),
            },
            outages,
            calibration: Arc::new(calibration),
            record,
            assumptions: v.words("assumptions").to_vec(),
            origins,
            files: self.files,
            hash: super::files::short_hash(hashed.as_bytes()),
            canonical,
        })
    }

    /// The models and classes that hosts use, and the hosts.
    ///
    /// The tables of models and hardware are catalogues: what no host uses is no part of the scenario.
    fn population(&mut self) -> (Vec<AiModel>, Vec<GpuClass>, Population) {
        let v = self.values;
        let mut models: Vec<AiModel> = Vec::new();
        let mut classes: Vec<GpuClass> = Vec::new();
        for ((table, name), item) in &v.entries {
            match *table {
                "models" => models.push(self.model(name, item)),
                _ => classes.push(gpu_class(name, item)),
            }
        }
        let mut population = Population::default();
        let items = v.items("population");
        if items.is_empty()
            && v.get("population")
                .is_none_or(|value| matches!(value, Typed::Items(_)))
        {
            let has_failed = self.layers.leaves.contains_key("population") && v.get("population").is_none();
            if !has_failed {
                let problem = Problem::new(self.fallback, "population", "it is missing or empty");
                self.problems.push(problem.allowed("a list of groups of hosts, such as `- {count: 10, strategy: honest, weight: 100, models: [m], hardware: h100}`"));
            }
        }
        for (i, item) in items.iter().enumerate() {
            let table = item
                .text("hosts_csv")
                .and_then(|path| self.table(path, &format!("population[{i}].hosts_csv")));
            if item.text("hosts_csv").is_some() && table.is_none() {
                continue;
            }
            let group = Group {
                item,
                place: self.item_place("population", i),
                path: format!("population[{i}]"),
                table: table.as_ref(),
            };
            population.add(
                &group,
                &Catalogue {
                    models: &models,
                    classes: &classes,
                },
            );
        }
        self.problems.append(&mut population.problems);
        let used = |index: usize| {
            population
                .hosts
                .iter()
                .any(|host| host.models.contains(&(index as u16)))
        };
        let kept_models: Vec<usize> = (0..models.len()).filter(|&i| used(i)).collect();
        let used = |index: usize| {
            population
                .hosts
                .iter()
                .any(|host| usize::from(host.class) == index)
        };
        let kept_classes: Vec<usize> = (0..classes.len()).filter(|&i| used(i)).collect();
        let renumber =
            |kept: &[usize], old: u16| kept.iter().position(|&i| i == usize::from(old)).unwrap_or(0) as u16;
        for host in &mut population.hosts {
            host.class = renumber(&kept_classes, host.class);
            for model in &mut host.models {
                *model = renumber(&kept_models, *model);
            }
        }
        (
            keep(models, &kept_models),
            keep(classes, &kept_classes),
            population,
        )
    }

    fn model(&mut self, name: &str, item: &Item) -> AiModel {
        let mut law = |field: &str| match item.get(field) {
            Some(Typed::Lengths(lengths)) => {
                Some(self.length_law(lengths, &format!("models.{name}.{field}")))
            }
            _ => None,
        };
        AiModel {
            name: name.to_owned(),
            threshold_ppb: item.base("threshold") as u32,
            memory_gib: item.base("memory") as u32,
            size_ppm: item.base("size") as u32,
            prompt: law("prompt"),
            completion: law("completion"),
            demand_share: item.base("demand_share") as f64 / 1e18,
        }
    }

    /// Where an item of a list stands.
    fn item_place(&self, path: &str, index: usize) -> Place {
        match self.layers.leaves.get(path).map(|leaf| &leaf.node.value) {
            Some(super::document::Value::List(items)) if index < items.len() => items[index].place.clone(),
            _ => self.values.place(path),
        }
    }

    fn table(&mut self, file: &str, path: &str) -> Option<Table> {
        let Some(folder) = self.folder else {
            self.problems.push(
                Problem::new(self.fallback, path, format!("found the file {}", quoted(file)))
                    .allowed("a scenario that lies in a folder"),
            );
            return None;
        };
        match Table::read(folder, file, &mut self.files) {
            Ok(table) => Some(table),
            Err(problems) => {
                self.problems.extend(problems.into_iter().map(|mut problem| {
                    problem.path = if problem.path.is_empty() {
                        path.to_owned()
                    } else {
                        problem.path
                    };
                    problem
                }));
                None
            }
        }
    }

    fn length_law(&mut self, lengths: &Lengths, path: &str) -> LengthLaw {
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

    fn arrivals(&mut self, models: &[AiModel], population: &Population) -> Arrivals {
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
                .allowed(super::fields::find(path).map_or("", |field| field.doc));
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
        let rate = v
            .quantity(path)
            .unwrap_or(super::quantity::Quantity { base: 0, unit: 0 });
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

    fn calibration(&mut self, hardware: &[GpuClass], population: &Population) -> Option<Calibration> {
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
            hash: super::files::short_hash(&bytes),
        });
        let text = String::from_utf8(bytes).map_err(|_| "the calibration file is not UTF-8".to_owned())?;
        Calibration::from_yaml(&text).map_err(|e| e.to_string())
    }

    fn outages(&mut self) -> Outages {
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
            share: stakeout_protocol::units::Fraction::from_parts(item.base("share") as u64),
        });
        Outages {
            per_host,
            shared: shared.collect(),
            resume: v.is_on("outages.resume"),
        }
    }

    fn record(&mut self, population: &Population) -> Option<super::Record> {
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

    fn until_blocks(&self) -> Option<u64> {
        let v = self.values;
        let until = v.quantity("until")?;
        let (base, unit) = (until.base as u128, SPAN.units[until.unit].name);
        let blocks = match unit {
            "blocks" | "block" => base / 1_000_000_000,
            "epochs" | "epoch" => base * v.count::<u128>("protocol.geometry.length") / 1_000_000_000,
            _ => base.div_ceil(v.count("chain.block_time")),
        };
        Some((blocks as u64).max(1))
    }

    fn check_whole(&mut self, models: &[AiModel], population: &Population) {
        let demand: f64 = models.iter().map(|model| model.demand_share).sum();
        if !models.is_empty() && demand <= 0.0 {
            let problem = Problem::new(
                self.fallback,
                "models",
                "nobody asks for any model that hosts serve",
            );
            self.problems
                .push(problem.allowed("a demand_share above 0 for at least one of them"));
        }
        let is_any_present = population.hosts.iter().any(|host| host.joins_at == 0);
        if !population.hosts.is_empty() && !is_any_present {
            let problem = Problem::new(
                &self.values.place("population"),
                "population",
                "no host takes part in the first epoch",
            );
            self.problems
                .push(problem.allowed("at least one with joins_at 0 epochs"));
        }
        for path in ["first_epoch"] {
            let last = self.values.count::<u64>(path) + self.values.count::<u64>("duration");
            if u32::try_from(last).is_err() {
                self.problems
                    .push(self.values.problem(path, "the last epoch's number is too large"));
            }
        }
        let weight: u128 = population.hosts.iter().map(|host| u128::from(host.weight)).sum();
        if weight > u128::from(u64::MAX / 1_000) {
            self.problems.push(
                self.values
                    .problem("population", "the weights sum to too much")
                    .allowed("at most 1.8e16 together"),
            );
        }
        let coins = self
            .values
            .amount("clients.balance")
            .times(self.values.count("clients.count"));
        if coins > Amount::from_base_units(1_000_000_000_000_000_000_000_000_000_000) {
            self.problems.push(
                self.values
                    .problem("clients.balance", "the clients' coins sum to too much"),
            );
        }
    }

    /// A resolved scenario was made with these files; others are refused.
    fn check_hashes(&mut self) {
        let Some(Typed::Hashes(expected)) = self.values.get("files") else {
            return;
        };
        for (path, hash) in expected {
            let found = self.files.iter().find(|file| file.path == *path);
            if let Some(file) = found.filter(|file| file.hash != *hash) {
                let problem = format!("{} has the hash {}", quoted(path), file.hash);
                self.problems.push(
                    self.values
                        .problem("files", &problem)
                        .allowed(format!("{hash}, which it had when the scenario was resolved")),
                );
            }
        }
    }
}

fn keep<T>(all: Vec<T>, kept: &[usize]) -> Vec<T> {
    all.into_iter()
        .enumerate()
        .filter(|(i, _)| kept.binary_search(i).is_ok())
        .map(|(_, one)| one)
        .collect()
}

fn chain(v: &Values) -> Chain {
    Chain {
        block_time: v.duration("chain.block_time"),
        inclusion_delay: v.duration("chain.inclusion_delay"),
        transfer_delay: v.duration("chain.transfer_delay"),
        validation_delay: v.duration("chain.validation_delay"),
        transactions_per_block: v.maybe("chain.transactions_per_block").map(|n| n as u32),
    }
}

fn gpu_class(name: &str, item: &Item) -> GpuClass {
    // Nanoseconds a token, from millionths of a token a second, rounded to the nearest.
    let nanos = |field: &str| {
        let speed = item.base(field).max(1) as u128;
        ((1_000_000_000_000_000 + speed / 2) / speed) as u64
    };
    GpuClass {
        name: name.to_owned(),
        kernel: item.text("kernel").unwrap_or_default().to_owned(),
        memory_gib: item.base("memory") as u32,
        prefill_ns: nanos("prefill"),
        decode_ns: nanos("decode"),
        slots: item.base("slots") as u16,
        cost_per_hour: Amount::from_base_units(item.base("cost")),
    }
}

/// A file's name as a run's name: what is no letter or digit becomes a dash.
fn safe_name(text: &str) -> String {
    let dashed: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let name: String = dashed.trim_matches('-').chars().take(64).collect();
    if name.is_empty() {
        "scenario".to_owned()
    } else {
        name
    }
}
