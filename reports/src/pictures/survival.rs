//! Time to detection as a survival curve: the share of cheaters still at large after so many answers.
//!
//! A cheater that a run ends on is censored, not innocent: the product-limit estimate (Kaplan and Meier,
//! J. Am. Stat. Assoc. 53, 1958) counts it as at risk until its last answer and then no more.

use std::collections::BTreeMap;

use stakeout_statistics::survival::{Subject, kaplan_meier};

use crate::frames::{ConvictionFrame, ParticipantFrame};
use crate::picture::{Axis, Body, Curve, Picture, Point, Scale, thinned};

/// Of the estimate's intervals, which are not drawn.
const CONFIDENCE: f64 = 0.95;

/// Share of cheaters unconvicted against answers finished, by strategy, pooled over replicates.
pub fn time_to_detection(participants: &ParticipantFrame, convictions: &ConvictionFrame) -> Picture {
    let careers = careers(participants, convictions);
    let curve = |(strategy, careers): (&usize, &Vec<Subject>)| Curve {
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
fn careers(participants: &ParticipantFrame, convictions: &ConvictionFrame) -> BTreeMap<usize, Vec<Subject>> {
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
    let mut careers: BTreeMap<usize, Vec<Subject>> = BTreeMap::new();
    for (key, (strategy, answers, _)) in totals.into_iter().filter(|(_, (_, _, cheated))| *cheated > 0) {
        let career = match convicted.get(&key) {
            Some(answers) => Subject {
                time: *answers,
                has_event: true,
            },
            None => Subject {
                time: answers,
                has_event: false,
            },
        };
        careers.entry(strategy).or_default().push(career);
    }
    careers
}

/// Product-limit estimate in percent, from (0, 100) on; one point a conviction and one at the last answer.
pub fn product_limit(careers: &[Subject]) -> Vec<Point> {
    let at = |answers: u64, share: f64| Point::sharp(answers as f64, 100.0 * share);
    let steps = kaplan_meier(careers, CONFIDENCE);
    let mut points = vec![at(0, 1.0)];
    points.extend(steps.iter().map(|step| at(step.time, step.survival)));
    let last = careers.iter().map(|career| career.time).max().unwrap_or(0);
    if points.last().is_some_and(|point| point.x < last as f64) {
        let share = steps.last().map_or(1.0, |step| step.survival);
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
            move |time| Subject {
                time,
                has_event: is_convicted,
            }
        };
        let careers: Vec<Subject> = convicted
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
        let points = product_limit(&[Subject {
            time: 9,
            has_event: false,
        }]);
        assert_eq!(points.iter().map(|p| p.mean).collect::<Vec<_>>(), [100.0, 100.0]);
    }
}
