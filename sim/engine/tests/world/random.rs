//! Random scenarios: small networks in which every switch of the rules is turned at some time.
//!
//! A scenario is a function of its number alone, so a failure is replayed by its number.

use std::sync::Arc;

use stakeout_engine::scenario::{
    Absence, AiModel, Arrivals, Assignment, ClaimSeed, LengthLaw, Measures, OutageLaw, Outages, Planted,
    Scenario, SecondCheck, SharedOutage, StrategySpec, TraceRequest, Unsampled, ValidationWork,
};
use stakeout_engine::strategy::registry::{Registry, StrategyDescriptor};
use stakeout_engine::strategy::{
    Artifact, ExecutorPolicy, ExecutorStrategy, ExecutorView, Harm, ProofVote, PurseUse, RequestView, Roles,
    Serve, Shortcut, ValidatorPolicy, ValidatorStrategy, ValidatorView,
};
use stakeout_kernel::time::SimDuration;
use stakeout_protocol::claims::ClaimRule;
use stakeout_protocol::collateral::SlashedTo;
use stakeout_protocol::dispute::{OnNoQuorum, VoterRule};
use stakeout_protocol::pricing::PriceMode;
use stakeout_protocol::reputation::{OnAbsence, OnConviction, PenaltyForm};
use stakeout_protocol::sampling::SamplingRule;
use stakeout_protocol::settlement::{ForfeitsTo, LegacySubsidyParams, RewardRule, SettlementCap};
use stakeout_protocol::status::{InvalidTest, StreakOnReturn};
use stakeout_protocol::units::{Amount, Decimal, EpochIndex, Fraction, Price, TokenCount};

use crate::deviants::{Comer, Other, agent, behind, purse};
use crate::dice::Dice;
use crate::support::network;

/// What a random host does in its two roles.
struct Conduct {
    cheats: u32,
    drops: u32,
    asks_each: bool,
    works: u32,
    otherwise: Shortcut,
}

impl ExecutorStrategy for Conduct {
    fn policy(&mut self, _: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: Fraction::from_percent(self.cheats),
            substitute: Some("int4".into()),
            drop_rate: Fraction::from_percent(self.drops),
            ask_each: self.asks_each,
            ..ExecutorPolicy::honest()
        }
    }

    fn serve(&mut self, _: &ExecutorView, request: &RequestView, draw: u64) -> Serve {
        match draw % 3 {
            0 if request.queued < 3 => Serve::Substitute,
            1 if request.blocks_to_poc < 5 => Serve::Drop,
            _ => Serve::Promised,
        }
    }
}

impl ValidatorStrategy for Conduct {
    fn policy(&mut self, _: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy {
            diligence: Fraction::from_percent(self.works),
            otherwise: self.otherwise,
            bias: None,
        }
    }

    fn vote_on_proofs(&mut self, _: &ValidatorView) -> ProofVote {
        match self.otherwise {
            Shortcut::SayMismatch => ProofVote::OwnOnly,
            Shortcut::Silent => ProofVote::Absent,
            _ => ProofVote::ByTheProof,
        }
    }

    fn seeds(&mut self, _: &ValidatorView) -> u32 {
        if self.otherwise == Shortcut::Copy { 8 } else { 1 }
    }
}

const fn conduct(cheats: u32, drops: u32) -> Conduct {
    Conduct {
        cheats,
        drops,
        asks_each: false,
        works: 100,
        otherwise: Shortcut::SayMatch,
    }
}

fn roles(executor: Conduct, works: u32, otherwise: Shortcut) -> Roles {
    Roles {
        executor: Box::new(executor),
        validator: Box::new(Conduct {
            works,
            otherwise,
            ..conduct(0, 0)
        }),
        ..Roles::honest()
    }
}

