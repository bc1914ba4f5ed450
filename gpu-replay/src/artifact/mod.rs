//! The artifact: what an executor reports about its answer.
//!
//! **Invariant.** One artifact has one form in bytes, and [`Artifact::from_bytes`] takes no other; so the hash of
//! the bytes names the artifact. Reading allocates no more than the bytes it was given.

mod bytes;

pub use bytes::{ENTRIES_MAX, TOKENS_MAX};

/// The most probable tokens of one position and what is left over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopK {
    /// Token ids, by falling probability, ties by rising id.
    pub ids: Vec<u32>,
    /// log p of each, nats, at most 0; as long as `ids`.
    pub log_probs: Vec<f32>,
    /// Probability of all other tokens, 0 to 1.
    pub tail: f32,
}

impl TopK {
    /// log p of `token`, if it is listed.
    pub fn log_prob(&self, token: u32) -> Option<f32> {
        let at = self.ids.iter().position(|&id| id == token)?;
        self.log_probs.get(at).copied()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether it lists no token.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// What an executor reports about one answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Artifact {
    /// The tokens of the answer, without the prompt.
    pub tokens: Vec<u32>,
    /// One line a token: the law it was drawn from.
    pub positions: Vec<TopK>,
}

impl TopK {
    /// The `count` most probable tokens of a law and what is left over.
    pub fn of_law(law: &crate::sampler::Law, count: usize) -> Self {
        let mut best: Vec<(f32, u32)> = Vec::with_capacity(count + 1);
        for (id, log_p) in law.log_probs.iter().enumerate() {
            let is_full = best.len() == count;
            if is_full && best.last().is_none_or(|(least, _)| log_p <= least) {
                continue;
            }
            let at = best.partition_point(|(other, _)| other >= log_p);
            best.insert(at, (*log_p, id as u32));
            best.truncate(count);
        }
        let listed: f64 = best
            .iter()
            .map(|(_, id)| f64::from(law.probs[*id as usize]))
            .sum();
        Self {
            ids: best.iter().map(|(_, id)| *id).collect(),
            log_probs: best.iter().map(|(log_p, _)| *log_p).collect(),
            tail: (1.0 - listed).max(0.0) as f32,
        }
    }
}
