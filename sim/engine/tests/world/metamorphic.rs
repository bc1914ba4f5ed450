//! What a change of a scenario must do to its run, whatever the run is: other units, other names, more time, more
//! company.

use std::sync::Arc;

use stakeout_engine::observe::frame::{EpochRow, Event, EventKind, ParticipantRow, RunOutput};
use stakeout_engine::run::{RunOptions, run};
use stakeout_engine::scenario::{Arrivals, Scenario, TraceRequest};
use stakeout_kernel::time::SimDuration;
use stakeout_protocol::pricing::PriceMode;
use stakeout_protocol::units::{Decimal, Price};

use crate::support::{network, registry};

fn simulate(scenario: &Scenario) -> RunOutput {
    let options = RunOptions {
        event_log: true,
        check_every_block: true,
        lanes: Some(3),
        parallel: false,
    };
    run(scenario, 0, &registry(), &options).expect("the scenario runs")
}

/// Twenty hosts, two of which swap and one of which drops, two epochs, and 2,000 recorded requests.
fn recorded() -> Scenario {
    let mut scenario = network(20, 2, 1.0);
    let request = |number: u64| TraceRequest {
        arrival_ns: number * 290_000_000 + 7,
        model: 0,
        executor: None,
        client: None,
        prompt: None,
        completion: None,
        missed: number.is_multiple_of(97),
    };
    scenario.demand.arrivals = Arrivals::Trace(Arc::new((0..2_000).map(request).collect()));
    scenario.hosts.iter_mut().for_each(|host| host.weight = 1_000);
    scenario
}

/// What happened, without what it was worth and how long it took.
fn counts(output: &RunOutput) -> (Vec<[u64; 19]>, Vec<(ParticipantRow, u8)>) {
    let of_epoch = |row: &EpochRow| {
        [
            row.requests,
            row.refused,
            row.unassigned,
            row.finished,
            row.expired,
            row.checked,
            row.validations_drawn,
            row.passed,
            row.failed,
            row.disputes,
            row.disputes_capped,
            row.invalidated,
            row.revalidated,
            row.undecided,
            row.cheated,
            row.convictions,
            row.deactivations,
            row.claims_rejected,
            row.power_capped,
        ]
    };
    let of_host = |row: ParticipantRow| {
        let status = row.status as u8;
        let bare = ParticipantRow {
            work_coins: 0,
            reward: 0,
            forfeited: 0,
            slashed: 0,
            cost: 0,
            busy_ns: 0,
            ..row
        };
        (bare, status)
    };
    (
        output.epochs.iter().map(of_epoch).collect(),
        output.participants.iter().map(of_host).collect(),
    )
}

#[test]
fn money_in_smaller_units_changes_no_decision_and_every_amount_by_the_factor() {
    let mut base = recorded();
    base.protocol.pricing.mode = PriceMode::Fixed;
    base.protocol.collateral.per_weight = Decimal::from_integer(5_000_000);
    let plain = simulate(&base);
    assert!(
        plain.epochs.iter().any(|row| row.slashed > 0) && plain.epochs.iter().all(|row| row.finished > 100)
    );
    for factor in [10_u64, 1_000] {
        let mut scaled = base.clone();
        let price = |price: Price| Price::new(price.get() * factor);
        let protocol = &mut scaled.protocol;
        protocol.rewards.initial = protocol.rewards.initial.times(factor);
        protocol.collateral.per_weight = Decimal::from_integer(5_000_000 * factor as i64);
        (protocol.pricing.initial, protocol.pricing.minimum) =
            (price(protocol.pricing.initial), price(protocol.pricing.minimum));
        protocol.escrow.price_fallback = price(protocol.escrow.price_fallback);
        scaled.clients.balance = scaled.clients.balance.times(factor);
        scaled
            .hosts
            .iter_mut()
            .for_each(|host| host.collateral = host.collateral.times(factor));
        scaled
            .hardware
            .iter_mut()
            .for_each(|class| class.cost_per_hour = class.cost_per_hour.times(factor));
        let other = simulate(&scaled);
        assert_eq!(counts(&plain), counts(&other), "money × {factor}");
        // Each division leaves less than a unit behind, and a run of this size makes fewer than 20,000.
        let most = 20_000 * i128::from(factor);
        for ((account, before), (_, after)) in plain.balances.iter().zip(&other.balances) {
            let difference = after - before * i128::from(factor);
            assert!(
                difference.abs() <= most,
                "{account}: {before} becomes {after} at × {factor}"
            );
        }
        for (before, after) in plain.epochs.iter().zip(&other.epochs) {
            for (before, after) in [
                (before.rewards, after.rewards),
                (before.work_coins, after.work_coins),
                (before.slashed, after.slashed),
                (before.issued, after.issued),
            ] {
                let difference = after - before * i128::from(factor);
                assert!(difference.abs() <= most, "{before} becomes {after} at × {factor}");
            }
        }
    }
}

