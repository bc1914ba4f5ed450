//! The page of a game: where it leads, who survives where, the payoffs it rests on.

use super::html::{Cell, escaped, table};
use super::tables::{folded, number, percent, ranged};
use super::{Page, Shown, figures, heading};
use crate::error::ReportError;
use crate::game::{Game, Rest};
use crate::pictures;
use crate::sweep::{Estimate, Sweep};

/// A strategy with a smaller share is not named.
const SHOWN_FROM: f64 = 0.0005;

/// The whole page.
///
/// # Errors
/// A picture that cannot be drawn.
pub fn render(game: &Game, shown: Shown) -> Result<String, ReportError> {
    let mut body = String::new();
    body.push_str(&played(game));
    body.push_str("<h2>Pictures</h2>\n");
    body.push_str(&figures(&pictures::game::all(game)?, shown)?);
    for (title, table, rows) in tables(game) {
        let table = folded(table, rows, "rows");
        body.push_str(&format!("<h2>{title}</h2>\n{table}"));
    }
    let title = format!("Game {}", game.question.name);
    let page = Page {
        heading: heading(&title, game.question.question.as_deref()),
        title,
        verdict: verdict(game),
        body,
        source: format!(
            "<p>Digest <code>{}</code> (blake3 of {})</p>\n<p>Again: <code>stakeout game FILE</code> with the file called \
             {}. <code>game.nfg</code>, where there is one, is for Gambit.</p>\n",
            escaped(&game.digest),
            game.source,
            escaped(&game.question.name)
        ),
    };
    Ok(page.render(shown))
}

/// One sentence: who survives where, where the game rests, or its equilibria.
pub fn verdict(game: &Game) -> String {
    if let Some(phases) = &game.phases {
        return phase_verdict(phases);
    }
    if let [first, others @ ..] = game.rests.as_slice() {
        let ends = match others.len() {
            0 => "From every start the game goes to".to_string(),
            n => format!("The dynamics have {} ends; most starts lead to", n + 1),
        };
        return format!("{ends} {}; one who leaves {}.", mix(first), leaving(first.regret));
    }
    match game.equilibria.len() {
        0 => "Nothing was solved.".to_string(),
        1 => "The game has one equilibrium.".to_string(),
        n => format!("The game has {n} equilibria."),
    }
}

fn leaving(regret: Estimate) -> String {
    match regret.mean > 1e-6 {
        true => format!(
            "would gain {} of what all earn who follow the first strategy",
            percent(regret)
        ),
        false => "gains nothing".to_string(),
    }
}

fn mix(rest: &Rest) -> String {
    let played = rest.mix.iter().filter(|(_, share)| *share >= SHOWN_FROM);
    let words: Vec<String> = played
        .map(|(name, share)| format!("{name} {} %", number(100.0 * share)))
        .collect();
    words.join(", ")
}

fn phase_verdict(phases: &Sweep) -> String {
    let Some(at) = phases.factor("survivors") else {
        return format!("{} combinations were played.", phases.rows.len());
    };
    let mut counts: Vec<(String, usize)> = Vec::new();
    for row in &phases.rows {
        match counts.iter_mut().find(|(name, _)| *name == row.labels[at]) {
            Some((_, count)) => *count += 1,
            None => counts.push((row.labels[at].clone(), 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let words: Vec<String> = counts
        .iter()
        .map(|(name, count)| match name.as_str() {
            "" => format!("nobody at {count}"),
            name => format!("{name} at {count}"),
        })
        .collect();
    format!(
        "Of {} combinations there survive: {}.",
        phases.rows.len(),
        words.join(", ")
    )
}

/// Who played how often, in a sentence below the verdict.
fn played(game: &Game) -> String {
    let asked = &game.question;
    let mut words = Vec::new();
    if let (Some(reduced), Some(players)) = (asked.reduced, asked.players) {
        words.push(format!("{reduced} players stand for {players}"));
    }
    if let (Some(replicates), Some(confidence)) = (asked.replicates, asked.confidence) {
        let percent = number(100.0 * confidence);
        words.push(format!(
            "{replicates} replicates of each profile under the same random numbers, intervals at {percent} %"
        ));
    }
    match words.is_empty() {
        true => String::new(),
        false => format!("<p class=\"quiet\">{}.</p>\n", words.join("; ")),
    }
}

fn share(share: f64) -> Cell {
    Cell::Number(format!(
        "{} %",
        number(if share < 1e-9 { 0.0 } else { 100.0 * share })
    ))
}

/// The tables of the page with their titles and numbers of rows.
fn tables(game: &Game) -> Vec<(&'static str, String, usize)> {
    let mut tables = Vec::new();
    if let Some(phases) = &game.phases {
        tables.push(("Who survives", phase_table(phases), phases.rows.len()));
    }
    if !game.rests.is_empty() {
        let names = game.strategies();
        let mut header: Vec<(&str, bool)> = names.iter().map(|name| (*name, false)).collect();
        header.extend([("regret, %", false), ("starts", false)]);
        let row = |rest: &Rest| {
            let mut cells: Vec<Cell> = rest.mix.iter().map(|(_, part)| share(*part)).collect();
            let starts = rest.starts.map_or("–".to_string(), |starts| starts.to_string());
            cells.extend([
                Cell::Number(ranged(rest.regret.times(100.0))),
                Cell::Number(starts),
            ]);
            cells
        };
        let rows: Vec<_> = game.rests.iter().map(row).collect();
        tables.push(("Where the dynamics end", table(&header, &rows), rows.len()));
    }
    if !game.equilibria.is_empty() {
        let names: Vec<&str> = game.equilibria[0].iter().map(|(name, _)| name.as_str()).collect();
        let header: Vec<(&str, bool)> = names.iter().map(|name| (*name, false)).collect();
        let row = |found: &crate::game::Equilibrium| {
            let cells = found.iter().map(|(_, value)| Cell::Number(number(*value)));
            cells.collect::<Vec<_>>()
        };
        let rows: Vec<_> = game.equilibria.iter().map(row).collect();
        tables.push(("Equilibria", table(&header, &rows), rows.len()));
    }
    if !game.payoffs.is_empty() {
        let first = &game.payoffs[0].profile;
        let mut header: Vec<(&str, bool)> = first.iter().map(|(name, _)| (name.as_str(), false)).collect();
        header.extend([("one who follows", true), ("earns", false)]);
        let row = |payoff: &crate::game::Payoff| {
            let counts = payoff.profile.iter();
            let mut cells: Vec<Cell> = counts.map(|(_, count)| Cell::Number(count.to_string())).collect();
            cells.extend([
                Cell::Text(payoff.strategy.clone()),
                Cell::Number(ranged(payoff.earns)),
            ]);
            cells
        };
        let rows: Vec<_> = game.payoffs.iter().map(row).collect();
        tables.push(("Payoffs", table(&header, &rows), rows.len()));
    }
    tables
}

fn phase_table(phases: &Sweep) -> String {
    let header: Vec<(&str, bool)> = phases.factors.iter().map(|name| (name.as_str(), true)).collect();
    let cell = |(label, name): (&String, &String)| match label.parse::<f64>() {
        Ok(value) if name.ends_with(" share") => share(value),
        Ok(value) => Cell::Number(number(value)),
        Err(_) => Cell::Text(label.clone()),
    };
    let row = |row: &crate::sweep::Row| row.labels.iter().zip(&phases.factors).map(cell).collect();
    let rows: Vec<Vec<Cell>> = phases.rows.iter().map(row).collect();
    table(&header, &rows)
}
