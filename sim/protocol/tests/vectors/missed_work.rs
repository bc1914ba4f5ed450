//! The missed-work test, its critical values, its tail and the dynamic rate.

use crate::support::{Case, check_cases, expect, expect_near, to_integer, unknown_table};
use serde_json::Value;
use stakeout_protocol::missed_work::{
    DynamicP0Params, RequestCounts, compute_binomial_tail, compute_critical_misses, compute_dynamic_p0,
    passes_missed_work_test,
};
use stakeout_protocol::units::{Decimal, Fraction};

pub fn check(file: &str, document: &Value) {
    check_cases("missed_work", file, document, check_case);
}

fn check_case(table: &str, case: &Case) -> Result<(), String> {
    match table {
        "critical_values" => check_critical(case),
        "decisions" => {
            let passes =
                passes_missed_work_test(case.count("missed"), case.count("total"), case.fraction("p0"));
            expect("the test passes", passes, Ok(case.flag("passes")))
        }
        "refused" => {
            let passes =
                passes_missed_work_test(case.count("missed"), case.count("total"), case.fraction("p0"));
            expect("the sample is refused", passes.is_err(), case.flag("refused"))
        }
        "binomial_tail" => {
            let tail = compute_binomial_tail(case.count("missed"), case.count("total"), case.fraction("p0"));
            expect_near(
                "the tail",
                tail.into(),
                case.decimal("tail"),
                case.decimal("tolerance"),
            )
        }
        "dynamic_p0" => check_dynamic(case),
        _ => unknown_table(table),
    }
}

fn check_critical(case: &Case) -> Result<(), String> {
    let permille = u32::try_from(case.count("p0_permille")).unwrap();
    let (total, critical) = (case.count("total"), case.count("critical"));
    expect(
        "the critical value",
        compute_critical_misses(total, permille),
        critical,
    )?;
    let p0 = Fraction::from_permille(permille);
    expect(
        "the critical value passes",
        passes_missed_work_test(critical, total, p0),
        Ok(true),
    )?;
    if critical < total {
        expect(
            "one more passes",
            passes_missed_work_test(critical + 1, total, p0),
            Ok(false),
        )?;
    }
    Ok(())
}

fn check_dynamic(case: &Case) -> Result<(), String> {
    let counts = |row: &Value| {
        let pair: Vec<u64> = row
            .as_array()
            .unwrap()
            .iter()
            .map(|n| to_integer(n).unwrap() as u64)
            .collect();
        RequestCounts {
            served: pair[0],
            missed: pair[1],
        }
    };
    let participants: Vec<RequestCounts> = case.list("served_missed").iter().map(counts).collect();
    let params = DynamicP0Params {
        p0: case.fraction("p0"),
        margin_permille: 20,
        requests_min: 1_000,
        participants_min: 5,
    };
    let dynamic = compute_dynamic_p0(&params, participants.into_iter());
    expect(
        "the rate in permille",
        u64::from(dynamic.p0_permille),
        case.count("p0_permille"),
    )?;
    expect("suspension", dynamic.is_suspended, case.flag("suspended"))?;
    expect(
        "the rate",
        Decimal::from(dynamic.p0()),
        Decimal::from_ratio(case.integer("p0_permille"), 1_000),
    )
}
