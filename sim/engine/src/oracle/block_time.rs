//! Clients don't wait for blocks.

use super::network::QueueNetwork;
use super::{Figure, Observation, Oracle, OracleError, Parameter, Parameters};
use stakeout_protocol::units::Fraction;

/// The client's median latency at several block times, relative to the first: 1, since requests are served
/// when they arrive and only transactions wait for a block.
///
/// The validation delay is longer than the longest block and the same for all, so nothing else differs.
pub(super) struct BlockTime;

const BLOCKS: [f64; 4] = [1.0, 2.5, 5.0, 20.0];
const DELAY_SECONDS: f64 = 20.0;
const HOSTS: u32 = 50;

fn network(parameters: &Parameters, block_seconds: f64) -> QueueNetwork {
    QueueNetwork {
        hosts: HOSTS,
        slots: 2,
        arrivals_per_second: parameters.get("rho") * 2.0 / 1.1,
        service_seconds: 1.0,
        check_rate: Fraction::from_percent(10),
        block_seconds,
        validation_delay_seconds: DELAY_SECONDS,
    }
}

/// One ratio for each block time after the first, all of them 1.
pub(super) fn figures<T: std::fmt::Display>(blocks: &[T]) -> Vec<Figure> {
    let name = |block: &T| format!("median latency at {block} s a block over that at {} s", blocks[0]);
    blocks[1..]
        .iter()
        .map(|block| Figure::new(name(block), 1.0))
        .collect()
}

impl Oracle for BlockTime {
    fn id(&self) -> &'static str {
        "block-time"
    }

    fn title(&self) -> &'static str {
        "Client latency does not depend on the block time"
    }

    fn source(&self) -> &'static str {
        "gonka-ai/gonka decentralized-api: answers are streamed to the client before their transactions"
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![Parameter::positive("rho", 0.7)]
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn expected(&self, parameters: &Parameters) -> Result<Vec<Figure>, OracleError> {
        network(parameters, BLOCKS[0]).check(self.id())?;
        Ok(figures(&BLOCKS))
    }

    fn observe(&self, parameters: &Parameters, observation: Observation) -> Result<Vec<f64>, OracleError> {
        // All runs end at the same time, a whole number of the longest blocks after the start.
        let longest = network(parameters, DELAY_SECONDS).build(observation);
        let seconds = longest.blocks as f64 * DELAY_SECONDS;
        let median = |block: f64| -> Result<f64, OracleError> {
            let mut network = network(parameters, block).build(observation);
            network.blocks = (seconds / block) as u64;
            let output = crate::service::run_network(&network, 0, std::num::NonZeroUsize::MIN)?;
            Ok(output
                .latency
                .quantile(0.5)
                .map_or(f64::NAN, |median| median as f64))
        };
        let first = median(BLOCKS[0])?;
        BLOCKS[1..]
            .iter()
            .map(|&block| Ok(median(block)? / first))
            .collect()
    }
}
