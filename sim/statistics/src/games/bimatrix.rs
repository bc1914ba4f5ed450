//! Two players with finitely many strategies: every equilibrium by enumeration of supports.

use crate::linear::solve;

/// How far a payoff may lie above the equilibrium's before it counts as better, relative to the largest payoff.
const TOLERANCE: f64 = 1e-9;

/// Payoffs of the row player and of the column player, `rows[i][j]` and `columns[i][j]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bimatrix {
    rows: Vec<Vec<f64>>,
    columns: Vec<Vec<f64>>,
}

/// Mixed strategies of which none is worth leaving.
#[derive(Clone, Debug, PartialEq)]
pub struct Equilibrium {
    /// Probabilities of the row player's strategies.
    pub row: Vec<f64>,
    /// Probabilities of the column player's strategies.
    pub column: Vec<f64>,
    /// Payoffs of both.
    pub value: (f64, f64),
}

impl Bimatrix {
    /// The game of these payoffs. Panics unless both matrices have the same, non-empty shape.
    pub fn new(rows: Vec<Vec<f64>>, columns: Vec<Vec<f64>>) -> Self {
        let width = rows.first().map_or(0, Vec::len);
        let has_shape = |matrix: &[Vec<f64>]| matrix.iter().all(|line| line.len() == width);
        assert!(
            width > 0 && rows.len() == columns.len() && has_shape(&rows) && has_shape(&columns),
            "both players' payoffs have one shape"
        );
        Self { rows, columns }
    }

    /// Every equilibrium whose supports have equal size, which in a nondegenerate game are all of them. Exponential in
    /// the number of strategies: for up to about ten each.
    pub fn equilibria(&self) -> Vec<Equilibrium> {
        let (m, n) = (self.rows.len(), self.rows[0].len());
        let mut found: Vec<Equilibrium> = Vec::new();
        for size in 1..=m.min(n) {
            for support in subsets(m, size) {
                for other in subsets(n, size) {
                    if let Some(equilibrium) = self.on(&support, &other)
                        && !found.iter().any(|known| is_same(known, &equilibrium))
                    {
                        found.push(equilibrium);
                    }
                }
            }
        }
        found
    }

    /// The most that either player could gain by leaving these mixed strategies.
    pub fn regret(&self, row: &[f64], column: &[f64]) -> f64 {
        let (of_rows, of_columns) = (self.row_payoffs(column), self.column_payoffs(row));
        let best = |payoffs: &[f64]| payoffs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (best(&of_rows) - dot(&of_rows, row)).max(best(&of_columns) - dot(&of_columns, column))
    }

    fn row_payoffs(&self, column: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|line| dot(line, column)).collect()
    }

    fn column_payoffs(&self, row: &[f64]) -> Vec<f64> {
        (0..self.rows[0].len())
            .map(|j| self.columns.iter().zip(row).map(|(line, p)| line[j] * p).sum())
            .collect()
    }

    fn on(&self, support: &[usize], other: &[usize]) -> Option<Equilibrium> {
        let payoffs_to_rows = |i: usize, j: usize| self.rows[i][j];
        let payoffs_to_columns = |j: usize, i: usize| self.columns[i][j];
        let column = indifferent(support, other, self.rows[0].len(), payoffs_to_rows)?;
        let row = indifferent(other, support, self.rows.len(), payoffs_to_columns)?;
        let scale = 1.0
            + self
                .rows
                .iter()
                .chain(&self.columns)
                .flatten()
                .fold(0.0_f64, |m, x| m.max(x.abs()));
        if self.regret(&row, &column) > TOLERANCE * scale {
            return None;
        }
        let value = (
            dot(&self.row_payoffs(&column), &row),
            dot(&self.column_payoffs(&row), &column),
        );
        Some(Equilibrium { row, column, value })
    }
}

