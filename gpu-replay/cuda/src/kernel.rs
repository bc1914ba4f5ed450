//! The kernels by name, their texts, and what NVRTC made of them.

/// A file of kernels: it is compiled and loaded as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Module {
    /// Laws of rows of logits.
    Law,
    /// Races for the drawn token.
    Race,
    /// Scores of positions.
    Scores,
    /// Scores of answers.
    Answers,
    /// Block formats.
    Dequantize,
}

macro_rules! kernel_file {
    ($name:literal) => {
        include_str!(concat!("../../kernels/", $name))
    };
}

impl Module {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Law,
        Self::Race,
        Self::Scores,
        Self::Answers,
        Self::Dequantize,
    ];

    /// Name of the file, without its ending.
    pub fn name(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Race => "race",
            Self::Scores => "scores",
            Self::Answers => "answers",
            Self::Dequantize => "dequantize",
        }
    }

    /// The CUDA text: what the kernels share, then the file.
    pub fn source(self) -> String {
        let own = match self {
            Self::Law => kernel_file!("law.cu"),
            Self::Race => kernel_file!("race.cu"),
            Self::Scores => kernel_file!("scores.cu"),
            Self::Answers => kernel_file!("answers.cu"),
            Self::Dequantize => kernel_file!("dequantize.cu"),
        };
        [kernel_file!("common.cuh"), own].join("\n")
    }

    /// The committed PTX.
    pub fn ptx(self) -> &'static str {
        match self {
            Self::Law => kernel_file!("ptx/law.ptx"),
            Self::Race => kernel_file!("ptx/race.ptx"),
            Self::Scores => kernel_file!("ptx/scores.ptx"),
            Self::Answers => kernel_file!("ptx/answers.ptx"),
            Self::Dequantize => kernel_file!("ptx/dequantize.ptx"),
        }
    }

    /// Whether subnormal singles count as zero: only where no result can see it, since it makes each exponential one
    /// instruction.
    pub fn flushes_subnormals(self) -> bool {
        self == Self::Law
    }
}

/// One entry of a module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kernel {
    /// The file that it stands in.
    pub module: Module,
    /// Its name there.
    pub name: String,
}

impl Kernel {
    /// The kernel `name` of `module`.
    pub fn new(module: Module, name: impl Into<String>) -> Self {
        Self {
            module,
            name: name.into(),
        }
    }
}
