//! The epoch fidelity's results, to the last bit: how checks and votes are done there may change, what comes of them may not.

use std::path::Path;

use stakeout_engine::observe::frame::RunOutput;
use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::load;

fn ten_years(epochs: u32) -> RunOutput {
    let registry = stakeout_agents::registry();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/networks/ten-years.yaml");
    let mut scenario = load(&file, &[], &registry).expect("a shipped scenario is sound");
    scenario.epochs = epochs;
    run(&scenario, 0, &registry, &RunOptions::default()).expect("it runs")
}

/// The first four of ten years: newcomers, so that nearly every answer is checked; forty hosts that lose requests, and ten
/// swappers who are convicted in every epoch. The digest is that of the version that mailed every job and every vote.
#[test]
fn the_first_epochs_of_ten_years_have_the_digest_that_single_jobs_gave() {
    let output = ten_years(4);
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

/// The same for sixteen epochs, the last of which sum lengths up by eight. The digest is that of the version that summed up each
/// host alone, had every voter find a similarity, and booked its time vote by vote.
#[test]
fn lengths_that_are_summed_by_eight_have_the_digest_that_single_hosts_gave() {
    let output = ten_years(16);
    let finished: u64 = output.epochs.iter().map(|row| row.finished).sum();
    assert!(finished > 1_100_000, "{finished} answers");
    assert_eq!(
        output.digest.to_string(),
        "e3e4a636afc473fb47ac759798e5d54b5a93fb53f9117e161031c871d972fd21"
    );
}
