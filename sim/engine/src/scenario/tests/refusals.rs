//! What is refused, and with which words.

use super::*;

#[test]
fn all_errors_of_a_file_come_at_once_with_place_range_and_nearest_word() {
    let text = "\
seed: -1
duration: 60
demand: { rate: 1 /s, lw: poisson }
protocol:
  sampling:
    rule: reputaton
    rate_min: 5 s
    rate_max: .inf
  missed_work: { enabled: yes }
population:
  - { count: 3, strategy: model_swaper, weight: 10, models: small, hardware: plain }
  - { count: 1, strategy: { model_swapper: { rte: 5 % } }, weight: 0, models: small, hardware: plain, typo: 1 }
";
    let expected = "\
the scenario has 11 errors

error: seed: found `-1`, which is out of range
  --> test.yaml:1:7
   |
 1 | seed: -1
   |       ^^
  = allowed: a whole number without a unit from 0 to 18446744073709551615

error: duration: found `60`, a number without a unit
  --> test.yaml:2:11
   |
 2 | duration: 60
   |           ^^
  = allowed: a number of epochs from 1 epochs to 1000000 epochs, in one of epochs, epoch
  = write the unit: `60 epochs`

error: demand.lw: unknown key `lw`
  --> test.yaml:3:23
   |
 3 | demand: { rate: 1 /s, lw: poisson }
   |                       ^^
  = allowed: law, rate, amplitude, peak, period, calm_rate, burst_rate, calm_mean, burst_mean, trace, prompt, completion, max_tokens
  = did you mean `law`?

error: protocol.sampling.rule: found `reputaton`
  --> test.yaml:6:11
   |
 6 |     rule: reputaton
   |           ^^^^^^^^^
  = allowed: reputation, flat, designated, slots, none
  = did you mean `reputation`?

error: protocol.sampling.rate_min: found `5 s`, with the unit `s`
  --> test.yaml:7:15
   |
 7 |     rate_min: 5 s
   |               ^^^
  = allowed: a share from 0 % to 100 %, in one of %, permille, bps, ppm, ppb

error: protocol.sampling.rate_max: found `.inf`, which is no decimal number
  --> test.yaml:8:15
   |
 8 |     rate_max: .inf
   |               ^^^^
  = allowed: a number without a unit from 0 to 1000

error: protocol.missed_work.enabled: found `yes`
  --> test.yaml:9:27
   |
 9 |   missed_work: { enabled: yes }
   |                           ^^^
  = allowed: true, false
  = did you mean `true`?

error: population[0].strategy: unknown strategy `model_swaper`
  --> test.yaml:11:27
    |
 11 |   - { count: 3, strategy: model_swaper, weight: 10, models: small, hardware: plain }
    |                           ^^^^^^^^^^^^
  = allowed: honest, model_swapper, lazy_validator, unreliable_host
  = did you mean `model_swapper`?

error: population[1].strategy.model_swapper.rte: unknown key `rte`
  --> test.yaml:12:46
    |
 12 |   - { count: 1, strategy: { model_swapper: { rte: 5 % } }, weight: 0, models: small, hardware: p
    |                                              ^^^
  = allowed: rate, substitute
  = did you mean `rate`?

error: population[1].weight: found `0`, which is out of range
  --> test.yaml:12:68
    |
 12 | ...ategy: { model_swapper: { rte: 5 % } }, weight: 0, models: small, hardware: plain, typo: 1 }
    |                                                    ^
  = allowed: a whole number without a unit from 1 to 1000000000000

error: population[1].typo: unknown key `typo`
  --> test.yaml:12:103
    |
 12 | ...} }, weight: 0, models: small, hardware: plain, typo: 1 }
    |                                                    ^^^^
  = allowed: id, name, count, hosts_csv, except, strategy, weight, models, hardware, cards, owner, epochs_completed, collateral, joins_at, absence";
    let found = refusal(text);
    assert_eq!(found, expected, "\n{found}");
}

