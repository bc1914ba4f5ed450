//! Groups of hosts and single hosts become a list of identities.
//!
//! Invariant: names are unique and their order is that of the file, so a host keeps its number whatever
//! else changes in its group's parameters; every host can hold the models it serves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use smallvec::SmallVec;
use stakeout_protocol::units::Amount;

use super::error::{Place, Problem, nearest, quoted};
use super::quantity::COUNT;
use super::read::is_word;
use super::table::Table;
use super::value::{Item, Typed, Weights};
use super::{Absence, AiModel, GpuClass, Host, HostTerms, StrategySpec};

/// Most hosts in a scenario.
pub const MAX_HOSTS: usize = 2_000_000;

/// What hosts may refer to.
pub struct Catalogue<'a> {
    /// Models in the order of their ids.
    pub models: &'a [AiModel],
    /// GPU classes in the order of their ids.
    pub classes: &'a [GpuClass],
}

/// The hosts and what they share.
#[derive(Debug, Default)]
pub struct Population {
    /// The identities.
    pub hosts: Vec<Host>,
    /// Owners' names.
    pub owners: Vec<CompactString>,
    /// Distinct strategies.
    pub strategies: Vec<StrategySpec>,
    /// What was wrong.
    pub problems: Vec<Problem>,
    names: BTreeMap<CompactString, Known>,
    terms: BTreeSet<Arc<HostTerms>>,
}

/// Who has a name. Hosts are nearly always their own owners, and a million names are kept once.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    is_host: bool,
    owner: Option<u32>,
}

/// One group with the place of its item.
pub struct Group<'a> {
    /// Its fields.
    pub item: &'a Item,
    /// Where it stands.
    pub place: Place,
    /// Its path, such as `population[0]`.
    pub path: String,
    /// The hosts file, if the group has one.
    pub table: Option<&'a Table>,
}

/// What one host has of its own.
struct Own {
    id: CompactString,
    weight: u64,
    models: SmallVec<[u16; 8]>,
    owner: Option<CompactString>,
    epochs_completed: u32,
    cards: u32,
}

impl Population {
    /// Adds a group's hosts.
    pub fn add(&mut self, group: &Group<'_>, catalogue: &Catalogue<'_>) {
        let before = self.problems.len();
        let class = self.class(group, catalogue);
        let owns = match group.table {
            Some(table) => self.rows(group, table, catalogue),
            None => self.members(group, catalogue),
        };
        let strategy = self.strategy(group);
        if self.problems.len() > before {
            return;
        }
        let Some(class) = class else { return };
        if self.hosts.len() + owns.len() > MAX_HOSTS {
            self.refuse(
                group,
                "count",
                &format!("found more than {MAX_HOSTS} hosts"),
                "fewer hosts",
            );
            return;
        }
        for own in owns {
            self.add_host(group, catalogue, own, class, strategy);
        }
    }

    fn refuse(&mut self, group: &Group<'_>, field: &str, found: &str, allowed: &str) {
        let path = format!("{}.{field}", group.path);
        self.problems
            .push(Problem::new(&group.place, &path, found).allowed(allowed));
    }

    fn class(&mut self, group: &Group<'_>, catalogue: &Catalogue<'_>) -> Option<u16> {
        let name = group.item.text("hardware").unwrap_or_default();
        let class = catalogue.classes.iter().position(|class| class.name == name);
        if class.is_none() {
            let names: Vec<_> = catalogue
                .classes
                .iter()
                .map(|class| class.name.as_str())
                .collect();
            let problem = Problem::new(
                &group.place,
                &format!("{}.hardware", group.path),
                format!("unknown GPU class {}", quoted(name)),
            );
            self.problems
                .push(problem.allowed(names.join(", ")).hint(nearest(name, names)));
        }
        class.map(|index| index as u16)
    }

    fn strategy(&mut self, group: &Group<'_>) -> u16 {
        let Some(Typed::Strategy(spec)) = group.item.get("strategy") else {
            return 0;
        };
        let known = self.strategies.iter().position(|strategy| strategy == spec);
        known.unwrap_or_else(|| {
            self.strategies.push(spec.clone());
            self.strategies.len() - 1
        }) as u16
    }

