//! The tests of the whole workspace where there is no network: a namespace of its own that has the loopback alone.

use std::process::Command;

use crate::step::{Outcome, run, timed};

/// What is run inside: the loopback is for the browser of the page tests, which talks to itself.
const INSIDE: &str = "ip link set lo up 2>/dev/null; ! ip route 2>/dev/null | grep -q . && \
    exec cargo test --release --workspace --offline";

/// Builds the tests, then runs them without a network.
pub fn offline() -> Outcome {
    let can = Command::new("unshare").args(["-rn", "true"]).status();
    if !can.is_ok_and(|status| status.success()) {
        return Err(
            "this chore needs `unshare -rn`: util-linux, and user namespaces that are allowed".to_string(),
        );
    }
    timed("tests, built", || {
        run("cargo", &["test", "--release", "--workspace", "--no-run"], &[])
    })?;
    timed("tests without a network", || {
        run("unshare", &["-rn", "sh", "-c", INSIDE], &[])
    })
}
