//! `bench`: how fast this machine reads and writes with a model, and how near that is to its own limit.

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};
use clap::Args;

use super::clock::Clock;
use super::models;
use super::threads::of_machine;
use crate::error::{ReplayError, Result};
use crate::forward::{Machine, Options};
use crate::model::{Loaded, load};
use crate::stratum::Stratum;

/// Tokens a second of prefill and decode.
#[derive(Args, Debug)]
pub struct Bench {
    /// Path, or a name of `models list`
    #[arg(long)]
    model: String,
    /// Tokens of the prefill
    #[arg(long, default_value_t = 128)]
    prefill: usize,
    /// Tokens decoded
    #[arg(long, default_value_t = 32)]
    decode: usize,
    /// Texts side by side
    #[arg(long, value_delimiter = ',', default_value = "1,16")]
    batch: Vec<usize>,
    /// Repetitions; the median is printed with the range
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Kernels, separated by commas; `q8-0` multiplies blocks of 8 bits without unpacking them
    #[arg(long, value_delimiter = ',', default_value = "f32,bf16,q8-0")]
    kernels: Vec<String>,
    /// Threads of a product
    #[arg(long)]
    threads: Option<usize>,
}

/// Median, least and greatest.
fn summary(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}

/// A kernel of the bench, and the bytes of a weight in it.
fn kernel(name: &str) -> Result<(Stratum, Options, f64)> {
    if name == "q8-0" {
        let native = Some(GgmlDType::Q8_0);
        return Ok((
            Stratum::F32,
            Options {
                native,
                ..Options::default()
            },
            34.0 / 32.0,
        ));
    }
    let known = || format!("there is no kernel `{name}`; known are q8-0 and those of `run --strata`");
    let stratum = Stratum::from_name(name).ok_or_else(|| ReplayError::Usage(known()))?;
    Ok((stratum, Options::default(), 4.0))
}

impl Bench {
    /// Threads of a product.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(of_machine)
    }

    /// Measures and prints.
    ///
    /// # Errors
    /// The model cannot be read, or a kernel is unknown.
    pub fn run(self) -> Result<()> {
        let model = load(&models::locate(&self.model)?)?;
        let limit = matrix_limit(self.rounds.max(1))?;
        println!(
            "{} threads a product; matrix product of 1024: {:.1} Gflop/s",
            self.threads(),
            limit / 1e9
        );
        println!("| kernel | texts | what | tokens/s (range) | of the limit | weights read, GB/s |");
        println!("|---|---|---|---|---|---|");
        for name in &self.kernels {
            for batch in &self.batch {
                self.measure(&model, name, (*batch).max(1), limit)?;
            }
        }
        Ok(())
    }

    fn measure(&self, model: &Loaded, name: &str, batch: usize, limit: f64) -> Result<()> {
        let (stratum, options, bytes) = kernel(name)?;
        let weights = model.weights.shape.parameters(true) as f64;
        // The head stays as wide as the kernel.
        let head = (model.weights.shape.vocabulary * model.weights.shape.hidden) as f64;
        let machine = Machine::new(&model.weights, stratum, options, self.prefill + self.decode)?;
        let vocabulary = machine.vocabulary();
        let text: Vec<u32> = (0..self.prefill).map(|at| (at * 7 % vocabulary) as u32).collect();
        let texts = vec![text; batch];
        let (mut prefill, mut decode) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds.max(1) {
            let clock = Clock::start();
            let mut session = machine.session();
            session.feed(&texts, 0)?;
            prefill.push((self.prefill * batch) as f64 / clock.elapsed().as_secs_f64());
            let clock = Clock::start();
            let next = vec![vec![1u32]; batch];
            for _ in 0..self.decode {
                session.feed(&next, 0)?;
            }
            decode.push((self.decode * batch) as f64 / clock.elapsed().as_secs_f64());
        }
        for (what, values, steps) in [("prefill", prefill, self.prefill), ("decode", decode, 1)] {
            let (median, low, high) = summary(values);
            let share = 100.0 * median * 2.0 * weights / limit;
            let read = median / (batch * steps) as f64 * ((weights - head) * bytes + head * 4.0) / 1e9;
            println!(
                "| {name} | {batch} | {what} | {median:.0} ({low:.0} to {high:.0}) | {share:.1} % | {read:.1} |"
            );
        }
        Ok(())
    }
}

/// Operations a second of a large matrix product by the same library: what the decoder could reach at best.
fn matrix_limit(rounds: usize) -> Result<f64> {
    const SIZE: usize = 1024;
    let matrix = Tensor::rand(-1f32, 1f32, (SIZE, SIZE), &Device::Cpu)?;
    let mut rates = Vec::new();
    for _ in 0..=rounds {
        let clock = Clock::start();
        matrix.matmul(&matrix)?;
        rates.push(2.0 * (SIZE * SIZE * SIZE) as f64 / clock.elapsed().as_secs_f64());
    }
    Ok(summary(rates).0)
}
