//! The published figures that the calibration is fitted to, each with its public source.
//!
//! Distances are the network's own: D = 1 - similarity, k = 5.

pub const STUDY: &str = "gonka-ai/gonka proposals/models/vllm_v0.11.0 and its notebooks (Qwen3-235B, fp8 against AWQ int4, vLLM 0.11)";
pub const VISION: &str = "gonka-ai/gonka mlnode/packages/benchmarks, vision-language study, set 2 (Qwen3-VL-235B, A100 and H100 pairs, k = 5)";
pub const LADDER: &str =
    "gonka-ai/gonka issue 1199 (GPU ladder, mean absolute error of top-k log-probabilities)";
pub const FIRST: &str =
    "gonka-ai/gonka proposals/inference-validation (first experiments: kernels and number formats)";
pub const RECORD: &str = "gonka-ai/gonka-tracker backend/test_data, epoch 56 (October 2025)";
pub const FIELD: &str = "qdanik/gonka-inference-tests (MiniMax, 37 prompts, 50 validations each)";
pub const INCIDENT: &str = "gonka-ai/gonka-docs, note on epoch 366";
pub const CHAIN: &str = "gonka-ai/gonka inference-chain/app/upgrades and genesis.json (Qwen3-235B)";
pub const FIXTURE: &str = "gonka-ai/gonka decentralized-api/internal/validation/testdata";

/// Thresholds: name, similarity, source.
pub const THRESHOLDS: [(&str, f64, &str); 6] = [
    ("launch", 0.970917, CHAIN),
    ("v0.2.10", 0.958, CHAIN),
    ("v0.2.13", 0.94, CHAIN),
    ("study", 0.9649, STUDY),
    ("vl-study", 0.978618, VISION),
    ("minimax-field", 0.9, FIELD),
];

/// Distance at the launch threshold.
pub const D_LAUNCH: f64 = 0.029083;
/// Threshold of the study and the share of int4 answers above it: 164 of 200, from its F1 of .9011.
pub const D_STUDY: f64 = 0.0351;
pub const INT4_ABOVE_STUDY: f64 = 0.82;
/// Honest answers of that study: none was above its threshold.
pub const HONEST_STUDY_N: f64 = 992.0;
/// Threshold of the vision-language study's set 2 and the share of int4 answers above it.
pub const D_VISION: f64 = 0.021382;
pub const INT4_ABOVE_VISION: f64 = 0.987;
/// The wider k = 5 threshold of that study's set 1; a 7B in the place of the 235B was always above.
pub const D_VISION_SET1: f64 = 0.0323;
pub const SMALLER_N: f64 = 1000.0;
/// Hold-out of the vision-language study: threshold and share above it.
pub const D_HOLDOUT: f64 = 0.021503;
pub const INT4_ABOVE_HOLDOUT: f64 = 0.983;

/// GPU ladder: median and 95th percentile of the error.
pub const LADDER_INT8: (f64, f64) = (0.097, 0.200);
pub const LADDER_INT4: (f64, f64) = (0.364, 0.692);
pub const LADDER_SMALLER: (f64, f64) = (0.817, 2.26);

/// Honest distance on the same kernel is mostly below this.
pub const D_SAME_KERNEL: f64 = 0.002;
/// Typical honest distance between the w8a8 and the w8a16 kernel.
pub const D_CROSS_KERNEL: f64 = 0.02;

/// Record of epoch 56: invalidated answers, served answers, validations an answer.
pub const INVALIDATED: f64 = 26.0;
pub const SERVED: f64 = 6289.0;
pub const VALIDATIONS_PER_ANSWER: f64 = 0.684;

/// Field test: prompts, validations a prompt, failures on the prompt where every host failed, and others.
pub const FIELD_PROMPTS: usize = 37;
pub const FIELD_SIZE: f64 = 50.0;
pub const FIELD_WORST: f64 = 50.0;
pub const FIELD_OTHERS: f64 = 3.0;
/// Average similarity on that prompt.
pub const FIELD_WORST_MEAN: f64 = 0.8852;

/// Epoch 366: failures, answers, and the network's failure rate over the whole epoch.
pub const INCIDENT_FAILURES: f64 = 25.0;
pub const INCIDENT_N: f64 = 263.0;
pub const INCIDENT_RATE: f64 = 0.0213;

/// Similarity of the fixture that sets an int4 answer against fp8.
pub const FIXTURE_INT4: f64 = 0.9669;
