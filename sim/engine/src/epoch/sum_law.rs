//! The law of the sum of eight lengths, so that one word gives the sum of eight.
//!
//! Most lengths lie in a body of at most [`BODY`] values; those above are rare and are drawn one by one, and how many
//! lengths lie between two of them is geometric. The law of the sum of eight lengths of the body is the eightfold
//! convolution of theirs.
//!
//! **Invariant.** A sum over lengths has the law of a sum of single draws, to within 2e-6 of probability a draw, as
//! that of a single draw is.

use std::sync::Arc;

use stakeout_kernel::sample::{AliasTable, WeightedIndex, below, convolution_power, neg_ln, threshold};
use stakeout_kernel::streams::StreamKey;

use crate::world::Lengths;

/// Doublings from one length to as many as a word sums up.
const DOUBLINGS: u32 = 3;
/// Lengths that a word sums up.
const EIGHT: usize = 1 << DOUBLINGS;
/// Values of the body.
const BODY: u32 = 8_192;
/// With a larger part of all lengths above the body, sums of eight save nothing.
const ABOVE_MAX: f64 = 0.1;
/// Draws of a single length.
const DRAWS: u64 = 1 << 32;
/// Blocks of words that are computed side by side.
const BATCH: usize = 3;
/// Draws that they hold.
const BATCH_DRAWS: usize = 4 * BATCH;
/// Sums of eight in the window that is looked at first.
const WINDOW: usize = (1 << 14) - 1;
/// Marks the draws of lengths above the body, and those of sums outside the window.
const ABOVE: u64 = 1 << 63;
const OTHERS: u64 = 1 << 62;
/// Weight of a certainty among the sums outside the window.
const WEIGHT: f64 = 1_152_921_504_606_846_976.0;

/// A law of lengths that can be summed up.
#[derive(Debug)]
pub struct SumLaw {
    single: Single,
    /// Draws of a single length, from the shortest on, that lie in the body.
    body: u64,
    /// The shortest length.
    shortest: u64,
    /// How many lengths lie between two above the body, for an exponential draw of one; none if all are in the body.
    gap: Option<f64>,
    /// Lengths of the body, by what they have above the shortest.
    singles: AliasTable,
    /// Sums of eight of them by their place in a window, after which one outcome stands for all others.
    eights: AliasTable,
    /// What a sum has above eight times the shortest where the window begins.
    window: u64,
    /// The other sums, by what they have above eight times the shortest.
    others: WeightedIndex,
}

/// Lengths that are summed up.
#[derive(Clone, Copy, Debug)]
pub struct Lot {
    /// Counter of the first block. There are fewer blocks than lengths.
    pub first: u64,
    /// How many.
    pub count: u32,
}

/// Where the words of a sum are.
#[derive(Clone, Copy, Debug)]
struct SumWords {
    key: StreamKey,
    first: u64,
    /// Which of the laws that are drawn from this counter on.
    law: u64,
}

/// Draws of many hosts, side by side.
#[derive(Debug, Default)]
pub struct SumDraws {
    eights: Vec<u32>,
    singles: Vec<u32>,
    /// Where the draws of each host end.
    ends: Vec<(usize, usize)>,
    /// Running totals of what they give.
    eights_until: Vec<u64>,
    singles_until: Vec<u64>,
    /// Draws of eights that gave a sum outside the window.
    others: Vec<usize>,
}

impl SumDraws {
    /// Room for the draws of these hosts, and for what a block gives too many.
    fn reserve(&mut self, hosts: &[Lot]) {
        let eights: usize = hosts.iter().map(|lot| lot.count as usize / EIGHT).sum();
        let singles = hosts.len() * (EIGHT - 1);
        if self.eights.len() < eights + BATCH_DRAWS {
            self.eights.resize(eights + BATCH_DRAWS, 0);
            self.eights_until.resize(eights + 1, 0);
        }
        if self.singles.len() < singles + BATCH_DRAWS {
            self.singles.resize(singles + BATCH_DRAWS, 0);
            self.singles_until.resize(singles + 1, 0);
        }
        self.ends.clear();
    }

