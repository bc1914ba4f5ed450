//! The verified network: answers are validated by other hosts, a fixed delay after they are done.

use super::network::{QueueNetwork, mean_seconds};
use super::{Figure, Observation, Oracle, OracleError, Parameter, Parameters};
use stakeout_protocol::units::Fraction;

/// Mean sojourn of a request where every answer is validated with probability `p`.
///
/// ```text
/// W = 1/(mu - lambda (1 + p))
/// ```
///
/// A delay of fixed length is a station without a queue, and such a station keeps the product form whatever
/// the law of the delay, so each host behaves like M/M/1 with the sum of both streams, although neither
/// the stream of validations nor the sum is Poisson.
pub(super) struct VerifiedNetwork;

fn network(parameters: &Parameters) -> QueueNetwork {
    QueueNetwork {
        hosts: parameters.count("hosts"),
        slots: 1,
        arrivals_per_second: parameters.get("rho") * parameters.get("mu") / (1.0 + parameters.get("p")),
        service_seconds: 1.0 / parameters.get("mu"),
        check_rate: Fraction::from_parts((parameters.get("p") * Fraction::ONE.parts() as f64) as u64),
        block_seconds: 5.0,
        validation_delay_seconds: 5.0,
    }
}

impl Oracle for VerifiedNetwork {
    fn id(&self) -> &'static str {
        "verified-network"
    }

    fn catalogue(&self) -> &'static [u8] {
        &[9]
    }

    fn title(&self) -> &'static str {
        "Validations share the hosts with requests (open queueing network)"
    }

    fn source(&self) -> &'static str {
        "Baskett, Chandy, Muntz, Palacios 1975, J. ACM 22(2)"
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![
            Parameter::count("hosts", 100),
            Parameter::positive("rho", 0.7),
            Parameter::positive("mu", 1.0),
            Parameter::probability("p", 0.1),
        ]
    }

    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError> {
        network(parameters).check(self.id())?;
        let (load, mu, p) = (parameters.get("rho"), parameters.get("mu"), parameters.get("p"));
        Ok(vec![
            Figure::new("mean sojourn in s", 1.0 / (mu * (1.0 - load))),
            Figure::new(
                "share validated",
                if parameters.count("hosts") > 1 { p } else { 0.0 },
            ),
        ])
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        let output = network(parameters).run(self.id(), observation)?;
        let totals = &output.epochs[0];
        Ok(vec![
            mean_seconds(&output.sojourn),
            totals.checked as f64 / totals.requests as f64,
        ])
    }
}
