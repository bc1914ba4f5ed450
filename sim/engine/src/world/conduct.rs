//! What may have served an answer: the promised model, a substitute, or a substitute behind a forged artifact.
//!
//! Invariant: number 0 is the promised model and number n the calibration's substitute n with its own artifact;
//! further kinds are numbered in the order in which participants first ask for them, which is the same on
//! every machine.

use stakeout_calibration::{Attack, Calibration};
use stakeout_kernel::sample::threshold;
use stakeout_protocol::units::Fraction;

use crate::strategy::Artifact;

/// Parts per million in one.
const PPM: u32 = 1_000_000;
/// Kinds at most: a record keeps the number in a byte.
const KINDS_MAX: usize = 255;
/// Operating points of the seed-synchronised check begin with this word.
const SECOND_CHECK: &str = "S2";

/// One kind of answer: what it costs, and what a validator finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conduct {
    /// Substitute that the kind was made from, in the calibration's numbering.
    substitute: u8,
    artifact: Artifact,
    /// Law of its scores, in the calibration's numbering.
    pub law: u8,
    /// Prefill of the prompt relative to the promised model's, ppm.
    pub prefill_ppm: u32,
    /// Decode relative to the promised model's, ppm.
    pub decode_ppm: u32,
    /// Prefill of prompt and answer by the promised model on top, ppm.
    pub extra_prefill_ppm: u32,
    /// Distance found relative to the law's, ppm.
    pub distance_ppm: u32,
    /// Validators get no payload.
    pub is_withheld: bool,
    /// Its prompt is one on which honest validators disagree.
    pub is_awkward: bool,
    /// Nobody pays for it.
    pub is_unpaid: bool,
    /// A word of the second check below this finds it.
    pub found_below: u64,
}

/// All kinds of a run.
#[derive(Clone, Debug)]
pub(crate) struct Conducts {
    kinds: Vec<Conduct>,
    /// Number of the marked twin of each kind, once a purse has asked for marks.
    marked: Vec<u8>,
    /// Chance that the second check finds an answer, by (substitute, attack).
    powers: Vec<(u8, Attack, f64)>,
    false_alarm: f64,
}

impl Conducts {
    /// The kinds that a calibration names.
    pub(crate) fn new(calibration: &Calibration) -> Self {
        let points = calibration.operating_points().iter();
        let second: Vec<_> = points
            .filter(|point| point.label.starts_with(SECOND_CHECK))
            .collect();
        let mut conducts = Self {
            kinds: Vec::new(),
            marked: Vec::new(),
            powers: second
                .iter()
                .map(|point| (point.substitute, point.attack, point.true_positive.estimate))
                .collect(),
            false_alarm: second
                .iter()
                .map(|point| point.false_positive.estimate)
                .fold(0.0, f64::max),
        };
        for (index, substitute) in calibration.substitutes().iter().enumerate() {
            let kind = Conduct {
                substitute: index as u8,
                artifact: Artifact::Own,
                law: index as u8,
                prefill_ppm: ppm(substitute.prefill_cost),
                decode_ppm: ppm(substitute.decode_cost),
                extra_prefill_ppm: 0,
                distance_ppm: PPM,
                is_withheld: false,
                is_awkward: false,
                is_unpaid: false,
                found_below: conducts.found_below(index as u8, Attack::Naive, PPM),
            };
            conducts.kinds.push(kind);
        }
        conducts
    }

    /// The kind of this number.
    #[inline]
    pub(crate) fn get(&self, number: u8) -> &Conduct {
        &self.kinds[usize::from(number)]
    }

    /// Whether nobody pays for each kind, by number.
    pub(crate) fn unpaid(&self) -> impl Iterator<Item = bool> {
        self.kinds.iter().map(|kind| kind.is_unpaid)
    }

    /// The number of a substitute behind an artifact. Kinds beyond the last number share the substitute's own.
    pub(crate) fn number(&mut self, substitute: u8, artifact: Artifact) -> u8 {
        let known = |kind: &Conduct| {
            kind.substitute == substitute && kind.artifact == artifact && !kind.is_awkward && !kind.is_unpaid
        };
        if let Some(at) = self.kinds.iter().position(known) {
            return at as u8;
        }
        if self.kinds.len() >= KINDS_MAX {
            return substitute;
        }
        let kind = self.behind(substitute, artifact);
        self.kinds.push(kind);
        (self.kinds.len() - 1) as u8
    }

