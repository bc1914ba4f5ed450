//! Score laws in the form that the event loop draws from: integers alone.
//!
//! A score is a function of two uniform 64-bit words: one that all validators of an inference share and
//! that picks the prompt's class, and the validator's own, which is looked up in the quantile function of
//! the class. So validators agree more often than independent ones would: the common shock of
//! docs/spec/calibration.md, "Law of one score".
//!
//! **Invariant.** Monotone: a greater `own_draw` never gives a smaller similarity, so that two arms of an
//! experiment that share their draws differ only where their laws do.

use crate::check::ppb;
use crate::file::{Calibration, Law};

/// Cells of a law's guide: where to start looking for the segment of a draw.
const CELLS: usize = 256;
const CELL_SHIFT: u32 = 56;
/// Number of 64-bit words.
const WORDS: u128 = 1 << 64;
const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// All score laws of a calibration, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreTable {
    kernels: usize,
    classes: usize,
    substitutes: usize,
    /// First word of class 1, 2, …: class 0 begins at word 0.
    class_starts: Vec<u64>,
    laws: Vec<CompiledLaw>,
    segments: Vec<Segment>,
}

/// A quantile function: `segments[first..end]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CompiledLaw {
    first: u32,
    end: u32,
    /// Segment (from `first`) that holds the first word of each cell.
    guide: [u8; CELLS],
}

/// Words from `start` up to the next segment map to `low + ((word - start)·slope >> 64)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    start: u64,
    slope: u64,
    low: u32,
}

impl Calibration {
    /// The compiled laws; indices are those of [`substitute_index`](Self::substitute_index) and
    /// [`kernel_index`](Self::kernel_index).
    pub fn compile(&self) -> ScoreTable {
        let mut table = ScoreTable {
            kernels: self.file.kernels.len(),
            classes: self.file.prompts.len(),
            substitutes: self.file.substitutes.len(),
            class_starts: Vec::new(),
            laws: Vec::with_capacity(self.file.laws.len()),
            segments: Vec::new(),
        };
        let mut below = 0.0;
        for class in &self.file.prompts[..self.file.prompts.len() - 1] {
            below += class.share;
            table.class_starts.push(word(below));
        }
        for law in &self.file.laws {
            table.push_law(law);
        }
        table
    }
}

impl ScoreTable {
    /// Number of kernels.
    pub fn kernel_count(&self) -> u8 {
        self.kernels as u8
    }

    /// Number of substitutes, the promised model included.
    pub fn substitute_count(&self) -> u8 {
        self.substitutes as u8
    }

    /// Number of prompt classes.
    pub fn class_count(&self) -> u8 {
        self.classes as u8
    }

    /// Class of a prompt: the shock that all validators of its answer share.
    #[inline]
    pub fn class(&self, prompt_draw: u64) -> u8 {
        self.class_starts
            .iter()
            .take_while(|start| **start <= prompt_draw)
            .count() as u8
    }

    /// Share of the prompts that belong to a class, exactly as drawn.
    pub fn class_share(&self, class: u8) -> f64 {
        let class = class as usize;
        let start = if class == 0 {
            0
        } else {
            u128::from(self.class_starts[class - 1])
        };
        let end = self
            .class_starts
            .get(class)
            .map_or(WORDS, |start| u128::from(*start));
        (end - start) as f64 / TWO_POW_64
    }

    /// Similarity in parts per 10^9 that one validator finds.
    ///
    /// `prompt_draw` is the inference's word, the same for all its validators; `own_draw` is this
    /// validator's word on this inference.
    #[inline]
    pub fn similarity_ppb(
        &self,
        substitute: u8,
        executor: u8,
        validator: u8,
        prompt_draw: u64,
        own_draw: u64,
    ) -> u32 {
        let law = &self.laws[self.law_index(substitute, executor, validator, self.class(prompt_draw))];
        let mut index = law.first as usize + law.guide[(own_draw >> CELL_SHIFT) as usize] as usize;
        let end = law.end as usize;
        while index + 1 < end && self.segments[index + 1].start <= own_draw {
            index += 1;
        }
        self.segments[index].similarity(own_draw)
    }

