//! Writing a safetensors file: names in order, so that the same weights give the same bytes.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Tensor;

use crate::error::{ReplayError, Result};

/// Writes bfloat16 tensors: eight bytes of header length, the header, the data in the order of the names.
///
/// # Errors
/// A tensor is not bfloat16, or the file cannot be written.
pub fn write(tensors: &BTreeMap<String, Tensor>, path: &Path) -> Result<()> {
    let mut header = serde_json::Map::new();
    let mut data: Vec<u8> = Vec::new();
    for (name, tensor) in tensors {
        let values = tensor.flatten_all()?.to_vec1::<half::bf16>()?;
        let begin = data.len();
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let entry = serde_json::json!({
            "dtype": "BF16",
            "shape": tensor.dims(),
            "data_offsets": [begin, data.len()],
        });
        header.insert(name.clone(), entry);
    }
    let mut text = serde_json::Value::Object(header).to_string();
    // The data begin at a multiple of eight, as the format asks.
    while !text.len().is_multiple_of(8) {
        text.push(' ');
    }
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(&data);
    std::fs::write(path, bytes).map_err(|error| ReplayError::io(path, error))
}
