//! What a scenario expects of its figures, as text: `gain < 0 GNK; checked = 65.1 % +- 1 %`.
//!
//! Clauses are separated by `;`. A clause is a figure's name, `<`, `>` or `=`, and a number; `=` takes a
//! tolerance behind `+-`. Numbers are plain, in `%`, or in `GNK`. Invariant: an inequality holds only where the
//! whole interval of the mean lies on its side.

use crate::observe::figure::{Figure, Number};

use super::measure::Measures;

/// Base units of a coin.
const COIN: f64 = 1e9;

/// Figures that an expectation may name, and what each is.
pub const METRICS: &[(&str, &str)] = &[
    (
        "answers_to_conviction",
        "the attacker's answers until its first conviction, where it is convicted",
    ),
    (
        "capped_failures",
        "failing validations ignored at the cap, of all failing ones",
    ),
    (
        "cheated",
        "the attacker's answers in which a substitute had a part, of its answers",
    ),
    ("checked", "answers for which a validator was drawn"),
    ("claims_rejected", "claims rejected for missing validations"),
    ("convicted", "the attacker's identities that were convicted"),
    ("cost", "the attacker's costs and slashes, coins"),
    ("deactivations", "times somebody was made inactive"),
    ("disputes", "votes opened"),
    ("expired", "requests that expired, of those accepted"),
    (
        "failing",
        "the attacker's answers found wrong, of its answers judged",
    ),
    ("gain", "the attacker's profit less its honest twin's, coins"),
    ("harm", "what everybody else's profit falls by, coins"),
    ("honest_convicted", "identities of others that were convicted"),
    (
        "honest_invalidated",
        "right answers that were invalidated, of all answers",
    ),
    ("honest_profit", "the honest twin's profit, coins"),
    (
        "honest_unrewarded",
        "epochs of others with weight and without a reward",
    ),
    (
        "hours_to_conviction",
        "hours until the attacker's first conviction, where it is convicted",
    ),
    (
        "invalidated",
        "the attacker's answers found wrong, of its answers",
    ),
    ("missed", "requests that the attacker missed, of those sent to it"),
    (
        "missed_work_failures",
        "epochs in which somebody failed the missed-work test",
    ),
    ("power_capped", "times the power cap cut a weight"),
    ("profit", "the attacker's profit, coins"),
    ("relative_gain", "gain as a share of the twin's profit"),
    ("relative_harm", "harm as a share of the others' profit"),
    ("rewards_paid", "part of the issue that reached hosts"),
    ("served", "the attacker's answers, of all answers"),
    ("twin_served", "the honest twin's answers, of all answers"),
    ("unchecked", "answers for which nobody was drawn"),
    ("undecided", "votes that ended without a quorum"),
    ("undecided_votes", "votes without a quorum, of all votes"),
    ("verification", "time spent on checking, of time spent on serving"),
];

/// One clause.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The clause as written.
    pub text: String,
    metric: &'static str,
    relation: Relation,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Relation {
    Below(f64),
    Above(f64),
    Near(f64, f64),
}

/// What became of a clause.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The clause as written.
    pub text: String,
    /// The figure, with its interval, for a reader.
    pub found: String,
    /// It holds.
    pub holds: bool,
}

/// Reads all clauses.
///
/// # Errors
/// A sentence about the first clause that cannot be read.
pub fn parse_expectations(text: &str) -> Result<Vec<Expectation>, String> {
    text.split(';')
        .map(str::trim)
        .filter(|clause| !clause.is_empty())
        .map(parse)
        .collect()
}