/// Names of the strategies, honest first.
const STRATEGIES: [&str; 20] = [
    "honest",
    "swapper",
    "sly",
    "dropper",
    "moody",
    "stamper",
    "accuser",
    "silent",
    "blind",
    "launderer",
    "diluter",
    "withholder",
    "ring",
    "copier",
    "router",
    "forger",
    "washer",
    "awkward",
    "deadly",
    "comer",
];
/// Index of the strategy that calls every answer right.
pub const BLIND: u16 = 8;
/// Index of the strategy that hands validators no payload.
pub const WITHHOLDER: u16 = 11;

/// The strategies as a scenario lists them.
pub fn specs() -> Vec<StrategySpec> {
    STRATEGIES
        .iter()
        .map(|name| StrategySpec {
            name: (*name).into(),
            params: vec![],
        })
        .collect()
}

/// The strategies that random hosts follow.
pub fn strategies() -> Registry {
    let strategy = |name, build| StrategyDescriptor {
        name,
        summary: "",
        params: &[],
        build,
    };
    Registry::new(vec![
        strategy("honest", |_| roles(conduct(0, 0), 100, Shortcut::SayMatch)),
        strategy("swapper", |_| roles(conduct(100, 0), 100, Shortcut::SayMatch)),
        strategy("sly", |_| roles(conduct(20, 5), 100, Shortcut::SayMatch)),
        strategy("dropper", |_| roles(conduct(0, 30), 100, Shortcut::SayMatch)),
        strategy("moody", |_| {
            roles(
                Conduct {
                    asks_each: true,
                    ..conduct(0, 0)
                },
                100,
                Shortcut::SayMatch,
            )
        }),
        strategy("stamper", |_| roles(conduct(0, 0), 10, Shortcut::SayMatch)),
        strategy("accuser", |_| roles(conduct(0, 0), 50, Shortcut::SayMismatch)),
        strategy("silent", |_| roles(conduct(0, 0), 30, Shortcut::Silent)),
        strategy("blind", |_| roles(conduct(0, 0), 0, Shortcut::SayMatch)),
        strategy("launderer", |_| behind(Artifact::Laundered)),
        strategy("diluter", |_| {
            behind(Artifact::Diluted(Fraction::from_percent(25)))
        }),
        strategy("withholder", |_| behind(Artifact::Withheld)),
        strategy("ring", |_| Roles {
            validator: Box::new(Other(Shortcut::SayMatch)),
            ..behind(Artifact::Partial(Fraction::from_percent(40)))
        }),
        strategy("copier", |_| roles(conduct(0, 0), 0, Shortcut::Copy)),
        strategy("router", |_| agent(4, None)),
        strategy("forger", |_| agent(1, Some(Harm::Forge))),
        strategy("washer", |_| purse(PurseUse::Wash { draws: 3 })),
        strategy("awkward", |_| purse(PurseUse::Awkward)),
        strategy("deadly", |_| {
            purse(PurseUse::Deadly {
                restart_ns: 30_000_000_000,
            })
        }),
        strategy("comer", |_| Roles {
            entrant: Box::new(Comer),
            ..purse(PurseUse::Unpaid)
        }),
    ])
}

/// Scenario `number`: up to 40 hosts and about 1,000 inferences.
pub fn scenario(number: u64) -> Scenario {
    let dice = &mut Dice::new(number);
    let hosts = if dice.happens(70) {
        dice.between(2, 14)
    } else {
        dice.between(1, 40)
    } as u32;
    let epochs = dice.between(1, 5) as u32;
    let mut scenario = network(hosts, epochs, 1.0);
    scenario.seed = number;
    scenario.strategies = specs();
    set_chain(&mut scenario, dice);
    set_hosts(&mut scenario, dice);
    set_demand(&mut scenario, dice);
    set_outages(&mut scenario, dice);
    set_checks(&mut scenario, dice);
    set_disputes(&mut scenario, dice);
    set_money(&mut scenario, dice);
    set_measures(&mut scenario, dice);
    scenario
}

