//! `bench`: how fast this machine reads and writes with a model, and how near that is to its own limit.

use candle_core::{Device, Tensor};
use clap::Args;

use super::clock::Clock;
use super::models;
use crate::error::Result;
use crate::forward::{Machine, Options};
use crate::model::load;
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
    /// Texts of a batch
    #[arg(long, default_value_t = 1)]
    batch: usize,
    /// Repetitions; the median is printed with the range
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Kernels, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "f32,bf16")]
    strata: Vec<String>,
}

/// Median, least and greatest.
fn summary(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}

impl Bench {
    /// Measures and prints.
    ///
    /// # Errors
    /// The model cannot be read.
    pub fn run(self) -> Result<()> {
        let model = load(&models::locate(&self.model)?)?;
        let rounds = self.rounds.max(1);
        let flops_per_token = 2.0 * model.weights.shape.parameters(true) as f64;
        let limit = matrix_limit(rounds)?;
        println!("matrix product of 1024: {:.1} Gflop/s", limit / 1e9);
        println!(
            "{:<14} {:>10} {:>22} {:>8}",
            "kernel", "what", "tokens/s (range)", "of limit"
        );
        for name in &self.strata {
            let Some(stratum) = Stratum::from_name(name) else {
                continue;
            };
            let longest = self.prefill + self.decode;
            let machine = Machine::new(&model.weights, stratum, Options::default(), longest)?;
            let vocabulary = machine.vocabulary();
            let text: Vec<u32> = (0..self.prefill).map(|at| (at * 7 % vocabulary) as u32).collect();
            let texts = vec![text; self.batch.max(1)];
            let (mut prefill, mut decode) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                let clock = Clock::start();
                let mut session = machine.session();
                session.feed(&texts, 0)?;
                prefill.push((self.prefill * texts.len()) as f64 / clock.elapsed().as_secs_f64());
                let clock = Clock::start();
                let next = vec![vec![1u32]; texts.len()];
                for _ in 0..self.decode {
                    session.feed(&next, 0)?;
                }
                decode.push((self.decode * texts.len()) as f64 / clock.elapsed().as_secs_f64());
            }
            for (what, values) in [("prefill", prefill), ("decode", decode)] {
                let (median, low, high) = summary(values);
                let share = 100.0 * median * flops_per_token / limit;
                println!("{name:<14} {what:>10} {median:>8.0} ({low:.0} to {high:.0}) {share:>7.1}%");
            }
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
