//! Blocks of a quantised file to plain values.

use crate::board::{Arg, Board};
use crate::error::{CudaError, Result};
use crate::kernel::{Kernel, Module};

/// Threads of a block.
const THREADS: u32 = 256;

/// A block format of ggml that a kernel knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// 32 signed bytes and a scale.
    Q8_0,
    /// 32 codes of 4 bits around zero and a scale.
    Q4_0,
    /// 32 codes of 4 bits, a scale and a least value.
    Q4_1,
    /// 256 codes of 4 bits in eight parts with scales of their own.
    Q4K,
    /// 256 codes of 6 bits in sixteen parts with scales of their own.
    Q6K,
}

impl Blocks {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Q8_0, Self::Q4_0, Self::Q4_1, Self::Q4K, Self::Q6K];

    /// Name in kernels and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Q8_0 => "q8_0",
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Q4K => "q4_k",
            Self::Q6K => "q6_k",
        }
    }

    /// Values and bytes of a block.
    pub fn size(self) -> (usize, usize) {
        match self {
            Self::Q8_0 => (32, 34),
            Self::Q4_0 => (32, 18),
            Self::Q4_1 => (32, 20),
            Self::Q4K => (256, 144),
            Self::Q6K => (256, 210),
        }
    }
}

/// Kernel and shape for `values` values to singles, or to bfloat16.
pub fn dequantize_call(blocks: Blocks, values: usize, to_bf16: bool) -> (Kernel, (u32, u32)) {
    let format = if to_bf16 { "bf16" } else { "f32" };
    let name = format!("dequantize_{}_{format}", blocks.name());
    // A thread writes sixteen bytes.
    let values_of_thread = if to_bf16 { 8 } else { 4 };
    let grid = (values as u64)
        .div_ceil(values_of_thread)
        .div_ceil(u64::from(THREADS));
    (Kernel::new(Module::Dequantize, name), (grid as u32, THREADS))
}

/// The values of `bytes`, in the bytes of singles or of bfloat16.
///
/// # Errors
/// The bytes are no whole number of blocks or more than a grid takes, or the board refuses.
pub fn dequantize<B: Board>(board: &B, blocks: Blocks, bytes: &[u8], to_bf16: bool) -> Result<Vec<u8>> {
    let (values_of, bytes_of) = blocks.size();
    let count = bytes.len() / bytes_of * values_of;
    if !bytes.len().is_multiple_of(bytes_of) || count > 1 << 40 {
        let problem = format!("{} bytes are no blocks of {}", bytes.len(), blocks.name());
        return Err(CudaError::Shape(problem));
    }
    let (kernel, (grid, threads)) = dequantize_call(blocks, count, to_bf16);
    let from = board.upload_bytes(bytes)?;
    let length = count * if to_bf16 { 2 } else { 4 };
    let to = board.room(length)?;
    let args = [Arg::Buffer(&from), Arg::Long(count as u64), Arg::Buffer(&to)];
    board.launch(&kernel, grid, threads, &args)?;
    let mut values = board.download_bytes(&to)?;
    values.truncate(length);
    Ok(values)
}