/// Length of the run in seconds, about.
fn horizon_seconds(scenario: &Scenario) -> f64 {
    let blocks = scenario.protocol.geometry.length * u64::from(scenario.epochs) + 15;
    blocks as f64 * scenario.chain.block_time.as_seconds()
}

fn set_chain(scenario: &mut Scenario, dice: &mut Dice) {
    let chain = &mut scenario.chain;
    chain.block_time = SimDuration::from_millis(dice.one_of(&[1_000, 5_000, 5_000, 6_500, 20_000]));
    chain.inclusion_delay = SimDuration::from_millis(dice.one_of(&[0, 0, 500, 9_000]));
    chain.validation_delay = SimDuration::from_millis(dice.one_of(&[0, 1_000, 30_000]));
    chain.transactions_per_block = dice.happens(15).then(|| dice.between(20, 200) as u32);
    scenario.protocol.geometry.length = dice.between(26, 70);
    scenario.protocol.geometry.set_new_validators_delay = dice.between(1, 8);
    scenario.protocol.escrow.expiration_blocks = dice.one_of(&[2, 10, 40, 150]);
    scenario.until_blocks = dice.happens(8).then(|| dice.between(1, 60));
    scenario.warm_up = SimDuration::from_seconds(dice.one_of(&[0, 0, 60]));
}

fn set_hosts(scenario: &mut Scenario, dice: &mut Dice) {
    let models = dice.between(1, 4) as u16;
    let model = scenario.models[0].clone();
    scenario.models = (0..models)
        .map(|number| AiModel {
            name: format!("m{number}"),
            threshold_ppb: dice.one_of(&[958_000_000, 970_917_000, 990_000_000]),
            size_ppm: dice.one_of(&[300_000, 1_000_000, 2_500_000]),
            demand_share: dice.between(1, 9) as f64,
            completion: dice
                .happens(30)
                .then(|| LengthLaw::Uniform(1, dice.between(2, 900) as u32)),
            ..model.clone()
        })
        .collect();
    let mut other = scenario.hardware[0].clone();
    (other.name, other.kernel) = ("older".into(), "fp8-a100".into());
    (other.prefill_ns, other.decode_ns) = (250_000, dice.between(5_000_000, 60_000_000));
    scenario.hardware.push(other);
    let cheats = dice.one_of(&[0, 20, 20, 50]);
    let (is_top_heavy, is_poor) = (dice.happens(30), dice.happens(30));
    let epochs = u64::from(scenario.epochs);
    for (at, host) in scenario.hosts.iter_mut().enumerate() {
        host.strategy = if dice.happens(cheats) {
            dice.between(1, STRATEGIES.len() as u64 - 1) as u16
        } else {
            0
        };
        host.weight = match at {
            0 if is_top_heavy => 1_000_000,
            _ => dice.one_of(&[1, 50, 1_000, 1_000, 1_001, 4_000]),
        };
        host.models = (0..models).filter(|_| dice.happens(60)).collect();
        if host.models.is_empty() {
            host.models.push(dice.between(0, u64::from(models) - 1) as u16);
        }
        (host.class, host.slots) = (dice.between(0, 1) as u16, dice.between(1, 6) as u16);
        host.epochs_completed = dice.between(0, 35) as u32;
        host.collateral = Amount::from_gnk(if is_poor { 0 } else { dice.between(0, 20) as i64 });
        host.joins_at = if dice.happens(10) {
            dice.between(0, epochs) as u32
        } else {
            0
        };
        host.absence = dice.happens(10).then(|| Absence {
            from: dice.between(0, epochs) as u32,
            epochs: dice.between(1, 3) as u32,
        });
    }
}

