//! What the pages say of the committed measurements is what the committed evidence holds.

use std::path::Path;

use serde_json::Value;

fn evidence(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("results")
        .join(name)
        .join("evidence.json");
    let text = std::fs::read_to_string(&path).expect("committed");
    serde_json::from_str::<Value>(&text).expect("json")["evidence"].take()
}

/// Share rejected at `length` at a nominal 1 %, by a rule, of the answers of a substitute under an attack.
fn power(evidence: &Value, substitute: &str, attack: &str, rule: &str, length: u64) -> f64 {
    let rejected = rejected(evidence, (substitute, attack), rule, length);
    rejected["value"].as_f64().expect("a number")
}

/// The same with its interval.
fn rejected<'a>(
    evidence: &'a Value,
    (substitute, attack): (&str, &str),
    rule: &str,
    length: u64,
) -> &'a Value {
    let rows = evidence["power"].as_array().expect("rows");
    let is_it = |row: &&Value| {
        row["substitute"] == substitute
            && row["attack"] == attack
            && row["rule"] == rule
            && row["alpha"] == 0.01
    };
    let row = rows.iter().find(is_it).expect("measured");
    let curve = row["curve"].as_array().expect("a curve");
    let at = curve
        .iter()
        .find(|at| at["length"] == length)
        .expect("the length");
    &at["power"]
}

#[test]
fn the_ladder_and_laundering_are_seen_as_asked() {
    let demo = evidence("demo-large");
    let naive = |substitute, length| power(&demo, substitute, "naive", "combined", length);
    assert!(naive("smaller", 32) >= 0.999);
    assert!(naive("q2k", 64) >= 0.99 && naive("q3k", 64) >= 0.99);
    for substitute in ["q4k", "q4-0", "int4", "nf4", "fp4"] {
        assert!(naive(substitute, 128) >= 0.99, "{substitute}");
    }
    let laundered = |rule| power(&demo, "q4-0", "laundered", rule, 192);
    assert!(laundered("s2-margin") >= 0.9 && laundered("s1-mean") <= 0.02);
}

/// The goals hold at the lower end of a 95 % interval, and within eight tokens: 4,016 answers of the smaller model, 400
/// of each copy of few bits.
#[test]
fn the_ladder_is_seen_as_asked_at_the_lower_end_of_its_interval() {
    let low = |evidence: &Value, substitute| {
        let rejected = rejected(evidence, (substitute, "naive"), "combined", 8);
        rejected["low"].as_f64().expect("a number")
    };
    assert!(low(&evidence("demo-large-smaller"), "smaller") >= 0.999);
    let copies = evidence("demo-large-few-bits");
    for substitute in ["q4k", "q4-0", "int4", "nf4", "fp4", "q3k", "q2k"] {
        assert!(low(&copies, substitute) >= 0.99, "{substitute}");
    }
}

#[test]
fn held_out_honest_answers_fail_at_most_half_again_as_often_as_nominal() {
    let demo = evidence("demo-large");
    assert!(demo["samples"]["prompts_held_out"].as_u64() >= Some(2000));
    assert!(demo["samples"]["honest_answers"].as_u64() >= Some(10_000));
    let rows = demo["honest"].as_array().expect("rows");
    let rate = |alpha: f64| {
        let is_it = |row: &&Value| row["rule"] == "combined" && row["length"] == 192 && row["alpha"] == alpha;
        &rows.iter().find(is_it).expect("a row")["pooled"]
    };
    assert!(rate(0.01)["value"].as_f64() <= Some(0.015));
    let rare = rate(1e-3);
    assert!(rare["low"].as_f64() <= Some(1e-3) && rare["high"].as_f64() >= Some(1e-3));
}

/// S3 of honest answers, real logits: the normal law's own threshold rejects the share that it promises at every length,
/// neighbouring positions are not correlated, mean and variance are near 0 and 1 (256 prompts weigh most: standard errors
/// .06 and .09).
#[test]
fn s3_of_honest_answers_is_standard_normal() {
    let found = &evidence("demo-large")["dependence"];
    let number = |name: &str| found[name].as_f64().expect("a number");
    assert!(number("z_mean").abs() < 0.2 && (number("z_variance") - 1.0).abs() < 0.3);
    assert!(number("s3_lag_one").abs() < 0.01);
    let rejected = found["z_null_rejected"].as_array().expect("rows");
    assert!(rejected.len() >= 5);
    for row in rejected {
        assert!(
            row[1]["low"].as_f64() <= Some(0.01) && row[1]["high"].as_f64() >= Some(0.01),
            "{row}"
        );
    }
}

/// The row of a naive substitute under a rule for validators that know the executor's kernel.
fn known<'a>(evidence: &'a Value, substitute: &str, executor: &str, rule: &str) -> &'a Value {
    let rows = evidence["known"].as_array().expect("rows");
    let is_it =
        |row: &&Value| row["substitute"] == substitute && row["executor"] == executor && row["rule"] == rule;
    rows.iter().find(is_it).expect("a row")
}

fn at(row: &Value, length: u64) -> f64 {
    let curve = row["curve"].as_array().expect("a curve");
    let point = curve.iter().find(|point| point[0] == length).expect("the length");
    point[1]["value"].as_f64().expect("a number")
}

/// S1's mean reaches .90 within eight tokens of a known kernel and is a little below it again at 512. Against sums in
/// rounded quarters no length reaches it, and a series of answers does.
#[test]
fn what_hides_in_honest_noise_is_seen_within_eight_tokens_of_a_known_kernel() {
    let long = evidence("demo-large-long");
    let known = |substitute, executor| known(&long, substitute, executor, "s1-mean");
    for substitute in ["q8-0", "int8"] {
        let same = known(substitute, "bf16-decode");
        assert_eq!(same["tokens_to_90"].as_f64(), Some(8.0), "{substitute}");
        assert!(at(same, 8) >= 0.9 && at(same, 192) >= 0.9);
        assert!((0.85..0.9).contains(&at(same, 512)), "{substitute}");
        let other = known(substitute, "bf16-split4");
        assert!(other["tokens_to_90"].is_null() && at(other, 512) < 0.9);
        assert!(other["answers_to_90"].as_u64() <= Some(9), "{substitute}");
    }
}

/// The goal: .90 at 512 tokens where the kernel is known, at 1 % of honest answers. On the pair's own scale a long answer
/// keeps what its quiet beginning told.
#[test]
fn on_the_scale_of_a_known_kernel_long_answers_tell_what_short_ones_do() {
    let evidence = evidence("demo-large-known");
    for substitute in ["q8-0", "int8"] {
        let row = known(&evidence, substitute, "bf16-decode", "s1-scaled");
        assert!(at(row, 512) >= 0.9, "{substitute}: {}", at(row, 512));
        assert!(at(row, 512) >= at(known(&evidence, substitute, "bf16-decode", "s1-mean"), 512));
        assert!(row["honest"]["low"].as_f64() <= Some(0.01), "{substitute}");
    }
}
