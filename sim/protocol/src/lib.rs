//! The rules of the network as pure integer functions.
//!
//! # The contract
//!
//! Everything here is a function of its arguments: no clock, no chance, no input or output, no
//! global state, no floating-point number. The crate's `clippy.toml` refuses `f32` and `f64`, hash
//! maps and clocks, so that the contract is checked rather than promised. What has to be a logarithm
//! or a hyperbolic tangent is a fixed-point [`units::Decimal`] with a stated error; what has to be
//! random arrives as an argument, or is the hash of public data ([`hash_draw`]).
//!
//! A rule therefore gives the same digits on every machine, and a case of `tests/vectors/` can be
//! checked by another hand in another language.
//!
//! # The grammar of names
//!
//! - `is_*`, `passes_*`: a predicate.
//! - `compute_*`: depends on its arguments alone and changes nothing.
//! - `record_*`: takes one observation into a small state of counters.
//! - `process_*`: a step of a transition, on state that the caller owns.
//! - A bare noun reads state.
//!
//! Parameters of a family are a plain struct `*Params`; a switch between variants of a rule is an
//! enum in it, whose variants say which network, document or proposal they come from.
//!
//! # The families, in the order in which an epoch meets them
//!
//! | stage | modules |
//! |---|---|
//! | the epoch begins | [`geometry`], [`poc`], [`weights`], [`collateral`] |
//! | a request arrives | [`pricing`], [`bandwidth`], [`escrow`] |
//! | an answer is drawn for checking | [`hash_draw`], [`sampling`] |
//! | an answer is checked | [`artifact`], [`dispute`], [`sharing`] |
//! | a session off the chain | [`devshard`] |
//! | conduct is judged | [`sprt`], [`status`], [`missed_work`], [`reputation`] |
//! | the epoch is settled | [`claims`], [`settlement`], [`vesting`] |
//! | other networks | [`schedules`], [`markets`] |
//! | always | [`units`], [`ledger`] |
//!
//! Each family has a page under `docs/spec/` and its cases under `tests/vectors/`.

pub mod artifact;
pub mod bandwidth;
pub mod claims;
pub mod collateral;
pub mod devshard;
pub mod dispute;
pub mod escrow;
pub mod geometry;
pub mod hash_draw;
pub mod ledger;
pub mod markets;
pub mod missed_work;
pub mod poc;
pub mod pricing;
pub mod reputation;
pub mod sampling;
pub mod schedules;
pub mod settlement;
pub mod sharing;
pub mod sprt;
pub mod status;
pub mod units;
pub mod vesting;
pub mod weights;