/// Rules against particular attacks, each in a part of the scenarios.
fn set_measures(scenario: &mut Scenario, dice: &mut Dice) {
    let coins = |dice: &mut Dice| Amount::from_base_units(dice.one_of(&[0, 1, 5_000_000, 3_000_000_000]));
    scenario.clients.purse_share = dice.percent(&[0, 0, 5, 30]);
    scenario.hardware[0].standby_per_hour = coins(dice);
    scenario.protocol.measures = Measures {
        planted: dice.happens(30).then(|| Planted {
            rate: dice.percent(&[1, 20, 100]),
            fine: coins(dice),
        }),
        commit_reveal: dice.happens(30),
        second_check: dice.happens(30).then_some(SecondCheck),
        bounty: coins(dice),
        identity_fee: coins(dice),
        assignment: dice.one_of(&[
            Assignment::ByAgent,
            Assignment::ByAgent,
            Assignment::Committed,
            Assignment::RoundRobin { slots: 16 },
        ]),
        unsampled: dice.one_of(&[Unsampled::Ignored, Unsampled::Ignored, Unsampled::Passed]),
        has_guardians: dice.happens(20),
        claim_seed: dice.one_of(&[ClaimSeed::Committed, ClaimSeed::Committed, ClaimSeed::Free]),
    };
    let tests = [
        InvalidTest::OneStrike,
        InvalidTest::EProcess {
            p0: Fraction::from_percent(5),
            level: Fraction::from_percent(1),
        },
        InvalidTest::Cusum {
            p0: Fraction::from_percent(5),
            p1: Fraction::from_percent(20),
            h: Decimal::from_integer(4),
        },
    ];
    if dice.happens(30) {
        scenario.protocol.status.invalid_test = dice.one_of(&tests);
    }
    if dice.happens(20) {
        scenario.protocol.sampling.rule = dice.one_of(&[SamplingRule::Designated, SamplingRule::Slots]);
    }
}

fn set_demand(scenario: &mut Scenario, dice: &mut Dice) {
    let requests = dice.one_of(&[60, 400, 1_200, 2_500]) as f64;
    let per_second = requests / horizon_seconds(scenario);
    let horizon = SimDuration::from_millis((horizon_seconds(scenario) * 1_000.0) as u64);
    let demand = &mut scenario.demand;
    demand.arrivals = match dice.between(0, 5) {
        0 => Arrivals::Diurnal {
            per_second,
            amplitude: 0.9,
            peak: dice.seconds(0, 500),
            period: dice.seconds(60, 900),
        },
        1 => Arrivals::Bursty {
            calm_per_second: per_second / 3.0,
            burst_per_second: per_second * 4.0,
            calm_mean: dice.seconds(30, 300),
            burst_mean: dice.seconds(5, 60),
        },
        2 => Arrivals::Trace(Arc::new(trace(
            requests as u64,
            horizon,
            scenario.hosts.len() as u64,
            dice,
        ))),
        _ => Arrivals::Poisson { per_second },
    };
    if let Arrivals::Trace(requests) = &mut demand.arrivals {
        let models = scenario.models.len() as u64;
        for request in Arc::make_mut(requests) {
            request.model = dice.between(0, models - 1) as u16;
        }
    }
    demand.max_tokens = dice.one_of(&[None, None, Some(1), Some(600)]);
    scenario.clients.count = dice.one_of(&[1, 7, 50]);
    let prices = [10_000_000, 1_000_000_000, 1_000_000_000_000];
    scenario.clients.balance = Amount::from_base_units(dice.one_of(&prices));
}

/// A trace in which some requests name an executor, a client, or never end.
fn trace(requests: u64, horizon: SimDuration, hosts: u64, dice: &mut Dice) -> Vec<TraceRequest> {
    let mut trace: Vec<TraceRequest> = (0..requests)
        .map(|_| TraceRequest {
            arrival_ns: dice.between(0, horizon.nanos()),
            model: 0,
            executor: dice.happens(50).then(|| dice.between(0, hosts - 1) as u32),
            client: dice.happens(20).then_some(0),
            prompt: dice.happens(20).then_some(7),
            completion: dice.happens(20).then_some(90),
            missed: dice.happens(5),
        })
        .collect();
    trace.sort_unstable_by_key(|request| request.arrival_ns);
    trace
}

