//! Writing answers and replaying them: from machines to laws, from laws to observations.
//!
//! **Invariant.** Position t of an answer is drawn with the noise of t, whoever draws.

use std::sync::Arc;

use candle_core::Tensor;

use crate::artifact::TopK;
use crate::error::Result;
use crate::forward::Machine;
use crate::gpu::{Device, Reduced};
use crate::observation::Observation;
use crate::sampler::{Contract, Law, Noise};

/// A batch of answers: tokens and the writer's law at each position, `[answer][position]`.
pub struct Written {
    /// Tokens of each answer.
    pub tokens: Vec<Vec<u32>>,
    /// The law, at temperature 1 and untruncated, that each token was drawn after.
    pub laws: Vec<Vec<Law>>,
}

/// Lets `machine` write `count` tokens after each context, drawing under `contract`; position `first + i` of the answer
/// is token i.
pub fn write(
    machine: &Machine,
    contexts: &[Vec<u32>],
    noises: &[Noise],
    contract: &Contract,
    (first, count): (usize, usize),
) -> Result<Written> {
    let batch = contexts.len();
    let mut written = Written {
        tokens: vec![Vec::new(); batch],
        laws: vec![Vec::new(); batch],
    };
    let mut session = machine.session();
    let from = contexts
        .first()
        .map_or(0, |context| context.len().saturating_sub(1));
    let mut logits = session.feed(contexts, from)?;
    for step in 0..count {
        let mut next = Vec::with_capacity(batch);
        for (at, row) in rows(&logits)?.into_iter().enumerate() {
            let row = row.first().map(Vec::as_slice).unwrap_or_default();
            let law = if *contract == Contract::default() {
                Law::of_logits(row)
            } else {
                Law::under(row, contract, &written.tokens[at])
            };
            let (token, _) = noises[at].winner(&law, (first + step) as u32);
            let shown = if *contract == Contract::default() {
                law
            } else {
                Law::of_logits(row)
            };
            written.tokens[at].push(token);
            written.laws[at].push(shown);
            next.push(vec![token]);
        }
        if step + 1 < count {
            logits = session.feed(&next, 0)?;
        }
    }
    Ok(written)
}

/// Laws of `machine` at each position of given answers after given prompts, `[answer][position]`.
pub fn laws(machine: &Machine, prompts: &[Vec<u32>], answers: &[Vec<u32>]) -> Result<Vec<Vec<Law>>> {
    let texts: Vec<Vec<u32>> = prompts
        .iter()
        .zip(answers)
        .map(|(prompt, answer)| [prompt.as_slice(), &answer[..answer.len() - 1]].concat())
        .collect();
    let from = prompts.first().map_or(0, |prompt| prompt.len() - 1);
    let logits = machine.logits(&texts, from)?;
    Ok(rows(&logits)?
        .iter()
        .map(|rows| rows.iter().map(|row| Law::of_logits(row)).collect())
        .collect())
}

fn rows(logits: &Tensor) -> Result<Vec<Vec<Vec<f32>>>> {
    Ok(logits.to_vec3()?)
}

/// What a verifier computes of its own law at a position, once for all executors.
pub struct Verified {
    law: Law,
    top: Arc<TopK>,
    entropy: f64,
    varentropy: f64,
    winner: (u32, f64),
}

impl Verified {
    /// Reduces the laws of an answer, position by position.
    pub fn of_answer(device: &Device, laws: Vec<Law>, noise: &Noise, entries: usize) -> Result<Vec<Self>> {
        let reduced = device.reduce(&laws, noise, entries)?;
        let view = |(law, reduced): (Law, Reduced)| Self {
            top: Arc::new(reduced.top),
            entropy: reduced.entropy,
            varentropy: reduced.varentropy,
            winner: reduced.winner,
            law,
        };
        Ok(laws.into_iter().zip(reduced).map(view).collect())
    }

    /// The token that the verifier would have drawn.
    pub fn winner(&self) -> u32 {
        self.winner.0
    }

    /// The verifier's most probable tokens.
    pub fn top(&self) -> &Arc<TopK> {
        &self.top
    }

    /// The law itself.
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// Lays a claim beside the law.
    pub fn observe(
        &self,
        (token, reported): (u32, Arc<TopK>),
        own_law: Option<&Law>,
        noise: &Noise,
        position: u32,
    ) -> Observation {
        let margin = if token == self.winner.0 {
            0.0
        } else {
            noise.margin_to(&self.law, position, token, self.winner.1)
        };
        Observation {
            token,
            replayed: Arc::clone(&self.top),
            reported,
            log_prob: f64::from(self.law.log_probs[token as usize]),
            entropy: self.entropy,
            varentropy: self.varentropy,
            margin,
            divergence: own_law.map(|law| self.law.divergence(law)),
        }
    }
}
