//! Which pictures a run, a sweep, a solved question, a game and a calibration have.
//!
//! **Invariant.** Sums are integers; a float appears only when a sum becomes something to draw.

pub mod calibration;
mod economy;
pub mod game;
mod latency;
mod over_time;
pub mod run;
pub mod sensitivity;
pub mod solve;
pub mod survival;
pub mod sweep;
mod timeline;
mod tornado;
mod trade_off;
