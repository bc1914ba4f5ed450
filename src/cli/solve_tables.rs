//! The tables and sentences of a solved question: the frontier, the search behind it, and the cheapest combination.

use stakeout_engine::experiment::solve::cost::Combination;
use stakeout_engine::experiment::solve::file::SolveFile;
use stakeout_engine::experiment::solve::{Frontier, Judged};
use stakeout_engine::experiment::sweep::factor::Range;
use stakeout_engine::experiment::sweep::meaning::with_unit;

use super::format::Format;
use super::sweep_page::decimals;
use super::table::{Cell, Table};

/// What the whole menu is called beside its families.
const WHOLE: &str = "whole menu";

/// A value of a range: with every digit for programs, as people say it for them.
fn written(range: &Range, number: f64, format: Format) -> String {
    match format.is_for_people() {
        true => spoken(range, number),
        false => range.level(number).label,
    }
}

/// The frontier: a row for each item of the menu that was searched alone, and one for the whole.
pub(super) fn frontier_table(file: &SolveFile, frontiers: &[Frontier], format: Format) -> Table {
    let mut columns: Vec<String> = [
        "across",
        "menu",
        "deters from",
        "not below",
        "binding attack",
        "its gain there",
        "from",
        "to",
        "replicates",
    ]
    .map(str::to_string)
    .to_vec();
    for name in &file.price {
        let name = with_unit(name, format.unit_of(name).1);
        let ends = [format!("{name} from"), format!("{name} to")];
        columns.push(name);
        columns.extend(ends);
    }
    columns.push("replay".to_string());
    columns.extend(NOT_BELOW.map(str::to_string));
    if file.is_tuned() {
        columns.extend(TUNED.map(str::to_string));
    }
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = Table::new(&file.name, &names);
    for frontier in frontiers {
        let threshold = &frontier.threshold;
        let (binding, open) = (frontier.binding(), frontier.open());
        let gain = binding.map(|binding| binding.gain);
        let real = |number: f64| Cell::Real(number, decimals(number));
        let mut row = vec![
            Cell::text(&frontier.level),
            Cell::text(frontier.family.as_deref().unwrap_or(WHOLE)),
            Cell::or_empty(threshold.deterred, |found| {
                Cell::text(written(&file.parameter, found, format))
            }),
            Cell::or_empty(threshold.not_deterred, |found| {
                Cell::text(written(&file.parameter, found, format))
            }),
            Cell::or_empty(binding, |binding| Cell::text(&file.attacks[binding.attack].label)),
            Cell::or_empty(gain, |gain| real(gain.mean)),
            Cell::or_empty(gain, |gain| real(gain.bounds.low)),
            Cell::or_empty(gain, |gain| real(gain.bounds.high)),
            Cell::or_empty(gain, |gain| Cell::count(gain.replicates)),
        ];
        for name in &file.price {
            let found = frontier
                .price
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, estimate)| estimate);
            let (scale, _) = format.unit_of(name);
            let real = |number: f64| real(scale * number);
            let interval = found.and_then(|found| found.interval);
            row.push(Cell::or_empty(found.and_then(|found| found.mean), real));
            row.push(Cell::or_empty(interval, |interval| real(interval.low)));
            row.push(Cell::or_empty(interval, |interval| real(interval.high)));
        }
        row.push(Cell::text(&frontier.replay));
        row.push(Cell::or_empty(open, |open| {
            Cell::text(&file.attacks[open.attack].label)
        }));
        row.push(Cell::or_empty(open, |open| real(open.gain.mean)));
        row.push(Cell::or_empty(open, |open| real(open.gain.bounds.low)));
        row.push(Cell::or_empty(open, |open| real(open.gain.bounds.high)));
        if file.is_tuned() {
            row.push(Cell::or_empty(binding, |binding| {
                Cell::text(tuned_to(file, binding, format))
            }));
            row.push(Cell::or_empty(open, |open| {
                Cell::text(tuned_to(file, open, format))
            }));
        }
        table.push(row);
    }
    table.note(format!(
        "deters: every attack's gain over its honest twin is surely below {} % of the honest profit; it may be above nothing. \
         The binding attack is the one that gains most at the value that deters (or at the strict end); the attack not below \
         is the one that is not deterred one step laxer, and the replay shows it there.",
        file.demand.tolerated * 100.0
    ));
    if file.is_tuned() {
        let most = file
            .attacks
            .iter()
            .map(|attack| attack.tune.len())
            .max()
            .unwrap_or(0);
        table.note(format!(
            "A tuned attack was searched with {} runs at most, each beside its twin, at every value; it is judged on replicates that \
             the search has not seen, since the highest of many means is too high.",
            file.effort.samples_max(most as u32)
        ));
    }
    table
}

/// The values that an attack chose for its own parameters.
fn tuned_to(file: &SolveFile, judged: Judged<'_>, format: Format) -> String {
    let attack = &file.attacks[judged.attack];
    attack.tuned_to(judged.chosen, |range, number| written(range, number, format))
}

/// The columns about what attacks chose, where they choose.
const TUNED: [&str; 2] = ["binding tuned to", "not below tuned to"];

/// The columns about the strictest value that does not deter.
const NOT_BELOW: [&str; 4] = [
    "attack not below",
    "its gain not below",
    "not below from",
    "not below to",
];