fn set_outages(scenario: &mut Scenario, dice: &mut Dice) {
    let per_host = dice.happens(40).then(|| OutageLaw {
        mean_up: dice.seconds(100, 3_000),
        mean_down: dice.seconds(1, 300),
    });
    let shared = (0..dice.one_of(&[0, 0, 0, 1, 3]))
        .map(|_| SharedOutage {
            at: dice.seconds(0, 900),
            lasts: dice.seconds(1, 200),
            share: dice.percent(&[10, 50, 100]),
        })
        .collect();
    scenario.outages = Outages {
        per_host,
        shared,
        resume: dice.happens(50),
    };
}

fn set_checks(scenario: &mut Scenario, dice: &mut Dice) {
    let protocol = &mut scenario.protocol;
    let sampling = &mut protocol.sampling;
    sampling.rule = dice.one_of(&[
        SamplingRule::Reputation,
        SamplingRule::Reputation,
        SamplingRule::Reputation,
        SamplingRule::Flat,
        SamplingRule::None,
    ]);
    sampling.flat_rate = dice.percent(&[0, 5, 40, 100]);
    sampling.rate_max = Decimal::from_integer(dice.one_of(&[1, 1, 3]));
    (sampling.traffic_min, sampling.traffic_full) =
        dice.one_of(&[(100, 10_000), (0, 300), (100_000, 200_000)]);
    sampling.at_least_one_for_newcomers = dice.happens(30);
    if dice.happens(20) {
        protocol.validation_work = ValidationWork::Fresh(LengthLaw::Exponential { mean: 150.0 });
    }
    protocol.share_with_validators = dice.happens(60);
    let reputation = &mut protocol.reputation;
    reputation.penalty_form = dice.one_of(&[PenaltyForm::Sum, PenaltyForm::Nested]);
    reputation.on_conviction = dice.one_of(&[OnConviction::Keep, OnConviction::Reset]);
    reputation.on_absence = dice.one_of(&[
        OnAbsence::Keep,
        OnAbsence::DeleteAfter { epochs: 1 },
        OnAbsence::HalfLife { epochs: 2 },
    ]);
    let status = &mut protocol.status;
    status.invalid_test = dice.one_of(&[
        status.invalid_test,
        status.invalid_test,
        InvalidTest::None,
        InvalidTest::ZTest {
            false_positive_rate: Fraction::from_percent(5),
            measurements_cap: 10,
            deviations_max: 1,
        },
    ]);
    if dice.happens(20) {
        status.quick_failure_threshold = Fraction::ZERO;
    }
    if dice.happens(20) {
        status.downtime = None;
    }
    if dice.happens(20) {
        status.llr_floor = Some(Decimal::ZERO);
    }
    if dice.happens(20) {
        status.poc_ratio_min = None;
    }
    status.streak_on_return = dice.one_of(&[StreakOnReturn::Keep, StreakOnReturn::Reset]);
    protocol.missed_work.enabled = dice.happens(80);
    protocol.missed_work.dynamic_p0 = dice.happens(50);
    protocol.poc.confirmations_per_epoch = Decimal::from_integer(dice.one_of(&[0, 1, 4]));
    protocol.preserved_share = dice.percent(&[0, 0, 30, 100]);
    protocol.claims.retry_blocks = dice.one_of(&[None, None, Some(1), Some(7)]);
    protocol.claims.sample_max = dice.one_of(&[None, None, Some(5), Some(100)]);
    protocol.claims.rule = dice.one_of(&[
        ClaimRule::None,
        ClaimRule::AllOrNothing,
        ClaimRule::BinomialTest {
            p0: Fraction::from_percent(10),
        },
    ]);
}