    /// Lays out a host's draws behind those before; `at` says where these end.
    #[inline(always)]
    fn lay_out(
        &mut self,
        words: &SumWords,
        of_eights: usize,
        of_singles: usize,
        at: (&mut usize, &mut usize),
    ) {
        let (mut eights, mut left, mut block) = (of_eights, of_eights + of_singles, words.first);
        while left > 0 {
            let batch = words.key.draw2_batch::<BATCH>(block, words.law);
            let mut draws = [0; 2 * BATCH_DRAWS];
            for (pair, word) in draws.chunks_exact_mut(2).zip(batch.as_flattened()) {
                (pair[0], pair[1]) = ((word >> 32) as u32, *word as u32);
            }
            // As many as there are in a batch are copied, and those too many written over by the next.
            let used = left.min(BATCH_DRAWS);
            let first = eights.min(used);
            self.eights[*at.0..][..BATCH_DRAWS].copy_from_slice(&draws[..BATCH_DRAWS]);
            self.singles[*at.1..][..BATCH_DRAWS].copy_from_slice(&draws[first..][..BATCH_DRAWS]);
            *at.0 += first;
            *at.1 += used - first;
            eights -= first;
            left -= used;
            block += BATCH as u64;
        }
    }
}

impl SumLaw {
    /// The law of lengths cut at `most`; none if too many lie above what a table holds.
    pub fn new(law: Arc<Lengths>, most: u32) -> Option<Self> {
        let falls = law.sample(0) > law.sample(u32::MAX);
        let single = Single { law, most, falls };
        let shortest = single.length(0);
        let (chances, body) = single.body(shortest);
        let above = (DRAWS - body) as f64 / DRAWS as f64;
        if above > ABOVE_MAX {
            return None;
        }
        let mut sums = convolution_power(&chances, DOUBLINGS);
        let start = likeliest_window(&sums);
        let end = (start + WINDOW).min(sums.len());
        let mut window = vec![0.0; WINDOW + 1];
        for (chance, sum) in window.iter_mut().zip(&mut sums[start..end]) {
            *chance = std::mem::take(sum);
        }
        window[WINDOW] = sums.iter().sum();
        let weights: Vec<u64> = sums.iter().map(|chance| (chance * WEIGHT) as u64).collect();
        Some(Self {
            single,
            body,
            shortest: u64::from(shortest),
            gap: (above > 0.0).then(|| 1.0 / neg_ln(threshold(1.0 - above))),
            singles: AliasTable::new(&chances),
            eights: AliasTable::new(&window),
            window: start as u64,
            others: WeightedIndex::new(&weights),
        })
    }

    /// The sums of the lengths of many hosts' answers, into `sums`, in order. Draws lie where `words` says, from the counter
    /// of each host on.
    ///
    /// How many lengths a host has is a matter of chance, and a loop over them ends by chance, which a processor foresees badly.
    /// So the draws of all hosts are laid side by side, looked up in one go, and each host's are the difference of two
    /// running totals.
    pub fn sum_all(
        &self,
        (key, law): (StreamKey, u64),
        hosts: &[Lot],
        sums: &mut Vec<u64>,
        draws: &mut SumDraws,
    ) {
        sums.clear();
        draws.reserve(hosts);
        let (mut eights, mut singles) = (0, 0);
        for lot in hosts {
            let words = SumWords {
                key,
                first: lot.first,
                law,
            };
            let (above, sum) = self.sum_above(&words, lot.count);
            let body = (lot.count - above) as usize;
            let of_eights = body / EIGHT;
            sums.push(sum + body as u64 * self.shortest + of_eights as u64 * self.window);
            draws.lay_out(&words, of_eights, body % EIGHT, (&mut eights, &mut singles));
            draws.ends.push((eights, singles));
        }
        draws.others.clear();
        let mut total = 0;
        for (at, draw) in draws.eights[..eights].iter().enumerate() {
            match self.eights.pick(*draw) {
                WINDOW => draws.others.push(at),
                place => total += place as u64,
            }
            draws.eights_until[at + 1] = total;
        }
        total = 0;
        for (at, draw) in draws.singles[..singles].iter().enumerate() {
            total += self.singles.pick(*draw) as u64;
            draws.singles_until[at + 1] = total;
        }
        let mut start = (0, 0);
        for (sum, &end) in sums.iter_mut().zip(&draws.ends) {
            *sum += draws.eights_until[end.0] - draws.eights_until[start.0];
            *sum += draws.singles_until[end.1] - draws.singles_until[start.1];
            start = end;
        }
        for &at in &draws.others {
            let host = draws.ends.partition_point(|end| end.0 <= at);
            let words = SumWords {
                key,
                first: hosts[host].first,
                law,
            };
            sums[host] += self.sum_of_others(draws.eights[at], &words);
            sums[host] -= self.window;
        }
    }

