//! The door `event-log`.
#![no_main]

stakeout_fuzz::target!(stakeout_fuzz::doors::event_log);