fn set_disputes(scenario: &mut Scenario, dice: &mut Dice) {
    let dispute = &mut scenario.protocol.dispute;
    dispute.quorum = dice.percent(&[1, 50, 50, 67]);
    dispute.period_seconds = dice.one_of(&[1, 30, 240]);
    dispute.voters = dice.one_of(&[
        VoterRule::Group,
        VoterRule::Group,
        VoterRule::Sampled {
            voters: 10,
            weight_cap: Fraction::from_percent(20),
        },
        VoterRule::Sampled {
            voters: 1,
            weight_cap: Fraction::ONE,
        },
    ]);
    dispute.executor_may_vote = dice.happens(50);
    dispute.on_no_quorum = dice.one_of(&[OnNoQuorum::StayOpen, OnNoQuorum::CountAsValid]);
    (dispute.open_limit, dispute.open_min) = dice.one_of(&[(500, 1), (2, 1), (0, 50)]);
    dispute.open_sample_seconds = dice.one_of(&[0, 120]);
}

fn set_money(scenario: &mut Scenario, dice: &mut Dice) {
    let protocol = &mut scenario.protocol;
    let collateral = &mut protocol.collateral;
    collateral.base_ratio = dice.percent(&[0, 20, 100]);
    collateral.per_weight = Decimal::from_integer(dice.one_of(&[0, 4, 5_000_000, 40_000_000]));
    collateral.grace_epochs = dice.one_of(&[0, 0, 101, 1_000]);
    collateral.slash_invalid = dice.percent(&[0, 20, 100]);
    collateral.slashed_to = dice.one_of(&[SlashedTo::Burned, SlashedTo::Governance]);
    protocol.power_cap = dice.one_of(&[
        None,
        Some(Fraction::from_percent(25)),
        Some(Fraction::from_percent(30)),
        Some(Fraction::from_percent(60)),
    ]);
    let rewards = &mut protocol.rewards;
    rewards.forfeits_to = dice.one_of(&[ForfeitsTo::Governance, ForfeitsTo::Redistribute, ForfeitsTo::Burn]);
    rewards.power_cap = dice.one_of(&[
        SettlementCap::None,
        SettlementCap::ByHosts,
        SettlementCap::Fixed(Fraction::from_percent(30)),
    ]);
    rewards.initial = Amount::from_gnk(dice.one_of(&[0, 1, 323_000]));
    if dice.happens(25) {
        rewards.supply_cap = Some(rewards.initial.times(2) + Amount::from_gnk(1));
        rewards.rule = RewardRule::LegacySubsidy(LegacySubsidyParams {
            rate: dice.percent(&[20, 90]),
            cutoff: dice.percent(&[5, 50]),
            decrease: Fraction::from_percent(20),
        });
    } else if dice.happens(10) {
        rewards.supply_cap = Some(rewards.initial);
    }
    protocol.vesting_epochs = dice.between(0, 5) as u32;
    let pricing = &mut protocol.pricing;
    pricing.mode = dice.one_of(&[PriceMode::Dynamic, PriceMode::Fixed]);
    pricing.initial = Price::new(dice.one_of(&[1, 100, 1_000, 1_000]));
    pricing.free_until_epoch = EpochIndex::new(dice.one_of(&[0, 0, 0, 102, 500]));
    scenario.protocol.escrow.max_tokens_default = TokenCount::new(dice.one_of(&[5_000, 200]));
}

/// What a scenario is, for whoever must find out why it failed.
pub fn describe(scenario: &Scenario) -> String {
    let arrivals = match &scenario.demand.arrivals {
        Arrivals::Trace(requests) => format!("a trace of {} requests", requests.len()),
        law => format!("{law:?}"),
    };
    format!(
        "seed {} epochs {} until {:?} warm-up {:?}\n{:?}\n{:#?}\narrivals: {arrivals}\nmax_tokens {:?}\n\
         {:?}\n{:?}\n{:#?}\n{:#?}",
        scenario.seed,
        scenario.epochs,
        scenario.until_blocks,
        scenario.warm_up,
        scenario.chain,
        scenario.protocol,
        scenario.demand.max_tokens,
        scenario.clients,
        scenario.outages,
        scenario.models,
        scenario.hosts,
    )
}