    /// What a sum of eight outside the window has above eight times the shortest: a word found by the draw that said so.
    fn sum_of_others(&self, draw: u32, words: &SumWords) -> u64 {
        let sub = OTHERS | u64::from(draw) << 16 | words.law;
        self.others.pick(words.key.draw(words.first, sub)) as u64
    }

    /// How many of `count` lengths lie above the body, and their sum.
    fn sum_above(&self, words: &SumWords, count: u32) -> (u32, u64) {
        let (mut found, mut sum) = (0, 0);
        let Some(per_length) = self.gap else {
            return (found, sum);
        };
        let mut place = 0;
        loop {
            // A gap and, if it ends among the lengths, the length that ends it.
            let [gap, word] = words
                .key
                .draw2(words.first, ABOVE | u64::from(found) << 16 | words.law);
            place += (neg_ln(gap) * per_length) as u64;
            if place >= u64::from(count) {
                return (found, sum);
            }
            place += 1;
            found += 1;
            sum += u64::from(self.single.length(self.body + below(word, DRAWS - self.body)));
        }
    }
}

/// Where a window begins that has as much of the chances as any.
fn likeliest_window(chances: &[f64]) -> usize {
    let mut mass: f64 = chances.iter().take(WINDOW).sum();
    let mut best = (mass, 0);
    for start in 1..=chances.len().saturating_sub(WINDOW) {
        mass += chances[start + WINDOW - 1] - chances[start - 1];
        if mass > best.0 {
            best = (mass, start);
        }
    }
    best.1
}

/// Single lengths, drawn from the shortest on.
#[derive(Clone, Debug)]
struct Single {
    law: Arc<Lengths>,
    /// No length is longer.
    most: u32,
    /// The law is drawn downwards.
    falls: bool,
}

impl Single {
    #[inline(always)]
    fn length(&self, draw: u64) -> u32 {
        let draw = draw as u32 ^ u32::from(self.falls).wrapping_neg();
        self.law.sample(draw).min(self.most)
    }

    /// The chances of the lengths of the body, and how many draws give one of them.
    fn body(&self, shortest: u32) -> (Vec<f64>, u64) {
        let longest = self.length(DRAWS - 1).min(shortest.saturating_add(BODY - 1));
        let mut body = 0;
        let mut chances = Vec::with_capacity((longest - shortest) as usize + 1);
        for length in shortest..=longest {
            let end = self.draws_until(length, body);
            chances.push((end - body) as f64);
            body = end;
        }
        chances.iter_mut().for_each(|chance| *chance /= body as f64);
        (chances, body)
    }

    /// How many draws give at most `length`, of whom the first `from` give less.
    fn draws_until(&self, length: u32, from: u64) -> u64 {
        let (mut low, mut high) = (from, DRAWS);
        while low < high {
            let middle = u64::midpoint(low, high);
            if self.length(middle) <= length {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}
