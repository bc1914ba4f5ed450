//! The clock, the pending events, the random streams, the samplers and the digest.
//!
//! The kernel is what a discrete-event simulation needs before it knows what it simulates. It has never
//! heard of a participant or of money; those are the engine's and the protocol's.
//!
//! Three habits make a run repeatable to the byte:
//!
//! * **Time is whole nanoseconds** ([`time`]), and events at one instant have a written order ([`queue`]).
//! * **Chance is keyed** ([`streams`]). A draw is a function of seed, replicate, purpose, of the thing it is
//!   about and of its number among that thing's draws. Nothing is drawn "next", so an added draw or thread
//!   moves no other.
//! * **Arithmetic is portable** ([`sample`]). Doubles meet `+ - * / sqrt` and the crate `libm`, never the
//!   platform's own `ln` or `exp`.
//!
//! What happened is summed up by [`digest`] in an order-free way within a block and in order between blocks,
//! and counted in [`histogram`]s that merge exactly.
//!
//! # Example
//!
//! Ten requests about things numbered 0 to 9, each at its own time, digested in the order they happen:
//!
//! ```
//! use stakeout_kernel::digest::{EffectSum, RunDigest};
//! use stakeout_kernel::queue::{EventClass, EventQueue, PendingEvents};
//! use stakeout_kernel::sample::exponential_ns;
//! use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
//! use stakeout_kernel::time::SimTime;
//!
//! let arrivals = StreamKey::derive(RootSeed(7), 0, Purpose(1));
//! let mut queue = EventQueue::new();
//! for request in 0..10_u64 {
//!     let time = SimTime::from_nanos(exponential_ns(arrivals.draw(request, 0), 1e9));
//!     queue.schedule(time, EventClass(0), request);
//! }
//!
//! let mut effects = EffectSum::ZERO;
//! let mut last = SimTime::ZERO;
//! while let Some((time, request)) = queue.pop() {
//!     assert!(time >= last);
//!     last = time;
//!     effects.add(1, request, time.nanos(), 0);
//! }
//! let mut digest = RunDigest::new(b"example");
//! digest.close_block(1, &effects);
//! assert_eq!(effects.count(), 10);
//! ```

pub mod digest;
pub mod histogram;
pub mod queue;
pub mod sample;
pub mod streams;
pub mod time;
