//! Prompts: pieces of the committed texts that no demonstration model was trained on.
//!
//! **Invariant.** Prompt number n is the same for every measurement with the same tokenizer and length, and kinds
//! take turns, so that the first n prompts hold every kind.

use crate::demo::corpus::CORPUS;
use crate::error::{ReplayError, Result};
use crate::tokenizer::Tokenizer;

/// A prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// Its number.
    pub number: u32,
    /// Kind of the text that it was cut from.
    pub kind: &'static str,
    /// Its tokens.
    pub tokens: Vec<u32>,
}

/// Number of the first prompt that attackers learn on: cut from the training part.
pub const ATTACKERS_FIRST: u32 = 1 << 24;

/// The first `count` prompts of `length` tokens.
///
/// # Errors
/// The committed texts do not hold so many.
pub fn prompts(tokenizer: &Tokenizer, count: usize, length: usize) -> Result<Vec<Prompt>> {
    cut(tokenizer, count, length, 0, |text| text.held_out())
}

/// Prompts for attackers to learn on, disjoint from those of [`prompts`].
///
/// # Errors
/// The committed texts do not hold so many.
pub fn attackers_prompts(tokenizer: &Tokenizer, count: usize, length: usize) -> Result<Vec<Prompt>> {
    cut(tokenizer, count, length, ATTACKERS_FIRST, |text| text.training())
}

fn cut(
    tokenizer: &Tokenizer,
    count: usize,
    length: usize,
    first: u32,
    part: fn(&crate::demo::corpus::Text) -> &'static str,
) -> Result<Vec<Prompt>> {
    let mut pieces = Vec::new();
    for text in &CORPUS {
        let tokens = tokenizer.encode(part(text))?;
        pieces.push((
            text.kind,
            tokens
                .chunks_exact(length)
                .map(<[u32]>::to_vec)
                .collect::<Vec<_>>(),
        ));
    }
    let rounds = pieces.iter().map(|(_, pieces)| pieces.len()).max().unwrap_or(0);
    let mut prompts = Vec::new();
    for round in 0..rounds {
        for (kind, pieces) in &pieces {
            if let Some(tokens) = pieces.get(round)
                && prompts.len() < count
            {
                let number = first + prompts.len() as u32;
                prompts.push(Prompt {
                    number,
                    kind,
                    tokens: tokens.clone(),
                });
            }
        }
    }
    if prompts.len() < count {
        let problem = format!(
            "{count} prompts of {length} tokens are asked for, the texts hold {}",
            prompts.len()
        );
        return Err(ReplayError::Usage(problem));
    }
    Ok(prompts)
}