    /// Probability that one validator passes an answer at a threshold, over prompts and own noise.
    ///
    /// Exact for the compiled law: the words that pass are counted, not sampled. Passing is strict, as in
    /// gonka-ai/gonka x/inference (value > threshold).
    pub fn pass_probability(&self, substitute: u8, executor: u8, validator: u8, threshold_ppb: u32) -> f64 {
        let in_class = |class| {
            self.class_share(class)
                * self.class_pass_probability(substitute, executor, validator, class, threshold_ppb)
        };
        (0..self.class_count()).map(in_class).sum()
    }

    /// The same among prompts of one class: what is left is the validator's own noise.
    pub fn class_pass_probability(
        &self,
        substitute: u8,
        executor: u8,
        validator: u8,
        class: u8,
        threshold_ppb: u32,
    ) -> f64 {
        let law = &self.laws[self.law_index(substitute, executor, validator, class)];
        let segments = &self.segments[law.first as usize..law.end as usize];
        let mut passing = 0u128;
        for (index, segment) in segments.iter().enumerate() {
            let end = segments
                .get(index + 1)
                .map_or(WORDS, |next| u128::from(next.start));
            passing += segment.passing(end - u128::from(segment.start), threshold_ppb);
        }
        passing as f64 / TWO_POW_64
    }

    /// Correlation of the failures of two validators on one answer: 0 if the prompt decides nothing, 1 if
    /// it decides all. Undefined, hence `None`, where failing or passing is certain.
    ///
    /// ```text
    /// Var(f_class) / (f·(1 − f))      f_class: failure probability in a class, f: over all classes
    /// ```
    pub fn failure_correlation(
        &self,
        substitute: u8,
        executor: u8,
        validator: u8,
        threshold_ppb: u32,
    ) -> Option<f64> {
        let mean = 1.0 - self.pass_probability(substitute, executor, validator, threshold_ppb);
        let mut variance = 0.0;
        for class in 0..self.class_count() {
            let pass = self.class_pass_probability(substitute, executor, validator, class, threshold_ppb);
            let deviation = (1.0 - pass) - mean;
            variance += self.class_share(class) * deviation * deviation;
        }
        let total = mean * (1.0 - mean);
        (total > 0.0).then(|| variance / total)
    }

    #[inline]
    fn law_index(&self, substitute: u8, executor: u8, validator: u8, class: u8) -> usize {
        let kernel_pair =
            (substitute as usize * self.kernels + executor as usize) * self.kernels + validator as usize;
        kernel_pair * self.classes + class as usize
    }

    fn push_law(&mut self, law: &Law) {
        let first = self.segments.len();
        for pair in law.quantiles.windows(2) {
            let (start, end) = (word(pair[0].p), u128::from(word(pair[1].p)));
            let end = if pair[1].p >= 1.0 { WORDS } else { end };
            let (low, high) = (ppb(pair[0].similarity), ppb(pair[1].similarity));
            // A segment is at least 10^-9 wide (2^34 words) and rises by less than 2^30: the slope fits.
            let slope = (u128::from(high - low) << 64) / (end - u128::from(start));
            self.segments.push(Segment {
                start,
                slope: slope as u64,
                low,
            });
        }
        let end = self.segments.len();
        let mut guide = [0u8; CELLS];
        for (cell, entry) in guide.iter_mut().enumerate() {
            let cell_start = (cell as u64) << CELL_SHIFT;
            let reached = self.segments[first..end]
                .iter()
                .take_while(|segment| segment.start <= cell_start)
                .count();
            *entry = (reached - 1) as u8;
        }
        self.laws.push(CompiledLaw {
            first: first as u32,
            end: end as u32,
            guide,
        });
    }
}

impl Segment {
    #[inline]
    fn similarity(&self, word: u64) -> u32 {
        let rise = (u128::from(word - self.start) * u128::from(self.slope)) >> 64;
        self.low + rise as u32
    }

    /// How many of the segment's `width` words give a similarity above the threshold.
    fn passing(&self, width: u128, threshold_ppb: u32) -> u128 {
        if self.low > threshold_ppb {
            return width;
        }
        if self.slope == 0 {
            return 0;
        }
        let rise = u128::from(threshold_ppb - self.low) + 1;
        let first_passing = (rise << 64).div_ceil(u128::from(self.slope));
        width.saturating_sub(first_passing)
    }
}

