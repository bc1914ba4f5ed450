//! Scenarios as users write them: what resolves, what is refused, and with which words.

mod files;
mod refusals;

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
        ..Roles::honest()
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

pub(crate) const SMALL: &str = "demand: { rate: 1 /s }\npopulation:\n  - { count: 3, strategy: honest, weight: 10, models: small, hardware: plain }\n";

pub(crate) fn resolve(text: &str) -> Result<Scenario, ScenarioErrors> {
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
    let origin = |path: &str| {
        scenario
            .origins
            .iter()
            .find(|row| row.path == path)
            .map(|row| row.origin.as_str())
    };
    assert_eq!(origin("population[0].count"), Some("file, command line"));
    assert_eq!(origin("population[0].cards"), Some("default"));
    let refused = with(&["protocol.sampling.flat_rate=7.5"])
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "the scenario has 1 error

error: protocol.sampling.flat_rate: found `7.5`, a number without a unit
  --> command line
  |
  | --set protocol.sampling.flat_rate=7.5
  |                                   ^^^
  = allowed: a share from 0 % to 100 %, in one of %, permille, bps, ppm, ppb
  = write the unit: `7.5 %` is 7.5 in a hundred"
    );
    for (written, hint) in [
        (
            "0.05",
            "`5 %` if 0.05 of all is meant; `0.05 %` is 0.05 in a hundred",
        ),
        ("0.5", "`50 %` if 0.5 of all is meant"),
        ("0.0025", "`0.25 %` if 0.0025 of all is meant"),
        ("0.125", "`12.5 %` if 0.125 of all is meant"),
        ("-3", "a share is none or more, such as `5 %`"),
    ] {
        let argument = format!("protocol.sampling.flat_rate={written}");
        let refused = with(&[argument.as_str()]).unwrap_err().to_string();
        assert!(refused.contains(hint), "{written}: {refused}");
    }
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
