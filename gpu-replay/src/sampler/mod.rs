//! The sampling contract: how an executor must draw, so that a verifier can draw the same.
//!
//! Both sides know the contract and the seed. The token is the one with the largest l / T + g, where g is Gumbel noise
//! of (seed, position, token): a draw from softmax(l / T). Written as a race: E / p is smallest, where E is exponential
//! and g = -ln E, which needs one logarithm for few tokens instead of two for all.
//!
//! **Invariant.** Executor and verifier with the same logits draw the same token. Noise depends on seed, position and
//! token alone, never on the logits.

use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

/// The shared noise.
const GUMBEL: Purpose = Purpose(0x7210);

/// What both sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contract {
    /// Temperature; positive.
    pub temperature: f64,
    /// Share of probability that the most probable tokens must reach to be drawn from; 1 for all.
    pub top_p: f64,
    /// Divides positive logits of tokens already written, multiplies negative ones; 1 for none.
    pub repetition_penalty: f64,
}

impl Default for Contract {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_p: 1.0,
            repetition_penalty: 1.0,
        }
    }
}

/// A law over the vocabulary.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    /// log p of each token, nats; minus infinity for what the contract excludes.
    pub log_probs: Vec<f32>,
    /// p of each token.
    pub probs: Vec<f32>,
}

impl Law {
    /// softmax of a row of logits.
    pub fn of_logits(logits: &[f32]) -> Self {
        Self::scaled(logits, 1.0)
    }

    fn scaled(logits: &[f32], inverse_temperature: f32) -> Self {
        let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0f64;
        let mut probs: Vec<f32> = Vec::with_capacity(logits.len());
        for logit in logits {
            let weight = libm::expf((logit - top) * inverse_temperature);
            sum += f64::from(weight);
            probs.push(weight);
        }
        let log_sum = libm::log(sum) as f32;
        let scale = (1.0 / sum) as f32;
        probs.iter_mut().for_each(|weight| *weight *= scale);
        let log_probs = logits
            .iter()
            .map(|logit| (logit - top) * inverse_temperature - log_sum)
            .collect();
        Self { log_probs, probs }
    }

    /// The law that `contract` draws from after `written`.
    pub fn under(logits: &[f32], contract: &Contract, written: &[u32]) -> Self {
        let mut law = if contract.repetition_penalty == 1.0 {
            Self::scaled(logits, (1.0 / contract.temperature) as f32)
        } else {
            let penalty = contract.repetition_penalty as f32;
            let mut changed = logits.to_vec();
            let mut seen: Vec<u32> = written.to_vec();
            seen.sort_unstable();
            seen.dedup();
            for token in seen {
                if let Some(logit) = changed.get_mut(token as usize) {
                    *logit = if *logit > 0.0 {
                        *logit / penalty
                    } else {
                        *logit * penalty
                    };
                }
            }
            Self::scaled(&changed, (1.0 / contract.temperature) as f32)
        };
        if contract.top_p < 1.0 {
            law.keep(contract.top_p);
        }
        law
    }

    /// Keeps the fewest most probable tokens that reach `share`, ties by lower id.
    fn keep(&mut self, share: f64) {
        let mut order: Vec<u32> = (0..self.probs.len() as u32).collect();
        order.sort_by(|a, b| {
            self.probs[*b as usize]
                .total_cmp(&self.probs[*a as usize])
                .then(a.cmp(b))
        });
        let (mut sum, mut kept) = (0.0f64, 0);
        for token in &order {
            sum += f64::from(self.probs[*token as usize]);
            kept += 1;
            if sum >= share {
                break;
            }
        }
        for token in &order[kept..] {
            self.probs[*token as usize] = 0.0;
            self.log_probs[*token as usize] = f32::NEG_INFINITY;
        }
        let log_sum = libm::log(sum) as f32;
        for token in &order[..kept] {
            self.probs[*token as usize] /= sum as f32;
            self.log_probs[*token as usize] -= log_sum;
        }
    }

    /// Entropy, and variance of -log p, in nats and nats squared.
    pub fn entropy(&self) -> (f64, f64) {
        let (mut first, mut second) = (0.0, 0.0);
        for (p, log_p) in self.probs.iter().zip(&self.log_probs) {
            if *p > 0.0 {
                let (p, surprise) = (f64::from(*p), -f64::from(*log_p));
                first += p * surprise;
                second += p * surprise * surprise;
            }
        }
        (first, (second - first * first).max(0.0))
    }

    /// KL(self || other), nats.
    pub fn divergence(&self, other: &Law) -> f64 {
        let mut sum = 0.0;
        for ((p, log_p), log_q) in self.probs.iter().zip(&self.log_probs).zip(&other.log_probs) {
            if *p > 0.0 {
                sum += f64::from(*p) * (f64::from(*log_p) - f64::from(*log_q).max(-100.0));
            }
        }
        sum.max(0.0)
    }
}

/// The shared noise of one answer.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    key: StreamKey,
}

impl Noise {
    /// The noise of the answer to prompt number `prompt` under `seed`.
    pub fn new(seed: u64, prompt: u32) -> Self {
        Self {
            key: StreamKey::derive(RootSeed(seed), prompt, GUMBEL),
        }
    }

