//! Reducing and scoring on a card.
//!
//! A card is handed log-probabilities and not logits: a law's logits are known up to a constant, and so the order of the
//! listed tokens is the processor's to the last tie.
//!
//! **Invariant.** Log-probabilities of the listed tokens are the law's own, bit for bit.

use std::sync::Mutex;

use stakeout_cuda::{Claim, Gpu, LIST_MAX, LawRoom, List, Logits, Rows, laws, position_scores, races};

use crate::artifact::TopK;
use crate::error::{ReplayError, Result};
use crate::observation::Observation;
use crate::sampler::{Law, Noise};
use crate::scores::{ListScores, TokenScore};

use super::reduced::Reduced;

/// Bytes of laws that are on the card at once.
const CHUNK_BYTES: usize = 1 << 30;

/// A card and its name. Threads take turns.
pub struct CardReducer {
    gpu: Mutex<Gpu>,
    name: String,
}

/// Laws that lie on the card, and what it found of them.
struct OnCard {
    logits: Logits<Gpu>,
    room: LawRoom<Gpu>,
}

fn refused(error: stakeout_cuda::CudaError) -> ReplayError {
    ReplayError::Usage(format!("the card: {error}"))
}

impl CardReducer {
    /// The first card.
    pub fn open() -> std::result::Result<Self, stakeout_cuda::CudaError> {
        let gpu = Gpu::open()?;
        let name = gpu.card()?.name;
        Ok(Self {
            gpu: Mutex::new(gpu),
            name,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether lists of so many entries fit a card; longer ones are the processor's.
    pub fn lists(&self, entries: usize) -> bool {
        (1..=LIST_MAX).contains(&entries)
    }

    fn gpu(&self) -> std::sync::MutexGuard<'_, Gpu> {
        self.gpu.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Uploads laws, as many at once as the card is given, and hands each such run on with its first position, what the
    /// card lists of it, and where it lies.
    fn on_card(
        &self,
        all: &[Law],
        entries: usize,
        mut take: impl FnMut(&Gpu, (usize, &[Law]), Vec<stakeout_cuda::Law>, &OnCard) -> Result<()>,
    ) -> Result<()> {
        let mut first = 0;
        for (chunk, width) in chunks(all) {
            let gpu = self.gpu();
            let values = joined(chunk, width);
            let logits = Logits::upload(&*gpu, Rows::F32(&values), width).map_err(refused)?;
            let (found, room) = laws(&*gpu, &logits, entries).map_err(refused)?;
            take(&gpu, (first, chunk), found, &OnCard { logits, room })?;
            first += chunk.len();
        }
        Ok(())
    }

    /// Reduces laws of the positions `0 ..` of an answer.
    pub fn reduce(&self, all: &[Law], noise: &Noise, entries: usize) -> Result<Vec<Reduced>> {
        let mut reduced = Vec::with_capacity(all.len());
        self.on_card(all, entries, |gpu, (first, chunk), found, there| {
            let claim = |at: usize| Claim {
                key: noise.key(),
                position: (first + at) as u32,
                token: u32::MAX,
            };
            let claims: Vec<Claim> = (0..chunk.len()).map(claim).collect();
            let races = races(gpu, &there.logits, &there.room, &claims).map_err(refused)?;
            for ((law, found), race) in chunk.iter().zip(found).zip(races) {
                reduced.push(Reduced {
                    entropy: f64::from(found.entropy),
                    varentropy: f64::from(found.varentropy),
                    winner: (race.winner, race.best),
                    top: list(law, found),
                });
            }
            Ok(())
        })?;
        Ok(reduced)
    }

    /// The most probable tokens of each law.
    pub fn top(&self, all: &[Law], entries: usize) -> Result<Vec<TopK>> {
        let mut lists = Vec::with_capacity(all.len());
        self.on_card(all, entries, |_, (_, chunk), found, _| {
            lists.extend(chunk.iter().zip(found).map(|(law, found)| list(law, found)));
            Ok(())
        })?;
        Ok(lists)
    }

    /// Scores positions. A position with a longer list than a card compares is the processor's.
    pub fn score(&self, observations: &[Observation], agreed: usize) -> Result<Vec<TokenScore>> {
        let fits = |at: &Observation| {
            let is_short = |list: &TopK| list.ids.len().max(list.log_probs.len()) <= LIST_MAX;
            is_short(&at.reported) && is_short(&at.replayed)
        };
        let pairs: Vec<(List<'_>, List<'_>)> = observations
            .iter()
            .filter(|at| fits(at))
            .map(|at| (view(&at.reported), view(&at.replayed)))
            .collect();
        let mut scores = position_scores(&*self.gpu(), &pairs, agreed)
            .map_err(refused)?
            .into_iter();
        let one = |at: &Observation| match fits(at).then(|| scores.next()).flatten() {
            None => TokenScore::of(at, agreed),
            Some(lists) => TokenScore::with(
                at,
                agreed,
                ListScores {
                    js: lists.js,
                    kl: lists.kl,
                    mae: lists.mae,
                },
            ),
        };
        Ok(observations.iter().map(one).collect())
    }
}

/// The laws' log-probabilities, one behind the other.
fn joined(laws: &[Law], width: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(laws.len() * width);
    for law in laws {
        values.extend_from_slice(&law.log_probs);
    }
    values
}

fn view(list: &TopK) -> List<'_> {
    List {
        ids: &list.ids,
        log_probs: &list.log_probs,
    }
}

fn list(law: &Law, found: stakeout_cuda::Law) -> TopK {
    TopK {
        log_probs: found.ids.iter().map(|id| law.log_probs[*id as usize]).collect(),
        ids: found.ids,
        tail: found.tail,
    }
}

/// Runs of laws that fit the card together, with their vocabulary.
fn chunks(laws: &[Law]) -> impl Iterator<Item = (&[Law], usize)> {
    let width = laws.first().map_or(1, |law| law.log_probs.len()).max(1);
    let rows = (CHUNK_BYTES / (4 * width)).max(1);
    laws.chunks(rows).map(move |chunk| (chunk, width))
}