#[test]
fn other_names_are_the_same_run() {
    let base = network(20, 2, 5.0);
    let mut renamed = base.clone();
    for (number, host) in renamed.hosts.iter_mut().enumerate() {
        host.id = format!("zz-{}", 1_000 - number).into();
    }
    for (number, owner) in renamed.owners.iter_mut().enumerate() {
        *owner = format!("firm-{}", number * 7 % 20).into();
    }
    renamed.models[0].name = "another".into();
    renamed.hardware[0].name = "card".into();
    (renamed.name, renamed.question) = ("other".into(), Some("why?".into()));
    let (before, after) = (simulate(&base), simulate(&renamed));
    assert_eq!(before.digest, after.digest);
    assert_eq!(before.epochs, after.epochs);
    assert_eq!(before.participants, after.participants);
    assert_eq!(before.events, after.events);
}

#[test]
fn a_slower_clock_shows_the_same_decisions_later() {
    let base = recorded();
    let plain = simulate(&base);
    let factor = 2;
    let mut slow = base.clone();
    let times = |span: &mut SimDuration| *span = SimDuration::from_nanos(span.nanos() * factor);
    let chain = &mut slow.chain;
    for span in [
        &mut chain.block_time,
        &mut chain.inclusion_delay,
        &mut chain.transfer_delay,
        &mut chain.validation_delay,
        &mut chain.payload.first_pause,
        &mut chain.payload.first_jitter,
        &mut chain.payload.pause,
        &mut chain.payload.jitter,
    ] {
        times(span);
    }
    let protocol = &mut slow.protocol;
    protocol.dispute.period_seconds *= factor;
    protocol.dispute.open_sample_seconds *= factor;
    protocol.pricing.block_seconds *= factor as u32;
    for class in &mut slow.hardware {
        class.prefill_ns *= factor;
        class.decode_ns *= factor;
    }
    if let Arrivals::Trace(requests) = &mut slow.demand.arrivals {
        let requests = Arc::make_mut(requests);
        requests
            .iter_mut()
            .for_each(|request| request.arrival_ns *= factor);
    }
    let other = simulate(&slow);
    assert_eq!(counts(&plain), counts(&other));
}

#[test]
fn twice_the_horizon_begins_with_the_same_events() {
    let (short, long) = (simulate(&network(20, 2, 5.0)), simulate(&network(20, 4, 5.0)));
    let events = |output: &RunOutput| output.events.clone().expect("the log was asked for");
    // The last epoch's end closes books that go on in the longer run.
    let until = short.stages.last().expect("an epoch ended").poc_start;
    let head = |events: Vec<Event>| -> Vec<Event> {
        events
            .into_iter()
            .take_while(|event| event.height < until)
            .collect()
    };
    let (short, long) = (head(events(&short)), head(events(&long)));
    assert!(short.len() > 1_000, "{} events", short.len());
    assert!(short == long, "the logs part before block {until}");
}

#[test]
fn who_only_looks_on_shifts_no_draw() {
    let base = network(20, 2, 5.0);
    let mut watched = base.clone();
    // A host that would join after the end, hardware that nobody has, a strategy that nobody follows.
    let mut late = watched.hosts[5].clone();
    (late.id, late.owner, late.joins_at) = ("late".into(), 20, 99);
    watched.hosts.push(late);
    watched.owners.push("onlooker".into());
    let mut class = watched.hardware[0].clone();
    (class.name, class.decode_ns) = ("unused".into(), 1);
    watched.hardware.push(class);
    let mut idle = watched.strategies[1].clone();
    idle.name = "dropper".into();
    watched.strategies.push(idle);
    let (before, after) = (simulate(&base), simulate(&watched));
    assert_eq!(before.epochs, after.epochs);
    let known = |output: &RunOutput| -> Vec<ParticipantRow> {
        output
            .participants
            .iter()
            .filter(|row| row.participant < 20)
            .collect()
    };
    assert_eq!(known(&before), known(&after));
    let draws = |output: &RunOutput| -> Vec<Event> {
        let events = output.events.clone().expect("the log was asked for");
        let is_draw = |event: &Event| {
            matches!(
                event.kind,
                EventKind::Started
                    | EventKind::Served
                    | EventKind::Drawn
                    | EventKind::Passed
                    | EventKind::Disputed
            )
        };
        events.into_iter().filter(is_draw).collect()
    };
    assert!(draws(&before) == draws(&after), "an onlooker shifts draws");
    assert_eq!(
        before.balances.iter().map(|(_, balance)| balance).sum::<i128>(),
        0
    );
    let wallets = |output: &RunOutput| {
        output
            .balances
            .iter()
            .find(|(name, _)| *name == "clients")
            .map(|found| found.1)
    };
    assert_eq!(wallets(&before), wallets(&after));
}
