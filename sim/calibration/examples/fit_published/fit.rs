//! From published figures to laws: one parameter a target, the other figures as checks.

use std::collections::BTreeMap;

use stakeout_calibration::{
    Attack, CalibrationDraft, FitRow, Kernel, Kind, Law, OperatingPoint, Overdispersion, PromptClass,
    Provenance, Quantile, Rate, Substitute, Threshold,
};

use super::law::{DistanceLaw, Lognormal, anova_correlation, round_to, standard_quantile};
use super::targets::*;

const HEADER: &str = "\
# Detection power of the network's relative distance for Qwen3-235B in fp8, fitted to published figures.
# Derived, not measured: `fit` lists each parameter with its target and residual, and the figures that no
# parameter was fitted to. Thresholds on this scale are listed by name; the launch's is 0.970917.
# Written by `cargo run --release -p stakeout-calibration --example fit_published`; do not edit by hand.
# Page: docs/spec/calibration.md
";

/// Everything that is fitted.
struct Fit {
    same_kernel: Lognormal,
    cross_kernel: Lognormal,
    int4: Lognormal,
    int8: Lognormal,
    smaller: Lognormal,
    degenerate: Lognormal,
    degenerate_share: f64,
    prompt_correlation: f64,
}

/// The committed file's text.
pub fn published_gonka_text() -> String {
    let calibration = published_gonka()
        .check()
        .expect("the fit gives a valid calibration");
    format!("{HEADER}{}", calibration.to_yaml())
}

/// The fitted calibration.
pub fn published_gonka() -> CalibrationDraft {
    let fit = Fit::from_targets();
    let share = round_to(fit.degenerate_share, 1e9);
    CalibrationDraft {
        name: "published-gonka".into(),
        model: "qwen3-235b-a22b-fp8".into(),
        kind: Kind::Derived,
        statistic: "1 - mean relative distance of the top-5 log-probabilities, divisor max(100, N)".into(),
        provenance: provenance(),
        thresholds: thresholds(),
        prompts: vec![
            PromptClass {
                name: "regular".into(),
                share: round_to(1.0 - share, 1e9),
            },
            PromptClass {
                name: "degenerate".into(),
                share,
            },
        ],
        kernels: kernels(),
        substitutes: substitutes(),
        laws: fit.laws(),
        operating_points: operating_points(),
        overdispersion: fit.overdispersion(),
        fit: fit.rows(),
    }
}

impl Fit {
    fn from_targets() -> Self {
        // The largest of m honest scores is exceeded by the next with probability 1/(m + 1): so much is
        // allowed at a threshold that was set there.
        let honest_excess = 1.0 / (HONEST_STUDY_N + 1.0);
        let judged_invalid = INVALIDATED / (INVALIDATED + SERVED * VALIDATIONS_PER_ANSWER);
        let int4 =
            Lognormal::from_two_exceedances((D_VISION, INT4_ABOVE_VISION), (D_STUDY, INT4_ABOVE_STUDY));
        let int8_median = int4.median * LADDER_INT8.0 / LADDER_INT4.0;
        let smaller_median = int4.median * LADDER_SMALLER.0 / LADDER_INT4.0;
        let mut failures = vec![0.0; FIELD_PROMPTS];
        failures[0] = FIELD_WORST;
        failures[1] = FIELD_OTHERS;
        let prompt_correlation = anova_correlation(&failures, FIELD_SIZE);
        // With f = share·q failing and nothing else, the correlation is (q - f)/(1 - f).
        let fails_if_degenerate = prompt_correlation * (1.0 - judged_invalid) + judged_invalid;
        Self {
            same_kernel: Lognormal::from_median_and_exceedance(D_SAME_KERNEL / 2.0, D_SAME_KERNEL, 0.05),
            cross_kernel: Lognormal::from_median_and_exceedance(D_CROSS_KERNEL, D_LAUNCH, honest_excess),
            int4,
            int8: Lognormal {
                median: int8_median,
                sigma: spread(LADDER_INT8),
            },
            smaller: Lognormal::from_median_and_exceedance(
                smaller_median,
                D_VISION_SET1,
                1.0 - 1.0 / (SMALLER_N + 1.0),
            ),
            degenerate: Lognormal::from_median_and_exceedance(
                1.0 - FIELD_WORST_MEAN,
                D_LAUNCH,
                fails_if_degenerate,
            ),
            degenerate_share: judged_invalid / fails_if_degenerate,
            prompt_correlation,
        }
    }

