//! `run`: a model of the user's, from path to calibration file.

use std::path::PathBuf;
use std::sync::OnceLock;

use clap::Args;

use super::clock::Clock;
use super::threads::of_machine;
use super::transfer::HONEST_SCORES;
use super::{interrupt, models, progress};
use crate::derive::{Measurement, calibration_draft, deployed_draft, derive, keep};
use crate::error::{ReplayError, Result};
use crate::gpu::{Device, DeviceChoice};
use crate::measure::{Plan, Progress, Tier, run_on};
use crate::model::{Loaded, load};
use crate::report::report_files;
use crate::stratum::Stratum;

/// Measure a model of yours.
#[derive(Args, Debug)]
pub struct Run {
    /// A .gguf file, a folder with config.json, tokenizer.json and .safetensors, or a name of `models list`
    #[arg(long)]
    model: String,
    /// The smaller model of the same tokenizer, as path or name
    #[arg(long)]
    smaller: Option<String>,
    /// Name of the calibration
    #[arg(long)]
    name: Option<String>,
    /// Folder of the results; the same command goes on where an interrupted one stopped
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// Prompts answered and verified on all kernels
    #[arg(long, default_value_t = 32)]
    deep: usize,
    /// Prompts answered and verified on the cheapest kernels
    #[arg(long, default_value_t = 96)]
    wide: usize,
    /// Prompts that each substitute answers
    #[arg(long, default_value_t = 24)]
    substitute_prompts: usize,
    /// Substitutes, separated by commas: names of the catalogue, or figures of your own as in lora-r8-0.05, dropped-2,
    /// temperature-0.7, top-p-0.9 and repetition-1.2
    #[arg(long, value_delimiter = ',')]
    substitutes: Vec<String>,
    /// Substitutes that attacks beyond the naive one are made with
    #[arg(long, value_delimiter = ',')]
    attackers: Option<Vec<String>>,
    /// Tokens of a prompt
    #[arg(long, default_value_t = 32)]
    prompt_tokens: usize,
    /// Tokens of an answer
    #[arg(long, default_value_t = 128)]
    answer_tokens: usize,
    /// Entries a position of an artifact
    #[arg(long, default_value_t = 20)]
    entries: usize,
    /// Prompts of a unit of work; more need more memory
    #[arg(long, default_value_t = 8)]
    batch: usize,
    /// Kernels, separated by commas
    #[arg(long, value_delimiter = ',')]
    strata: Vec<String>,
    /// Kernels that substitutes decode on, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "bf16-decode")]
    executors: Vec<String>,
    /// Seed of everything drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; the result does not depend on it
    #[arg(long)]
    threads: Option<usize>,
    /// Where positions are reduced and scored; sums differ in their last digits
    #[arg(long, value_enum, default_value_t = DeviceChoice::Cpu)]
    device: DeviceChoice,
}

impl Run {
    /// Measures.
    ///
    /// # Errors
    /// The model cannot be read, a name is unknown, a file cannot be written, or it was stopped.
    pub fn run(self) -> Result<()> {
        let model = load(&models::locate(&self.model)?)?;
        let sibling = match &self.smaller {
            None => None,
            Some(path) => Some(load(&models::locate(path)?)?),
        };
        let mut plan = Plan::demo();
        plan.name = match self.name {
            Some(name) => name,
            None => stem(&self.model),
        };
        let kernels = if self.strata.is_empty() {
            Stratum::ALL.to_vec()
        } else {
            strata(&self.strata)?
        };
        plan.deep = Tier {
            prompts: self.deep,
            strata: kernels,
        };
        plan.wide.prompts = self.wide;
        plan.substitute_prompts = self.substitute_prompts;
        if !self.substitutes.is_empty() {
            plan.substitutes = self.substitutes;
        }
        if sibling.is_none() {
            plan.substitutes.retain(|name| name != "smaller");
        }
        if let Some(attackers) = self.attackers {
            plan.attackers = attackers.into_iter().filter(|name| !name.is_empty()).collect();
        }
        plan.prompt_tokens = self.prompt_tokens;
        plan.answer_tokens = self.answer_tokens;
        plan.entries = self.entries;
        plan.batch = self.batch;
        plan.executors = strata(&self.executors)?;
        plan.seed = self.seed;
        // A file of few bits is no reference for files of few bits until it is turned off its grid.
        plan.rotation = model.is_on_grid.then_some(self.seed);
        measure(Job {
            plan,
            model,
            sibling,
            out: self.out,
            threads: self.threads,
            device: self.device,
        })
    }
}

