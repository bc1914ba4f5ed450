//! M/M/1: one FIFO slot, Poisson arrivals, exponential work.

use super::network::{QueueNetwork, mean_seconds, share_that_waited};
use super::{Figure, Observation, Oracle, OracleError, Parameter, Parameters};
use stakeout_protocol::units::Fraction;

/// Mean sojourn, mean wait and share that waits of M/M/1.
///
/// ```text
/// W = 1/(mu - lambda)    Wq = W - 1/mu    P(wait) = lambda/mu
/// ```
pub(super) struct Mm1;

const HOSTS: u32 = 100;

/// So many independent queues.
pub(super) fn network(parameters: &Parameters, hosts: u32) -> QueueNetwork {
    QueueNetwork {
        hosts,
        slots: 1,
        arrivals_per_second: parameters.get("lambda"),
        service_seconds: 1.0 / parameters.get("mu"),
        check_rate: Fraction::ZERO,
        block_seconds: 5.0,
        validation_delay_seconds: 5.0,
    }
}

/// The closed form's figures.
pub(super) fn figures(parameters: &Parameters) -> Vec<Figure> {
    let (lambda, mu) = (parameters.get("lambda"), parameters.get("mu"));
    let sojourn = 1.0 / (mu - lambda);
    vec![
        Figure::new("mean sojourn in s", sojourn),
        Figure::new("mean wait in s", sojourn - 1.0 / mu),
        Figure::new("share that waits", lambda / mu),
    ]
}

impl Oracle for Mm1 {
    fn id(&self) -> &'static str {
        "mm1"
    }

    fn catalogue(&self) -> &'static [u8] {
        &[1]
    }

    fn title(&self) -> &'static str {
        "One slot, Poisson arrivals, exponential work (M/M/1)"
    }

    fn source(&self) -> &'static str {
        "Kleinrock 1975, Queueing Systems vol. 1, section 3.2"
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::positive("lambda", 0.8), Parameter::positive("mu", 1.0)]
    }

    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError> {
        network(parameters, HOSTS).check(self.id())?;
        Ok(figures(parameters))
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let output = network(parameters, HOSTS).run(self.id(), observation)?;
        Ok(vec![
            mean_seconds(&output.sojourn),
            mean_seconds(&output.waiting),
            share_that_waited(&output),
        ])
    }
}
