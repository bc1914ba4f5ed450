//! S3: do the chosen tokens look drawn from the promised law.
//!
//! The surprisal of a token drawn from p has mean H(p) and variance V(p), both known from the replay. So the
//! standardised sum over an answer is standard normal for an honest one whatever the model: no threshold has to
//! be measured. Temperature and cut-offs shift it; a forger who picks tokens that the promised model likes makes
//! it negative.
//!
//! **Invariant.** Finite for any token, also one that the law cannot produce.

/// Where a surprisal is cut off, in nats: a token that the law cannot produce.
pub const SURPRISAL_MAX: f64 = 40.0;

/// `Z = Σ(surprisal - H) / √ΣV` over an answer: standard normal if the tokens are drawn from the law.
///
/// Zero where the law left no choice at all (ΣV = 0) and every token was the certain one.
pub fn calibration_z(surprisal_excess: f64, variance: f64) -> f64 {
    if variance > 0.0 {
        surprisal_excess / variance.sqrt()
    } else if surprisal_excess > 0.0 {
        SURPRISAL_MAX
    } else {
        0.0
    }
}

/// Tokens that S3 needs to see temperature `temperature` in place of one, to first order:
/// `((z_α + z_β) / |T' - 1|)² / V̄`, V̄ the mean varentropy in nats².
pub fn tokens_for_temperature(temperature: f64, varentropy: f64, z_alpha: f64, z_beta: f64) -> f64 {
    let shift = (z_alpha + z_beta) / (temperature - 1.0).abs();
    shift * shift / varentropy
}

#[cfg(test)]
mod tests {
    use stakeout_kernel::sample::unit_open;
    use stakeout_kernel::streams::{Purpose, RootSeed, StreamKey};
    use stakeout_statistics::normal_quantile;

    use super::super::TokenScore;
    use super::*;

    #[test]
    fn published_sample_sizes_come_out() {
        let z = (normal_quantile(0.99), normal_quantile(0.9));
        for (temperature, varentropy, tokens) in [(1.1, 1.0, 1302.0), (1.1, 2.0, 651.0), (0.7, 1.0, 145.0)] {
            let needed = tokens_for_temperature(temperature, varentropy, z.0, z.1);
            assert!((needed - tokens).abs() < 1.0, "{needed}");
        }
    }

    /// Normalised log-probabilities at a temperature.
    fn law(logits: &[f64], temperature: f64) -> Vec<f64> {
        let sum: f64 = logits.iter().map(|logit| libm::exp(logit / temperature)).sum();
        logits
            .iter()
            .map(|logit| logit / temperature - libm::log(sum))
            .collect()
    }

    /// Tokens drawn at one temperature, judged at temperature one.
    fn answer(key: StreamKey, number: u64, tokens: u64, temperature: f64) -> Vec<TokenScore> {
        let token = |at: u64| {
            // Standard Gumbel noise, for the logits and for the draw.
            let draw = |id: u64| -libm::log(-libm::log(unit_open(key.draw(number * 10_000 + at, id))));
            let logits: Vec<f64> = (0..24).map(|id| 2.0 * draw(id).min(5.0)).collect();
            let (drawn_from, judged_by) = (law(&logits, temperature), law(&logits, 1.0));
            let value = |id: &usize| drawn_from[*id] + draw(1000 + *id as u64);
            let chosen = (0..24)
                .max_by(|a, b| value(a).total_cmp(&value(b)))
                .expect("a vocabulary");
            let moment = |power: u32| -> f64 {
                let term = |log: &f64| libm::exp(*log) * (0..power).fold(1.0, |product, _| product * -log);
                judged_by.iter().map(term).sum()
            };
            TokenScore {
                surprisal: -judged_by[chosen],
                entropy: moment(1),
                varentropy: moment(2) - moment(1) * moment(1),
                ..TokenScore::default()
            }
        };
        (0..tokens).map(token).collect()
    }

    fn z(scores: &[TokenScore]) -> f64 {
        calibration_z(
            scores.iter().map(TokenScore::excess).sum(),
            scores.iter().map(|score| score.varentropy).sum(),
        )
    }

    /// 2,000 answers of 64 tokens. Mean and variance of a standard normal have standard errors .0224 and .0316
    /// (times 1.1 for the kurtosis left at 64 tokens), the share beyond 1.96 one of .0049: five of each, with
    /// chance below 1e-6, and .01 for the skewness of a finite answer.
    #[test]
    fn the_null_of_z_is_standard_normal() {
        let key = StreamKey::derive(RootSeed(21), 0, Purpose(1));
        let values: Vec<f64> = (0..2000).map(|number| z(&answer(key, number, 64, 1.0))).collect();
        let mean = values.iter().sum::<f64>() / 2000.0;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 2000.0;
        let beyond = values.iter().filter(|v| v.abs() > 1.96).count() as f64 / 2000.0;
        assert!(mean.abs() < 0.112, "{mean}");
        assert!((variance - 1.0).abs() < 0.175, "{variance}");
        assert!((beyond - 0.05).abs() < 0.035, "{beyond}");
    }

    /// To first order the excess a token is (T' - 1)·V: at T' = 1.1 within a quarter of it.
    #[test]
    fn a_higher_temperature_shifts_z_as_the_first_order_says() {
        let key = StreamKey::derive(RootSeed(22), 0, Purpose(1));
        let scores: Vec<TokenScore> = (0..400).flat_map(|number| answer(key, number, 64, 1.1)).collect();
        let excess = scores.iter().map(TokenScore::excess).sum::<f64>() / scores.len() as f64;
        let varentropy = scores.iter().map(|score| score.varentropy).sum::<f64>() / scores.len() as f64;
        let ratio = excess / (0.1 * varentropy);
        assert!((ratio - 1.0).abs() < 0.25, "{ratio}");
    }

    #[test]
    fn an_answer_without_any_choice_is_neither_suspicious_nor_infinite() {
        assert_eq!(calibration_z(0.0, 0.0), 0.0);
        assert_eq!(calibration_z(1.0, 0.0), SURPRISAL_MAX);
    }
}
