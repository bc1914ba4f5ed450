//! What is measured: one program or scenario, run to a given number of inferences.

use std::path::{Path, PathBuf};

use stakeout_engine::observe::cast::Cast;
use stakeout_engine::observe::event_spool::Spool;
use stakeout_engine::observe::frame::{EpochRow, RunOutput};
use stakeout_engine::observe::storage::Disk;
use stakeout_engine::run::{RunOptions, run, run_logged, unwatched};
use stakeout_engine::scenario::{Arrivals, Fidelity, Scenario, load};

use crate::std_heap;

/// Utilisation, check rate, executors and delay of the verified network, as in `verified-network.yaml`.
const BASELINE: std_heap::Parameters = std_heap::Parameters {
    executors: 10_000,
    utilisation: 0.7,
    check_rate: 0.1,
    delay_ns: 5_000_000_000,
    inferences: 0,
    warm_up_ns: 400_000_000_000,
    seed: 1,
};

/// A named thing to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// The baseline program.
    StdHeap,
    /// The same model on the engine's service fidelity.
    VerifiedNetwork,
    /// The whole protocol, ten thousand hosts.
    FullProtocol,
    /// The whole protocol, a million hosts.
    MillionHosts,
}

/// What a run has to tell.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Inferences that arrived.
    pub inferences: u64,
    /// Mean time from arrival to completion, in seconds.
    pub sojourn: f64,
    /// Validations drawn per inference.
    pub checked: f64,
    /// The digest; empty for the baseline.
    pub digest: String,
    /// Convictions, disputes, expiries.
    pub events: [u64; 3],
}

impl Workload {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::StdHeap,
        Self::VerifiedNetwork,
        Self::FullProtocol,
        Self::MillionHosts,
    ];

    /// Name on the command line and in the baseline.
    pub fn name(self) -> &'static str {
        match self {
            Self::StdHeap => "std-heap",
            Self::VerifiedNetwork => "verified-network",
            Self::FullProtocol => "full-protocol",
            Self::MillionHosts => "million-hosts",
        }
    }

    /// The workload of this name.
    pub fn parse(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|workload| workload.name() == name);
        found.ok_or(format!("there is no workload {name:?}; there are: {known}"))
    }

    /// Its scenario file, if it has one.
    fn file(self) -> Option<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        (self != Self::StdHeap).then(|| folder.join(format!("{}.yaml", self.name())))
    }

    /// Reads what the workload needs, so that reading is not measured.
    pub fn prepare(self) -> Result<Prepared, String> {
        let Some(file) = self.file() else {
            return Ok(Prepared { scenario: None });
        };
        let scenario = load(&file, &[], &stakeout_agents::registry()).map_err(|errors| errors.to_string())?;
        Ok(Prepared {
            scenario: Some(scenario),
        })
    }
}

/// How large an event log came out.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogSize {
    /// Events in it.
    pub events: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// A workload ready to run.
pub struct Prepared {
    scenario: Option<Scenario>,
}

impl Prepared {
    /// Leaves only the first `models` model groups, and of each group one host in `each`, with their part of the demand: the
    /// same network for fewer hosts. Says how many are left.
    pub fn keep_hosts(&mut self, models: u16, each: usize) -> Result<usize, String> {
        let scenario = self.scenario.as_mut().ok_or("the baseline has no hosts")?;
        let Arrivals::Poisson { per_second } = &mut scenario.demand.arrivals else {
            return Err(String::from("a bench needs Poisson arrivals"));
        };
        let before = scenario.hosts.len();
        let mut place = 0;
        scenario.hosts.retain(|host| {
            place += 1;
            (place - 1) % each == 0 && host.models.iter().all(|&model| model < models)
        });
        scenario.models.truncate(usize::from(models));
        let owners = std::mem::take(&mut scenario.owners);
        for (number, host) in scenario.hosts.iter_mut().enumerate() {
            scenario.owners.push(owners[host.owner as usize].clone());
            host.owner = number as u32;
        }
        *per_second *= scenario.hosts.len() as f64 / before as f64;
        Ok(scenario.hosts.len())
    }

