//! The menu of a question: attacks, the families that they stand in, and what an attacker chooses for itself.

use stakeout_statistics::tuning::Effort;

use crate::experiment::sweep::factor::{Level, Levels, Range};
use crate::experiment::sweep::file::{read_factor, read_level, read_set};
use crate::experiment::sweep::reading::Reading;
use crate::scenario::document::Node;

/// Parameters that one attack may choose.
const TUNED_MAX: usize = 3;
/// Samples that one search may take.
const SAMPLES_MAX: u64 = 1_000_000;

/// What is searched for where the file does not say.
const EFFORT: Effort = Effort {
    places: 9,
    replicates: 4,
    rounds: 2,
};

/// One attack.
#[derive(Clone, Debug, PartialEq)]
pub struct Attack {
    /// What tables call it.
    pub label: String,
    /// Values by path, as `--set` would take them.
    pub set: Vec<(String, String)>,
    /// Parameters whose best values are searched for at every value that is judged.
    pub tune: Vec<Range>,
    /// The range of the menu that it is a step of, and where it stands there.
    step: Option<(Range, f64)>,
}

impl Attack {
    fn of(level: Level) -> Self {
        Self {
            label: level.label,
            set: level.set,
            tune: Vec::new(),
            step: None,
        }
    }

    fn at(range: &Range, value: f64) -> Self {
        Self {
            step: Some((range.clone(), value)),
            ..Self::of(range.level(value))
        }
    }

    /// Holds its numbers to the digits of their fields. `held` is asked with what the attack itself sets.
    pub(super) fn hold(&mut self, held: impl Fn(&Range, &[(String, String)]) -> Range) {
        if let Some((range, value)) = &mut self.step {
            let before = range.level(*value);
            *range = held(range, &[]);
            let now = range.level(*value);
            // Behind the name of its family.
            let family = self.label.strip_suffix(&before.label).unwrap_or_default();
            self.label = format!("{family}{}", now.label);
            self.set = now.set;
        }
        for range in &mut self.tune {
            *range = held(range, &self.set);
        }
    }

    /// What it sets with these values of its own parameters.
    pub fn set_at(&self, values: &[f64]) -> Vec<(String, String)> {
        let tuned = self.tune.iter().zip(values);
        let mut set = self.set.clone();
        set.extend(tuned.flat_map(|(range, &value)| range.level(value).set));
        set
    }

    /// These values of its own parameters as tables show them, each as `written` says; nothing where it has none.
    pub fn tuned_to(&self, values: &[f64], written: impl Fn(&Range, f64) -> String) -> String {
        let tuned = self.tune.iter().zip(values);
        let labels: Vec<String> = tuned.map(|(range, &value)| written(range, value)).collect();
        labels.join(", ")
    }
}

/// One item of the menu: an attack with all the parameters that are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// Its attacks, as indices into the menu.
    pub attacks: Vec<usize>,
}

pub(super) fn read_menu(node: &Node, reading: &mut Reading) -> (Vec<Attack>, Vec<Family>) {
    let (mut attacks, mut families) = (Vec::new(), Vec::new());
    for item in reading.items(node) {
        let (name, found) = read_item(item, reading);
        families.push(Family {
            name,
            attacks: (attacks.len()..attacks.len() + found.len()).collect(),
        });
        attacks.extend(found);
    }
    (attacks, families)
}

