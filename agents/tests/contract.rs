//! What holds for everything registered: a new strategy is covered by being in the registry.

use proptest::prelude::*;
use stakeout_agents::registry;
use stakeout_engine::scenario::ParamValue;
use stakeout_engine::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};
use stakeout_engine::strategy::{Artifact, ExecutorView, RequestView, Roles, Serve, ValidatorView};
use stakeout_kernel::time::SimDuration;
use stakeout_protocol::units::{Fraction, Reputation};

const SHARES: [u32; 5] = [0, 1, 10, 50, 100];

/// A value of the parameter's kind, chosen by `pick`.
fn value(param: &ParamDescriptor, pick: u64) -> ParamValue {
    match param.kind {
        ParamKind::Fraction => ParamValue::Fraction(Fraction::from_percent(SHARES[(pick % 5) as usize])),
        ParamKind::Count { min, max } => {
            ParamValue::Count([min, max, min + (pick >> 2) % (max - min).max(1)][(pick % 3) as usize])
        }
        ParamKind::Duration => ParamValue::Duration(SimDuration::from_nanos(pick % 1_000_000_000_000)),
        ParamKind::Name => ParamValue::Name(["none", "int4", "no-such-model"][(pick % 3) as usize].into()),
        ParamKind::OneOf(names) => ParamValue::Name(names[(pick % names.len() as u64) as usize].into()),
        ParamKind::Switch => ParamValue::Switch(pick.is_multiple_of(2)),
    }
}

fn build(strategy: &StrategyDescriptor, pick: u64) -> Roles {
    let given = |(index, param): (usize, &ParamDescriptor)| {
        (
            param.name.to_owned(),
            value(param, pick.rotate_right(13 * index as u32)),
        )
    };
    let params: Vec<(String, ParamValue)> = strategy.params.iter().enumerate().map(given).collect();
    (strategy.build)(&params)
}

prop_compose! {
    fn executor_view()(
        epoch in any::<u32>(), reputation in 0u8..=100, target_rate_ppb in 0u32..=1_000_000_000,
        weight_share_ppb in 0u32..=1_000_000_000, validated in any::<u64>(), invalidated in any::<u64>(),
        was_convicted in any::<bool>(), earned in any::<i64>(), draw in any::<u64>(),
    ) -> ExecutorView {
        let reputation = Reputation::new(reputation);
        ExecutorView { epoch, reputation, target_rate_ppb, weight_share_ppb, validated, invalidated, was_convicted, earned: i128::from(earned), draw }
    }
}

prop_compose! {
    fn validator_view()(
        epoch in any::<u32>(), reputation in 0u8..=100, weight_share_ppb in 0u32..=1_000_000_000,
        required in any::<u64>(), done in any::<u64>(),
    ) -> ValidatorView {
        ValidatorView { epoch, reputation: Reputation::new(reputation), weight_share_ppb, required, done }
    }
}

prop_compose! {
    fn request_view()(
        model in any::<u16>(), prompt in any::<u32>(), max_tokens in any::<u32>(), blocks_to_poc in any::<u64>(),
        queued in any::<u32>(), answer in any::<u32>(), passed in any::<u32>(), failed in any::<u32>(),
    ) -> RequestView {
        RequestView { model, prompt, answer, max_tokens, blocks_to_poc, queued, passed, failed }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_same_views_give_the_same_decisions(
        pick in any::<u64>(),
        executor_views in prop::collection::vec(executor_view(), 1..8),
        validator_views in prop::collection::vec(validator_view(), 1..8),
        requests in prop::collection::vec((request_view(), any::<u64>()), 1..8),
    ) {
        for strategy in registry().iter() {
            // Two instances, so that hidden shared state or chance would show.
            let (mut one, mut other) = (build(strategy, pick), build(strategy, pick));
            for view in &executor_views {
                prop_assert_eq!(one.executor.policy(view), other.executor.policy(view));
                for (request, draw) in &requests {
                    let (first, second) = (one.executor.serve(view, request, *draw), other.executor.serve(view, request, *draw));
                    prop_assert_eq!(first, second);
                }
            }
            for view in &validator_views {
                prop_assert_eq!(one.validator.policy(view), other.validator.policy(view));
                prop_assert_eq!(one.validator.vote_on_proofs(view), other.validator.vote_on_proofs(view));
                prop_assert_eq!(one.validator.seeds(view), other.validator.seeds(view));
                prop_assert!(one.validator.seeds(view) >= 1);
            }
        }
    }

    #[test]
    fn an_executor_substitutes_only_if_it_names_the_substitute(
        pick in any::<u64>(), view in executor_view(), request in request_view(), draw in any::<u64>(),
    ) {
        for strategy in registry().iter() {
            let mut roles = build(strategy, pick);
            let policy = roles.executor.policy(&view);
            // A withholder may serve the promised model and hand in nothing.
            let is_substituting = policy.artifact != Artifact::Withheld && policy.substitute_rate > Fraction::ZERO
                || (policy.ask_each && roles.executor.serve(&view, &request, draw) == Serve::Substitute);
            prop_assert!(!is_substituting || policy.substitute.is_some(), "{}", strategy.name);
        }
    }
}

#[test]
fn names_and_texts_are_fit_to_be_listed() {
    for strategy in registry().iter() {
        let is_snake_case = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(is_snake_case(strategy.name), "{}", strategy.name);
        assert!(
            strategy.summary.ends_with('.') && strategy.summary.len() <= 110,
            "{}",
            strategy.name
        );
        for param in strategy.params {
            assert!(
                is_snake_case(param.name) && param.doc.ends_with('.'),
                "{}.{}",
                strategy.name,
                param.name
            );
        }
    }
}

#[test]
fn every_strategy_file_says_what_a_reader_asks_first() {
    for strategy in registry().iter() {
        let path = format!("{}/src/{}.rs", env!("CARGO_MANIFEST_DIR"), strategy.name);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        for question in [
            "- Does:",
            "- Knows:",
            "- Profits by:",
            "- Stopped by:",
            "- Reference:",
        ] {
            assert!(
                text.contains(&format!("//! {question}")),
                "{path} answers {question}"
            );
        }
    }
}

#[test]
fn an_executor_whose_rate_is_zero_serves_as_promised() {
    // pick = 0 sets every share to 0: nothing is swapped, nothing dropped.
    let view = ExecutorView {
        epoch: 0,
        reputation: Reputation::new(0),
        target_rate_ppb: 1_000_000_000,
        weight_share_ppb: 10_000_000,
        validated: 0,
        invalidated: 0,
        was_convicted: false,
        earned: 0,
        draw: 0,
    };
    let has_rate = |param: &ParamDescriptor| matches!(param.name, "rate" | "drop_rate");
    let rated = |strategy: &&StrategyDescriptor| strategy.params.iter().any(has_rate);
    for strategy in registry().iter().filter(rated) {
        let policy = build(strategy, 0).executor.policy(&view);
        assert_eq!(
            (policy.substitute_rate, policy.drop_rate),
            (Fraction::ZERO, Fraction::ZERO),
            "{}",
            strategy.name
        );
    }
}