    /// The hosts of a group that is described by its fields.
    fn members(&mut self, group: &Group<'_>, catalogue: &Catalogue<'_>) -> Vec<Own> {
        let item = group.item;
        let count = item.base("count") as usize;
        let names = match (item.text("id"), item.text("name")) {
            (Some(_), _) if count != 1 => {
                self.refuse(
                    group,
                    "id",
                    &format!("found a single id for {count} hosts"),
                    "`name` for a group, `id` for one host",
                );
                return Vec::new();
            }
            (Some(id), _) => vec![id.into()],
            (None, name) => {
                let strategy = match item.get("strategy") {
                    Some(Typed::Strategy(spec)) => spec.name.replace('_', "-"),
                    _ => String::new(),
                };
                let name = name.map_or(strategy, str::to_owned);
                // Three digits at least, so that names sort as they are numbered in most scenarios.
                let digits = count.to_string().len().max(3);
                (1..=count)
                    .map(|n| format_compact!("{name}-{n:0digits$}"))
                    .collect()
            }
        };
        let weights = self.weights(group, count);
        let models = match item.get("models") {
            Some(Typed::Words(words)) => {
                self.models(&group.place, &format!("{}.models", group.path), words, catalogue)
            }
            _ => {
                self.refuse(
                    group,
                    "models",
                    "it is missing",
                    "the models that the hosts serve",
                );
                SmallVec::new()
            }
        };
        let own = |(id, weight)| Own {
            id,
            weight,
            models: models.clone(),
            owner: item.text("owner").map(CompactString::from),
            epochs_completed: item.base("epochs_completed") as u32,
            cards: item.base("cards") as u32,
        };
        names.into_iter().zip(weights).map(own).collect()
    }

    fn weights(&mut self, group: &Group<'_>, count: usize) -> Vec<u64> {
        match group.item.get("weight") {
            Some(Typed::Weights(Weights::List(list))) if list.len() != count => {
                self.refuse(
                    group,
                    "weight",
                    &format!("found {} weights", list.len()),
                    &format!("{count} weights, one for each host"),
                );
                Vec::new()
            }
            Some(Typed::Weights(weights)) => expand_weights(weights, count),
            _ => {
                self.refuse(group, "weight", "it is missing", "the hosts' weight");
                Vec::new()
            }
        }
    }

    fn models(
        &mut self,
        place: &Place,
        path: &str,
        words: &[String],
        catalogue: &Catalogue<'_>,
    ) -> SmallVec<[u16; 8]> {
        let mut models = SmallVec::new();
        for word in words {
            match catalogue.models.iter().position(|model| model.name == *word) {
                Some(index) => models.push(index as u16),
                None => {
                    let names: Vec<_> = catalogue.models.iter().map(|model| model.name.as_str()).collect();
                    let problem = Problem::new(place, path, format!("unknown model {}", quoted(word)));
                    self.problems
                        .push(problem.allowed(names.join(", ")).hint(nearest(word, names)));
                }
            }
        }
        if words.is_empty() {
            self.problems
                .push(Problem::new(place, path, "found no model").allowed("at least one model"));
        }
        models.sort_unstable();
        models.dedup();
        models
    }

    /// The hosts of a group that is described by a file.
    fn rows(&mut self, group: &Group<'_>, table: &Table, catalogue: &Catalogue<'_>) -> Vec<Own> {
        for name in ["id", "count", "weight", "models"] {
            let is_given =
                group.item.get(name).is_some() && !(name == "count" && group.item.base("count") == 1);
            if is_given {
                self.refuse(
                    group,
                    name,
                    "found a value beside `hosts_csv`",
                    "the file's own columns",
                );
            }
        }
        let required = ["host", "weight", "models"];
        let missing: Vec<_> = required
            .into_iter()
            .filter(|name| table.column(name).is_none())
            .collect();
        if !missing.is_empty() {
            self.problems
                .extend(missing.into_iter().map(|name| table.missing_column(name)));
            return Vec::new();
        }
        let except: &[String] = match group.item.get("except") {
            Some(Typed::Words(words)) => words,
            _ => &[],
        };
        let host = |row: usize| table.cell(row, table.column("host"));
        for name in except {
            if !(0..table.rows.len()).any(|row| host(row) == name) {
                self.refuse(
                    group,
                    "except",
                    &format!("found {}", quoted(name)),
                    "hosts of the file",
                );
            }
        }
        (0..table.rows.len())
            .filter(|&row| !except.iter().any(|name| name == host(row)))
            .map(|row| self.row(group, table, row, catalogue))
            .collect()
    }

