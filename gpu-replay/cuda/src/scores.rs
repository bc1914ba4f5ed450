//! Scores of positions: a reported list over a replayed one.

use crate::board::{Arg, Board};
use crate::error::{CudaError, Result};
use crate::kernel::{Kernel, Module};
use crate::law::LIST_MAX;

/// Positions of a block: one a warp.
const WARPS: u32 = 4;

/// A list of a position.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    /// Token ids.
    pub ids: &'a [u32],
    /// log p of each, nats.
    pub log_probs: &'a [f32],
}

/// Scores of a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListScores {
    /// Jensen-Shannon divergence, nats; ln 2 where the report is no list of log-probabilities.
    pub js: f64,
    /// Divergence of the reported from the replayed list, nats; infinite where the report is none.
    pub kl: f64,
    /// Clipped mean absolute error of the log-probabilities, nats; 5 where the report is none.
    pub mae: f64,
}

/// Lists in rows of `LIST_MAX`, and how many entries of each count.
fn packed<'a>(lists: impl Iterator<Item = List<'a>>) -> Result<(Vec<u32>, Vec<f32>, Vec<u32>)> {
    let (mut ids, mut logs, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for list in lists {
        if list.ids.len() > LIST_MAX {
            let problem = format!(
                "a card compares lists of {LIST_MAX} tokens, not {}",
                list.ids.len()
            );
            return Err(CudaError::Shape(problem));
        }
        // Lists of unequal lengths are none: without entries they score worst.
        let count = if list.ids.len() == list.log_probs.len() {
            list.ids.len()
        } else {
            0
        };
        ids.extend_from_slice(&list.ids[..count]);
        logs.extend_from_slice(&list.log_probs[..count]);
        counts.push(count as u32);
        ids.resize(counts.len() * LIST_MAX, 0);
        logs.resize(counts.len() * LIST_MAX, 0.0);
    }
    Ok((ids, logs, counts))
}

/// Lists on a board and room for their scores.
pub struct ScoreRoom<B: Board> {
    reported: [B::Buffer; 3],
    replayed: [B::Buffer; 3],
    /// js, kl, mae.
    scores: [B::Buffer; 3],
    positions: u32,
}

impl<B: Board> ScoreRoom<B> {
    /// The kernel's arguments.
    pub fn args(&self, agreed: usize) -> [Arg<'_, B::Buffer>; 12] {
        [
            Arg::Buffer(&self.reported[0]),
            Arg::Buffer(&self.reported[1]),
            Arg::Buffer(&self.reported[2]),
            Arg::Buffer(&self.replayed[0]),
            Arg::Buffer(&self.replayed[1]),
            Arg::Buffer(&self.replayed[2]),
            Arg::Word(LIST_MAX as u32),
            Arg::Word(agreed.min(LIST_MAX) as u32),
            Arg::Word(self.positions),
            Arg::Buffer(&self.scores[0]),
            Arg::Buffer(&self.scores[1]),
            Arg::Buffer(&self.scores[2]),
        ]
    }

    /// Blocks and threads of the launch.
    pub fn shape(&self) -> (u32, u32) {
        (self.positions.div_ceil(WARPS), 32 * WARPS)
    }
}

/// Room and kernel for pairs (reported, replayed).
///
/// # Errors
/// A list is longer than a card compares, or the board has no room.
pub fn score_call<B: Board>(board: &B, pairs: &[(List<'_>, List<'_>)]) -> Result<(Kernel, ScoreRoom<B>)> {
    let count = pairs.len();
    let positions =
        u32::try_from(count).map_err(|_| CudaError::Shape("more positions than a grid has".into()))?;
    let on_board = |lists: Vec<List<'_>>| -> Result<[B::Buffer; 3]> {
        let (ids, logs, counts) = packed(lists.into_iter())?;
        Ok([board.upload(&ids)?, board.upload(&logs)?, board.upload(&counts)?])
    };
    let room = ScoreRoom {
        reported: on_board(pairs.iter().map(|pair| pair.0).collect())?,
        replayed: on_board(pairs.iter().map(|pair| pair.1).collect())?,
        scores: [
            board.room(8 * count)?,
            board.room(8 * count)?,
            board.room(8 * count)?,
        ],
        positions,
    };
    Ok((Kernel::new(Module::Scores, "position_scores"), room))
}

/// Scores of pairs (reported, replayed), of whose reports the first `agreed` entries count.
///
/// # Errors
/// A list is longer than a card compares, or the board refuses.
pub fn position_scores<B: Board>(
    board: &B,
    pairs: &[(List<'_>, List<'_>)],
    agreed: usize,
) -> Result<Vec<ListScores>> {
    let (kernel, room) = score_call(board, pairs)?;
    let (blocks, threads) = room.shape();
    board.launch(&kernel, blocks, threads, &room.args(agreed))?;
    let [js, kl, mae] = &room.scores;
    let (js, kl): (Vec<f64>, Vec<f64>) = (board.download(js)?, board.download(kl)?);
    let mae: Vec<f64> = board.download(mae)?;
    let all = js.into_iter().zip(kl).zip(mae).take(pairs.len());
    Ok(all.map(|((js, kl), mae)| ListScores { js, kl, mae }).collect())
}
