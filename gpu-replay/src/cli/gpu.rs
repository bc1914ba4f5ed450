//! `gpu`: whether there is a card, and what it gives.

use std::path::PathBuf;

use clap::Subcommand;

use super::measure::pool;
use crate::error::Result;
use crate::gpu::{Device, DeviceChoice};

/// What a card gives.
#[derive(Subcommand, Debug)]
pub enum Gpu {
    /// One line: what positions would be reduced on, and why
    Show,
    /// Conformance, bandwidth and a small measurement on both devices; writes report.md and report.json
    Check {
        /// Folder of the report
        #[arg(long, default_value = "gpu-replay/results/gpu")]
        out: PathBuf,
        /// Only the agreement with the CPU
        #[arg(long)]
        conformance: bool,
    },
}

impl Gpu {
    /// Shows or checks.
    ///
    /// # Errors
    /// There is no card to check, a comparison is not met, or the report cannot be written.
    pub fn run(self) -> Result<()> {
        match self {
            Self::Show => {
                println!("{}", Device::choose(DeviceChoice::Auto)?.line());
                Ok(())
            }
            Self::Check { out, conformance } => pool(None)?.install(|| check::check(&out, conformance)),
        }
    }
}

#[cfg(not(feature = "gpu"))]
mod check {
    use std::path::Path;

    use crate::error::Result;
    use crate::gpu::{Device, DeviceChoice};

    /// Says why nothing can be checked.
    pub fn check(_: &Path, _: bool) -> Result<()> {
        Device::choose(DeviceChoice::Gpu).map(drop)
    }
}

#[cfg(feature = "gpu")]
mod check {
    use std::path::Path;
    use std::sync::atomic::AtomicBool;

    use stakeout_cuda::Gpu;

    use super::super::clock::Clock;
    use crate::demo::{DemoSize, shipped};
    use crate::error::{ReplayError, Result};
    use crate::gpu::bandwidth::speeds;
    use crate::gpu::conformance::{Effort, conformance};
    use crate::gpu::report::{Rates, Report, Sides, measurement_gap, page};
    use crate::gpu::rows::{Shape, logits};
    use crate::gpu::{Device, DeviceChoice};
    use crate::measure::{Plan, Progress, run_on};
    use crate::model::load;
    use crate::sampler::{Law, Noise};

    /// Checks the first card and writes the report.
    pub fn check(out: &Path, only_conformance: bool) -> Result<()> {
        let absent =
            |error: stakeout_cuda::CudaError| ReplayError::Usage(format!("nothing checked: {error}"));
        let gpu = Gpu::open().map_err(absent)?;
        let card = gpu.card().map_err(absent)?;
        eprintln!("conformance on {}", card.name);
        let checks = conformance(&gpu, &Effort::CARD)?;
        let mut report = Report {
            card: card.name,
            checks,
            speeds: None,
            paths: Vec::new(),
            measurement: None,
        };
        if !only_conformance {
            eprintln!("bandwidth");
            report.speeds = Some(speeds(&gpu)?);
            eprintln!("positions a second");
            report.paths = paths()?;
            eprintln!("a small measurement on both devices");
            report.measurement = Some(measurement(out)?);
        }
        std::fs::create_dir_all(out).map_err(|error| ReplayError::io(out, error))?;
        let json = serde_json::to_string_pretty(&report).unwrap_or_default() + "\n";
        let text = page(&report);
        print!("{text}");
        for (name, text) in [("report.json", json), ("report.md", text)] {
            let path = out.join(name);
            std::fs::write(&path, text).map_err(|error| ReplayError::io(&path, error))?;
        }
        match report.checks.iter().find(|check| !check.is_met()) {
            None => Ok(()),
            Some(check) => Err(ReplayError::Mismatch(format!(
                "{}: {:e} is more than {:e}",
                check.name, check.worst, check.tolerance
            ))),
        }
    }

    /// Laws reduced as a measurement does, copies to the card and back included.
    fn paths() -> Result<Vec<Rates>> {
        const POSITIONS: usize = 512;
        let (cpu, card) = (Device::cpu(), Device::choose(DeviceChoice::Gpu)?);
        let mut found = Vec::new();
        for vocabulary in [2048, 49_152, 151_936] {
            let rows = logits(Shape::Fine, 1, POSITIONS, vocabulary);
            let laws: Vec<Law> = rows.chunks(vocabulary).map(Law::of_logits).collect();
            let noise = Noise::new(1, 1);
            let rate = |device: &Device| -> Result<f64> {
                device.reduce(&laws[..8], &noise, 20)?;
                let clock = Clock::start();
                device.reduce(&laws, &noise, 20)?;
                Ok(POSITIONS as f64 / clock.elapsed().as_secs_f64())
            };
            found.push(Rates {
                vocabulary,
                cpu: rate(&cpu)?,
                card: rate(&card)?,
            });
        }
        Ok(found)
    }

    /// The shipped model, measured with both devices: what differs in its scores.
    fn measurement(out: &Path) -> Result<Sides> {
        let folder = out.join("parts-of-the-check");
        let model = load(&shipped(DemoSize::Small, &folder.join("models"))?)?;
        let mut plan = Plan::demo();
        plan.answer_tokens = 32;
        (plan.deep.prompts, plan.wide.prompts, plan.substitute_prompts) = (4, 16, 4);
        plan.substitutes = ["q8-0", "q4-0", "q2k"].map(String::from).to_vec();
        plan.attackers = vec!["q4-0".into()];
        let measure = |device: Device, name: &str| {
            let clock = Clock::start();
            let progress = Progress {
                tell: &|_, _| (),
                stop: &AtomicBool::new(false),
            };
            let outcome = run_on(device, &plan, &model, None, &folder.join(name), &progress)?;
            Ok::<_, ReplayError>((outcome.answers, clock.elapsed().as_secs_f64()))
        };
        let (expected, cpu_seconds) = measure(Device::cpu(), "cpu")?;
        let (found, card_seconds) = measure(Device::choose(DeviceChoice::Gpu)?, "card")?;
        // The parts are no result of the check; one that stays behind harms nobody.
        let _ = std::fs::remove_dir_all(&folder);
        Ok(measurement_gap(&expected, &found, (cpu_seconds, card_seconds)))
    }
}
