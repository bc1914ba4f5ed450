//! The event engine on scenarios built in code: digests, money, and what must be reached.

mod determinism;
mod life;
mod support;
