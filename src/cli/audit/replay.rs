//! `stakeout audit replay`: the same requests under another rule, and who gained.

use std::path::PathBuf;

use clap::Args;
use stakeout_engine::audit::counterfactual::compute_wealth;
use stakeout_engine::scenario::layers::Override;

use super::super::failure::Failure;
use super::super::format::FormatOption;
use super::super::run_path;
use super::super::simulate;
use super::super::table::{Cell, Table};
use super::super::terminal::{print, remark};
use super::{load_scenario, open_logged};

/// Arguments of `audit replay`.
#[derive(Args, Debug)]
#[command(
    before_help = "Example:\n  stakeout audit replay latest --until 5000 \\\n    \
    --set protocol.sampling.flat_rate='20 %'"
)]
pub struct Replay {
    /// The run directory
    #[arg(value_parser = run_path::parser())]
    run: PathBuf,
    /// Stop at the block of this event; the whole run where not given
    #[arg(long, value_name = "EVENT")]
    until: Option<u64>,
    /// Set one value of the scenario, with its unit
    #[arg(long, value_name = "PATH=VALUE", required = true)]
    set: Vec<String>,
    /// The replicate
    #[arg(long, value_name = "N", default_value_t = 0)]
    replicate: u32,
    /// Where the scenario's data files lie, if it has any
    #[arg(long, value_name = "FOLDER")]
    files: Option<PathBuf>,
    /// Threads; the results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    format: FormatOption,
}

/// Prints what each participant has with the run's rule and with the other one.
pub fn run(arguments: &Replay) -> Result<(), Failure> {
    simulate::set_threads(arguments.threads)?;
    let run = open_logged(&arguments.run)?;
    let mut changes = Vec::new();
    for change in &arguments.set {
        changes.push(Override::set(change).map_err(|errors| Failure::usage(errors.to_string()))?);
    }
    let mut factual = load_scenario(&run, arguments.files.as_ref(), &[])?;
    let mut counter = load_scenario(&run, arguments.files.as_ref(), &changes)?;
    if factual.hash == counter.hash {
        remark("warning: the run has these values already, so that nothing changes; set another value");
    }
    for warning in counter
        .warnings
        .iter()
        .filter(|new| !factual.warnings.contains(new))
    {
        remark(&format!("warning: {warning}"));
    }
    if let Some(event) = arguments.until {
        let log = run.events(arguments.replicate)?;
        let first = run.events(arguments.replicate)?.entry(0)?;
        let last = log.entry(event)?;
        let (Some(first), Some(last)) = (first, last) else {
            return Err(Failure::usage(format!("the log has no event {event}")));
        };
        let blocks = (last.event.height - first.event.height).max(1);
        (factual.until_blocks, counter.until_blocks) = (Some(blocks), Some(blocks));
    }
    let registry = stakeout_agents::registry();
    let before = compute_wealth(&factual, arguments.replicate, &registry)?;
    let after = compute_wealth(&counter, arguments.replicate, &registry)?;
    let title = format!("Wealth under {}", arguments.set.join(", "));
    let columns = [
        "participant",
        "owner",
        "strategy",
        "as it was base units",
        "under the other rule base units",
        "gained base units",
    ];
    let mut table = Table::new(&title, &columns).with_exact_coins();
    let mut rows: Vec<usize> = (0..before.len().min(after.len())).collect();
    rows.sort_by_key(|&host| (after[host] - before[host], host));
    for host in rows.into_iter().rev() {
        let known = &factual.hosts[host];
        table.push(vec![
            Cell::text(known.id.as_str()),
            Cell::text(factual.owners[known.owner as usize].as_str()),
            Cell::text(&factual.strategies[usize::from(known.strategy)].name),
            Cell::Money(before[host]),
            Cell::Money(after[host]),
            Cell::Money(after[host] - before[host]),
        ]);
    }
    if before == after && factual.hash != counter.hash {
        remark(
            "nobody has a coin more or less: what was set did nothing in this run, or too little to be drawn",
        );
    }
    print(&table.render(arguments.format.format))
}
