//! The artifact: what an executor reports about its answer.
//!
//! **Invariant.** One artifact has one form in bytes, and [`Artifact::from_bytes`] takes no other; so the hash of
//! the bytes names the artifact. Reading allocates no more than the bytes it was given.

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
