//! The event engine on scenarios built in code: digests, money, and what must be reached.

mod audit;
mod closed_forms;
mod determinism;
mod deviants;
mod dice;
mod epoch_fidelity;
mod hash_draw;
mod life;
mod metamorphic;
mod properties;
mod random;
mod states;
mod support;
