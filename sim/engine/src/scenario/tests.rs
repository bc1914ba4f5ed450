//! Scenarios as users write them: what resolves, what is refused, and with which words.

use super::*;
use crate::strategy::registry::{ParamDescriptor, ParamKind, Registry, StrategyDescriptor};
use crate::strategy::{
    ExecutorPolicy, ExecutorStrategy, ExecutorView, Roles, ValidatorPolicy, ValidatorStrategy, ValidatorView,
};
use std::path::{Path, PathBuf};

struct Dutiful;

impl ExecutorStrategy for Dutiful {
    fn policy(&mut self, _view: &ExecutorView) -> ExecutorPolicy {
        ExecutorPolicy::honest()
    }
}

impl ValidatorStrategy for Dutiful {
    fn policy(&mut self, _view: &ValidatorView) -> ValidatorPolicy {
        ValidatorPolicy::diligent()
    }
}

fn dutiful(_: &[(String, ParamValue)]) -> Roles {
    Roles {
        executor: Box::new(Dutiful),
        validator: Box::new(Dutiful),
    }
}

const fn param(name: &'static str, kind: ParamKind, default: Option<&'static str>) -> ParamDescriptor {
    ParamDescriptor {
        name,
        kind,
        default,
        doc: "A parameter of the tests.",
    }
}

/// The names that the shipped scenarios use, all of which behave.
fn registry() -> Registry {
    const SWAPPER: &[ParamDescriptor] = &[
        param("rate", ParamKind::Fraction, Some("100 %")),
        param("substitute", ParamKind::Name, Some("int4")),
    ];
    const LAZY: &[ParamDescriptor] = &[
        param("diligence", ParamKind::Fraction, Some("0 %")),
        param(
            "otherwise",
            ParamKind::OneOf(&["say_match", "silent"]),
            Some("say_match"),
        ),
    ];
    const SHAKY: &[ParamDescriptor] = &[param("drop_rate", ParamKind::Fraction, None)];
    let of = |name, params| StrategyDescriptor {
        name,
        summary: "A strategy of the tests.",
        params,
        build: dutiful,
    };
    Registry::new(vec![
        of("honest", &[]),
        of("model_swapper", SWAPPER),
        of("lazy_validator", LAZY),
        of("unreliable_host", SHAKY),
    ])
}

const SMALL: &str = "demand: { rate: 1 /s }\npopulation:\n  - { count: 3, strategy: honest, weight: 10, models: small, hardware: plain }\n";

fn resolve(text: &str) -> Result<Scenario, ScenarioErrors> {
    from_str("test.yaml", text, &[], &registry())
}

fn with(changes: &[&str]) -> Result<Scenario, ScenarioErrors> {
    let overrides: Vec<_> = changes
        .iter()
        .map(|change| Override::set(change).unwrap())
        .collect();
    from_str("test.yaml", SMALL, &overrides, &registry())
}

fn refusal(text: &str) -> String {
    resolve(text).expect_err("accepted").to_string()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

fn shipped() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for room in ["networks", "smoke"] {
        let entries = std::fs::read_dir(folder().join(room)).unwrap();
        files.extend(
            entries
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|e| e == "yaml")),
        );
    }
    files.sort();
    files
}

#[test]
fn the_smallest_scenario_resolves() {
    let scenario = resolve(SMALL).unwrap();
    assert_eq!(scenario.name, "test");
    let ids: Vec<_> = scenario.hosts.iter().map(|host| host.id.as_str()).collect();
    assert_eq!(ids, ["honest-001", "honest-002", "honest-003"]);
    assert_eq!(scenario.owners, ids);
    assert_eq!(scenario.models.len(), 1);
    assert_eq!(scenario.hardware[0].decode_ns, 16_666_667);
    assert!(matches!(scenario.demand.arrivals, Arrivals::Poisson { per_second } if per_second == 1.0));
    assert_eq!(scenario.warnings, Vec::<String>::new());
}

#[test]
fn the_base_preset_says_every_parameter() {
    // A field that must be given and is not would be missing from the smallest scenario.
    let scenario = resolve(SMALL).unwrap();
    let demanded = |field: &&fields::Field| field.need == fields::Need::Given && field.path != "population";
    for field in fields::all().filter(demanded) {
        let row = scenario.origins.iter().find(|row| row.path == field.path);
        assert_eq!(
            row.map(|row| row.origin.as_str()),
            Some("preset minimal"),
            "{}",
            field.path
        );
    }
}

