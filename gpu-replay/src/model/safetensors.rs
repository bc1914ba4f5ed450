//! Reading safetensors: a folder with config.json and one or more files of tensors.
//!
//! **Invariant.** No byte is read before the header has been checked: every tensor lies inside the file, its size is
//! that of its shape, and no two overlap. A lying header costs the header's own size in memory and no more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use serde::Deserialize;

use super::source::{HEADER_LIMIT, TensorSource, count_values, read_range};
use crate::error::{ReplayError, Result};

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

struct Stored {
    file: usize,
    dtype: DType,
    shape: Vec<usize>,
    begin: u64,
    length: u64,
}

/// The tensors of a folder, by name.
pub struct Safetensors {
    files: Vec<PathBuf>,
    tensors: BTreeMap<String, Stored>,
}

impl Safetensors {
    /// Reads and checks the headers of these files.
    ///
    /// # Errors
    /// A header lies, or two files hold a tensor of the same name.
    pub fn open(files: Vec<PathBuf>) -> Result<Self> {
        let mut tensors = BTreeMap::new();
        for (index, file) in files.iter().enumerate() {
            read_header(file, index, &mut tensors)?;
        }
        Ok(Self { files, tensors })
    }

    /// Names of the tensors, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }
}

impl TensorSource for Safetensors {
    fn tensor(&mut self, name: &str) -> Result<Option<Tensor>> {
        let Some(stored) = self.tensors.get(name) else {
            return Ok(None);
        };
        let bytes = read_range(&self.files[stored.file], stored.begin, stored.length)?;
        let tensor = Tensor::from_raw_buffer(&bytes, stored.dtype, &stored.shape, &Device::Cpu)?;
        Ok(Some(tensor.to_dtype(DType::F32)?))
    }

    fn place(&self) -> String {
        self.files
            .first()
            .map(|path| path.display().to_string())
            .unwrap_or_default()
    }
}

fn read_header(path: &Path, index: usize, tensors: &mut BTreeMap<String, Stored>) -> Result<()> {
    let place = path.display().to_string();
    let wrong = |problem: String| ReplayError::file(place.clone(), problem);
    let fail = |problem: String| Err(wrong(problem));
    let size = std::fs::metadata(path)
        .map_err(|error| ReplayError::io(path, error))?
        .len();
    if size < 8 {
        return fail(format!(
            "is {size} bytes long; a safetensors file begins with eight bytes of header length"
        ));
    }
    let mut first = [0; 8];
    first.copy_from_slice(&read_range(path, 0, 8)?);
    let header = u64::from_le_bytes(first);
    if header > HEADER_LIMIT || header > size - 8 {
        let most = HEADER_LIMIT.min(size - 8);
        return fail(format!(
            "claims a header of {header} bytes; it can be {most} at most"
        ));
    }
    let bytes = read_range(path, 8, header)?;
    let mut entries: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&bytes)
        .map_err(|error| wrong(format!("the header is no table of tensors: {error}")))?;
    entries.remove("__metadata__");
    let data = size - 8 - header;
    let mut spans: Vec<(u64, u64, String)> = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let entry: Entry =
            serde_json::from_value(value).map_err(|error| wrong(format!("tensor `{name}`: {error}")))?;
        let dtype = match entry.dtype.as_str() {
            "F32" => DType::F32,
            "F16" => DType::F16,
            "BF16" => DType::BF16,
            other => {
                return fail(format!(
                    "tensor `{name}` is stored as {other}; F32, F16 and BF16 are read"
                ));
            }
        };
        let count = count_values(&place, &name, &entry.shape)?;
        let (begin, end) = entry.data_offsets;
        if end > data || begin > end {
            return fail(format!("tensor `{name}` claims bytes {begin} to {end} of {data}"));
        }
        if end - begin != count * dtype.size_in_bytes() as u64 {
            let problem = format!(
                "tensor `{name}` has {} bytes for the shape {:?}",
                end - begin,
                entry.shape
            );
            return fail(problem);
        }
        let shape = entry.shape.iter().map(|size| *size as usize).collect();
        let stored = Stored {
            file: index,
            dtype,
            shape,
            begin: 8 + header + begin,
            length: end - begin,
        };
        if tensors.insert(name.clone(), stored).is_some() {
            return fail(format!("tensor `{name}` is in two files"));
        }
        spans.push((begin, end, name));
    }
    spans.sort();
    for pair in spans.windows(2) {
        if pair[1].0 < pair[0].1 {
            return fail(format!("tensors `{}` and `{}` overlap", pair[0].2, pair[1].2));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(name: &str, header: &str, length: Option<u64>, data: usize) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("stakeout-safetensors-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let path = folder.join(name);
        let mut bytes = length.unwrap_or(header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        std::fs::write(&path, bytes).expect("written");
        path
    }

    fn refusal(name: &str, header: &str, length: Option<u64>, data: usize) -> String {
        let path = write(name, header, length, data);
        match Safetensors::open(vec![path]) {
            Ok(_) => panic!("{name} was accepted"),
            Err(error) => {
                assert_eq!(error.exit_code(), 3);
                error.to_string()
            }
        }
    }

    #[test]
    fn a_lying_header_is_refused_with_its_place() {
        let tensor = |shape: &str, offsets: &str| {
            format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        for (name, header, length, data, expected) in [
            ("length", "{}".to_string(), Some(u64::MAX), 0, "claims a header"),
            ("longer", "{}".to_string(), Some(3), 0, "claims a header"),
            ("list", "[1]".to_string(), None, 0, "no table"),
            ("nested", "[".repeat(100_000), None, 0, "no table"),
            ("beyond", tensor("[2]", "[0,8]"), None, 4, "claims bytes"),
            ("backwards", tensor("[2]", "[8,0]"), None, 8, "claims bytes"),
            (
                "huge",
                tensor("[4611686018427387904,4]", "[0,8]"),
                None,
                8,
                "claims the shape",
            ),
            ("wrong", tensor("[3]", "[0,8]"), None, 8, "for the shape"),
            ("negative", tensor("[-1]", "[0,8]"), None, 8, "tensor `a`"),
        ] {
            let found = refusal(name, &header, length, data);
            assert!(found.contains(expected), "{name}: {found}");
        }
        let two = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
        assert!(refusal("overlap", two, None, 12).contains("overlap"));
        let format = r#"{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}"#;
        assert!(refusal("format", format, None, 2).contains("F8_E4M3"));
    }

    #[test]
    fn what_is_stored_is_what_is_read() {
        let header = r#"{"a":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}"#;
        let path = write("good", header, None, 0);
        let mut bytes = std::fs::read(&path).expect("read");
        bytes.extend_from_slice(&[0x80, 0x3f, 0x00, 0xc0]);
        std::fs::write(&path, bytes).expect("written");
        let mut file = Safetensors::open(vec![path]).expect("a good file");
        let tensor = file.require("a").expect("there");
        assert_eq!(tensor.to_vec2::<f32>().expect("two"), [[1.0, -2.0]]);
        assert!(file.require("b").is_err());
    }
}