fn parse(clause: &str) -> Result<Expectation, String> {
    let at = clause
        .find(['<', '>', '='])
        .ok_or_else(|| format!("`{clause}` has no `<`, `>` or `=`"))?;
    let (name, rest) = (clause[..at].trim(), clause[at + 1..].trim());
    let metric = METRICS
        .iter()
        .map(|(known, _)| *known)
        .find(|known| *known == name)
        .ok_or_else(|| {
            let names: Vec<&str> = METRICS.iter().map(|(known, _)| *known).collect();
            format!("`{name}` is no figure; there are {}", names.join(", "))
        })?;
    let relation = match (clause.as_bytes()[at], rest.split_once("+-")) {
        (b'<', None) => Relation::Below(number(rest)?),
        (b'>', None) => Relation::Above(number(rest)?),
        (b'=', Some((value, tolerance))) => Relation::Near(number(value)?, number(tolerance)?),
        (b'=', None) => Relation::Near(number(rest)?, 0.0),
        _ => return Err(format!("`{clause}`: only `=` takes a tolerance")),
    };
    Ok(Expectation {
        text: clause.to_owned(),
        metric,
        relation,
    })
}

/// A number in its base: shares as parts of one, coins in base units.
fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (digits, factor) = match (text.strip_suffix('%'), text.strip_suffix("GNK")) {
        (Some(digits), _) => (digits, 0.01),
        (_, Some(digits)) => (digits, COIN),
        _ => (text, 1.0),
    };
    match digits.trim().parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value * factor),
        _ => Err(format!("`{text}` is no number, optionally with `%` or `GNK`")),
    }
}

impl Expectation {
    /// Holds the clause against the figures.
    #[must_use]
    pub fn hold(&self, measures: &Measures) -> Outcome {
        let outcome = |found: String, holds: bool| Outcome {
            text: self.text.clone(),
            found,
            holds,
        };
        let Some(figure) = measures.get(self.metric) else {
            return outcome("there is no such figure in this scenario".to_owned(), false);
        };
        let Some(mean) = figure.mean.map(plain) else {
            return outcome("no replicate has this figure".to_owned(), false);
        };
        let [low, high] = figure.interval.map_or([mean, mean], |bounds| bounds.map(plain));
        let holds = match self.relation {
            Relation::Below(limit) => high < limit,
            Relation::Above(limit) => low > limit,
            // A rounding error in the last digit is no deviation.
            Relation::Near(value, tolerance) => (mean - value).abs() <= tolerance + 1e-9,
        };
        outcome(shown(figure), holds)
    }
}

fn plain(number: Number) -> f64 {
    match number {
        Number::Plain(value) => value,
        Number::Money(value) => value as f64,
    }
}

/// A figure for a reader: `0.123 (0.120 to 0.126)`, coins in GNK.
#[must_use]
pub fn shown(figure: &Figure) -> String {
    let one = |number: Number| match number {
        Number::Plain(value) => format!("{value:.4}"),
        Number::Money(value) => format!("{:.4} GNK", value as f64 / COIN),
    };
    match (figure.mean, figure.interval) {
        (Some(mean), Some([low, high])) => format!("{} ({} to {})", one(mean), one(low), one(high)),
        (Some(mean), None) => one(mean),
        _ => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_are_read_with_their_units() {
        let read = parse_expectations("gain < 0 GNK; checked = 65.1 % +- 1 %;; convicted > 0.5").unwrap();
        let relations: Vec<Relation> = read.iter().map(|clause| clause.relation).collect();
        assert_eq!(relations[0], Relation::Below(0.0));
        assert!(matches!(relations[1], Relation::Near(value, _) if (value - 0.651).abs() < 1e-12));
        assert_eq!(relations[2], Relation::Above(0.5));
    }

    #[test]
    fn a_clause_that_cannot_be_read_says_why() {
        for (text, reason) in [
            ("gain", "no `<`"),
            ("gian < 0", "no figure"),
            ("gain < nothing", "no number"),
            ("gain < 0 +- 1", "only `=`"),
        ] {
            assert!(parse_expectations(text).unwrap_err().contains(reason), "{text}");
        }
    }

    #[test]
    fn names_are_in_order_and_unique() {
        assert!(METRICS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
