//! Where tensors come from: the one question both file formats answer, and what they share in answering it.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use candle_core::Tensor;

use crate::error::{ReplayError, Result};

/// Most bytes of a header that are read.
pub const HEADER_LIMIT: u64 = 64 << 20;
/// Most values of one tensor.
pub const TENSOR_LIMIT: u64 = 1 << 32;

/// A file or folder of named tensors.
pub trait TensorSource {
    /// The tensor of this name in 32 bits, rows first; `None` if there is none.
    ///
    /// # Errors
    /// Its bytes cannot be read or its format is not supported.
    fn tensor(&mut self, name: &str) -> Result<Option<Tensor>>;

    /// What to call it in a message.
    fn place(&self) -> String;

    /// The tensor of this name.
    ///
    /// # Errors
    /// There is none, besides what [`TensorSource::tensor`] refuses.
    fn require(&mut self, name: &str) -> Result<Tensor> {
        let place = self.place();
        self.tensor(name)?
            .ok_or_else(|| ReplayError::file(place, format!("there is no tensor `{name}`")))
    }
}

/// Bytes `begin .. begin + length` of a file whose length was checked before.
pub fn read_range(path: &Path, begin: u64, length: u64) -> Result<Vec<u8>> {
    let io = |error| ReplayError::io(path, error);
    let mut file = std::fs::File::open(path).map_err(io)?;
    file.seek(SeekFrom::Start(begin)).map_err(io)?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 != length {
        let problem = format!(
            "ends {} bytes before its own header says",
            length - bytes.len() as u64
        );
        return Err(ReplayError::file(path.display().to_string(), problem));
    }
    Ok(bytes)
}

/// Product of sizes, refused where it overflows or exceeds the limit, and where there is no value: the library makes a
/// slice of blocks of what it is given, and no bytes lie where no block may.
pub fn count_values(place: &str, name: &str, dims: &[u64]) -> Result<u64> {
    let count = dims
        .iter()
        .try_fold(1u64, |product, size| product.checked_mul(*size));
    match count {
        Some(count) if (1..=TENSOR_LIMIT).contains(&count) && dims.len() <= 4 => Ok(count),
        _ => Err(ReplayError::file(
            place,
            format!(
                "tensor `{name}` claims the shape {dims:?}; at most 4 sizes and 1 to {TENSOR_LIMIT} values are read"
            ),
        )),
    }
}
