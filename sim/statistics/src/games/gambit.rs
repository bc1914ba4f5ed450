//! Export to Gambit's strategic form (`.nfg`, payoff version), so that other solvers can be asked.

use std::fmt::Write;

use super::PayoffTable;

/// A symmetric game as Gambit reads it: every player listed, outcomes with the first player's strategy fastest. None if
/// a profile is missing. Meant for reduced games: the file has `strategies ^ players` lines.
pub fn to_gambit(table: &PayoffTable, title: &str, strategies: &[&str]) -> Option<String> {
    assert_eq!(strategies.len(), table.strategies(), "one name a strategy");
    let players = table.players() as usize;
    let names: Vec<String> = (1..=players).map(|n| format!("\"player {n}\"")).collect();
    let quoted: Vec<String> = strategies.iter().map(|name| quote(name)).collect();
    let each = format!("{{ {} }}", quoted.join(" "));
    let mut text = format!("NFG 1 R {} {{ {} }}\n\n{{ ", quote(title), names.join(" "));
    for _ in 0..players {
        let _ = writeln!(text, "{each}");
    }
    text.push_str("}\n\n");
    let count = table.strategies();
    let mut choice = vec![0_usize; players];
    loop {
        let mut profile = vec![0; count];
        choice.iter().for_each(|&strategy| profile[strategy] += 1);
        let (_, payoffs) = table.profiles().find(|(known, _)| **known == profile)?;
        let line: Vec<String> = choice
            .iter()
            .map(|&strategy| payoffs[strategy].to_string())
            .collect();
        let _ = writeln!(text, "{}", line.join(" "));
        // Count up, the first player fastest.
        let Some(place) = choice.iter().position(|&strategy| strategy + 1 < count) else {
            return Some(text);
        };
        choice[place] += 1;
        choice[..place].fill(0);
    }
}

/// A game of two players with strategies of their own; `payoffs` are the rows' and the columns', each `[row][column]`.
pub fn bimatrix_to_gambit(title: &str, strategies: [&[&str]; 2], payoffs: [&[Vec<f64>]; 2]) -> String {
    let each = strategies.map(|names| {
        let quoted: Vec<String> = names.iter().map(|name| quote(name)).collect();
        format!("{{ {} }}", quoted.join(" "))
    });
    let mut text = format!(
        "NFG 1 R {} {{ \"player 1\" \"player 2\" }}\n\n{{ {}\n{}\n}}\n\n",
        quote(title),
        each[0],
        each[1]
    );
    let (rows, columns) = (strategies[0].len(), strategies[1].len());
    for outcome in 0..rows * columns {
        let (row, column) = (outcome % rows, outcome / rows);
        let _ = writeln!(text, "{} {}", payoffs[0][row][column], payoffs[1][row][column]);
    }
    text
}

/// A name between quotes. Gambit knows a quote behind a backslash and nothing else of that kind, so a backslash of the name
/// becomes a slash.
fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "/").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_with_the_first_player_fastest() {
        let table = PayoffTable::of_matrix(&[vec![-0.5, 2.0], vec![0.0, 1.0]]);
        let text = to_gambit(&table, "hawk and dove", &["hawk", "dove"]).unwrap();
        let expected = "NFG 1 R \"hawk and dove\" { \"player 1\" \"player 2\" }\n\n\
            { { \"hawk\" \"dove\" }\n{ \"hawk\" \"dove\" }\n}\n\n-0.5 -0.5\n0 2\n2 0\n1 1\n";
        assert_eq!(text, expected);
    }
}
