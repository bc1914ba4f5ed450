//! M/M/c: several slots behind one FIFO line.

use super::network::{QueueNetwork, mean_seconds, share_that_waited};
use super::{Figure, Observation, Oracle, OracleError, Parameter, Parameters};
use stakeout_protocol::units::Fraction;

/// Mean wait and share that waits of M/M/c, by Erlang's C.
///
/// ```text
/// B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1))    a = lambda/mu, rho = a/c
/// C = B(c) / (1 - rho (1 - B(c)))               Wq = C / (c mu - lambda)
/// ```
pub(super) struct Mmc;

const HOSTS: u32 = 20;

pub(super) fn network(parameters: &Parameters) -> QueueNetwork {
    let slots = parameters.count("c").min(u32::from(u16::MAX)) as u16;
    QueueNetwork {
        hosts: HOSTS,
        slots,
        arrivals_per_second: parameters.get("rho") * f64::from(slots) * parameters.get("mu"),
        service_seconds: 1.0 / parameters.get("mu"),
        check_rate: Fraction::ZERO,
        block_seconds: 5.0,
        validation_delay_seconds: 5.0,
    }
}

/// Erlang's C: the probability that a request finds all slots taken.
pub(super) fn compute_erlang_c(slots: u32, load: f64) -> f64 {
    let offered = load * f64::from(slots);
    let mut blocking = 1.0;
    for k in 1..=slots {
        blocking = offered * blocking / (f64::from(k) + offered * blocking);
    }
    blocking / (1.0 - load * (1.0 - blocking))
}

impl Oracle for Mmc {
    fn id(&self) -> &'static str {
        "mmc"
    }

    fn catalogue(&self) -> &'static [u8] {
        &[2]
    }

    fn title(&self) -> &'static str {
        "Several slots behind one line (M/M/c)"
    }

    fn source(&self) -> &'static str {
        "Erlang 1917; Kleinrock 1975, Queueing Systems vol. 1, section 3.5"
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![
            Parameter::count("c", 16),
            Parameter::positive("rho", 0.8),
            Parameter::positive("mu", 1.0),
        ]
    }

    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError> {
        network(parameters).check(self.id())?;
        let (slots, load) = (parameters.count("c"), parameters.get("rho"));
        let waits = compute_erlang_c(slots, load);
        let spare = f64::from(slots) * parameters.get("mu") * (1.0 - load);
        Ok(vec![
            Figure::new("mean wait in s", waits / spare),
            Figure::new("share that waits", waits),
        ])
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let output = network(parameters).run(self.id(), observation)?;
        Ok(vec![mean_seconds(&output.waiting), share_that_waited(&output)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tabled values for c = 10 and a = 8, c = 2 and a = 1.6, c = 100 and a = 90, and c = 16 at 0.8.
    #[test]
    fn erlang_c_has_its_tabled_values() {
        for (slots, load, value) in [
            (10, 0.8, 0.409_180),
            (2, 0.8, 0.711_111),
            (100, 0.9, 0.216_940),
            (16, 0.8, 0.304_9),
        ] {
            assert!(
                (compute_erlang_c(slots, load) - value).abs() < 5e-5,
                "c = {slots}"
            );
        }
    }
}