    fn row(&mut self, group: &Group<'_>, table: &Table, row: usize, catalogue: &Catalogue<'_>) -> Own {
        let text = |name: &str| table.cell(row, table.column(name));
        let id_column = table.column("host").unwrap_or(0);
        if !is_word(text("host")) {
            self.problems
                .push(table.problem(row, id_column, "a name of letters, digits and `_ - . +`"));
        }
        let models_column = table.column("models").unwrap_or(0);
        let words: Vec<String> = text("models")
            .split(['+', ';', ' '])
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let path = format!("row {}, column models", row + 1);
        let models = self.models(&table.place(row, models_column), &path, &words, catalogue);
        let cards_column = table.column("cards").or(table.column("ml_nodes"));
        Own {
            id: text("host").into(),
            weight: self
                .cell_count(table, row, table.column("weight"), 1, 1_000_000_000_000)
                .unwrap_or(1),
            models,
            owner: Some(text("owner"))
                .filter(|owner| is_word(owner))
                .map(CompactString::from),
            epochs_completed: self
                .cell_count(table, row, table.column("epochs_completed"), 0, 1_000_000)
                .unwrap_or(group.item.base("epochs_completed") as u64) as u32,
            cards: self
                .cell_count(table, row, cards_column, 1, 60_000)
                .unwrap_or(group.item.base("cards") as u64) as u32,
        }
    }

    /// A count, or none where the table has no such column or the cell is empty.
    fn cell_count(
        &mut self,
        table: &Table,
        row: usize,
        column: Option<usize>,
        min: i128,
        max: i128,
    ) -> Option<u64> {
        let column = column.filter(|column| !table.cell(row, Some(*column)).is_empty())?;
        let count = COUNT
            .parse(table.cell(row, Some(column)))
            .ok()
            .filter(|count| (min..=max).contains(&count.base));
        if count.is_none() {
            self.problems
                .push(table.problem(row, column, &format!("a whole number from {min} to {max}")));
        }
        count.map(|count| count.base as u64)
    }

    fn add_host(
        &mut self,
        group: &Group<'_>,
        catalogue: &Catalogue<'_>,
        own: Own,
        class: u16,
        strategy: u16,
    ) {
        let gpu = &catalogue.classes[usize::from(class)];
        let memory = u64::from(gpu.memory_gib) * u64::from(own.cards);
        for &model in &own.models {
            let model = &catalogue.models[usize::from(model)];
            if u64::from(model.memory_gib) > memory {
                let found = format!(
                    "{} has {memory} GiB ({} x {})",
                    quoted(&own.id),
                    own.cards,
                    gpu.name
                );
                let allowed = format!("at least {} GiB to hold {}", model.memory_gib, model.name);
                self.refuse(group, "models", &found, &allowed);
                return;
            }
        }
        let known = self.names.entry(own.id.clone()).or_default();
        if std::mem::replace(&mut known.is_host, true) {
            self.refuse(
                group,
                "id",
                &format!("found the name {} twice", quoted(&own.id)),
                "another `name` or `id`",
            );
            return;
        }
        let Ok(slots) = u16::try_from(u32::from(gpu.slots) * own.cards) else {
            let found = format!("found {} x {} slots", own.cards, gpu.slots);
            self.refuse(
                group,
                "cards",
                &found,
                &format!("at most {} slots a host", u16::MAX),
            );
            return;
        };
        let owner = own.owner.unwrap_or_else(|| own.id.clone());
        let owner = self.owner(owner);
        let terms = self.shared(HostTerms {
            models: own.models,
            class,
            slots,
            strategy,
            epochs_completed: own.epochs_completed,
            collateral: Amount::from_base_units(group.item.base("collateral")),
            joins_at: group.item.base("joins_at") as u32,
            absence: absence(group.item),
        });
        self.hosts.push(Host {
            id: own.id,
            owner,
            weight: own.weight,
            terms,
        });
    }

