//! Headline numbers against figures worked out by hand from the sample run.

use serde_json::{Value, json};

use super::figure::{Figure, Number, Proportion};
use super::run_json::RunReport;
use super::sample;
use super::summary::{Summary, combined_digest};

fn summary(replicates: u32) -> Value {
    serde_json::to_value(Summary::compute(&sample::cast(), &sample::outputs(replicates))).unwrap()
}

#[test]
fn an_interval_is_students_t_over_replicates() {
    // Mean 3, s = sqrt(2.5), t(0.975, 4) = 2.776445: half width 1.963243.
    let figure = Figure::plain("s", [1.0, 2.0, 3.0, 4.0, 5.0].map(Some));
    assert_eq!((figure.n, figure.mean), (5, Some(Number::Plain(3.0))));
    let Some([Number::Plain(low), Number::Plain(high)]) = figure.interval else {
        panic!("no interval")
    };
    assert!(
        (low - (3.0 - 1.963_243)).abs() < 1e-6 && (high - (3.0 + 1.963_243)).abs() < 1e-6,
        "{low} {high}"
    );
}

#[test]
fn one_replicate_has_no_interval_and_none_has_no_mean() {
    let one = Figure::plain("s", [Some(4.0)]);
    assert_eq!((one.n, one.interval), (1, None));
    let none = Figure::plain("s", [None, None]);
    assert_eq!((none.n, none.mean, none.interval), (0, None, None));
}

#[test]
fn money_is_exact_beyond_the_range_of_floats() {
    let huge = 90_000_000_000_000_000_000_000_001_i128;
    let figure = Figure::money([huge, huge + 2]);
    assert_eq!(figure.mean, Some(Number::Money(huge + 1)));
    assert_eq!(
        serde_json::to_value(figure).unwrap()["mean"],
        json!((huge + 1).to_string())
    );
    // Halves go to the even neighbour, in both directions.
    assert_eq!(Figure::money([1, 2]).mean, Some(Number::Money(2)));
    assert_eq!(Figure::money([2, 3]).mean, Some(Number::Money(2)));
    assert_eq!(Figure::money([-1, -2]).mean, Some(Number::Money(-2)));
    assert_eq!(Figure::money([-2, -3]).mean, Some(Number::Money(-2)));
}

#[test]
fn a_share_has_wilsons_interval() {
    // 8 of 10 at 95 %: 0.4901625 to 0.9433178 (Wilson 1927, computed with z = 1.959964).
    let share = Proportion::new(8, 10);
    let [low, high] = share.interval.unwrap();
    assert!(
        (low - 0.490_162_5).abs() < 1e-6 && (high - 0.943_317_8).abs() < 1e-6,
        "{low} {high}"
    );
    assert_eq!(Proportion::new(0, 0).share, None);
}

#[test]
fn sums_and_shares_follow_from_the_rows() {
    let outputs = sample::outputs(1);
    let finished: u64 = outputs[0].participants.iter().map(|r| r.inferences).sum();
    let checked: u64 = outputs[0].participants.iter().map(|r| r.checked).sum();
    let figures = &summary(1)["figures"];
    assert_eq!(figures["finished"]["mean"], json!(finished as f64));
    assert_eq!(
        figures["checked_share"]["mean"],
        json!(checked as f64 / finished as f64)
    );
    assert_eq!(
        figures["issued"]["mean"],
        json!((8 * 314_670_897_622_955_i128).to_string())
    );
    assert_eq!(figures["finished"]["interval"], Value::Null);
    // The p-th percentile of 1..=400 times 7e6 ns is 4p times that; histogram cells are under 1 % wide.
    let p95 = figures["latency_p95_ns"]["mean"].as_f64().unwrap();
    assert!((p95 / 2_660_000_000.0 - 1.0).abs() < 0.01, "{p95}");
}

#[test]
fn profit_is_income_less_cost_less_slashing() {
    let outputs = sample::outputs(1);
    let expected: i128 = outputs[0]
        .participants
        .iter()
        .filter(|r| r.participant == 2)
        .map(|r| r.work_coins + r.reward - r.cost - r.slashed)
        .sum();
    let summary = summary(1);
    assert_eq!(summary["strategies"][1]["strategy"], "model-swapper rate=25 %");
    assert_eq!(
        summary["strategies"][1]["profit"]["mean"],
        json!(expected.to_string())
    );
    assert_eq!(
        summary["owners"][0]["owner"], "Cleo & Co",
        "the cheating owner comes first"
    );
    assert_eq!(
        summary["owners"][0]["profit"]["mean"],
        json!(expected.to_string())
    );
    let honest: i128 = ["owners", "owners"]
        .iter()
        .zip([1, 2])
        .map(|(key, i)| {
            summary[*key][i]["profit"]["mean"]
                .as_str()
                .unwrap()
                .parse::<i128>()
                .unwrap()
        })
        .sum();
    assert_eq!(
        summary["strategies"][0]["profit"]["mean"],
        json!(honest.to_string())
    );
}

#[test]
fn the_digest_of_one_replicate_is_its_own_and_order_counts_among_several() {
    let outputs = sample::outputs(3);
    assert_eq!(combined_digest(&outputs[..1]), outputs[0].digest);
    let mut reversed = outputs.clone();
    reversed.reverse();
    assert_ne!(combined_digest(&outputs), combined_digest(&reversed));
    assert_eq!(combined_digest(&outputs).len(), 64);
}

#[test]
fn the_printed_object_has_the_promised_keys_and_money_as_text() {
    let (cast, outputs) = (sample::cast(), sample::outputs(2));
    let summary = Summary::compute(&cast, &outputs);
    let report = RunReport::new(&cast, &outputs, &summary, None, None);
    let object: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!(object["digest"], json!(summary.digest));
    assert_eq!(object["recorded"], Value::Null);
    let host = object["participants"][0].as_object().unwrap();
    let mut keys: Vec<&str> = host.keys().map(String::as_str).collect();
    keys.sort_unstable();
    let promised = [
        "id",
        "inferences",
        "invalidated",
        "missed",
        "reputation",
        "reward",
        "validated",
        "weight",
    ];
    let mut promised: Vec<&str> = promised.into_iter().chain(["work_coins"]).collect();
    promised.sort_unstable();
    assert_eq!(keys, promised);
    assert_eq!(host["weight"], json!(37_778));
    assert_eq!(
        host["reward"],
        json!((8 * 37_778 * 1_022_485_000_i128).to_string())
    );
    assert_eq!(object["network"]["stages"][0]["poc_start"], json!(873_251));
    assert!(object["network"]["intervals"]["finished"].is_array());
}
