//! Scenarios built in code, so that the engine can be tested without files.

use std::sync::Arc;

use stakeout_calibration::Calibration;
use stakeout_engine::scenario::{
    AiModel, Arrivals, Chain, Clients, Demand, Fidelity, GpuClass, Host, HostTerms, LengthLaw, Measures,
    MissedWork, Outages, PayloadRetry, ProtocolParams, SamplingDraw, Scenario, StrategySpec, ValidationWork,
};
use stakeout_engine::strategy::registry::{Registry, StrategyDescriptor};
use stakeout_engine::strategy::{
    ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles, ValidatorPolicy, ValidatorStrategy, ValidatorView,
};
use stakeout_kernel::time::SimDuration;
use stakeout_protocol::claims::{ClaimParams, ClaimRule};
use stakeout_protocol::collateral::{CollateralParams, SlashedTo};
use stakeout_protocol::dispute::{DisputeParams, OnNoQuorum, VoterRule};
use stakeout_protocol::escrow::EscrowParams;
use stakeout_protocol::geometry::EpochParams;
use stakeout_protocol::poc::{AcceptanceThreshold, PocParams};
use stakeout_protocol::pricing::{PriceMode, PriceParams};
use stakeout_protocol::reputation::{OnAbsence, OnConviction, PenaltyForm, ReputationParams};
use stakeout_protocol::sampling::{SamplingParams, SamplingRule};
use stakeout_protocol::settlement::{ForfeitsTo, RewardParams, RewardRule, SettlementCap};
use stakeout_protocol::sprt::SprtParams;
use stakeout_protocol::status::{InvalidTest, StatusParams, StreakOnReturn};
use stakeout_protocol::units::{Amount, Decimal, EpochIndex, Fraction, Price, TokenCount};

struct Executor {
    rate: Fraction,
    drop: Fraction,
}

impl ExecutorStrategy for Executor {
    fn policy(&mut self, _: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy {
            substitute_rate: self.rate,
            substitute: Some("int4".into()),
            drop_rate: self.drop,
            ..ExecutorPolicy::honest()
        }
    }
}

struct Validator;

impl ValidatorStrategy for Validator {
    fn policy(&mut self, _: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy::diligent()
    }
}

fn roles(rate: u32, drop: u32) -> Roles {
    let (rate, drop) = (Fraction::from_percent(rate), Fraction::from_percent(drop));
    Roles {
        executor: Box::new(Executor { rate, drop }),
        validator: Box::new(Validator),
        ..Roles::honest()
    }
}

/// Honest, a swapper of every answer, and one that drops a tenth of its requests.
pub fn registry() -> Registry {
    let strategy = |name, build| StrategyDescriptor {
        name,
        summary: "",
        params: &[],
        build,
    };
    Registry::new(vec![
        strategy("honest", |_| roles(0, 0)),
        strategy("swapper", |_| roles(100, 0)),
        strategy("dropper", |_| roles(0, 10)),
    ])
}

/// A network under profile B's rules: `hosts` equal hosts in one group, short epochs, `per_second`
/// requests a second. The first two hosts swap, the third drops.
pub fn network(hosts: u32, epochs: u32, per_second: f64) -> Scenario {
    Scenario {
        name: "test".into(),
        question: None,
        seed: 7,
        replicates: 1,
        fidelity: Fidelity::Event,
        first_epoch: EpochIndex::new(100),
        epochs,
        until_blocks: None,
        warm_up: SimDuration::from_nanos(0),
        chain: Chain {
            block_time: SimDuration::from_seconds(5),
            inclusion_delay: SimDuration::from_nanos(0),
            transfer_delay: SimDuration::from_millis(50),
            validation_delay: SimDuration::from_seconds(1),
            transactions_per_block: None,
            payload: PayloadRetry {
                attempts: 10,
                first_pause: SimDuration::from_seconds(10),
                first_jitter: SimDuration::from_seconds(10),
                pause: SimDuration::from_seconds(120),
                jitter: SimDuration::from_seconds(120),
            },
        },
        protocol: profile_b(),
        models: vec![AiModel {
            name: "m".into(),
            threshold_ppb: 958_000_000,
            memory_gib: 1,
            size_ppm: 1_000_000,
            demand_share: 1.0,
            prompt: None,
            completion: None,
        }],
        hardware: vec![GpuClass {
            name: "gpu".into(),
            kernel: "fp8-h100".into(),
            memory_gib: 80,
            prefill_ns: 100_000,
            decode_ns: 5_000_000,
            slots: 4,
            cost_per_hour: Amount::from_gnk(2),
            standby_per_hour: Amount::ZERO,
        }],
        hosts: (0..hosts)
            .map(|host| Host {
                id: format!("h{host}").into(),
                owner: host,
                weight: 1000 + u64::from(host % 7),
                terms: Arc::new(HostTerms {
                    models: [0].into_iter().collect(),
                    class: 0,
                    slots: 4,
                    strategy: match host {
                        0 | 1 => 1,
                        2 => 2,
                        _ => 0,
                    },
                    epochs_completed: host % 31,
                    collateral: Amount::from_gnk(10),
                    joins_at: 0,
                    absence: None,
                }),
            })
            .collect(),
        owners: (0..hosts).map(|host| format!("o{host}").into()).collect(),
        strategies: ["honest", "swapper", "dropper"]
            .iter()
            .map(|name| StrategySpec {
                name: (*name).into(),
                params: vec![],
            })
            .collect(),
        clients: Clients {
            count: 50,
            balance: Amount::from_gnk(1_000),
            purse_share: Fraction::ZERO,
        },
        demand: Demand {
            arrivals: Arrivals::Poisson { per_second },
            prompt: LengthLaw::Lognormal {
                median: 300.0,
                p95: 2_000.0,
            },
            completion: LengthLaw::Lognormal {
                median: 200.0,
                p95: 1_000.0,
            },
            max_tokens: None,
        },
        outages: Outages::default(),
        calibration: Arc::new(Calibration::builtin("published-gonka").expect("the built-in file is valid")),
        record: None,
        attack: stakeout_engine::experiment::attack::AttackSpec::default(),
        assumptions: vec![],
        origins: vec![],
        warnings: vec![],
        files: vec![],
        canonical: String::new(),
        hash: "test".into(),
    }
}