    /// These terms, as another host may have them already.
    fn shared(&mut self, terms: HostTerms) -> Arc<HostTerms> {
        if let Some(last) = self.hosts.last().filter(|host| *host.terms == terms) {
            return Arc::clone(&last.terms);
        }
        let terms = Arc::new(terms);
        if let Some(known) = self.terms.get(&terms) {
            return Arc::clone(known);
        }
        self.terms.insert(Arc::clone(&terms));
        terms
    }

    /// Gives classes and models other numbers, once for all hosts that share them.
    pub fn renumber(&mut self, class: impl Fn(u16) -> u16, model: impl Fn(u16) -> u16) {
        let mut renumbered = BTreeMap::new();
        for old in std::mem::take(&mut self.terms) {
            let mut terms = HostTerms::clone(&old);
            terms.class = class(terms.class);
            terms
                .models
                .iter_mut()
                .for_each(|number| *number = model(*number));
            renumbered.insert(old, Arc::new(terms));
        }
        // Neighbours nearly always share theirs.
        let mut last: Option<(Arc<HostTerms>, &Arc<HostTerms>)> = None;
        for host in &mut self.hosts {
            let new = match last.take() {
                Some((old, new)) if Arc::ptr_eq(&old, &host.terms) => new,
                _ => &renumbered[&host.terms],
            };
            let old = std::mem::replace(&mut host.terms, Arc::clone(new));
            last = Some((old, new));
        }
    }

    fn owner(&mut self, name: CompactString) -> u32 {
        let next = self.owners.len() as u32;
        let known = self.names.entry(name.clone()).or_default();
        let index = *known.owner.get_or_insert(next);
        if index == next {
            self.owners.push(name);
        }
        index
    }
}

fn absence(item: &Item) -> Option<Absence> {
    match item.get("absence") {
        Some(Typed::Items(items)) => {
            let item = items.first()?;
            Some(Absence {
                from: item.base("from") as u32,
                epochs: item.base("epochs") as u32,
            })
        }
        _ => None,
    }
}

/// The weights of `count` hosts.
fn expand_weights(weights: &Weights, count: usize) -> Vec<u64> {
    match weights {
        Weights::Constant(weight) => vec![*weight; count],
        Weights::List(list) => list.clone(),
        Weights::Linear(from, to) => (0..count)
            .map(|i| {
                let (steps, i) = ((count - 1).max(1) as i128, i as i128);
                (i128::from(*from) + (i128::from(*to) - i128::from(*from)) * i / steps) as u64
            })
            .collect(),
        // The law's quantiles at the midpoints of equal shares, the largest first: no draw, so a host keeps
        // its weight when others are added behind it only if the group keeps its size.
        Weights::Pareto(min, exponent) => (0..count)
            .map(|i| {
                let tail = (i as f64 + 0.5) / count as f64;
                let quantile = *min as f64 * libm::pow(tail, -1e6 / *exponent as f64);
                (quantile.min(1e12) as u64).max(1)
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_by_law_reach_both_ends() {
        assert_eq!(expand_weights(&Weights::Linear(10, 40), 4), [10, 20, 30, 40]);
        assert_eq!(expand_weights(&Weights::Linear(40, 10), 4), [40, 30, 20, 10]);
        assert_eq!(expand_weights(&Weights::Linear(7, 9), 1), [7]);
    }

    #[test]
    fn a_pareto_group_has_the_law_s_median() {
        // The median of a Pareto law of exponent 2 is min·√2; the midpoint rule is exact at the middle.
        let weights = expand_weights(&Weights::Pareto(1_000_000, 2_000_000), 1_001);
        assert_eq!(weights[500], 1_414_213);
        assert!(weights.is_sorted_by(|a, b| a >= b));
    }
}
