//! From typed values to the checked scenario.
//!
//! Invariant: either every part was built and every rule between fields holds, or there is a problem for
//! each thing that stops it; the parts that could be built are checked in either case.

use std::path::Path;
use std::sync::Arc;

use stakeout_kernel::time::SimDuration;
use stakeout_protocol::units::{Amount, Fraction};

use crate::experiment::attack::{AttackSpec, Goal, Twin, defences, parse_expectations};

use super::error::{Place, Problem, nearest, quoted};
use super::files::InputFile;
use super::layers::Layers;
use super::population::{Catalogue, Group, Population};
use super::quantity::SPAN;
use super::table::Table;
use super::value::{Item, Typed};
use super::values::Values;
use super::{
    AiModel, Chain, Clients, Demand, Fidelity, GpuClass, PayloadRetry, Scenario, build_protocol, canonical,
    warnings,
};

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
        self.problems.extend(check_attack(v));
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
            fidelity: match v.choice("fidelity") {
                "service" => Fidelity::Service,
                "epoch" => Fidelity::Epoch,
                _ => Fidelity::Event,
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
                purse_share: v.maybe_fraction("clients.purse_share").unwrap_or(Fraction::ZERO),
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
            attack: attack(v),
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
        population.renumber(
            |class| renumber(&kept_classes, class),
            |model| renumber(&kept_models, model),
        );
        population.hosts.shrink_to_fit();
        population.owners.shrink_to_fit();
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

    pub(super) fn table(&mut self, file: &str, path: &str) -> Option<Table> {
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
        let last = self.values.count::<u64>("first_epoch") + self.values.count::<u64>("duration");
        if u32::try_from(last).is_err() {
            let found = "the last epoch's number is too large";
            self.problems.push(self.values.problem("first_epoch", found));
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
        payload: PayloadRetry {
            attempts: v.count("chain.payload.attempts"),
            first_pause: seconds(v, "chain.payload.first_pause"),
            first_jitter: seconds(v, "chain.payload.first_jitter"),
            pause: seconds(v, "chain.payload.pause"),
            jitter: seconds(v, "chain.payload.jitter"),
        },
    }
}

/// A length of time that is counted in whole seconds.
fn seconds(v: &Values, path: &str) -> SimDuration {
    SimDuration::from_seconds(v.count(path))
}

/// What the scenario says about its attack.
fn attack(v: &Values) -> AttackSpec {
    AttackSpec {
        owner: v.text("attack.owner").map(str::to_owned),
        twin: match v.text("attack.twin") {
            Some("alone") => Twin::Alone,
            Some("merged") => Twin::Merged,
            _ => Twin::Honest,
        },
        goal: match v.text("attack.goal") {
            Some("harm") => Goal::Harm,
            _ => Goal::Profit,
        },
        defences: v.words("attack.defences").to_vec(),
        expect: v.text("expect").unwrap_or_default().to_owned(),
    }
}

/// Names and clauses of an attack that nobody knows.
fn check_attack(v: &Values) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(Err(reason)) = v.text("expect").map(parse_expectations) {
        problems.push(v.problem("expect", &reason));
    }
    let known: Vec<&str> = defences().iter().map(|defence| defence.name).collect();
    for name in v
        .words("attack.defences")
        .iter()
        .filter(|name| !known.contains(&name.as_str()))
    {
        let problem = v.problem("attack.defences", &format!("unknown defence {}", quoted(name)));
        problems.push(
            problem
                .allowed(known.join(", "))
                .hint(nearest(name, known.iter().copied())),
        );
    }
    problems
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
        standby_per_hour: Amount::from_base_units(item.base("standby")),
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