    /// The key of its stream.
    pub fn key(&self) -> u64 {
        self.key.raw()
    }

    /// Uniform in (0, 1), with 53 bits.
    fn unit(&self, position: u32, token: u32) -> f64 {
        ((self.key.draw(u64::from(position), u64::from(token)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// log of (E / p) of a token: smaller wins; the negative of log p + g.
    fn race(&self, law: &Law, position: u32, token: u32) -> f64 {
        libm::log(-libm::log(self.unit(position, token))) - f64::from(law.log_probs[token as usize])
    }

    /// The token that `law` draws at `position`, and its race value.
    pub fn winner(&self, law: &Law, position: u32) -> (u32, f64) {
        let (mut best, mut winner) = (f64::INFINITY, 0);
        let mut bound = f64::INFINITY;
        for (token, p) in law.probs.iter().enumerate() {
            let p = f64::from(*p);
            if p == 0.0 {
                continue;
            }
            // E = -ln u is at least 1 - u, so that most tokens lose without a logarithm.
            let unit = self.unit(position, token as u32);
            if 1.0 - unit > bound * p {
                continue;
            }
            let race = libm::log(-libm::log(unit)) - f64::from(law.log_probs[token]);
            if race < best {
                best = race;
                winner = token as u32;
                bound = libm::exp(best) * 1.000_01;
            }
        }
        (winner, best)
    }

    /// Gumbel margin of `token` under `law`: 0 if it is the winner, infinite if it is excluded.
    pub fn margin(&self, law: &Law, position: u32, token: u32) -> f64 {
        let (winner, best) = self.winner(law, position);
        if winner == token {
            return 0.0;
        }
        self.margin_to(law, position, token, best)
    }

    /// The margin of a token that is not the winner, whose race value `best` is.
    pub fn margin_to(&self, law: &Law, position: u32, token: u32, best: f64) -> f64 {
        match law.probs.get(token as usize) {
            Some(p) if *p > 0.0 => (self.race(law, position, token) - best).max(0.0),
            _ => f64::INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(size: usize, seed: u64) -> Law {
        let key = StreamKey::derive(RootSeed(seed), 0, Purpose(1));
        let logits: Vec<f32> = (0..size as u64)
            .map(|at| (key.draw(at, 0) >> 40) as f32 / 3e6)
            .collect();
        Law::of_logits(&logits)
    }

    #[test]
    fn the_race_is_the_gumbel_maximum() {
        for size in [2, 7, 300] {
            let (law, noise) = (law(size, size as u64), Noise::new(5, 1));
            for position in 0..300 {
                let value = |token: u32| {
                    f64::from(law.log_probs[token as usize])
                        - libm::log(-libm::log(noise.unit(position, token)))
                };
                let best = (0..size as u32)
                    .max_by(|a, b| value(*a).total_cmp(&value(*b)))
                    .expect("some");
                assert_eq!(noise.winner(&law, position).0, best);
                for token in 0..size as u32 {
                    let expected = value(best) - value(token);
                    assert!((noise.margin(&law, position, token) - expected).abs() < 1e-9);
                }
            }
        }
    }

    /// 40,000 draws of 20 tokens; each share within 5.5 standard errors: false alarm below 1e-6.
    #[test]
    fn draws_follow_the_law() {
        let (law, draws) = (law(20, 3), 40_000u32);
        let mut counts = [0u32; 20];
        for position in 0..draws {
            counts[Noise::new(9, 2).winner(&law, position).0 as usize] += 1;
        }
        for (count, p) in counts.iter().zip(&law.probs) {
            let (expected, p) = (f64::from(*p) * f64::from(draws), f64::from(*p));
            let error = (expected * (1.0 - p)).sqrt();
            assert!(
                (f64::from(*count) - expected).abs() < 5.5 * error + 1.0,
                "{count} for {expected}"
            );
        }
    }

    #[test]
    fn a_truncated_law_keeps_the_fewest_tokens_that_reach_the_share() {
        let logits: Vec<f32> = [0.5f32, 0.25, 0.15, 0.1].iter().map(|p| libm::logf(*p)).collect();
        let contract = Contract {
            top_p: 0.7,
            ..Contract::default()
        };
        let law = Law::under(&logits, &contract, &[]);
        assert_eq!(law.probs[2..], [0.0, 0.0]);
        assert!((law.probs[0] - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(Noise::new(1, 1).margin(&law, 0, 3), f64::INFINITY);
        let (entropy, _) = Law::of_logits(&[0.0; 8]).entropy();
        assert!((entropy - libm::log(8.0)).abs() < 1e-6);
    }

    #[test]
    fn a_penalty_lowers_what_was_written() {
        let contract = Contract {
            repetition_penalty: 2.0,
            ..Contract::default()
        };
        let law = Law::under(&[1.0, 1.0, -1.0, -1.0], &contract, &[0, 2, 2]);
        assert!(law.probs[0] < law.probs[1] && law.probs[2] < law.probs[3]);
    }
}