/// The word below which a share `p < 1` of all words lies; `p = 1` saturates at the last word.
fn word(p: f64) -> u64 {
    (p * TWO_POW_64) as u64
}

#[cfg(test)]
mod tests {
    use crate::Calibration;

    /// Two classes (3/4 and 1/4), one kernel, laws with round numbers.
    const SMALL: &str = include_str!("../tests/small.yaml");

    fn small() -> Calibration {
        Calibration::from_yaml(SMALL).expect("the test calibration is valid")
    }

    #[test]
    fn a_draw_reads_the_quantile_function() {
        let table = small().compile();
        // Regular prompts of the promised model: uniform on 0.9..1.
        assert_eq!(table.similarity_ppb(0, 0, 0, 0, 0), 900_000_000);
        assert_eq!(table.similarity_ppb(0, 0, 0, 0, 1 << 63), 950_000_000);
        assert_eq!(
            table.similarity_ppb(0, 0, 0, (3 << 62) - 1, u64::MAX),
            999_999_999
        );
        // Degenerate prompts: 0.2 up to p = 1/2, then 0.2..0.4.
        assert_eq!(table.similarity_ppb(0, 0, 0, 3 << 62, 1 << 62), 200_000_000);
        assert_eq!(table.similarity_ppb(0, 0, 0, u64::MAX, 3 << 62), 300_000_000);
    }

    #[test]
    fn the_pass_probability_is_the_share_of_passing_words() {
        let table = small().compile();
        let at = |threshold| table.pass_probability(0, 0, 0, threshold);
        assert!((at(950_000_000) - 0.75 * 0.5).abs() < 1e-8);
        assert!((at(300_000_000) - (0.75 + 0.25 * 0.25)).abs() < 1e-8);
        assert_eq!(at(199_999_999), 1.0);
        // Strict: the atom at 0.2 does not pass a threshold of 0.2.
        assert!((table.class_pass_probability(0, 0, 0, 1, 200_000_000) - 0.5).abs() < 1e-8);
        assert_eq!(at(1_000_000_000), 0.0);
    }

    #[test]
    fn the_count_of_passing_words_ends_at_the_first_failing_word() {
        let table = small().compile();
        for threshold in [900_000_000, 912_345_678, 950_000_000, 999_999_998] {
            let share = table.class_pass_probability(0, 0, 0, 0, threshold);
            let first = ((1.0 - share) * super::TWO_POW_64) as u64;
            // The share is a double: step away by more than its last digit.
            assert!(table.similarity_ppb(0, 0, 0, 0, first.saturating_add(1 << 16)) > threshold);
            assert!(table.similarity_ppb(0, 0, 0, 0, first.saturating_sub(1 << 16)) <= threshold);
        }
    }

    #[test]
    fn a_greater_word_never_gives_a_smaller_similarity() {
        let table = Calibration::builtin("published-gonka")
            .expect("built in")
            .compile();
        for substitute in 0..table.substitute_count() {
            for prompt_draw in [0, u64::MAX] {
                let mut before = 0;
                for step in 0..4096u64 {
                    let similarity = table.similarity_ppb(substitute, 0, 1, prompt_draw, step << 52 | step);
                    assert!(similarity >= before);
                    before = similarity;
                }
            }
        }
    }

    #[test]
    fn failures_of_two_validators_correlate_as_the_classes_say() {
        let table = small().compile();
        // At 0.5 a prompt alone decides: correlation 1. At 0.95: f = .5 and 1, mean .625.
        assert!((table.failure_correlation(0, 0, 0, 500_000_000).unwrap() - 1.0).abs() < 1e-9);
        let expected = (0.75 * 0.125f64 * 0.125 + 0.25 * 0.375 * 0.375) / (0.625 * 0.375);
        assert!((table.failure_correlation(0, 0, 0, 950_000_000).unwrap() - expected).abs() < 1e-7);
        assert_eq!(table.failure_correlation(0, 0, 0, 0), None);
    }
}