#[test]
fn every_shipped_scenario_resolves_and_says_which_assumptions_it_leans_on() {
    let files = shipped();
    assert!(files.len() >= 8, "{files:?}");
    for file in files {
        let scenario =
            load(&file, &[], &registry()).unwrap_or_else(|errors| panic!("{}:\n{errors}", file.display()));
        assert!(!scenario.assumptions.is_empty(), "{}", file.display());
        assert_eq!(scenario.warnings, Vec::<String>::new(), "{}", file.display());
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("# Question: ") && text.contains("\n# Expect: "),
            "{}",
            file.display()
        );
    }
}

#[test]
fn every_template_resolves() {
    for name in template_names() {
        resolve(new_from_template(name).unwrap()).unwrap_or_else(|errors| panic!("{name}:\n{errors}"));
    }
    assert!(FIRST_SCENARIO.lines().count() <= 35);
}

#[test]
fn a_resolved_scenario_resolves_to_itself() {
    for file in shipped() {
        let once = load(&file, &[], &registry()).unwrap();
        let room = file.parent().unwrap();
        let twice = from_str_in(room, "scenario.yaml", &once.canonical, &[], &registry())
            .unwrap_or_else(|errors| panic!("{}:\n{errors}\n{}", file.display(), once.canonical));
        assert_eq!(once.hash, twice.hash, "{}", file.display());
        let values = |scenario: &Scenario| -> Vec<(String, String)> {
            let all = scenario
                .origins
                .iter()
                .map(|row| (row.path.clone(), row.value.clone()));
            all.filter(|(path, _)| path != "files" && path != "name")
                .collect()
        };
        assert_eq!(values(&once), values(&twice));
        let rest = |s: &Scenario| {
            format!(
                "{:?}",
                (
                    &s.protocol,
                    &s.hosts,
                    &s.demand,
                    &s.models,
                    &s.hardware,
                    &s.strategies,
                    &s.outages,
                    &s.record,
                    &s.chain,
                    s.seed,
                    s.epochs,
                    &s.name
                )
            )
        };
        assert_eq!(rest(&once), rest(&twice));
    }
}

#[test]
fn the_hash_covers_what_decides_a_run_and_nothing_else() {
    let hash = |changes: &[&str]| with(changes).unwrap().hash;
    assert_eq!(
        hash(&[]),
        hash(&["seed=99", "replicates=5", "name=other", "question=why"])
    );
    assert_eq!(hash(&["chain.block_time=5000 ms"]), hash(&[]));
    assert_ne!(hash(&["chain.block_time=6 s"]), hash(&[]));
    assert_ne!(hash(&["population[0].weight=11"]), hash(&[]));
}

#[test]
fn the_command_line_lies_over_the_file_and_keeps_its_own_places() {
    let scenario = with(&[
        "protocol.sampling.flat_rate=7.5 %",
        "population.0.count=5",
        "population[0].strategy={model_swapper: {rate: 30 %}}",
    ])
    .unwrap();
    assert_eq!(scenario.protocol.sampling.flat_rate, Fraction::from_permille(75));
    assert_eq!(scenario.hosts.len(), 5);
    assert_eq!(
        scenario.strategies[0].params[0].1,
        ParamValue::Fraction(Fraction::from_percent(30))
    );
    let row = scenario
        .origins
        .iter()
        .find(|row| row.path == "protocol.sampling.flat_rate")
        .unwrap();
    assert_eq!(row.origin, "command line");
    let refused = with(&["protocol.sampling.flat_rate=7.5"])
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "error: protocol.sampling.flat_rate: found `7.5`, a number without a unit
  --> command line
  |
  | --set protocol.sampling.flat_rate=7.5
  |                                   ^^^
  = allowed: a share from 0 % to 100 %, in one of %, permille, bps, ppm, ppb
  = write the unit: `7.5 %`

1 error"
    );
    let refused = with(&["protocol.samplin.flat_rate=5 %"]).unwrap_err().to_string();
    assert!(
        refused.contains("did you mean `protocol.sampling.flat_rate`?"),
        "{refused}"
    );
    assert!(
        Override::set("no equals sign")
            .unwrap_err()
            .to_string()
            .contains("a path and a value")
    );
    assert!(
        with(&["population[9].count=1"])
            .unwrap_err()
            .to_string()
            .contains("no item `9` in a list of 1")
    );
}

#[test]
fn until_counts_blocks_epochs_and_time() {
    let until = |value: &str| with(&[&format!("until={value}")]).unwrap().until_blocks;
    assert_eq!(until("none"), None);
    assert_eq!(until("100 blocks"), Some(100));
    assert_eq!(until("2 epochs"), Some(480));
    assert_eq!(until("1 h"), Some(720));
    assert_eq!(until("7 s"), Some(2));
}

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
  = allowed: reputation, flat, none
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
  = allowed: id, name, count, hosts_csv, except, strategy, weight, models, hardware, cards, owner, epochs_completed, collateral, joins_at, absence

