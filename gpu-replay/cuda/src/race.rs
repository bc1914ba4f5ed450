//! Races for the token that the contract draws.

use crate::board::{Arg, Board};
use crate::error::{CudaError, Result};
use crate::kernel::{Kernel, Module};
use crate::law::{LawRoom, Logits};

/// What a row's race is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Key of the answer's noise.
    pub key: u64,
    /// Position in the answer.
    pub position: u32,
    /// The token that is claimed; `u32::MAX` for none.
    pub token: u32,
}

/// How a race ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Race {
    /// The token drawn.
    pub winner: u32,
    /// log(E / p) of it.
    pub best: f64,
    /// By how much the claimed token falls short, nats; 0 for the winner, infinite for a token without probability.
    pub margin: f64,
}

/// Buffers of the race kernel.
pub struct RaceRoom<B: Board> {
    keys: B::Buffer,
    positions: B::Buffer,
    claims: B::Buffer,
    winners: B::Buffer,
    bests: B::Buffer,
    margins: B::Buffer,
}

/// Room and kernel of a call of the race kernel, one claim a row.
///
/// # Errors
/// There are more or fewer claims than rows, or the board has no room.
pub fn race_call<B: Board>(board: &B, logits: &Logits<B>, claims: &[Claim]) -> Result<(Kernel, RaceRoom<B>)> {
    if claims.len() != logits.rows as usize {
        let problem = format!("{} claims for {} rows", claims.len(), logits.rows);
        return Err(CudaError::Shape(problem));
    }
    let keys: Vec<u64> = claims.iter().map(|claim| claim.key).collect();
    let positions: Vec<u32> = claims.iter().map(|claim| claim.position).collect();
    let tokens: Vec<u32> = claims.iter().map(|claim| claim.token).collect();
    let room = RaceRoom {
        keys: board.upload(&keys)?,
        positions: board.upload(&positions)?,
        claims: board.upload(&tokens)?,
        winners: board.room(4 * claims.len())?,
        bests: board.room(8 * claims.len())?,
        margins: board.room(8 * claims.len())?,
    };
    let kernel = Kernel::new(Module::Race, format!("race_{}", logits.format));
    Ok((kernel, room))
}

impl<B: Board> RaceRoom<B> {
    /// The kernel's arguments.
    pub fn args<'a>(&'a self, logits: &'a Logits<B>, laws: &'a LawRoom<B>) -> [Arg<'a, B::Buffer>; 9] {
        [
            Arg::Buffer(&logits.buffer),
            Arg::Word(logits.vocabulary),
            Arg::Buffer(&laws.stats),
            Arg::Buffer(&self.keys),
            Arg::Buffer(&self.positions),
            Arg::Buffer(&self.claims),
            Arg::Buffer(&self.winners),
            Arg::Buffer(&self.bests),
            Arg::Buffer(&self.margins),
        ]
    }
}

/// The race of each row, whose laws were reduced before.
///
/// # Errors
/// There are more or fewer claims than rows, or the board refuses.
pub fn races<B: Board>(
    board: &B,
    logits: &Logits<B>,
    laws: &LawRoom<B>,
    claims: &[Claim],
) -> Result<Vec<Race>> {
    let (kernel, room) = race_call(board, logits, claims)?;
    let (blocks, threads) = logits.shape();
    board.launch(&kernel, blocks, threads, &room.args(logits, laws))?;
    let winners: Vec<u32> = board.download(&room.winners)?;
    let bests: Vec<f64> = board.download(&room.bests)?;
    let margins: Vec<f64> = board.download(&room.margins)?;
    let all = winners.into_iter().zip(bests).zip(margins);
    Ok(all
        .take(claims.len())
        .map(|((winner, best), margin)| Race { winner, best, margin })
        .collect())
}
