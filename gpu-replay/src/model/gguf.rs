//! Reading GGUF: one file with metadata, tokenizer and block-quantised tensors (ggml-org/ggml, its page on GGUF).
//!
//! **Invariant.** Every count and length is checked against the bytes that are left before anything is allocated for
//! it, so that a header costs no more memory than a small multiple of its own size.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::quantized::{GgmlDType, ggml_file::qtensor_from_ggml};
use candle_core::{Device, Tensor};

use super::source::{HEADER_LIMIT, TensorSource, count_values, read_range};
use crate::error::{ReplayError, Result};

/// A value of the metadata; numbers are kept in the widest type of their kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Any integer.
    Integer(i128),
    /// Any real.
    Real(f64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(String),
    /// A list of one kind, not nested.
    List(Vec<Value>),
}

struct Stored {
    format: GgmlDType,
    /// Sizes, outermost first.
    shape: Vec<usize>,
    begin: u64,
    length: u64,
}

/// An open file: metadata and where the tensors are.
pub struct Gguf {
    path: PathBuf,
    /// Metadata by key.
    pub metadata: BTreeMap<String, Value>,
    tensors: BTreeMap<String, Stored>,
}

/// A reader over the header's bytes.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    place: String,
}

impl<'a> Cursor<'a> {
    fn fail<T>(&self, problem: impl std::fmt::Display) -> Result<T> {
        Err(ReplayError::file(
            format!("{}, byte {}", self.place, self.at),
            problem.to_string(),
        ))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let left = (self.bytes.len() - self.at) as u64;
        if length > left {
            return self.fail(format!(
                "the header needs {length} bytes more and {left} are left"
            ));
        }
        let part = &self.bytes[self.at..self.at + length as usize];
        self.at += length as usize;
        Ok(part)
    }

    fn word<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut word = [0; N];
        word.copy_from_slice(self.take(N as u64)?);
        Ok(word)
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.word()?))
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.word()?))
    }

    fn text(&mut self) -> Result<String> {
        let length = self.u64()?;
        let bytes = self.take(length)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_string()),
            Err(_) => self.fail("a text is not UTF-8"),
        }
    }

    /// A count of things of at least `size` bytes each.
    fn count(&mut self, what: &str, size: u64) -> Result<usize> {
        let count = self.u64()?;
        let most = (self.bytes.len() - self.at) as u64 / size;
        if count > most {
            return self.fail(format!(
                "claims {count} {what}; at most {most} fit the bytes that are left"
            ));
        }
        Ok(count as usize)
    }

    fn value(&mut self, kind: u32, is_nested: bool) -> Result<Value> {
        Ok(match kind {
            0 => Value::Integer(i128::from(self.word::<1>()?[0])),
            1 => Value::Integer(i128::from(self.word::<1>()?[0] as i8)),
            2 => Value::Integer(i128::from(u16::from_le_bytes(self.word()?))),
            3 => Value::Integer(i128::from(i16::from_le_bytes(self.word()?))),
            4 => Value::Integer(i128::from(self.u32()?)),
            5 => Value::Integer(i128::from(self.u32()? as i32)),
            6 => Value::Real(f64::from(f32::from_bits(self.u32()?))),
            7 => Value::Bool(self.word::<1>()?[0] != 0),
            8 => Value::Text(self.text()?),
            9 if is_nested => return self.fail("a list inside a list"),
            9 => {
                let kind = self.u32()?;
                let size = match kind {
                    0 | 1 | 7 => 1,
                    2 | 3 => 2,
                    4..=6 => 4,
                    _ => 8,
                };
                let count = self.count("list entries", size)?;
                let mut list = Vec::new();
                for _ in 0..count {
                    list.push(self.value(kind, true)?);
                }
                Value::List(list)
            }
            10 => Value::Integer(i128::from(self.u64()?)),
            11 => Value::Integer(i128::from(self.u64()? as i64)),
            12 => Value::Real(f64::from_bits(self.u64()?)),
            other => return self.fail(format!("metadata of the unknown kind {other}")),
        })
    }
}

