//! Laws of rows of logits.

use crate::board::{Arg, Board};
use crate::error::{CudaError, Result};
use crate::kernel::{Kernel, Module};

/// Most tokens that a kernel lists a row: one a lane of a warp.
pub const LIST_MAX: usize = 32;
/// Threads of a block that works on a row: `ROW_THREADS` of the kernels.
pub(crate) const ROW_THREADS: u32 = 64;

/// Logits as they are stored, row after row.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// Singles.
    F32(&'a [f32]),
    /// The upper halves of singles.
    Bf16(&'a [u16]),
}

impl Rows<'_> {
    fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::Bf16(values) => values.len(),
        }
    }
}

/// Logits on a board.
pub struct Logits<B: Board> {
    pub(crate) buffer: B::Buffer,
    pub(crate) rows: u32,
    pub(crate) vocabulary: u32,
    pub(crate) format: &'static str,
}

impl<B: Board> Logits<B> {
    /// Copies rows of `vocabulary` logits each onto the board. Logits are finite or minus infinity, and at least one of a
    /// row is finite.
    ///
    /// # Errors
    /// The values are no whole number of rows, or the board has no room.
    pub fn upload(board: &B, values: Rows<'_>, vocabulary: usize) -> Result<Self> {
        let count = values.len();
        if vocabulary == 0 || !count.is_multiple_of(vocabulary) || u32::try_from(vocabulary).is_err() {
            let problem = format!("{count} logits are no rows of {vocabulary}");
            return Err(CudaError::Shape(problem));
        }
        let rows = u32::try_from(count / vocabulary)
            .map_err(|_| CudaError::Shape("more rows than a grid has".into()))?;
        let (buffer, format) = match values {
            Rows::F32(values) => (board.upload(values)?, "f32"),
            Rows::Bf16(values) => (board.upload(values)?, "bf16"),
        };
        Ok(Self {
            buffer,
            rows,
            vocabulary: vocabulary as u32,
            format,
        })
    }
}

/// The law of a row, reduced.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    /// Most probable tokens, ties by rising id; fewer than asked for where the vocabulary has fewer.
    pub ids: Vec<u32>,
    /// log p of each, nats.
    pub log_probs: Vec<f32>,
    /// Probability of all other tokens.
    pub tail: f32,
    /// The largest logit.
    pub top: f32,
    /// log of the sum of e^(logit - top); at least 0.
    pub log_sum: f32,
    /// Entropy, nats.
    pub entropy: f32,
    /// Variance of -log p, nats squared.
    pub varentropy: f32,
}

/// Buffers that the law kernel writes.
pub struct LawRoom<B: Board> {
    ids: B::Buffer,
    log_probs: B::Buffer,
    tails: B::Buffer,
    /// top, log-sum, entropy, varentropy of each row.
    pub(crate) stats: B::Buffer,
}

/// Room, kernel and shape of a call of the law kernel; `args` of the room are its arguments.
pub fn law_call<B: Board>(board: &B, logits: &Logits<B>, count: usize) -> Result<(Kernel, LawRoom<B>)> {
    if !(1..=LIST_MAX).contains(&count) {
        let problem = format!("a card lists 1 to {LIST_MAX} tokens a position, not {count}");
        return Err(CudaError::Shape(problem));
    }
    let rows = logits.rows as usize;
    let room = LawRoom {
        ids: board.room(4 * rows * count)?,
        log_probs: board.room(4 * rows * count)?,
        tails: board.room(4 * rows)?,
        stats: board.room(16 * rows)?,
    };
    Ok((Kernel::new(Module::Law, format!("law_{}", logits.format)), room))
}

impl<B: Board> LawRoom<B> {
    /// The kernel's arguments.
    pub fn args<'a>(&'a self, logits: &'a Logits<B>, count: usize) -> [Arg<'a, B::Buffer>; 7] {
        [
            Arg::Buffer(&logits.buffer),
            Arg::Word(logits.vocabulary),
            Arg::Word(count as u32),
            Arg::Buffer(&self.ids),
            Arg::Buffer(&self.log_probs),
            Arg::Buffer(&self.tails),
            Arg::Buffer(&self.stats),
        ]
    }
}

impl<B: Board> Logits<B> {
    /// Blocks and threads of a kernel that gives each row a block.
    pub fn shape(&self) -> (u32, u32) {
        (self.rows, ROW_THREADS)
    }
}

/// The laws of all rows, `count` tokens each, and what the race needs of them.
///
/// # Errors
/// `count` is 0 or more than a card lists, or the board refuses.
pub fn laws<B: Board>(board: &B, logits: &Logits<B>, count: usize) -> Result<(Vec<Law>, LawRoom<B>)> {
    let (kernel, room) = law_call(board, logits, count)?;
    let (blocks, threads) = logits.shape();
    board.launch(&kernel, blocks, threads, &room.args(logits, count))?;
    let ids: Vec<u32> = board.download(&room.ids)?;
    let log_probs: Vec<f32> = board.download(&room.log_probs)?;
    let tails: Vec<f32> = board.download(&room.tails)?;
    let stats: Vec<f32> = board.download(&room.stats)?;
    let listed = count.min(logits.vocabulary as usize);
    let law = |row: usize| Law {
        ids: ids[row * count..row * count + listed].to_vec(),
        log_probs: log_probs[row * count..row * count + listed].to_vec(),
        tail: tails[row],
        top: stats[4 * row],
        log_sum: stats[4 * row + 1],
        entropy: stats[4 * row + 2],
        varentropy: stats[4 * row + 3],
    };
    Ok(((0..logits.rows as usize).map(law).collect(), room))
}