11 errors";
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
fn presets_nest_and_a_circle_of_them_is_an_error() {
    let refused = refusal(&format!("preset: circle-a\n{SMALL}"));
    assert!(refused.contains("circle-a -> circle-b -> circle-a"), "{refused}");
    let refused = refusal(&format!("preset: gonka-lunch\n{SMALL}"));
    assert!(refused.contains("did you mean `gonka-launch`?"), "{refused}");
    // `gonka-sprt` nests `gonka-launch`; naming the latter again must not undo the former.
    let text = format!("preset: [gonka-sprt, gonka-launch]\n{SMALL}");
    let scenario = resolve(&text).unwrap();
    assert_eq!(scenario.protocol.escrow.expiration_blocks, 150);
    let row = scenario
        .origins
        .iter()
        .find(|row| row.path == "protocol.rewards.initial")
        .unwrap();
    assert_eq!(
        (row.origin.as_str(), row.value.as_str()),
        ("preset gonka-launch", "323000 GNK")
    );
    assert!(
        row.source
            .as_deref()
            .is_some_and(|source| source.contains("epoch 56"))
    );
}

#[test]
fn every_protocol_value_of_the_pinned_profiles_names_its_source() {
    for preset in ["gonka-launch", "gonka-sprt", "gonka-mainnet-2025"] {
        let scenario = resolve(&format!("preset: {preset}\n{SMALL}")).unwrap();
        let silent: Vec<_> = scenario
            .origins
            .iter()
            .filter(|row| {
                row.path != "assumptions"
                    && row.origin != "preset minimal"
                    && row.origin.starts_with("preset gonka")
                    && row.source.is_none()
            })
            .map(|row| row.path.as_str())
            .collect();
        assert_eq!(silent, Vec::<&str>::new(), "{preset}");
    }
}

#[test]
fn the_mainnet_preset_puts_epoch_56_on_the_recorded_heights() {
    let scenario = load(
        &folder().join("networks/gonka-mainnet-epoch56.yaml"),
        &[],
        &registry(),
    )
    .unwrap();
    let start =
        stakeout_protocol::geometry::compute_poc_start(&scenario.protocol.geometry, scenario.first_epoch)
            .unwrap();
    let stages = stakeout_protocol::geometry::compute_stages(&scenario.protocol.geometry, start);
    let record = scenario.record.as_ref().unwrap();
    assert_eq!(
        record.heights[0],
        ("poc_start".to_owned(), stages.poc_start.get())
    );
    assert_eq!(stages.poc_start.get(), 873_251);
    assert_eq!(stages.activation.get(), 873_438);
    assert_eq!(scenario.hosts.len(), 26);
    assert_eq!(
        scenario.hosts.iter().map(|host| host.weight).sum::<u64>(),
        307_751
    );
    assert_eq!(
        record.hosts[2].reward,
        Some(Amount::from_base_units(38_627_452_617_213))
    );
    let Arrivals::Trace(trace) = &scenario.demand.arrivals else {
        panic!("no trace")
    };
    assert_eq!(trace.iter().filter(|request| !request.missed).count(), 6_289);
    assert_eq!(trace.iter().filter(|request| request.missed).count(), 43);
    assert_eq!(scenario.files.len(), 2);
    for request in trace.iter() {
        let host = &scenario.hosts[request.executor.unwrap() as usize];
        assert!(
            host.models.contains(&request.model),
            "{} does not serve {}",
            host.id,
            request.model
        );
    }
}

#[test]
fn an_epoch_of_requests_has_the_rate_it_says() {
    let scenario = with(&["demand.rate=2400 /epoch"]).unwrap();
    // 240 blocks of 5 s are 1,200 s.
    assert!(matches!(scenario.demand.arrivals, Arrivals::Poisson { per_second } if per_second == 2.0));
}

#[test]
fn a_parameter_without_effect_is_told_and_a_preset_s_is_not() {
    let scenario = with(&["protocol.status.sprt.h=5", "protocol.sampling.rate_min=2 %"]).unwrap();
    assert_eq!(
        scenario.warnings,
        [
            "protocol.sampling.rate_min has no effect: protocol.sampling.rule is not `reputation`",
            "protocol.status.sprt.h has no effect: protocol.status.test is not `sprt`",
        ]
    );
}