fn format(code: u32) -> Option<GgmlDType> {
    Some(match code {
        0 => GgmlDType::F32,
        1 => GgmlDType::F16,
        2 => GgmlDType::Q4_0,
        3 => GgmlDType::Q4_1,
        6 => GgmlDType::Q5_0,
        7 => GgmlDType::Q5_1,
        8 => GgmlDType::Q8_0,
        10 => GgmlDType::Q2K,
        11 => GgmlDType::Q3K,
        12 => GgmlDType::Q4K,
        13 => GgmlDType::Q5K,
        14 => GgmlDType::Q6K,
        15 => GgmlDType::Q8K,
        30 => GgmlDType::BF16,
        _ => return None,
    })
}

impl Gguf {
    /// Reads and checks the header.
    ///
    /// # Errors
    /// The file is no GGUF of version 2 or 3, or its header lies.
    pub fn open(path: &Path) -> Result<Self> {
        let size = std::fs::metadata(path)
            .map_err(|error| ReplayError::io(path, error))?
            .len();
        let bytes = read_range(path, 0, size.min(HEADER_LIMIT))?;
        let mut cursor = Cursor {
            bytes: &bytes,
            at: 0,
            place: path.display().to_string(),
        };
        if cursor.word::<4>()? != *b"GGUF" {
            return cursor.fail("does not begin with GGUF");
        }
        let version = cursor.u32()?;
        if !matches!(version, 2 | 3) {
            return cursor.fail(format!("is GGUF version {version}; 2 and 3 are read"));
        }
        let tensor_count = cursor.count("tensors", 24)?;
        let value_count = cursor.u64()?;
        if value_count > (bytes.len() as u64) / 13 {
            return cursor.fail(format!("claims {value_count} metadata entries, more than fit"));
        }
        let mut metadata = BTreeMap::new();
        for _ in 0..value_count {
            let key = cursor.text()?;
            let kind = cursor.u32()?;
            let value = cursor.value(kind, false)?;
            if metadata.insert(key.clone(), value).is_some() {
                return cursor.fail(format!("metadata `{key}` is given twice"));
            }
        }
        let alignment = match metadata.get("general.alignment") {
            None => 32,
            Some(Value::Integer(size)) if (8..=1 << 16).contains(size) && size & (size - 1) == 0 => {
                *size as u64
            }
            Some(other) => {
                return cursor.fail(format!("alignment {other:?} is no power of two from 8 to 65536"));
            }
        };
        let mut tensors = BTreeMap::new();
        let mut spans = Vec::new();
        for _ in 0..tensor_count {
            let (name, stored) = read_entry(&mut cursor)?;
            spans.push((stored.begin, stored.begin + stored.length, name.clone()));
            if tensors.insert(name.clone(), stored).is_some() {
                return cursor.fail(format!("tensor `{name}` is given twice"));
            }
        }
        let data = (cursor.at as u64).div_ceil(alignment) * alignment;
        spans.sort();
        let overlap = spans.windows(2).find(|pair| pair[1].0 < pair[0].1);
        if let Some(pair) = overlap {
            return cursor.fail(format!("tensors `{}` and `{}` overlap", pair[0].2, pair[1].2));
        }
        if let Some((begin, end, name)) = spans.last()
            && data.saturating_add(*end) > size
        {
            return cursor.fail(format!(
                "tensor `{name}` claims bytes {begin} to {end} past byte {data} of {size}"
            ));
        }
        for stored in tensors.values_mut() {
            stored.begin += data;
        }
        Ok(Self {
            path: path.to_path_buf(),
            metadata,
            tensors,
        })
    }