    /// The distance of one (substitute, kernel pair, prompt class).
    fn law(&self, substitute: usize, is_cross: bool, is_degenerate: bool) -> DistanceLaw {
        let mut sources = Vec::new();
        match substitute {
            0 if !is_cross && !is_degenerate => sources.push(self.same_kernel),
            1 => sources.push(self.int8),
            2 => sources.push(self.int4),
            3 => sources.push(self.smaller),
            _ => {}
        }
        if is_cross {
            sources.push(self.cross_kernel);
        }
        if is_degenerate {
            sources.push(self.degenerate);
        }
        DistanceLaw(sources)
    }

    fn laws(&self) -> Vec<Law> {
        let thresholds: Vec<f64> = THRESHOLDS.iter().map(|(_, similarity, _)| *similarity).collect();
        let mut laws = Vec::new();
        for substitute in 0..4u8 {
            for (executor, validator) in [(0u8, 0u8), (0, 1), (1, 0), (1, 1)] {
                for prompt in 0..2u8 {
                    let distance = self.law(substitute as usize, executor != validator, prompt == 1);
                    let quantiles = distance.similarity_quantiles(&thresholds);
                    laws.push(Law {
                        substitute,
                        executor,
                        validator,
                        prompt,
                        quantiles,
                    });
                }
            }
        }
        laws
    }

    fn overdispersion(&self) -> Vec<Overdispersion> {
        vec![
            Overdispersion {
                unit: "prompt".into(),
                correlation: round_to(self.prompt_correlation, 1e6),
                n: (FIELD_PROMPTS as f64 * FIELD_SIZE) as u64,
                source: FIELD.into(),
            },
            Overdispersion {
                unit: "host-epoch".into(),
                correlation: round_to(incident_correlation(), 1e6),
                n: INCIDENT_N as u64,
                source: format!("{INCIDENT}; the one host that was excluded, so an upper figure"),
            },
        ]
    }