/// The mix over `mixed` that makes all of `kept` pay the same to their player.
fn indifferent(
    kept: &[usize],
    mixed: &[usize],
    strategies: usize,
    payoff: impl Fn(usize, usize) -> f64,
) -> Option<Vec<f64>> {
    let size = mixed.len();
    // Unknowns: the probabilities, then the common payoff.
    let mut equations: Vec<Vec<f64>> = kept
        .iter()
        .map(|&i| mixed.iter().map(|&j| payoff(i, j)).chain([-1.0]).collect())
        .collect();
    equations.push((0..size).map(|_| 1.0).chain([0.0]).collect());
    let mut right = vec![0.0; size];
    right.push(1.0);
    let solution = solve(equations, right)?;
    let mut probabilities = vec![0.0; strategies];
    for (&j, &probability) in mixed.iter().zip(&solution) {
        if probability < -TOLERANCE {
            return None;
        }
        probabilities[j] = probability.max(0.0);
    }
    Some(probabilities)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn is_same(a: &Equilibrium, b: &Equilibrium) -> bool {
    let near = |x: &[f64], y: &[f64]| x.iter().zip(y).all(|(x, y)| (x - y).abs() < 1e-7);
    near(&a.row, &b.row) && near(&a.column, &b.column)
}

/// The subsets of `0..count` of one size, in lexicographic order.
fn subsets(count: usize, size: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..size {
        all = all
            .into_iter()
            .flat_map(|subset: Vec<usize>| {
                let from = subset.last().map_or(0, |last| last + 1);
                (from..count).map(move |next| {
                    let mut longer = subset.clone();
                    longer.push(next);
                    longer
                })
            })
            .collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap;
    use crate::random::Uniforms;
    use stakeout_kernel::streams::StreamKey;

    /// The inspection game: gain 0.8, fine 10, cost of inspecting 0.2, benefit of catching 1, loss 3. Rows violate or
    /// comply, columns inspect or not: inspected with 0.8/10.8, violated with 0.2/4.
    fn inspection() -> Bimatrix {
        Bimatrix::new(
            vec![vec![-10.0, 0.8], vec![0.0, 0.0]],
            vec![vec![1.0 - 0.2, -3.0], vec![-0.2, 0.0]],
        )
    }

    #[test]
    fn the_inspection_game_mixes_as_its_closed_form_says() {
        let found = inspection().equilibria();
        assert_eq!(found.len(), 1);
        assert!((found[0].column[0] - 0.074_074_1).abs() < 5e-8, "{found:?}");
        assert!((found[0].row[0] - 0.05).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn the_battle_of_the_sexes_has_three_equilibria() {
        let game = Bimatrix::new(
            vec![vec![3.0, 0.0], vec![0.0, 2.0]],
            vec![vec![2.0, 0.0], vec![0.0, 3.0]],
        );
        let found = game.equilibria();
        assert_eq!(found.len(), 3);
        assert!((found[2].row[0] - 0.6).abs() < 1e-12 && (found[2].column[0] - 0.4).abs() < 1e-12);
        assert!(found.iter().all(|e| game.regret(&e.row, &e.column) < 1e-12));
    }

    /// Payoffs observed with noise of one unit in 60 pairs; the interval of the violator's regret against no inspection
    /// covers 0.8 in 2,000 rounds. A count outside [1,780, 1,960] has probability below 1e-6 for coverage between 91.5 %
    /// and 96 %.
    #[test]
    fn the_bootstrap_interval_of_a_regret_covers_it() {
        let mut covered = 0;
        for round in 0..2_000_u64 {
            let mut uniforms = Uniforms::new(StreamKey::from_raw(21), round);
            let gains: Vec<f64> = (0..60).map(|_| 0.8 + 2.0 * (uniforms.unit() - 0.5)).collect();
            let regret = |gains: &[f64]| {
                let mean = gains.iter().sum::<f64>() / gains.len() as f64;
                let game = Bimatrix::new(
                    vec![vec![-10.0, mean], vec![0.0, 0.0]],
                    vec![vec![0.0, 0.0], vec![0.0, 0.0]],
                );
                game.regret(&[0.0, 1.0], &[0.0, 1.0])
            };
            let interval = bootstrap(&gains, 200, 0.95, StreamKey::from_raw(5_000 + round), regret);
            covered += u32::from(interval.unwrap().contains(0.8));
        }
        assert!((1_780..=1_960).contains(&covered), "{covered}");
    }
}
