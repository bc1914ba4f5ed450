//! Time to detection as a survival curve: the share of cheaters still at large after so many answers.
//!
//! A cheater that a run ends on is censored, not innocent: the product-limit estimate (Kaplan and Meier,
//! J. Am. Stat. Assoc. 53, 1958) counts it as at risk until its last answer and then no more.

use std::collections::BTreeMap;

use crate::frames::{ConvictionFrame, ParticipantFrame};
use crate::picture::{Axis, Body, Curve, Picture, Point, Scale, thinned};

/// One cheater: how many answers it finished, and whether a conviction ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Career {
    /// Answers finished until the conviction or the end of the run.
    pub answers: u64,
    /// It ended in a conviction.
    pub is_convicted: bool,
}

/// Share of cheaters unconvicted against answers finished, by strategy, pooled over replicates.
pub fn time_to_detection(participants: &ParticipantFrame, convictions: &ConvictionFrame) -> Picture {
    let careers = careers(participants, convictions);
    let curve = |(strategy, careers): (&usize, &Vec<Career>)| Curve {
        name: participants.strategies[*strategy].clone(),
        points: thinned(product_limit(careers)),
        is_step: true,
        colour: *strategy,
    };
    Picture {
        name: "detection".into(),
        title: "Time to detection".into(),
        caption: "Product-limit estimate over all cheaters and replicates; a cheater still at large when the run ends \
                  counts until its last answer"
            .into(),
        x: Axis::new("answers finished by the cheater", Scale::Whole),
        y: Axis::new("% of cheaters not yet convicted", Scale::Linear).between(0.0, 100.0),
        body: Body::Curves(careers.iter().map(curve).collect()),
        omitted: 0,
    }
    .limited()
}

/// Careers of all participants that ever served a substitute, by strategy.
fn careers(participants: &ParticipantFrame, convictions: &ConvictionFrame) -> BTreeMap<usize, Vec<Career>> {
    let mut totals: BTreeMap<(u32, u32), (usize, u64, u64)> = BTreeMap::new();
    for row in 0..participants.len() {
        let key = (participants.replicate[row], participants.participant[row]);
        let (_, answers, cheated) = totals.entry(key).or_insert((participants.strategy[row], 0, 0));
        *answers += participants.inferences[row];
        *cheated += participants.cheated[row];
    }
    let keys = convictions
        .replicate
        .iter()
        .copied()
        .zip(convictions.participant.iter().copied());
    let convicted: BTreeMap<(u32, u32), u64> = keys.zip(convictions.answers.iter().copied()).collect();
    let mut careers: BTreeMap<usize, Vec<Career>> = BTreeMap::new();
    for (key, (strategy, answers, _)) in totals.into_iter().filter(|(_, (_, _, cheated))| *cheated > 0) {
        let career = match convicted.get(&key) {
            Some(answers) => Career {
                answers: *answers,
                is_convicted: true,
            },
            None => Career {
                answers,
                is_convicted: false,
            },
        };
        careers.entry(strategy).or_default().push(career);
    }
    careers
}

/// Product-limit estimate in percent, from (0, 100) on; one point a conviction and one at the last answer.
pub fn product_limit(careers: &[Career]) -> Vec<Point> {
    let at = |x: u64, share: f64| {
        let percent = 100.0 * share;
        Point::sharp(x as f64, percent)
    };
    let mut by_answers: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    for career in careers {
        let (convicted, censored) = by_answers.entry(career.answers).or_default();
        *(if career.is_convicted { convicted } else { censored }) += 1;
    }
    let (mut at_risk, mut share) = (careers.len() as u64, 1.0);
    let mut points = vec![at(0, share)];
    for (answers, (convicted, censored)) in &by_answers {
        if *convicted > 0 {
            share *= 1.0 - *convicted as f64 / at_risk as f64;
            points.push(at(*answers, share));
        }
        at_risk -= convicted + censored;
    }
    let last = by_answers.keys().next_back().copied().unwrap_or(0);
    if points.last().is_some_and(|p| p.x < last as f64) {
        points.push(at(last, share));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_limit_agrees_with_the_textbook() {
        // The 6-MP arm of Freireich et al., Blood 21 (1963): remission in weeks, + marks a censored one.
        let convicted = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let career = |is_convicted| {
            move |answers| Career {
                answers,
                is_convicted,
            }
        };
        let careers: Vec<Career> = convicted
            .map(career(true))
            .into_iter()
            .chain(censored.map(career(false)))
            .collect();
        let published = [
            (6, 0.857),
            (7, 0.807),
            (10, 0.753),
            (13, 0.690),
            (16, 0.627),
            (22, 0.538),
            (23, 0.448),
        ];
        let points = product_limit(&careers);
        for (answers, share) in published {
            let point = points.iter().find(|p| p.x == f64::from(answers)).unwrap();
            assert!(
                (point.mean / 100.0 - share).abs() < 0.000_6,
                "after {answers}: {} for {share}",
                point.mean
            );
        }
        assert_eq!((points[0].x, points[0].mean), (0.0, 100.0));
        assert_eq!(points.last().unwrap().x, 35.0);
    }

    #[test]
    fn nobody_convicted_means_everybody_at_large() {
        let points = product_limit(&[Career {
            answers: 9,
            is_convicted: false,
        }]);
        assert_eq!(points.iter().map(|p| p.mean).collect::<Vec<_>>(), [100.0, 100.0]);
    }
}