    fn rows(&self) -> Vec<FitRow> {
        let regular =
            |substitute, is_cross, distance| self.law(substitute, is_cross, false).exceedance(distance);
        let honest = DistanceLaw(vec![self.degenerate]);
        let invalid = self.degenerate_share * honest.exceedance(D_LAUNCH);
        let judged = INVALIDATED / (INVALIDATED + SERVED * VALIDATIONS_PER_ANSWER);
        let fails = honest.exceedance(D_LAUNCH);
        let correlation = (fails - invalid) / (1.0 - invalid);
        let field_share = (FIELD_WORST + FIELD_OTHERS) / (FIELD_PROMPTS as f64 * FIELD_SIZE);
        let same = self.same_kernel;
        let excess = 1.0 / (HONEST_STUDY_N + 1.0);
        let smaller_p95 = libm::exp(self.smaller.sigma * standard_quantile(0.95));
        let int8_p95 = libm::exp(self.int8.sigma * standard_quantile(0.95));
        vec![
            row(
                "same kernel: median distance",
                same.median,
                "median, read as half of: mostly below 0.002",
                D_SAME_KERNEL / 2.0,
                same.median,
                FIRST,
            ),
            row(
                "same kernel: sigma",
                same.sigma,
                "share above 0.002, read as 5 %",
                0.05,
                regular(0, false, D_SAME_KERNEL),
                FIRST,
            ),
            row(
                "cross kernel: median distance",
                self.cross_kernel.median,
                "typical distance of w8a16 and w8a8 kernels",
                D_CROSS_KERNEL,
                self.cross_kernel.median,
                FIRST,
            ),
            row(
                "cross kernel: sigma",
                self.cross_kernel.sigma,
                "regular honest answers above 0.029083: 1/(m + 1) at an in-sample maximum, m = 992",
                excess,
                regular(0, true, D_LAUNCH),
                STUDY,
            ),
            row(
                "int4: median distance",
                self.int4.median,
                "int4 answers above 0.0351 (164 of 200)",
                INT4_ABOVE_STUDY,
                regular(2, false, D_STUDY),
                STUDY,
            ),
            row(
                "int4: sigma",
                self.int4.sigma,
                "int4 answers above 0.021382",
                INT4_ABOVE_VISION,
                regular(2, false, D_VISION),
                VISION,
            ),
            row(
                "int8: median distance",
                self.int8.median,
                "median error of int8 over that of int4",
                LADDER_INT8.0 / LADDER_INT4.0,
                self.int8.median / self.int4.median,
                LADDER,
            ),
            row(
                "int8: sigma",
                self.int8.sigma,
                "95th percentile of the int8 error over its median",
                LADDER_INT8.1 / LADDER_INT8.0,
                int8_p95,
                LADDER,
            ),
            row(
                "smaller: median distance",
                self.smaller.median,
                "median error of a 3 times smaller model over that of int4",
                LADDER_SMALLER.0 / LADDER_INT4.0,
                self.smaller.median / self.int4.median,
                LADDER,
            ),
            row(
                "smaller: sigma",
                self.smaller.sigma,
                "a 7B above 0.0323: none of 1000 below, read as 1/(m + 1)",
                1.0 - 1.0 / (SMALLER_N + 1.0),
                regular(3, false, D_VISION_SET1),
                VISION,
            ),
            row(
                "degenerate prompts: median distance",
                self.degenerate.median,
                "distance on the prompt where every host fails",
                1.0 - FIELD_WORST_MEAN,
                self.degenerate.median,
                FIELD,
            ),
            row(
                "degenerate prompts: sigma",
                self.degenerate.sigma,
                "correlation of two validators' failures on one prompt (53 of 1850, 50 of them on one)",
                self.prompt_correlation,
                correlation,
                FIELD,
            ),
            row(
                "degenerate prompts: share",
                self.degenerate_share,
                "judged answers that are invalid: 26 of 26 + 0.684 * 6289",
                judged,
                invalid,
                RECORD,
            ),
            check(
                "int4 answers above 0.021503 in five hold-outs",
                INT4_ABOVE_HOLDOUT,
                regular(2, false, D_HOLDOUT),
                VISION,
            ),
            check(
                "95th percentile of the int4 error over its median",
                LADDER_INT4.1 / LADDER_INT4.0,
                libm::exp(self.int4.sigma * standard_quantile(0.95)),
                LADDER,
            ),
            check(
                "95th percentile of the smaller model's error over its median",
                LADDER_SMALLER.1 / LADDER_SMALLER.0,
                smaller_p95,
                LADDER,
            ),
            check(
                "similarity of the int4 fixture; fitted: median",
                FIXTURE_INT4,
                1.0 - self.int4.median,
                FIXTURE,
            ),
            check(
                "honest answers above 0.0351, across kernels (0 of 992)",
                0.0,
                regular(0, true, D_STUDY),
                STUDY,
            ),
            check(
                "mean similarity on the prompt where every host fails",
                FIELD_WORST_MEAN,
                mean(&honest.similarity_quantiles(&[])),
                FIELD,
            ),
            check(
                "failures below 0.9 among hand-picked prompts (53 of 1850)",
                field_share,
                self.degenerate_share * honest.exceedance(0.1),
                FIELD,
            ),
            check(
                "correlation of failures within a host's epoch; fitted: prompts drawn independently",
                incident_correlation(),
                0.0,
                INCIDENT,
            ),
        ]
    }
}

fn row(parameter: &str, value: f64, target: &str, published: f64, fitted: f64, source: &str) -> FitRow {
    FitRow {
        parameter: parameter.into(),
        value: round_to(value, 1e9),
        target: target.into(),
        published: round_to(published, 1e9),
        fitted: round_to(fitted, 1e9),
        source: source.into(),
    }
}

fn check(target: &str, published: f64, fitted: f64, source: &str) -> FitRow {
    row("-", fitted, target, published, fitted, source)
}

/// Sigma of the lognormal with this median and 95th percentile.
fn spread((median, p95): (f64, f64)) -> f64 {
    libm::log(p95 / median) / standard_quantile(0.95)
}

/// Intra-class correlation at which one host's count is one standard deviation off the network's rate.
fn incident_correlation() -> f64 {
    let expected = INCIDENT_N * INCIDENT_RATE;
    let excess = INCIDENT_FAILURES - expected;
    (excess * excess / (expected * (1.0 - INCIDENT_RATE)) - 1.0) / (INCIDENT_N - 1.0)
}

/// Mean of a quantile function that is linear between its points.
fn mean(points: &[Quantile]) -> f64 {
    points
        .windows(2)
        .map(|pair| (pair[1].p - pair[0].p) * 0.5 * (pair[0].similarity + pair[1].similarity))
        .sum()
}

