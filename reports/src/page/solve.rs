//! The page of a solved question: the answer, the frontier with its price, every attack that was judged.

use super::html::{Cell, escaped, table};
use super::tables::{folded, number, percent, ranged, tidy};
use super::{Page, Shown, figures, heading};
use crate::error::ReportError;
use crate::pictures;
use crate::pictures::sweep::{capital, short};
use crate::solve::{Frontier, Solve, is_whole, with_choice};
use crate::sweep::in_words;

/// Sentences on items of the menu that stand open; more are folded.
const ITEMS_OPEN: usize = 8;

/// The whole page.
///
/// # Errors
/// A picture that cannot be drawn.
pub fn render(solve: &Solve, shown: Shown) -> Result<String, ReportError> {
    let mut body = String::new();
    if solve.whole().len() > 1 {
        for row in solve.whole() {
            body.push_str(&format!("<p>{}</p>\n", escaped(&alone(solve, row))));
        }
    }
    body.push_str(&items(solve));
    body.push_str(&tolerance(solve));
    body.push_str("<h2>Frontier</h2>\n");
    body.push_str(&folded(frontier(solve), solve.frontier.len(), "rows"));
    body.push_str("<h2>Pictures</h2>\n");
    body.push_str(&figures(&pictures::solve::all(solve), shown)?);
    body.push_str("<h2>The search</h2>\n");
    body.push_str(&search(solve));
    let title = format!("Solve {}", solve.question.name);
    let page = Page {
        heading: heading(&title, solve.question.question.as_deref()),
        title,
        verdict: verdict(solve),
        body,
        source: source(solve),
    };
    Ok(page.render(shown))
}

/// One sentence: the first row's answer, or how many rows have one.
pub fn verdict(solve: &Solve) -> String {
    match solve.whole().as_slice() {
        [] => "Nothing was judged.".to_string(),
        [only] => alone(solve, only),
        rows => {
            let deterred = rows.iter().filter(|row| row.deters.is_some()).count();
            let first = rows.iter().find(|row| row.deters.is_some());
            let example = first.map_or(String::new(), |row| format!("; {}", sentence(solve, row)));
            let end = if example.is_empty() { "." } else { "" };
            let levels = match solve.question.across.as_deref() {
                Some(across) => format!("levels of {}", short(across)),
                None => "mechanisms".to_string(),
            };
            format!(
                "{deterred} of {} {levels} have a value that deters every attack of the menu{example}{end}",
                rows.len()
            )
        }
    }
}

/// A sentence for each item of the menu that was searched alone, folded where there are many.
fn items(solve: &Solve) -> String {
    let rows: Vec<&Frontier> = solve.frontier.iter().filter(|row| !is_whole(&row.menu)).collect();
    if rows.is_empty() {
        return String::new();
    }
    let said = |row: &&Frontier| format!("<li>{}</li>\n", escaped(&alone(solve, row)));
    let list = format!("<ul>\n{}</ul>\n", rows.iter().map(said).collect::<String>());
    match rows.len() > ITEMS_OPEN {
        true => format!(
            "<details><summary>Each item of the menu alone: {} sentences</summary>\n{list}</details>\n",
            rows.len()
        ),
        false => format!("<p>Each item of the menu alone:</p>\n{list}"),
    }
}

/// A row's sentence where it begins one.
fn alone(solve: &Solve, row: &Frontier) -> String {
    let said = sentence(solve, row);
    match row.level.is_empty() || solve.question.across.is_some() {
        true => capital(&said),
        false => said,
    }
}

/// What the question goes across, as the head of a column.
fn across(solve: &Solve) -> String {
    let named = solve.question.across.as_deref();
    named.map_or_else(|| "across".to_string(), short)
}

/// Which level of what the question goes across a row is about, in words; nothing where there is only one.
fn whose(solve: &Solve, row: &Frontier) -> String {
    match (row.level.as_str(), solve.question.across.as_deref()) {
        ("", _) => String::new(),
        (level, Some(across)) => format!("where {} is {}, ", short(across), tidy(level)),
        (level, None) => format!("{level}: "),
    }
}