    /// A text of the metadata.
    ///
    /// # Errors
    /// It is missing or of another kind.
    pub fn text(&self, key: &str) -> Result<&str> {
        match self.metadata.get(key) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(self.wrong(key, "a text", other)),
        }
    }

    /// A count of the metadata.
    ///
    /// # Errors
    /// It is missing, negative or of another kind.
    pub fn count(&self, key: &str) -> Result<usize> {
        match self.metadata.get(key) {
            Some(Value::Integer(value)) if (0..=i128::from(u32::MAX)).contains(value) => Ok(*value as usize),
            other => Err(self.wrong(key, "a count", other)),
        }
    }

    /// A real number of the metadata, `default` where there is none.
    ///
    /// # Errors
    /// It is of another kind.
    pub fn real(&self, key: &str, default: Option<f64>) -> Result<f64> {
        match (self.metadata.get(key), default) {
            (Some(Value::Real(value)), _) => Ok(*value),
            (None, Some(default)) => Ok(default),
            (other, _) => Err(self.wrong(key, "a real number", other)),
        }
    }

    /// A list of the metadata.
    ///
    /// # Errors
    /// It is missing or of another kind.
    pub fn list(&self, key: &str) -> Result<&[Value]> {
        match self.metadata.get(key) {
            Some(Value::List(list)) => Ok(list),
            other => Err(self.wrong(key, "a list", other)),
        }
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Sizes of a tensor, outermost first.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|stored| stored.shape.as_slice())
    }

    /// Storage formats and the number of tensors in each, in the order of their names.
    pub fn formats(&self) -> BTreeMap<String, usize> {
        let mut formats = BTreeMap::new();
        for stored in self.tensors.values() {
            *formats.entry(format!("{:?}", stored.format)).or_insert(0) += 1;
        }
        formats
    }

    fn wrong(&self, key: &str, kind: &str, found: Option<&Value>) -> ReplayError {
        let problem = match found {
            None => format!("metadata `{key}` is missing; it should be {kind}"),
            Some(_) => format!("metadata `{key}` is not {kind}"),
        };
        ReplayError::file(self.path.display().to_string(), problem)
    }
}

/// One entry of the table of tensors; `begin` still counts from the data's start.
fn read_entry(cursor: &mut Cursor<'_>) -> Result<(String, Stored)> {
    let name = cursor.text()?;
    let rank = cursor.u32()?;
    if rank == 0 || rank > 4 {
        return cursor.fail(format!("tensor `{name}` claims {rank} sizes; 1 to 4 are read"));
    }
    let mut dims = Vec::new();
    for _ in 0..rank {
        dims.push(cursor.u64()?);
    }
    dims.reverse();
    let code = cursor.u32()?;
    let Some(format) = format(code) else {
        return cursor.fail(format!(
            "tensor `{name}` is stored in the unsupported format {code}"
        ));
    };
    let begin = cursor.u64()?;
    let count = count_values(&cursor.place, &name, &dims)?;
    let block = format.block_size() as u64;
    let row = dims.last().copied().unwrap_or(0);
    if !row.is_multiple_of(block) {
        return cursor.fail(format!(
            "rows of {row} in tensor `{name}` are no multiple of {format:?}'s {block}"
        ));
    }
    let length = count / block * format.type_size() as u64;
    if begin.checked_add(length).is_none_or(|end| end > 1 << 50) {
        return cursor.fail(format!("tensor `{name}` claims to begin at byte {begin}"));
    }
    let shape = dims.iter().map(|size| *size as usize).collect();
    Ok((
        name,
        Stored {
            format,
            shape,
            begin,
            length,
        },
    ))
}

impl TensorSource for Gguf {
    fn tensor(&mut self, name: &str) -> Result<Option<Tensor>> {
        let Some(stored) = self.tensors.get(name) else {
            return Ok(None);
        };
        let bytes = read_range(&self.path, stored.begin, stored.length)?;
        let tensor = qtensor_from_ggml(stored.format, &bytes, stored.shape.clone(), &Device::Cpu)?;
        Ok(Some(tensor.dequantize(&Device::Cpu)?))
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header written by hand: counts, then whatever follows.
    fn header(tensors: u64, values: u64, rest: &[u8]) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend_from_slice(&3u32.to_le_bytes());
        bytes.extend_from_slice(&tensors.to_le_bytes());
        bytes.extend_from_slice(&values.to_le_bytes());
        bytes.extend_from_slice(rest);
        bytes
    }

    fn text(text: &str) -> Vec<u8> {
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }

    fn entry(name: &str, dims: &[u64], format: u32, begin: u64) -> Vec<u8> {
        let mut bytes = text(name);
        bytes.extend_from_slice(&(dims.len() as u32).to_le_bytes());
        dims.iter()
            .for_each(|size| bytes.extend_from_slice(&size.to_le_bytes()));
        bytes.extend_from_slice(&format.to_le_bytes());
        bytes.extend_from_slice(&begin.to_le_bytes());
        bytes
    }

