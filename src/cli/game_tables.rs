//! Tables of a game's rounds and phases, and the page of a game whose payoffs are given.
//!
//! Invariant: what is printed is what was solved; nothing is rounded before it is compared.

use std::path::Path;

use stakeout_engine::experiment::game::file::{GameFile, STRATEGIES_MAX};
use stakeout_engine::experiment::game::given::{GivenGame, GivenSolution};
use stakeout_engine::experiment::game::oracle::{End, Round};
use stakeout_engine::experiment::game::phase::Phase;

use super::cell_store;
use super::failure::Failure;
use super::format::{Format, FormatOption};
use super::table::{Cell, Table, render_all};
use super::terminal::{print, remark};

/// A strategy's share; one that the dynamics have all but driven out is zero.
pub(super) fn share(value: f64) -> Cell {
    Cell::Real(if value < 1e-9 { 0.0 } else { value }, 4)
}

/// Every candidate of every round.
pub(super) fn round_table(rounds: &[Round]) -> Table {
    let columns = [
        "round",
        "rests at",
        "regret",
        "candidate",
        "would gain",
        "from",
        "to",
        "joins",
    ];
    let mut table = Table::new("Best responses", &columns);
    for (number, round) in rounds.iter().enumerate() {
        for trial in &round.trials {
            let joins = round.joins.as_ref() == Some(&trial.name);
            table.push(vec![
                Cell::count(number as i128 + 1),
                Cell::text(mix_text(round)),
                Cell::Real(round.regret, 5),
                Cell::text(&trial.name),
                Cell::Real(trial.gain, 5),
                Cell::or_empty(trial.interval, |interval| Cell::Real(interval.low, 5)),
                Cell::or_empty(trial.interval, |interval| Cell::Real(interval.high, 5)),
                Cell::text(if joins { "joins" } else { "" }),
            ]);
        }
    }
    table
}

fn mix_text(round: &Round) -> String {
    let played = round.mix.iter().filter(|(_, share)| *share >= 0.0005);
    let words: Vec<String> = played
        .map(|(name, share)| format!("{name} {:.1} %", share * 100.0))
        .collect();
    words.join(", ")
}

/// How the rounds ended.
pub(super) fn ending(end: End, rounds: &[Round]) -> String {
    let last = rounds.last();
    let left = last.map_or(0, |round| round.trials.len());
    let why = match end {
        End::AllJoined => "every candidate joined".to_string(),
        End::NobodyGains => {
            format!("none of the {left} candidates left surely gains more than the tolerance")
        }
        End::Full => format!(
            "the game has {STRATEGIES_MAX} strategies, the most it may have, and of the {left} candidates left one or more \
             surely gains more than the tolerance"
        ),
        End::NoRest => {
            return "the dynamics rest nowhere, so no candidate was tried against them".to_string();
        }
    };
    let rests = last.map_or_else(String::new, mix_text);
    format!("{why}; the game rests at {rests}")
}

/// Who survives where.
pub(super) fn phase_table(file: &GameFile, phases: &[Phase]) -> Table {
    let mut columns: Vec<String> = file.across.iter().map(|factor| factor.name.clone()).collect();
    columns.push("survivors".to_string());
    columns.extend(file.choices.iter().map(|choice| format!("{} share", choice.name)));
    columns.extend(["regret", "regret from", "regret to", "ends"].map(str::to_string));
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = Table::new("Who survives", &names);
    for phase in phases {
        let rest = phase.solved.rests.first();
        let interval = rest.and_then(|rest| rest.interval);
        let mut row: Vec<Cell> = phase.labels.iter().map(Cell::text).collect();
        row.push(Cell::text(&phase.survivors));
        row.extend(
            (0..file.choices.len()).map(|choice| Cell::or_empty(rest, |rest| share(rest.mix[choice]))),
        );
        row.extend([
            Cell::or_empty(rest, |rest| Cell::Real(rest.regret, 5)),
            Cell::or_empty(interval, |interval| Cell::Real(interval.low, 5)),
            Cell::or_empty(interval, |interval| Cell::Real(interval.high, 5)),
            Cell::count(phase.solved.rests.len() as i128),
        ]);
        table.push(row);
    }
    table
}

/// Solves a game with its payoffs, writes it for Gambit and prints it.
pub(super) fn print_given(
    out: Option<&Path>,
    path: &Path,
    is_extending: bool,
    format: FormatOption,
) -> Result<(), Failure> {
    let game = GivenGame::load(path)?;
    let solution = game.solve();
    let (folder, store) = cell_store::open(out, &game.name)?;
    store.adopt_question(&game.asked, None, is_extending)?;
    store.write_result("game.nfg", &solution.gambit)?;
    let question = serde_json::json!({ "name": game.name, "question": game.question });
    store.write_result("game.json", &format!("{question:#}\n"))?;
    let tables = given_tables(&game, &solution);
    for (name, table) in ["equilibria.csv", "rests.csv", "ranks.csv"]
        .into_iter()
        .zip(&tables)
    {
        store.write_result(name, &table.render(Format::Csv))?;
    }
    print(&render_all(&tables, format.format))?;
    remark(&format!(
        "tables and game.nfg (for Gambit) in {}",
        folder.display()
    ));
    Ok(())
}

fn given_tables(game: &GivenGame, solution: &GivenSolution) -> Vec<Table> {
    let is_symmetric = game.other_payoffs.is_none();
    let of = |player: &str, names: &[String]| -> Vec<String> {
        names.iter().map(|name| format!("{player}{name}")).collect()
    };
    let mut columns = of("first: ", &game.rows);
    columns.extend(of("second: ", &game.columns));
    columns.extend(["first earns", "second earns", "regret"].map(str::to_string));
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut equilibria = Table::new("Equilibria", &names);
    for (found, regret) in &solution.equilibria {
        let shares = found.row.iter().chain(&found.column);
        let mut row: Vec<Cell> = shares.map(|&share| Cell::Real(share, 6)).collect();
        row.extend([found.value.0, found.value.1, *regret].map(|value| Cell::Real(value, 6)));
        equilibria.push(row);
    }
    if !is_symmetric {
        return vec![equilibria];
    }
    let mut columns: Vec<&str> = game.rows.iter().map(String::as_str).collect();
    columns.push("regret");
    let mut rests = Table::new("Where the replicator dynamics end", &columns);
    for (mix, regret) in &solution.rests {
        let mut row: Vec<Cell> = mix.iter().map(|&part| share(part)).collect();
        row.push(Cell::Real(*regret, 5));
        rests.push(row);
    }
    let title = format!(
        "Long-run shares (α-rank, α {}, population {})",
        game.alpha, game.population
    );
    let mut ranks = Table::new(&title, &["strategy", "share"]);
    for (name, share) in game.rows.iter().zip(solution.ranks.iter().flatten()) {
        ranks.push(vec![Cell::text(name), Cell::Real(*share, 4)]);
    }
    vec![equilibria, rests, ranks]
}