    /// Gives every kind a twin for the purse's requests: unpaid, or about an awkward prompt.
    pub(crate) fn mark(&mut self, is_unpaid: bool) {
        let plain = |kind: &Conduct| !kind.is_awkward && !kind.is_unpaid;
        let numbers: Vec<usize> = (0..self.kinds.len())
            .filter(|&at| plain(&self.kinds[at]))
            .collect();
        self.marked = (0..=u8::MAX).collect();
        for at in numbers {
            let twin = Conduct {
                is_awkward: !is_unpaid,
                is_unpaid,
                ..self.kinds[at]
            };
            let known = self.kinds.iter().position(|kind| *kind == twin);
            let number = match known {
                Some(number) => number,
                None if self.kinds.len() >= KINDS_MAX => at,
                None => {
                    self.kinds.push(twin);
                    self.kinds.len() - 1
                }
            };
            self.marked[at] = number as u8;
        }
    }

    /// The number of the same kind for a request of the purse.
    pub(crate) fn marked(&self, number: u8) -> u8 {
        self.marked.get(usize::from(number)).copied().unwrap_or(number)
    }

    /// Another model than the promised one had a part in it.
    #[inline]
    pub(crate) fn is_cheat(&self, number: u8) -> bool {
        number != 0 && self.kinds[usize::from(number)].substitute != 0
    }

    fn behind(&self, substitute: u8, artifact: Artifact) -> Conduct {
        let own = self.kinds[usize::from(substitute)];
        let mut kind = Conduct { artifact, ..own };
        match artifact {
            Artifact::Own => {}
            Artifact::Laundered => {
                (kind.law, kind.extra_prefill_ppm) = (0, PPM);
                kind.found_below = self.found_below(substitute, Attack::Laundered, PPM);
            }
            Artifact::Diluted(part) => {
                kind.distance_ppm = of_ppm(part);
                kind.found_below = self.found_below(substitute, Attack::Optimised, PPM);
            }
            Artifact::Partial(share) => {
                let share = of_ppm(share);
                let mixed = |cost: u32| {
                    let whole = u64::from(PPM);
                    ((whole * (whole - u64::from(share)) + u64::from(cost) * u64::from(share)) / whole) as u32
                };
                // Both models have to read the prompt.
                kind.prefill_ppm = PPM + own.prefill_ppm;
                kind.decode_ppm = mixed(own.decode_ppm);
                kind.distance_ppm = share;
                kind.found_below = self.found_below(substitute, Attack::Mixed, share);
            }
            Artifact::Truncated(kept) => {
                (kind.prefill_ppm, kind.decode_ppm) = (of_ppm(kept), PPM);
            }
            Artifact::Withheld => kind.is_withheld = true,
        }
        kind
    }

    /// Threshold of the second check's word. An attack that was not measured is found as the naive one on the
    /// same substitute is, in proportion to its share of the answer; one on a substitute that was not measured
    /// as the least found of those that were.
    fn found_below(&self, substitute: u8, attack: Attack, share_ppm: u32) -> u64 {
        let of = |wanted: Attack| {
            let found = self
                .powers
                .iter()
                .find(|(known, level, _)| *known == substitute && *level == wanted);
            found.map(|(_, _, power)| *power)
        };
        let least = self
            .powers
            .iter()
            .map(|(_, _, power)| *power)
            .fold(f64::INFINITY, f64::min);
        let fallback = if least.is_finite() { least } else { 0.0 };
        if substitute == 0 {
            return threshold(self.false_alarm);
        }
        let share = f64::from(share_ppm) / f64::from(PPM);
        let power = of(attack).unwrap_or_else(|| of(Attack::Naive).unwrap_or(fallback) * share);
        if power >= 1.0 { u64::MAX } else { threshold(power) }
    }
}

fn ppm(ratio: f64) -> u32 {
    (ratio * f64::from(PPM) + 0.5) as u32
}

fn of_ppm(part: Fraction) -> u32 {
    (part.parts() / 1_000_000_000_000) as u32
}