fn profile_b() -> ProtocolParams {
    ProtocolParams {
        geometry: EpochParams {
            length: 60,
            shift: 0,
            poc_stage: 4,
            poc_exchange: 1,
            poc_validation_delay: 1,
            poc_validation_duration: 4,
            set_new_validators_delay: 4,
            activation_delay: 2,
            inference_validation_cutoff: 2,
        },
        escrow: EscrowParams {
            max_tokens_default: TokenCount::new(5000),
            expiration_blocks: 150,
            price_fallback: Price::new(1000),
        },
        sampling: SamplingParams {
            rule: SamplingRule::Reputation,
            rate_min: Fraction::from_percent(1),
            rate_max: Decimal::from_integer(1),
            rate_halfway: Fraction::from_percent(5),
            traffic_full: 10_000,
            traffic_min: 100,
            flat_rate: Fraction::ZERO,
            at_least_one_for_newcomers: false,
        },
        sampling_draw: SamplingDraw::Thinning,
        validation_work: ValidationWork::Replay,
        share_with_validators: true,
        reputation: ReputationParams {
            epochs_to_max: 30,
            miss_cutoff: Fraction::from_percent(1),
            miss_penalty: Decimal::from_integer(1),
            penalty_form: PenaltyForm::Sum,
            on_conviction: OnConviction::Keep,
            on_absence: OnAbsence::Keep,
        },
        status: StatusParams {
            false_positive_rate: Fraction::from_percent(5),
            quick_failure_threshold: Fraction::from_ratio(1, 1_000_000),
            invalid_test: InvalidTest::Sprt {
                p0: Fraction::from_percent(5),
                p1: Fraction::from_percent(10),
                h: Decimal::from_integer(4),
            },
            downtime: Some(SprtParams {
                p0: Fraction::from_percent(10),
                p1: Fraction::from_percent(20),
                h: Decimal::from_integer(4),
            }),
            llr_floor: None,
            poc_ratio_min: Some(Fraction::from_percent(50)),
            streak_on_return: StreakOnReturn::Keep,
        },
        missed_work: MissedWork {
            enabled: true,
            p0: Fraction::from_percent(10),
            dynamic_p0: true,
        },
        dispute: DisputeParams {
            quorum: Fraction::from_percent(50),
            period_seconds: 240,
            voters: VoterRule::Group,
            executor_may_vote: true,
            opener_must_be_drawn: false,
            on_no_quorum: OnNoQuorum::StayOpen,
            open_limit: 500,
            open_curve: 250,
            open_min: 1,
            open_sample_seconds: 120,
        },
        collateral: CollateralParams {
            base_ratio: Fraction::from_percent(20),
            per_weight: Decimal::from_integer(4),
            grace_epochs: 0,
            slash_invalid: Fraction::from_percent(20),
            slash_downtime: Fraction::from_percent(10),
            slashed_to: SlashedTo::Burned,
            unbonding_epochs: 1,
            unbond_before_slash: true,
        },
        poc: PocParams {
            scale: Decimal::from_integer(1),
            acceptance: AcceptanceThreshold::TwoThirds,
            confirmation_tolerance: Fraction::from_permille(909),
            confirmation_ratio_min: Fraction::from_percent(50),
            confirmations_per_epoch: Decimal::from_integer(1),
        },
        preserved_share: Fraction::ZERO,
        power_cap: Some(Fraction::from_percent(25)),
        rewards: RewardParams {
            initial: Amount::from_gnk(323_000),
            decay_per_epoch: "0.9995251127946402".parse().expect("a decimal"),
            genesis_epoch: EpochIndex::new(1),
            forfeits_to: ForfeitsTo::Governance,
            power_cap: SettlementCap::ByHosts,
            supply_cap: None,
            rule: RewardRule::Decay,
        },
        vesting_epochs: 3,
        pricing: PriceParams {
            mode: PriceMode::Dynamic,
            initial: Price::new(100),
            minimum: Price::new(1),
            zone_low: Fraction::from_percent(40),
            zone_high: Fraction::from_percent(60),
            elasticity: Fraction::from_percent(5),
            window_blocks: 12,
            block_seconds: 5,
            free_until_epoch: EpochIndex::new(0),
        },
        claims: ClaimParams {
            rule: ClaimRule::BinomialTest {
                p0: Fraction::from_percent(10),
            },
            retry_blocks: None,
            sample_max: None,
        },
        bandwidth: None,
        measures: Measures::default(),
    }
}