#[test]
fn files_beside_a_scenario_are_bounded_and_their_cells_are_checked() {
    let base = std::env::temp_dir().join(format!("stakeout-files-{}", std::process::id()));
    std::fs::create_dir_all(&base).unwrap();
    std::fs::write(
        base.join("trace.csv"),
        "arrival_s,model,executor\n2,small,honest-001\n1,smal,honest-009\nx,small,\n",
    )
    .unwrap();
    let text = format!("{SMALL}\n").replace("rate: 1 /s", "law: trace, trace: trace.csv");
    let refused = from_str_in(&base, "t.yaml", &text, &[], &registry())
        .unwrap_err()
        .to_string();
    for expected in [
        "row 2, column arrival_s",
        "row 2, column model",
        "row 2, column executor",
        "row 3, column arrival_s",
        "trace.csv:3:3",
    ] {
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
    std::fs::write(
        base.join("trace.csv"),
        "arrival_s,model,executor,outcome\n1.5,small,honest-002,missed\n2,small,,served\n",
    )
    .unwrap();
    let scenario = from_str_in(&base, "t.yaml", &text, &[], &registry()).unwrap();
    let Arrivals::Trace(trace) = &scenario.demand.arrivals else {
        panic!("no trace")
    };
    assert_eq!(
        (trace[0].arrival_ns, trace[0].executor, trace[0].missed),
        (1_500_000_000, Some(1), true)
    );
    std::fs::write(base.join("trace.csv"), "arrival_s,model\n1,small\n").unwrap();
    let changed = from_str_in(&base, "t.yaml", &scenario.canonical, &[], &registry())
        .unwrap_err()
        .to_string();
    assert!(changed.contains("when the scenario was resolved"), "{changed}");
    for path in ["../x.csv", "/etc/passwd", "missing.csv"] {
        let text = text.replace("trace: trace.csv", &format!("trace: {path}"));
        from_str_in(&base, "t.yaml", &text, &[], &registry()).expect_err(path);
    }
    let long = base.join("long.yaml");
    std::fs::write(&long, vec![b'#'; (MAX_FILE_BYTES + 1) as usize]).unwrap();
    let refused = load(&long, &[], &registry()).unwrap_err();
    assert!(
        refused.is_io && refused.to_string().contains("at most 1048576"),
        "{refused}"
    );
    std::fs::write(&long, b"name: \xff\n").unwrap();
    assert!(
        load(&long, &[], &registry())
            .unwrap_err()
            .to_string()
            .contains("not UTF-8")
    );
    assert!(load(&base, &[], &registry()).unwrap_err().is_io);
    assert!(load(&base.join("none.yaml"), &[], &registry()).unwrap_err().is_io);
    std::fs::remove_dir_all(&base).unwrap();
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

#[test]
fn the_schema_and_the_table_of_parameters_cover_every_field() {
    let schema = reference::json_schema(&registry());
    for field in fields::all() {
        let pointer = format!("/properties/{}", field.path.replace('.', "/properties/"));
        let property = schema.pointer(&pointer).unwrap_or_else(|| panic!("{pointer}"));
        assert!(
            property["description"]
                .as_str()
                .is_some_and(|text| text.starts_with(field.doc))
        );
    }
    let rows = reference::parameters();
    assert_eq!(rows.len(), fields::all().count() + fields::groups::all().count());
    let rate = rows
        .iter()
        .find(|row| row.path == "protocol.sampling.rate_min")
        .unwrap();
    assert_eq!(
        (rate.default.as_str(), rate.family.as_str()),
        ("1 %", "protocol.sampling")
    );
}

#[test]
fn parquet_traces_read_like_csv() {
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use std::sync::Arc;
    let base = std::env::temp_dir().join(format!("stakeout-parquet-{}", std::process::id()));
    std::fs::create_dir_all(&base).unwrap();
    let schema =
        parse_message_type("message trace { REQUIRED DOUBLE arrival_s; REQUIRED BYTE_ARRAY model (UTF8); }")
            .unwrap();
    let file = std::fs::File::create(base.join("trace.parquet")).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<DoubleType>()
        .write_batch(&[0.25, 1.5], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let names: Vec<ByteArray> = vec!["small".into(), "small".into()];
    column
        .typed::<ByteArrayType>()
        .write_batch(&names, None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let text = SMALL.replace("rate: 1 /s", "law: trace, trace: trace.parquet");
    let scenario = from_str_in(&base, "t.yaml", &text, &[], &registry()).unwrap();
    let Arrivals::Trace(trace) = &scenario.demand.arrivals else {
        panic!("no trace")
    };
    assert_eq!(
        trace.iter().map(|request| request.arrival_ns).collect::<Vec<_>>(),
        [250_000_000, 1_500_000_000]
    );
    std::fs::write(base.join("trace.parquet"), "not parquet").unwrap();
    assert!(
        from_str_in(&base, "t.yaml", &text, &[], &registry())
            .unwrap_err()
            .to_string()
            .contains("not a readable Parquet")
    );
    std::fs::remove_dir_all(&base).unwrap();
}