/// A single attack, or one for each level of a factor: a family's name and its parameters.
fn read_item(node: &Node, reading: &mut Reading) -> (String, Vec<Attack>) {
    if node.get("set").is_some() || node.get("tune").is_some() {
        let attack = read_attack(node, "attacks", reading);
        return (attack.label.clone(), vec![attack]);
    }
    let named = |family: &str, attack: Attack| Attack {
        label: format!("{family} {}", attack.label),
        ..attack
    };
    if let Some(levels) = node.get("levels") {
        reading.entries(node, "attacks", &["name", "levels"]);
        let name = node
            .get("name")
            .map_or_else(|| "levels".to_owned(), |node| reading.text(node, "attacks.name"));
        let items = reading.items(levels);
        if items.is_empty() {
            reading.refuse(levels, "attacks.levels", "no level", "one level or more");
        }
        let levels = items.into_iter().map(|item| {
            let mut attack = Attack::of(read_level(item, &["name", "set", "tune"], reading));
            attack.tune = read_tune(item, reading);
            named(&name, attack)
        });
        let levels = levels.collect();
        return (name, levels);
    }
    let before = reading.problems.len();
    let factor = read_factor(node, "attacks", reading);
    if reading.problems.len() > before {
        return (String::new(), Vec::new());
    }
    let attacks: Vec<Attack> = match &factor.levels {
        Levels::Listed(levels) => levels.iter().cloned().map(Attack::of).collect(),
        Levels::Range(range) => (0..range.steps)
            .map(|index| Attack::at(range, range.step(index)))
            .collect(),
    };
    let attacks = attacks.into_iter().map(|attack| named(&factor.name, attack));
    let attacks = attacks.collect();
    (factor.name, attacks)
}

fn read_attack(node: &Node, at: &str, reading: &mut Reading) -> Attack {
    reading.entries(node, at, &["name", "set", "tune"]);
    let set = node
        .get("set")
        .map_or_else(Vec::new, |node| read_set(node, "attacks.set", reading));
    let tune = read_tune(node, reading);
    let label = match node.get("name") {
        Some(node) => reading.text(node, "attacks.name"),
        None if set.is_empty() => tune
            .iter()
            .map(|range| range.path.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        None => Level::of(set.clone()).label,
    };
    Attack {
        label,
        set,
        tune,
        step: None,
    }
}

/// What an attack chooses for itself: one parameter, or a list of a few.
fn read_tune(node: &Node, reading: &mut Reading) -> Vec<Range> {
    let Some(tune) = node.get("tune") else {
        return Vec::new();
    };
    let items = reading.items(tune);
    if items.is_empty() || items.len() > TUNED_MAX {
        let found = format!("{} parameters", items.len());
        reading.refuse(tune, "attacks.tune", found, "one to three parameters");
    }
    items
        .into_iter()
        .filter_map(|item| read_tuned(item, reading))
        .collect()
}

fn read_tuned(node: &Node, reading: &mut Reading) -> Option<Range> {
    let before = reading.problems.len();
    reading.entries(node, "attacks.tune", &["path", "range"]);
    if reading.problems.len() > before {
        return None;
    }
    if node.get("path").is_none() || node.get("range").is_none() {
        let found = format!("found {}", node.describe());
        let allowed = "`path` with `range`: between which values the attacker may choose";
        reading.refuse(node, "attacks.tune", found, allowed);
        return None;
    }
    match read_factor(node, "attacks.tune", reading).levels {
        Levels::Range(range) => Some(range),
        Levels::Listed(_) => None,
    }
}

/// How hard the values of tuned attacks are searched for.
pub(super) fn read_effort(tree: &Node, attacks: &[Attack], reading: &mut Reading) -> Effort {
    let Some(node) = tree.get("tuning") else {
        return EFFORT;
    };
    reading.entries(node, "tuning", &["places", "replicates", "rounds"]);
    let mut of = |key: &str, default: u32, min: u64, max: u64| {
        node.get(key).map_or(default, |node| {
            reading.count(node, &format!("tuning.{key}"), min, max) as u32
        })
    };
    let effort = Effort {
        places: of("places", EFFORT.places, 2, 1_000),
        replicates: of("replicates", EFFORT.replicates, 1, 10_000),
        rounds: of("rounds", EFFORT.rounds, 0, 12),
    };
    let most = attacks.iter().map(|attack| attack.tune.len()).max().unwrap_or(0) as u32;
    let samples = effort.samples_max(most);
    if most == 0 {
        reading.refuse(
            node,
            "tuning",
            "no attack with `tune`",
            "an attack whose parameters are searched for",
        );
    } else if samples > SAMPLES_MAX {
        let found = format!("{samples} samples at each value that is judged");
        reading.refuse(node, "tuning", found, "a million at most");
    }
    effort
}
