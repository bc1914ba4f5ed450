//! How long a cheat goes unseen: a geometric time.

use stakeout_kernel::sample::{bernoulli, threshold};
use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};

use super::{Figure, Observation, Oracle, OracleError, Parameter, Parameters};

/// Answers until the first detected cheat, and the share detected within a given number.
///
/// ```text
/// mean = 1/(x q d)    P(detected by n) = 1 - (1 - x q d)^n
/// ```
///
/// x: share of answers served by a substitute, q: sampling rate, d: detection power.
pub(super) struct DetectionTime;

const PURPOSE: Purpose = Purpose(0x5311);
/// A cheat not seen after so many answers ends the observation: below 1e-6 of the mean is lost.
const MEANS: f64 = 60.0;

fn hazard(parameters: &Parameters) -> f64 {
    parameters.get("x") * parameters.get("q") * parameters.get("d")
}

impl Oracle for DetectionTime {
    fn id(&self) -> &'static str {
        "detection-time"
    }

    fn catalogue(&self) -> &'static [u8] {
        &[13]
    }

    fn title(&self) -> &'static str {
        "Answers until a cheat is seen (geometric)"
    }

    fn source(&self) -> &'static str {
        "Feller 1968, An Introduction to Probability Theory vol. 1, section VI.8"
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![
            Parameter::probability("x", 0.2),
            Parameter::probability("q", 0.1),
            Parameter::probability("d", 0.9),
            Parameter::count("n", 100),
        ]
    }

    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError> {
        let hazard = hazard(parameters);
        if hazard < 1e-6 {
            return Err(OracleError::OutOfRange {
                oracle: self.id(),
                parameter: String::from("x q d"),
                value: hazard,
                allowed: "a product of at least 1e-6",
            });
        }
        let answers = parameters.count("n");
        let seen = -libm::expm1(f64::from(answers) * libm::log1p(-hazard));
        Ok(vec![
            Figure::new("mean answers to detection", 1.0 / hazard),
            Figure::new(format!("share detected within {answers} answers"), seen),
        ])
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let key = StreamKey::derive(RootSeed(observation.seed), 0, PURPOSE);
        let coins = ["x", "q", "d"].map(|name| threshold(parameters.get(name)));
        let cheats = ((observation.size as f64 * hazard(parameters)) as u64).max(2);
        let limit = (MEANS / hazard(parameters)) as u64;
        let (mut answers, mut early) = (0, 0);
        for cheat in 0..cheats {
            let time = (1..=limit)
                .find(|&answer| is_detected(key, cheat, answer, coins))
                .unwrap_or(limit);
            answers += time;
            early += u64::from(time <= u64::from(parameters.count("n")));
        }
        Ok(vec![answers as f64 / cheats as f64, early as f64 / cheats as f64])
    }
}

/// Whether the cheat's `answer` is a substitute's, is sampled and is recognised: one draw each.
fn is_detected(key: StreamKey, cheat: u64, answer: u64, [x, q, d]: [u64; 3]) -> bool {
    let [served, sampled] = key.draw2(cheat, 2 * answer);
    bernoulli(served, x) && bernoulli(sampled, q) && bernoulli(key.draw(cheat, 2 * answer + 1), d)
}