/// Every value and every attack that was judged, for itself and with the rest of its menu: what the answer rests on.
pub(super) fn search_table(file: &SolveFile, frontiers: &[Frontier], format: Format) -> Table {
    let mut columns = vec![
        "across",
        "menu",
        "parameter",
        "menu verdict",
        "attack",
        "verdict",
        "gain",
        "from",
        "to",
        "replicates",
    ];
    if file.is_tuned() {
        columns.push("tuned to");
    }
    let mut table = Table::new("The search", &columns);
    for frontier in frontiers {
        for (at, (parameter, judgement)) in frontier.threshold.judged.iter().enumerate() {
            for judged in frontier.all_judged(at) {
                let gain = judged.gain;
                let real = |number: f64| Cell::Real(number, decimals(number));
                let mut row = vec![
                    Cell::text(&frontier.level),
                    Cell::text(frontier.family.as_deref().unwrap_or(WHOLE)),
                    Cell::text(written(&file.parameter, *parameter, format)),
                    Cell::text(judgement.verdict.name()),
                    Cell::text(&file.attacks[judged.attack].label),
                    Cell::text(gain.verdict(file.demand.tolerated).name()),
                    real(gain.mean),
                    real(gain.bounds.low),
                    real(gain.bounds.high),
                    Cell::count(gain.replicates),
                ];
                if file.is_tuned() {
                    row.push(Cell::text(tuned_to(file, judged, format)));
                }
                table.push(row);
            }
        }
    }
    table
}

/// A value as a sentence tells it: four significant digits and the unit.
fn spoken(range: &Range, number: f64) -> String {
    let label = range.level(number).label;
    let (digits, unit) = label.split_once(' ').unwrap_or((&label, ""));
    match digits.parse::<f64>() {
        Ok(exact) if digits.len() > 6 => format!("{exact:.*} {unit}", decimals(exact))
            .trim_end()
            .to_owned(),
        _ => label,
    }
}

/// An attack as a sentence tells it, with what it chose.
fn spoken_attack(file: &SolveFile, judged: Judged<'_>) -> String {
    let label = &file.attacks[judged.attack].label;
    match tuned_to(file, judged, Format::Table) {
        choice if choice.is_empty() => label.clone(),
        choice => format!("{label} (tuned to {choice})"),
    }
}

/// What each level costs at the laxest value that deters there.
pub(super) fn cheapest_table(file: &SolveFile, compared: &[Combination], format: Format) -> Table {
    let columns = [
        "across",
        "deters from",
        "cost",
        "cost from",
        "cost to",
        "more than the cheapest",
        "more from",
        "more to",
        "cheapest",
    ];
    let mut table = Table::new("The cheapest combination", &columns);
    let real = |number: f64| Cell::Real(number, decimals(number));
    for found in compared {
        let more = found.more.as_ref();
        let verdict = match more {
            None => "yes",
            Some(_) if found.may_be_cheapest() => "perhaps",
            Some(_) => "",
        };
        table.push(vec![
            Cell::text(&found.level),
            Cell::text(written(&file.parameter, found.value, format)),
            real(found.cost),
            Cell::or_empty(found.interval, |interval| real(interval.low)),
            Cell::or_empty(found.interval, |interval| real(interval.high)),
            Cell::or_empty(more, |more| real(more.mean)),
            Cell::or_empty(more, |more| real(more.interval.low)),
            Cell::or_empty(more, |more| real(more.interval.high)),
            Cell::text(verdict),
        ]);
    }
    table
}

/// The answer to the question for the cheapest.
pub(super) fn cheapest_sentence(file: &SolveFile, best: &Combination, compared: &[Combination]) -> String {
    let across = file
        .across
        .as_ref()
        .map_or("level", |factor| factor.name.as_str());
    let rivals = compared
        .iter()
        .filter(|found| found.more.is_some() && found.may_be_cheapest())
        .count();
    let how_sure = match rivals {
        0 => "every other level costs more".to_string(),
        several => format!("the replicates cannot tell {several} others from it"),
    };
    format!(
        "the cheapest is {across} {} with {} {}, at a cost of {:.6}; {how_sure}",
        best.level,
        file.parameter.path,
        spoken(&file.parameter, best.value),
        best.cost
    )
}

/// The answer of one row.
pub(super) fn sentence(file: &SolveFile, frontier: &Frontier) -> String {
    let (percent, tolerated) = (file.demand.confidence * 100.0, file.demand.tolerated * 100.0);
    let path = &file.parameter.path;
    let threshold = &frontier.threshold;
    let what = match (threshold.deterred, threshold.not_deterred) {
        (Some(high), Some(low)) => format!(
            "{path} {} deters every attack of it, {} does not (or not surely){}",
            spoken(&file.parameter, high),
            spoken(&file.parameter, low),
            frontier.open().map_or_else(String::new, |open| format!(
                ": there {} gains too much, or may",
                spoken_attack(file, open)
            ))
        ),
        (Some(low), None) => format!(
            "{path} deters already at the lax end, {}",
            spoken(&file.parameter, low)
        ),
        (None, Some(high)) => format!(
            "{path} does not deter even at the strict end, {}",
            spoken(&file.parameter, high)
        ),
        (None, None) => "nothing was judged".to_string(),
    };
    let level = match &file.across {
        Some(factor) => format!("{} {}", factor.name, frontier.level),
        None => frontier.level.clone(),
    };
    format!(
        "{level}, {}: {what}; a gain counts above {tolerated} % of the honest profit, bounds hold at {percent} % each",
        frontier.family.as_deref().unwrap_or(WHOLE)
    )
}
