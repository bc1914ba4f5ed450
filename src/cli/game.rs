//! `stakeout game`: what each strategy earns among the others, and where that leads.

use std::path::PathBuf;

use clap::Args;
use stakeout_engine::experiment::cells::Bench;
use stakeout_engine::experiment::game::file::GameFile;
use stakeout_engine::experiment::game::given::GivenGame;
use stakeout_engine::experiment::game::oracle::grow;
use stakeout_engine::experiment::game::phase::{SURVIVES, phases};
use stakeout_engine::experiment::game::{Solved, adopt, solve};
use stakeout_engine::experiment::sweep::plan::ScenarioSource;
use stakeout_statistics::games::to_gambit;

use super::cell_store;
use super::failure::Failure;
use super::format::{Format, FormatOption};
use super::game_tables;
use super::interrupt;
use super::simulate::set_threads;
use super::sweep_page::decimals;
use super::sweep_progress::CellBar;
use super::table::{Cell, Table, render_all};
use super::terminal::{print, remark};

const EXAMPLES: &str = "\
Examples:
  stakeout game scenarios/sweeps/swap-or-serve.yaml
  stakeout game scenarios/sweeps/best-responses.yaml
  stakeout game scenarios/sweeps/hawk-dove.yaml";

/// Arguments of `game`.
#[derive(Args, Debug)]
#[command(before_help = EXAMPLES)]
pub struct Game {
    /// The game's file
    file: PathBuf,
    /// Where cells and tables are kept; sweeps/NAME where not given
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Put this game in place of the folder's and keep every cell that still fits
    #[arg(long)]
    extend: bool,
    /// Threads; the answer does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    format: FormatOption,
}

/// Simulates, solves and prints.
pub fn run(arguments: &Game) -> Result<(), Failure> {
    set_threads(arguments.threads)?;
    if GivenGame::is_given(&arguments.file)? {
        let (out, is_extending) = (arguments.out.as_deref(), arguments.extend);
        return game_tables::print_given(out, &arguments.file, is_extending, arguments.format);
    }
    let file = GameFile::load(&arguments.file)?;
    let source = ScenarioSource::read(&file.scenario)?;
    let registry = stakeout_agents::registry();
    let (folder, store) = cell_store::open(arguments.out.as_deref(), &file.name)?;
    let bar = CellBar::new();
    let bench = Bench {
        source: &source,
        registry: &registry,
        store: &store,
        monitor: &bar,
    };
    adopt(&file, &bench, arguments.extend)?;
    interrupt::listen_between_cells();
    let answer = answer(&file, &bench);
    bar.finish();
    let answer = answer?;
    for (name, table) in &answer.tables {
        store.write_result(name, &table.render(Format::Csv))?;
    }
    let question = serde_json::json!({
        "name": file.name,
        "question": file.question,
        "players": file.players,
        "reduced": file.reduced,
        "replicates": file.replicates,
        "confidence": file.confidence,
    });
    store.write_result("game.json", &format!("{question:#}\n"))?;
    if let Some(text) = &answer.gambit {
        store.write_result("game.nfg", text)?;
    }
    let tables: Vec<Table> = answer.tables.into_iter().map(|(_, table)| table).collect();
    print(&render_all(&tables, arguments.format.format))?;
    for line in answer.remarks {
        remark(&line);
    }
    remark(&format!("tables and cells in {}", folder.display()));
    Ok(())
}

/// What a game's file asks to be shown.
struct Answer {
    tables: Vec<(&'static str, Table)>,
    gambit: Option<String>,
    remarks: Vec<String>,
}

fn answer(file: &GameFile, bench: &Bench<'_>) -> Result<Answer, Failure> {
    if !file.across.is_empty() {
        let phases = phases(file, bench)?;
        return Ok(Answer {
            tables: vec![("phases.csv", game_tables::phase_table(file, &phases))],
            gambit: None,
            remarks: vec![format!(
                "a strategy survives with {} % or more where most starts of the dynamics lead",
                SURVIVES * 100.0
            )],
        });
    }
    let mut tables = Vec::new();
    let mut remarks = Vec::new();
    let (file, solved) = if file.candidates.is_empty() {
        (file.clone(), solve(file, bench)?)
    } else {
        let grown = grow(file, bench)?;
        tables.push(("rounds.csv", game_tables::round_table(&grown.rounds)));
        remarks.push(game_tables::ending(grown.end, &grown.rounds));
        (grown.file, grown.solved)
    };
    tables.push(("payoffs.csv", payoff_table(&file, &solved)));
    tables.push(("rests.csv", rest_table(&file, &solved)));
    tables.push(("ranks.csv", rank_table(&file, &solved)));
    remarks.push(format!(
        "{} players stand for {}; payoffs in units of {:.0} base units, what one earns when all follow `{}`; \
         game.nfg is for Gambit",
        file.reduced, file.players, solved.unit, file.choices[0].name
    ));
    let names: Vec<&str> = file.choices.iter().map(|choice| choice.name.as_str()).collect();
    Ok(Answer {
        tables,
        gambit: to_gambit(&solved.table, &file.name, &names),
        remarks,
    })
}

fn real(value: f64) -> Cell {
    Cell::Real(value, decimals(value))
}

fn payoff_table(file: &GameFile, solved: &Solved) -> Table {
    let mut columns: Vec<&str> = file.choices.iter().map(|choice| choice.name.as_str()).collect();
    columns.extend(["one who follows", "earns", "from", "to"]);
    let mut table = Table::new("Payoffs", &columns);
    for payoff in &solved.payoffs {
        let mut row: Vec<Cell> = payoff.full.iter().map(|&count| Cell::count(count)).collect();
        row.extend([
            Cell::text(&file.choices[payoff.strategy].name),
            real(payoff.mean),
            Cell::or_empty(payoff.interval, |interval| real(interval.low)),
            Cell::or_empty(payoff.interval, |interval| real(interval.high)),
        ]);
        table.push(row);
    }
    table
}

fn rest_table(file: &GameFile, solved: &Solved) -> Table {
    let mut columns: Vec<&str> = file.choices.iter().map(|choice| choice.name.as_str()).collect();
    columns.extend(["regret", "from", "to", "starts"]);
    let mut table = Table::new("Where the replicator dynamics end", &columns);
    for rest in &solved.rests {
        let mut row: Vec<Cell> = rest.mix.iter().map(|&part| game_tables::share(part)).collect();
        row.extend([
            Cell::Real(rest.regret, 5),
            Cell::or_empty(rest.interval, |interval| Cell::Real(interval.low, 5)),
            Cell::or_empty(rest.interval, |interval| Cell::Real(interval.high, 5)),
            Cell::count(rest.starts),
        ]);
        table.push(row);
    }
    table
}

fn rank_table(file: &GameFile, solved: &Solved) -> Table {
    let title = format!(
        "Long-run shares (α-rank, α {}, population {})",
        file.alpha, file.population
    );
    let mut table = Table::new(&title, &["strategy", "share"]);
    for (choice, share) in file.choices.iter().zip(solved.ranks.iter().flatten()) {
        table.push(vec![Cell::text(&choice.name), Cell::Real(*share, 4)]);
    }
    table
}