fn sentence(solve: &Solve, row: &Frontier) -> String {
    let path = match solve.question.parameter.as_str() {
        "" => "the value",
        path => path,
    };
    let whose = whose(solve, row);
    let menu = match is_whole(&row.menu) {
        true => "of the menu".to_string(),
        false => format!("of `{}`", row.menu),
    };
    // What counts as paying is what was asked for; an older file does not say it.
    let pays = solve.question.tolerated.map_or_else(
        || "pays".to_string(),
        |tolerated| format!("gains {} % of the honest profit", number(100.0 * tolerated)),
    );
    let one = solve.open_attack(row).map_or_else(
        || "one".to_string(),
        |judged| with_choice(&judged.attack, &judged.tuned),
    );
    let gain = row.gain.map_or(String::new(), |gain| {
        format!(
            "; the one that gains most at {}, {}, has {} of the honest profit",
            row.deters
                .as_deref()
                .or(row.fails.as_deref())
                .map_or_else(String::new, tidy),
            with_choice(&row.binding, &row.tuned),
            percent(gain)
        )
    });
    match (row.deters.as_deref().map(tidy), row.fails.as_deref().map(tidy)) {
        (Some(high), Some(low)) => {
            format!("{whose}at {path} {high} no attack {menu} {pays}, at {low} {one} does or may{gain}.")
        }
        (Some(low), None) => {
            format!("{whose}no attack {menu} {pays} even at the lax end, {path} {low}{gain}.")
        }
        (None, Some(high)) => {
            format!("{whose}some attack {menu} {pays}, or may, even at the strict end, {path} {high}{gain}.")
        }
        (None, None) => format!("{whose}nothing was judged."),
    }
}

fn tolerance(solve: &Solve) -> String {
    match (solve.question.tolerated, solve.question.confidence) {
        (Some(tolerated), Some(confidence)) => format!(
            "<p class=\"quiet\">A gain counts above {} % of the honest profit; bounds hold at {} % each. The answer is about \
             this menu of attacks and says nothing about one that is not on it.</p>\n",
            number(100.0 * tolerated),
            number(100.0 * confidence)
        ),
        _ => "<p class=\"quiet\">The answer is about this menu of attacks and says nothing about one that is not on it.</p>\n"
            .to_string(),
    }
}

fn frontier(solve: &Solve) -> String {
    let mut prices: Vec<String> = Vec::new();
    for (name, _) in solve.frontier.iter().flat_map(|row| &row.price) {
        if !prices.contains(name) {
            prices.push(name.clone());
        }
    }
    let shown: Vec<String> = prices.iter().map(|name| in_words(name)).collect();
    let across = across(solve);
    let mut header = vec![
        (across.as_str(), true),
        ("attacks", true),
        ("deters from", false),
        ("not below", false),
        ("binding attack", true),
        ("its gain there", false),
    ];
    header.extend(shown.iter().map(|name| (name.as_str(), false)));
    let row = |row: &Frontier| {
        let word = |word: &Option<String>| Cell::Number(word.as_deref().map_or_else(|| "–".into(), tidy));
        let mut cells = vec![
            Cell::Text(row.level.clone()),
            Cell::Text(if row.menu.is_empty() {
                "whole menu".into()
            } else {
                row.menu.clone()
            }),
            word(&row.deters),
            word(&row.fails),
            Cell::Text(with_choice(&row.binding, &row.tuned)),
            Cell::Number(row.gain.map_or("–".into(), percent)),
        ];
        for name in &prices {
            let found = row.price.iter().find(|(known, _)| known == name);
            cells.push(Cell::Number(
                found.map_or("–".into(), |(_, e)| ranged(e.spoken(name))),
            ));
        }
        cells
    };
    table(&header, &solve.frontier.iter().map(row).collect::<Vec<_>>())
}

fn search(solve: &Solve) -> String {
    let across = across(solve);
    let header = [
        (across.as_str(), true),
        ("parameter", false),
        ("attack", true),
        ("gain", false),
        ("this attack", true),
        ("all attacks", true),
    ];
    let row = |judged: &crate::solve::Judged| {
        vec![
            Cell::Text(judged.level.clone()),
            Cell::Number(tidy(&judged.parameter)),
            Cell::Text(with_choice(&judged.attack, &judged.tuned)),
            Cell::Number(percent(judged.gain)),
            Cell::Text(judged.verdict.clone()),
            Cell::Text(judged.menu_verdict.clone()),
        ]
    };
    let rows: Vec<_> = solve.search.iter().map(row).collect();
    format!(
        "<details><summary>{} judgements</summary>{}</details>\n",
        rows.len(),
        table(&header, &rows)
    )
}

fn source(solve: &Solve) -> String {
    let mut html = format!(
        "<p>Digest <code>{}</code> (blake3 of frontier.csv)</p>\n<p>Question <code>{}</code>.</p>\n",
        escaped(&solve.digest),
        escaped(&solve.question.name)
    );
    let replays: Vec<String> = solve
        .frontier
        .iter()
        .filter(|row| !row.replay.is_empty())
        .map(|row| {
            let of = [row.level.as_str(), row.menu.as_str()].join(" ");
            format!(
                "<p>{}: <code>{}</code></p>\n",
                escaped(of.trim()),
                escaped(&row.replay)
            )
        })
        .collect();
    if !replays.is_empty() {
        html.push_str(&format!(
            "<details><summary>The binding attacks again: {} commands</summary>\n{}</details>\n",
            replays.len(),
            replays.concat()
        ));
    }
    html
}
