//! One position as both sides see it: the reported list laid over the replayed one.
//!
//! **Invariant.** An [`Aligned`] position holds two probability vectors over the same cells, the last of which
//! is everything not listed. Where both lists hold a token its cell is exact, so that no divergence between them
//! exceeds that of the full distributions.

use std::collections::BTreeSet;

use crate::artifact::TopK;

/// Slack of a sum of probabilities that were stored in single precision or rounded by an honest kernel.
const SUM_SLACK: f64 = 2e-2;

/// Two distributions over the same cells; the last cell is the tail.
#[derive(Clone, Debug, PartialEq)]
pub struct Aligned {
    /// Reported probabilities, tail last.
    pub reported: Vec<f64>,
    /// Replayed probabilities, tail last.
    pub replayed: Vec<f64>,
}

/// Lays a reported list over the replayed one; of the reported list the first `agreed` entries count.
///
/// The cells are the tokens of either list, then the tail. What a list leaves out can have no more than its least
/// listed probability, and together no more than its tail; within that bound it is read as the other side's
/// value, the reading most favourable to the executor. Without the bound a list of tokens that nobody would
/// choose, with honest values, would match any model.
///
/// `None` if what is reported is no list of log-probabilities: empty, of unequal lengths, with a token twice, a
/// value that is not a number or above zero, or a sum above one.
pub fn align(reported: &TopK, replayed: &TopK, agreed: usize) -> Option<Aligned> {
    let count = reported.ids.len().min(agreed);
    let ids = &reported.ids[..count];
    let listed: BTreeSet<u32> = ids.iter().copied().collect();
    let is_list = !ids.is_empty()
        && reported.ids.len() == reported.log_probs.len()
        && listed.len() == count
        && reported
            .log_probs
            .iter()
            .all(|value| !value.is_nan() && *value <= 1e-4);
    if !is_list {
        return None;
    }
    let theirs = Side::new(ids, &reported.log_probs[..count]);
    if theirs.sum > 1.0 + SUM_SLACK {
        return None;
    }
    let ours = Side::new(&replayed.ids, &replayed.log_probs);
    let others: Vec<u32> = replayed
        .ids
        .iter()
        .copied()
        .filter(|id| !listed.contains(id))
        .collect();
    let missing = |side: &Side<'_>| -> usize {
        ids.iter()
            .chain(&others)
            .filter(|id| side.probability(**id).is_none())
            .count()
    };
    let (most_theirs, most_ours) = (
        theirs.most_unlisted(missing(&theirs)),
        ours.most_unlisted(missing(&ours)),
    );
    let mut aligned = Aligned {
        reported: Vec::new(),
        replayed: Vec::new(),
    };
    for id in ids.iter().chain(&others) {
        let (p, q) = (theirs.probability(*id), ours.probability(*id));
        aligned
            .reported
            .push(p.unwrap_or(q.unwrap_or(0.0).min(most_theirs)));
        aligned
            .replayed
            .push(q.unwrap_or(p.unwrap_or(0.0).min(most_ours)));
    }
    close(&mut aligned.reported);
    close(&mut aligned.replayed);
    Some(aligned)
}

/// One list with its sum.
struct Side<'a> {
    ids: &'a [u32],
    probabilities: Vec<f64>,
    sum: f64,
}

impl<'a> Side<'a> {
    fn new(ids: &'a [u32], log_probs: &[f32]) -> Side<'a> {
        let probabilities: Vec<f64> = log_probs
            .iter()
            .map(|value| libm::exp(f64::from(*value).min(0.0)))
            .collect();
        let sum = probabilities.iter().sum();
        Side {
            ids,
            probabilities,
            sum,
        }
    }

    fn probability(&self, id: u32) -> Option<f64> {
        let at = self.ids.iter().position(|other| *other == id)?;
        self.probabilities.get(at).copied()
    }

    /// The most that each of `missing` tokens can have.
    fn most_unlisted(&self, missing: usize) -> f64 {
        let least = self.probabilities.iter().copied().fold(f64::INFINITY, f64::min);
        least.min((1.0 - self.sum).max(0.0) / missing.max(1) as f64)
    }
}

/// Adds the tail, and scales away what rounding has put above one.
fn close(cells: &mut Vec<f64>) {
    let sum: f64 = cells.iter().sum();
    if sum > 1.0 {
        cells.iter_mut().for_each(|cell| *cell /= sum);
    }
    cells.push((1.0 - sum).max(0.0));
}

#[cfg(test)]
mod tests {
    use super::super::jensen_shannon;
    use super::*;

    fn list(cells: &[(u32, f64)]) -> TopK {
        let sum: f64 = cells.iter().map(|(_, p)| p).sum();
        TopK {
            ids: cells.iter().map(|(id, _)| *id).collect(),
            log_probs: cells.iter().map(|(_, p)| libm::log(*p) as f32).collect(),
            tail: (1.0 - sum) as f32,
        }
    }

    #[test]
    fn the_tail_is_what_is_not_listed() {
        let aligned = align(&list(&[(0, 0.6), (1, 0.2)]), &list(&[(0, 0.5), (1, 0.3)]), 5).expect("a list");
        assert_eq!(aligned.reported.len(), 3);
        assert!((aligned.replayed[2] - 0.2).abs() < 1e-6 && (aligned.reported[2] - 0.2).abs() < 1e-6);
        assert!((aligned.reported.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_list_of_unlikely_tokens_with_honest_values_does_not_match() {
        let replayed = list(&[(0, 0.6), (1, 0.3), (2, 0.06), (3, 0.04)]);
        let aligned = align(&list(&[(2, 0.06), (3, 0.04)]), &replayed, 2).expect("a list");
        assert!(jensen_shannon(&aligned) > 0.2, "{}", jensen_shannon(&aligned));
    }

    #[test]
    fn an_honest_list_matches_even_where_the_last_place_is_another_token() {
        let (ours, theirs) = (
            [(0, 0.6), (1, 0.2), (2, 0.1001)],
            [(0, 0.6), (1, 0.2), (3, 0.0999)],
        );
        let aligned = align(&list(&theirs), &list(&ours), 3).expect("a list");
        assert!(jensen_shannon(&aligned) < 1e-4);
    }

    #[test]
    fn entries_beyond_the_agreed_number_do_not_count() {
        let replayed = list(&[(0, 0.5), (1, 0.3)]);
        let padded = list(&[(0, 0.5), (1, 0.3), (7, 0.1), (8, 0.05)]);
        assert_eq!(
            align(&padded, &replayed, 2),
            align(&list(&[(0, 0.5), (1, 0.3)]), &replayed, 2)
        );
    }

    #[test]
    fn what_is_no_list_of_log_probabilities_is_refused() {
        let replayed = list(&[(0, 0.5), (1, 0.5)]);
        for (ids, log_probs) in [
            (vec![], vec![]),
            (vec![0], vec![]),
            (vec![0, 0], vec![-1.0, -1.0]),
            (vec![0], vec![f32::NAN]),
            (vec![0], vec![0.5]),
            (vec![0, 1], vec![-0.1, -0.2]),
        ] {
            let reported = TopK {
                ids,
                log_probs,
                tail: 0.0,
            };
            assert!(align(&reported, &replayed, 5).is_none(), "{reported:?}");
        }
        // A probability of zero is a claim like any other.
        let certain = TopK {
            ids: vec![0, 1],
            log_probs: vec![0.0, f32::NEG_INFINITY],
            tail: 0.0,
        };
        assert!(align(&certain, &replayed, 5).is_some());
    }
}