    /// Runs to about `inferences`: to whole blocks without a chain, to whole epochs with one. `threads` is
    /// the number of threads, 1 for one lane.
    pub fn run(&mut self, inferences: u64, threads: usize) -> Result<Done, String> {
        let Some(scenario) = self.cut(inferences)? else {
            return Ok(run_baseline(inferences));
        };
        let output = run(
            scenario,
            0,
            &stakeout_agents::registry(),
            &options(scenario, threads),
        );
        output
            .map(|output| summarise(&output))
            .map_err(|error| error.to_string())
    }

    /// As [`run`](Self::run), with the event log written to `spool`. The disk is waited for, as it is in a run that keeps
    /// its log.
    pub fn run_logged(
        &mut self,
        inferences: u64,
        threads: usize,
        spool: &Spool,
    ) -> Result<(Done, LogSize), String> {
        let scenario = self.cut(inferences)?.ok_or("the baseline keeps no log")?;
        let mut log = spool
            .open(&Cast::default(), 0, &Disk)
            .map_err(|error| error.to_string())?;
        let registry = stakeout_agents::registry();
        let output = run_logged(
            scenario,
            0,
            &registry,
            &options(scenario, threads),
            &mut unwatched,
            &mut log,
        )
        .map_err(|error| error.to_string())?;
        let finished = log.finish().map_err(|error| error.to_string())?;
        let size = LogSize {
            events: finished.log.events,
            bytes: finished.file.bytes,
        };
        Ok((summarise(&output), size))
    }

    /// The scenario, cut to about `inferences`; nothing for the baseline. In place: a copy would count twice what a
    /// million hosts' names take.
    fn cut(&mut self, inferences: u64) -> Result<Option<&Scenario>, String> {
        let Some(scenario) = &mut self.scenario else {
            return Ok(None);
        };
        let blocks = blocks(scenario, inferences)?;
        match scenario.fidelity {
            Fidelity::Service => scenario.until_blocks = Some(blocks),
            Fidelity::Event | Fidelity::Epoch => {
                let epochs = blocks.div_ceil(scenario.protocol.geometry.length);
                scenario.epochs = u32::try_from(epochs).map_err(|_| String::from("too many epochs"))?;
            }
        }
        Ok(Some(scenario))
    }
}

fn options(scenario: &Scenario, threads: usize) -> RunOptions {
    RunOptions {
        parallel: threads > 1,
        // Without a chain a lane is a thread's share; with one, lanes suit the hosts.
        lanes: (scenario.fidelity == Fidelity::Service).then_some(threads),
        ..RunOptions::default()
    }
}

fn run_baseline(inferences: u64) -> Done {
    let outcome = std_heap::run(std_heap::Parameters {
        inferences,
        ..BASELINE
    });
    Done {
        inferences,
        sojourn: outcome.mean_sojourn(),
        checked: outcome.validations as f64 / inferences as f64,
        ..Done::default()
    }
}

fn blocks(scenario: &Scenario, inferences: u64) -> Result<u64, String> {
    let Arrivals::Poisson { per_second } = scenario.demand.arrivals else {
        return Err(String::from("a bench needs Poisson arrivals"));
    };
    let per_block = per_second * scenario.chain.block_time.as_seconds();
    Ok(((inferences as f64 / per_block) as u64).max(1))
}

fn summarise(output: &RunOutput) -> Done {
    let sum = |count: fn(&EpochRow) -> u64| output.epochs.iter().map(count).sum::<u64>();
    let requests = sum(|epoch| epoch.requests);
    Done {
        // Those of an epoch that has not settled are in no row, but they were served and cost their time.
        inferences: output.sojourn.total().max(requests),
        sojourn: output.sojourn.mean().unwrap_or(f64::NAN) / 1e9,
        checked: sum(|epoch| epoch.validations_drawn) as f64 / requests as f64,
        digest: output.digest.clone(),
        events: [
            sum(|epoch| epoch.convictions),
            sum(|epoch| epoch.disputes),
            sum(|epoch| epoch.expired),
        ],
    }
}