#[test]
fn values_that_no_quantity_has_are_refused() {
    for value in [
        ".nan",
        "nan",
        "inf",
        "-.inf",
        "1e308 s",
        "1e400 s",
        "-5 s",
        "5",
        "5 kg",
        "five s",
        "[5 s]",
        "{a: 5 s}",
        "",
        "~",
        "99999999999 d",
    ] {
        let refused = with(&[&format!("chain.block_time={value}")])
            .expect_err(value)
            .to_string();
        assert!(refused.contains("chain.block_time: found"), "{value}: {refused}");
        assert!(
            refused.contains("a length of time above 0 s"),
            "{value}: {refused}"
        );
    }
    for value in ["NaN GNK", "1e30 GNK", "-1 GNK", "0.0000000001 GNK", "323000"] {
        with(&[&format!("protocol.rewards.initial={value}")]).expect_err(value);
    }
    let scenario = with(&["protocol.rewards.initial=323_000.000000001 GNK"]).unwrap();
    assert_eq!(
        scenario.protocol.rewards.initial,
        Amount::from_base_units(323_000_000_000_001)
    );
}

#[test]
fn rules_between_fields_are_checked() {
    let cases = [
        (
            "protocol.geometry.poc_stage=5000 blocks",
            "the stages of proof of compute",
        ),
        (
            "protocol.sampling.rate_halfway=0.5 %",
            "the rates are out of order",
        ),
        (
            "protocol.sampling.traffic_min=6000",
            "the traffic limits are out of order",
        ),
        (
            "protocol.status={test: sprt, sprt: {p0: 20 %, p1: 10 %}}",
            "the bad rate is not above the good one",
        ),
        ("protocol.pricing.zone_low=70 %", "the zone is empty"),
        ("demand.law=diurnal", "it is missing, and the law is `diurnal`"),
        (
            "outages.per_host.mean_up=1 h",
            "one of mean_up and mean_down is none",
        ),
        ("calibration=published-gonk", "no built-in calibration"),
        ("hardware.plain.kernel=fp9", "the calibration has no kernel `fp9`"),
        (
            "population[0].strategy={model_swapper: {substitute: int3}}",
            "the calibration has no substitute `int3`",
        ),
        (
            "population[0].joins_at=2 epochs",
            "no host takes part in the first epoch",
        ),
        ("models.small.demand_share=0", "nobody asks for any model"),
        ("protocol.geometry.shift=100000 blocks", "starts before block 0"),
    ];
    for (change, expected) in cases {
        let refused = with(&[change]).expect_err(change).to_string();
        assert!(refused.contains(expected), "{change}: {refused}");
    }
}

#[test]
fn a_host_that_cannot_hold_its_model_is_refused_and_more_cards_help() {
    let refused = with(&["models.small.memory=100 GiB"]).unwrap_err().to_string();
    assert!(
        refused.contains("`honest-001` has 80 GiB (1 x plain)")
            && refused.contains("at least 100 GiB to hold small"),
        "{refused}"
    );
    let scenario = with(&["models.small.memory=100 GiB", "population[0].cards=2"]).unwrap();
    assert_eq!(scenario.hosts[0].slots, 32);
}

#[test]
fn hostile_texts_are_refused_and_never_panic() {
    let texts = [
        "[]".to_owned(),
        "5".to_owned(),
        "- a\n- b\n".to_owned(),
        "name: ../../etc\n".to_owned() + SMALL,
        "name: 'a\0b'\n".to_owned() + SMALL,
        format!("name: {}\n{SMALL}", "a".repeat(65)),
        format!("question: {}\n{SMALL}", "a".repeat(3_000)),
        "seed: 1\nseed: 2\n".to_owned() + SMALL,
        "protocol: { sampling: { rule: flat }, sampling.rule: none }\n".to_owned() + SMALL,
        "population: 5\n".to_owned(),
        "population: [5]\n".to_owned(),
        "population: [{count: 99999999999}]\n".to_owned(),
        SMALL.replace("count: 3", "count: 2000000").replace("- {", "- { name: a, count: 2000000, strategy: honest, weight: 10, models: small, hardware: plain }\n  - {"),
        "models: { m: 5 }\n".to_owned() + SMALL,
        "models: { '../m': {} }\n".to_owned() + SMALL,
        "protocol: 5\n".to_owned() + SMALL,
        "sources: { nonsense.path: x }\n".to_owned() + SMALL,
        SMALL.replace("honest", "{honest: {a: 1}}"),
        SMALL.replace("small", "[]"),
        "a: &a [*a]".to_owned(),
        "\u{0}".to_owned(),
        "{".repeat(10_000),
        "demand: {prompt: {lognormal: {median: 10 tokens, p95: 1 tokens}}}\n".to_owned(),
    ];
    for text in texts {
        let refused = refusal(&text);
        assert!(refused.len() < 100_000, "{}", refused.len());
    }
    for cut in 0..SMALL.len() {
        let _ = resolve(&SMALL[..cut]);
    }
}
