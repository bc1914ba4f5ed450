//! The purposes of random streams. A number here is part of the published results: never reuse one.

use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

/// The streams of one replicate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// Arrival gap, executor and whether anybody checks, by inference number.
    pub arrival: StreamKey,
    /// Client, model and lengths, by inference number.
    pub request: StreamKey,
    /// Who checks, if anybody does, by inference number.
    pub sampling: StreamKey,
    /// What the executor does, by inference number.
    pub conduct: StreamKey,
    /// The shock common to all who judge one prompt, by inference number.
    pub prompt: StreamKey,
    /// The noise of one judge's replay, by inference number and participant.
    pub score: StreamKey,
    /// Whether a validator works, by inference number and participant.
    pub diligence: StreamKey,
    /// Up and down times, by participant.
    pub outage: StreamKey,
    /// Who is hit by a shared outage, by outage and participant.
    pub shared_outage: StreamKey,
    /// Bursts of demand, by change of state.
    pub burst: StreamKey,
    /// Confirmations of compute, by block.
    pub confirmation: StreamKey,
    /// Back-off of payload fetches, by inference number and participant.
    pub payload: StreamKey,
    /// Who votes when only a sample votes, by inference number.
    pub voters: StreamKey,
    /// The seed of a validator's draws by hash, by participant and epoch.
    pub seeds: StreamKey,
    /// Who serves on during a proof of compute, by participant and epoch.
    pub preserved: StreamKey,
    /// Which answers an attempt to claim is judged by, by participant, item, epoch and attempt.
    pub claims: StreamKey,
    /// Which arrivals a purse may use, by inference number.
    pub purse: StreamKey,
    /// Through which agent a request goes, and its further draws of an executor, by inference number.
    pub agent: StreamKey,
    /// Slots of a session, by client and epoch.
    pub session: StreamKey,
    /// Which answers a planted mismatch comes with, by inference number.
    pub planted: StreamKey,
    /// What the second check finds, by inference number and participant.
    pub second: StreamKey,
    /// What a strategy leaves to chance, by participant and epoch.
    pub choice: StreamKey,
    /// What the seeds ask of a validator among which its claim picks, by participant, epoch and seed.
    pub grinding: StreamKey,
}

impl Keys {
    /// Derives all keys of a replicate.
    pub(crate) fn new(seed: u64, replicate: u32) -> Self {
        let key = |purpose| StreamKey::derive(RootSeed(seed), replicate, Purpose(purpose));
        Self {
            arrival: key(1),
            request: key(2),
            sampling: key(3),
            conduct: key(4),
            prompt: key(5),
            score: key(6),
            diligence: key(7),
            outage: key(8),
            shared_outage: key(9),
            burst: key(10),
            confirmation: key(11),
            payload: key(12),
            voters: key(13),
            seeds: key(30),
            claims: key(31),
            purse: key(14),
            agent: key(15),
            session: key(16),
            planted: key(17),
            second: key(18),
            choice: key(19),
            grinding: key(20),
            preserved: key(32),
        }
    }
}