fn provenance() -> Provenance {
    let samples = [
        ("honest answers of the study", HONEST_STUDY_N as u64),
        ("int4 answers of the study", 200),
        ("honest answers of the vision-language study, set 2", 2000),
        ("int4 answers of the vision-language study, set 2", 1000),
        ("answers on the chain, epoch 56", SERVED as u64),
    ];
    Provenance {
        model_hash: None,
        dtype: "fp8".into(),
        device: "as published: A100 and H100 pairs; the ladder on one RTX 4090".into(),
        versions: BTreeMap::from([("vllm".to_string(), "0.11".to_string())]),
        samples: samples
            .into_iter()
            .map(|(name, count)| (name.to_string(), count))
            .collect(),
        sources: [
            STUDY, VISION, LADDER, FIRST, RECORD, FIELD, INCIDENT, CHAIN, FIXTURE,
        ]
        .map(String::from)
        .to_vec(),
    }
}

fn thresholds() -> Vec<Threshold> {
    let row = |(name, similarity, source): &(&str, f64, &str)| Threshold {
        name: (*name).into(),
        similarity_ppb: round_to(similarity * 1e9, 1.0) as u32,
        source: (*source).into(),
    };
    THRESHOLDS.iter().map(row).collect()
}

fn kernels() -> Vec<Kernel> {
    let row = |(name, note): (&str, &str)| Kernel {
        name: name.into(),
        note: note.into(),
    };
    [
        (
            "fp8-h100",
            "native fp8: weights and activations in 8 bits (w8a8), Hopper and later",
        ),
        (
            "fp8-a100",
            "fp8 weights, 16-bit activations (w8a16), as cards without native fp8 run it",
        ),
    ]
    .map(row)
    .to_vec()
}

fn substitutes() -> Vec<Substitute> {
    let row = |(name, decode_cost, prefill_cost, memory, note): (&str, f64, f64, f64, &str)| Substitute {
        name: name.into(),
        decode_cost,
        prefill_cost,
        memory,
        note: note.into(),
    };
    [
        ("none", 1.0, 1.0, 1.0, "the promised model"),
        (
            "int8",
            1.0,
            1.0,
            1.0,
            "8-bit integer weights, 16-bit activations: as many bits as fp8, so it saves nothing (A-82)",
        ),
        (
            "int4",
            0.53,
            1.0,
            0.53,
            "AWQ, groups of 128: 4.25 bits a weight against 8; decode follows memory traffic (A-82)",
        ),
        (
            "smaller",
            0.32,
            0.32,
            0.03,
            "7 billion parameters for 235, of which 22 are active a step (A-82)",
        ),
    ]
    .map(row)
    .to_vec()
}

fn operating_points() -> Vec<OperatingPoint> {
    vec![
        OperatingPoint {
            label: "Qwen3-235B, study: F1 .9011 gives 164 of 200".into(),
            substitute: 2,
            threshold_ppb: 964_900_000,
            attack: Attack::Naive,
            length: None,
            false_positive: Rate {
                estimate: 0.0,
                low: 0.0,
                high: 0.0037117,
                n: 992,
            },
            true_positive: Rate {
                estimate: 0.82,
                low: 0.76,
                high: 0.871,
                n: 200,
            },
        },
        OperatingPoint {
            label: "Qwen3-VL-235B, vision-language study, set 2, k = 5: F1 .9935 gives 987 of 1000".into(),
            substitute: 2,
            threshold_ppb: 978_618_000,
            attack: Attack::Naive,
            length: None,
            false_positive: Rate {
                estimate: 0.0,
                low: 0.0,
                high: 0.0018427,
                n: 2000,
            },
            true_positive: Rate {
                estimate: 0.987,
                low: 0.9778722,
                high: 0.9930604,
                n: 1000,
            },
        },
        second_check(
            "S2 (seed-synchronised, margin-gated): DeepSeek-V4-Flash, weights in int4, 40 prompts of 192 tokens",
            Attack::Naive,
        ),
        second_check(
            "S2 (seed-synchronised, margin-gated): the same, artifact from one prefill of the promised model",
            Attack::Laundered,
        ),
    ]
}

/// What the second check found: 40 of 40 int4 answers, laundered or not, and 1 of 80 honest ones.
fn second_check(label: &str, attack: Attack) -> OperatingPoint {
    OperatingPoint {
        label: label.into(),
        substitute: 2,
        threshold_ppb: 900_000_000,
        attack,
        length: Some(192),
        false_positive: Rate {
            estimate: 0.0125,
            low: 0.000316,
            high: 0.0677,
            n: 80,
        },
        true_positive: Rate {
            estimate: 1.0,
            low: 0.9119,
            high: 1.0,
            n: 40,
        },
    }
}