fn strata(names: &[String]) -> Result<Vec<Stratum>> {
    let find = |name: &String| {
        Stratum::from_name(name).ok_or_else(|| {
            let known: Vec<&str> = Stratum::ALL.iter().map(|stratum| stratum.name()).collect();
            ReplayError::Usage(format!(
                "there is no kernel `{name}`; known are {}",
                known.join(", ")
            ))
        })
    };
    names.iter().map(find).collect()
}

/// A calibration's name from a path: its last part, in the letters that a name may have.
fn stem(path: &str) -> String {
    let last = std::path::Path::new(path)
        .file_stem()
        .map(|stem| stem.to_string_lossy().to_lowercase());
    let letter = |letter: char| {
        if letter.is_ascii_alphanumeric() || letter == '.' {
            letter
        } else {
            '-'
        }
    };
    last.unwrap_or_default().chars().map(letter).collect()
}

/// Everything that a measurement needs.
pub struct Job {
    /// The plan.
    pub plan: Plan,
    /// The promised model.
    pub model: Loaded,
    /// The smaller model, if there is one.
    pub sibling: Option<Loaded>,
    /// Where results go.
    pub out: PathBuf,
    /// Threads, if fixed.
    pub threads: Option<usize>,
    /// Where positions are reduced.
    pub device: DeviceChoice,
}

/// The threads that units of work share: `threads` of them, or as many as the machine has. A product that asked for more
/// would wait for threads that are in the middle of a unit.
pub fn pool(threads: Option<usize>) -> Result<rayon::ThreadPool> {
    gemm::set_threading_threshold(usize::MAX);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or_else(of_machine))
        .build()
        .map_err(|error| ReplayError::Usage(format!("threads: {error}")))
}

/// Measures, derives and writes.
pub fn measure(job: Job) -> Result<()> {
    let Job {
        plan,
        model,
        sibling,
        out,
        threads,
        device,
    } = job;
    let device = Device::choose(device)?;
    eprintln!("{}", device.line());
    let folder = out.join(format!("calibrate-{}", plan.name));
    std::fs::create_dir_all(&folder).map_err(|error| ReplayError::io(&folder, error))?;
    let pool = pool(threads)?;
    let clock = Clock::start();
    let bar = OnceLock::new();
    let tell = |done: usize, all: usize| bar.get_or_init(|| progress::bar(all)).set_position(done as u64);
    let progress = Progress {
        tell: &tell,
        stop: interrupt::flag(),
    };
    let outcome = pool.install(|| run_on(device, &plan, &model, sibling.as_ref(), &folder, &progress))?;
    if let Some(bar) = bar.get() {
        bar.finish();
    }
    let measurement = Measurement {
        name: plan.name.clone(),
        model: plan.name.clone(),
        provenance: crate::measure::provenance(&plan, &model, sibling.as_ref(), &outcome),
        substitutes: outcome.costs,
        answers: outcome.answers,
    };
    let text = serde_json::to_string_pretty(&plan).unwrap_or_default() + "\n";
    write(&folder.join("plan.json"), text.as_bytes())?;
    for (name, bytes) in results(&measurement)? {
        write(&folder.join(name), &bytes)?;
    }
    // Times are no result: they stay beside it.
    let seconds = clock.elapsed().as_secs_f64();
    write(
        &folder.join("times.json"),
        format!("{{\"wall_seconds\": {seconds:.1}}}\n").as_bytes(),
    )?;
    println!("{}", folder.display());
    Ok(())
}

/// Everything that a measurement comes to: calibration files, report, evidence, pictures, honest scores; a function of
/// the answers.
fn results(measurement: &Measurement) -> Result<Vec<(String, Vec<u8>)>> {
    let too_few = || ReplayError::Usage("too few prompts: none is left to fix thresholds on".into());
    let (evidence, sheet, rulers) = derive(measurement).ok_or_else(too_few)?;
    let all = (&evidence, &sheet, &rulers);
    let refused =
        |error: stakeout_calibration::CalibrationError| ReplayError::file("calibration", error.to_string());
    let calibration = calibration_draft(measurement, all).map_err(refused)?;
    let deployed = deployed_draft(measurement, all).map_err(refused)?;
    let drawing = |error| ReplayError::file("picture", format!("{error}"));
    let mut files = report_files(&evidence, &sheet).map_err(drawing)?;
    files.push((format!("{}.yaml", measurement.name), calibration.to_yaml()));
    files.push((format!("{}-deployed.yaml", measurement.name), deployed.to_yaml()));
    let texts = files.into_iter().map(|(name, text)| (name, text.into_bytes()));
    let scores = (HONEST_SCORES.to_string(), keep(&measurement.name, &sheet));
    Ok(texts.chain([scores]).collect())
}

fn write(path: &std::path::Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|error| ReplayError::io(path, error))
}
