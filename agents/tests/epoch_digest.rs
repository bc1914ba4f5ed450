//! The epoch fidelity's results, to the last bit: how checks and votes are done there may change, what comes of them may not.

use std::path::Path;

use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::load;

/// The first four of ten years: newcomers, so that nearly every answer is checked; forty hosts that lose requests, and ten
/// swappers who are convicted in every epoch. The digest is that of the version that mailed every job and every vote.
#[test]
fn the_first_epochs_of_ten_years_have_the_digest_that_single_jobs_gave() {
    let registry = stakeout_agents::registry();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/networks/ten-years.yaml");
    let mut scenario = load(&file, &[], &registry).expect("a shipped scenario is sound");
    scenario.epochs = 4;
    let output = run(&scenario, 0, &registry, &RunOptions::default()).expect("it runs");
    let convictions: u64 = output.epochs.iter().map(|row| row.convictions).sum();
    let expired: u64 = output.epochs.iter().map(|row| row.expired).sum();
    assert!(
        convictions > 30 && expired > 100,
        "{convictions} convictions, {expired} misses"
    );
    assert_eq!(
        output.digest.to_string(),
        "5563213766ca75809f375509293f74ab54615ccfba870f115ca4d712392ed1b3"
    );
}