    fn open(name: &str, bytes: &[u8]) -> Result<Gguf> {
        let folder = std::env::temp_dir().join(format!("stakeout-gguf-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("written");
        Gguf::open(&path)
    }

    #[test]
    fn a_lying_header_is_refused_with_its_place() {
        let key = |kind: u32, rest: &[u8]| [text("k"), kind.to_le_bytes().to_vec(), rest.to_vec()].concat();
        let list = [8u32.to_le_bytes().to_vec(), u64::MAX.to_le_bytes().to_vec()].concat();
        let nested = [
            9u32.to_le_bytes().to_vec(),
            1u64.to_le_bytes().to_vec(),
            vec![0; 16],
        ]
        .concat();
        let zeros = vec![0; 64];
        let one = |entry: Vec<u8>| header(1, 0, &[entry, zeros.clone()].concat());
        let cases: Vec<(&str, Vec<u8>, &str)> = vec![
            ("magic", b"GGML".to_vec(), "begin with GGUF"),
            ("short", b"GG".to_vec(), "are left"),
            (
                "version",
                [b"GGUF".to_vec(), vec![9, 0, 0, 0]].concat(),
                "version 9",
            ),
            (
                "tensors",
                header(1 << 63, 0, &[]),
                "claims 9223372036854775808 tensors",
            ),
            ("values", header(0, 1 << 63, &[]), "metadata entries"),
            (
                "text",
                header(0, 1, &[u64::MAX.to_le_bytes().to_vec(), zeros.clone()].concat()),
                "are left",
            ),
            ("list", header(0, 1, &key(9, &list)), "list entries"),
            ("nested", header(0, 1, &key(9, &nested)), "list inside a list"),
            ("kind", header(0, 1, &key(77, &zeros)), "unknown kind 77"),
            (
                "twice",
                header(0, 2, &[key(0, &[1]), key(0, &[1])].concat()),
                "given twice",
            ),
            ("rank", one(entry("a", &[1; 5], 0, 0)), "claims 5 sizes"),
            ("shape", one(entry("a", &[1 << 62, 8], 0, 0)), "claims the shape"),
            (
                "empty",
                one(entry("a", &[32, 0], 0, 0)),
                "claims the shape [0, 32]",
            ),
            ("format", one(entry("a", &[8], 99, 0)), "unsupported format 99"),
            ("row", one(entry("a", &[33], 2, 0)), "no multiple"),
            ("begin", one(entry("a", &[8], 0, u64::MAX)), "claims to begin"),
            ("beyond", one(entry("a", &[64], 0, 0)), "claims bytes"),
            (
                "overlap",
                header(
                    2,
                    0,
                    &[entry("a", &[8], 0, 0), entry("b", &[8], 0, 16), zeros].concat(),
                ),
                "overlap",
            ),
        ];
        for (name, bytes, expected) in cases {
            match open(name, &bytes) {
                Ok(_) => panic!("{name} was accepted"),
                Err(error) => {
                    assert_eq!(error.exit_code(), 3, "{name}");
                    assert!(error.to_string().contains(expected), "{name}: {error}");
                }
            }
        }
    }

    #[test]
    fn a_header_cut_anywhere_is_refused() {
        let good = header(
            1,
            1,
            &[
                text("k"),
                0u32.to_le_bytes().to_vec(),
                vec![7],
                entry("a", &[2], 0, 0),
            ]
            .concat(),
        );
        let mut whole = good.clone();
        whole.resize(good.len().div_ceil(32) * 32 + 8, 0);
        let mut file = open("whole", &whole).expect("a good file");
        assert_eq!(file.metadata["k"], Value::Integer(7));
        assert_eq!(
            file.require("a").expect("there").to_vec1::<f32>().expect("two"),
            [0.0, 0.0]
        );
        for length in 0..good.len() {
            assert!(open("cut", &whole[..length]).is_err(), "cut at {length}");
        }
    }
}
