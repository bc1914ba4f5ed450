//! A model on a kernel: the decoder itself.

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};
use candle_nn::ops::silu;
use candle_nn::rotary_emb::rope;

use super::attention::{Visible, attend};
use super::kernel::{Activations, Arithmetic, Matrix};
use super::rows::{map_rows, rms_norm};
use crate::error::{ReplayError, Result};
use crate::model::{Architecture, Weights};
use crate::stratum::Stratum;
use crate::substitute::formats::CacheFormat;

/// How a machine departs from the promised one besides its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Narrowing of activations.
    pub activations: Activations,
    /// Narrowing of stored keys and values.
    pub cache: Option<CacheFormat>,
    /// Block format multiplied without unpacking.
    pub native: Option<GgmlDType>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            activations: Activations::Wide,
            cache: None,
            native: None,
        }
    }
}

struct Block {
    attention_norm: Vec<f32>,
    q: Matrix,
    k: Matrix,
    v: Matrix,
    o: Matrix,
    biases: Option<[Tensor; 3]>,
    head_norms: Option<[Vec<f32>; 2]>,
    post_norms: Option<[Vec<f32>; 2]>,
    feed_forward_norm: Vec<f32>,
    gate: Matrix,
    up: Matrix,
    down: Matrix,
    window: Option<usize>,
    is_local: bool,
}

/// Cosines and sines of the rotary angles, `[context, head width / 2]`.
struct Angles {
    cos: Tensor,
    sin: Tensor,
}

/// A model ready to run.
pub struct Machine {
    shape: Architecture,
    arithmetic: Arithmetic,
    options: Options,
    embedding: Tensor,
    blocks: Vec<Block>,
    norm: Vec<f32>,
    head: Matrix,
    angles: Angles,
    local_angles: Option<Angles>,
    longest: usize,
}

/// Keys and values of a layer so far, `[batch, heads, positions, width]`.
type Cache = Vec<Option<(Tensor, Tensor)>>;

/// A batch of texts of one length that are being written, token by token.
pub struct Session<'a> {
    machine: &'a Machine,
    cache: Cache,
    position: usize,
}

fn vector(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.to_vec1()?)
}

fn pair(tensors: &Option<[Tensor; 2]>) -> Result<Option<[Vec<f32>; 2]>> {
    match tensors {
        None => Ok(None),
        Some([a, b]) => Ok(Some([vector(a)?, vector(b)?])),
    }
}

fn angles(shape: &Architecture, base: f64, length: usize) -> Result<Angles> {
    let half = shape.head_width / 2;
    let mut values = Vec::with_capacity(length * half);
    for position in 0..length {
        for pair in 0..half {
            values.push(position as f64 * libm::pow(base, -(2.0 * pair as f64) / shape.head_width as f64));
        }
    }
    let table = |function: fn(f64) -> f64| -> Result<Tensor> {
        let values: Vec<f32> = values.iter().map(|angle| function(*angle) as f32).collect();
        Ok(Tensor::from_vec(values, (length, half), &Device::Cpu)?)
    };
    Ok(Angles {
        cos: table(libm::cos)?,
        sin: table(libm::sin)?,
    })
}

impl Machine {
    /// Prepares `weights` to run under `stratum` for texts of up to `longest` tokens.
    ///
    /// # Errors
    /// The text would be longer than the model's context, or the native block format does not divide the rows.
    pub fn new(weights: &Weights, stratum: Stratum, options: Options, longest: usize) -> Result<Self> {
        let storage = stratum.arithmetic().storage;
        let stored = weights
            .clone()
            .map_tensors(|tensor| storage.store(tensor.clone()))?;
        Self::of_stored(&stored, stratum, options, longest)
    }

    /// The same from weights whose values the stratum's format holds already; they are shared, not copied.
    ///
    /// # Errors
    /// As [`Machine::new`].
    pub fn of_stored(weights: &Weights, stratum: Stratum, options: Options, longest: usize) -> Result<Self> {
        let shape = weights.shape.clone();
        if longest > shape.context {
            let problem = format!(
                "texts of {longest} tokens do not fit the model's context of {}",
                shape.context
            );
            return Err(ReplayError::Usage(problem));
        }
        let arithmetic = stratum.arithmetic();
        let matrix = |tensor: &Tensor| match options.native {
            None => Ok(Matrix::Plain(tensor.clone())),
            Some(format) => Matrix::native(tensor, format),
        };
        let mut blocks = Vec::with_capacity(weights.layers.len());
        for (index, layer) in weights.layers.iter().enumerate() {
            let is_local = shape
                .sliding
                .is_some_and(|sliding| !(index + 1).is_multiple_of(sliding.period));
            blocks.push(Block {
                attention_norm: vector(&layer.attention_norm)?,
                q: matrix(&layer.q)?,
                k: matrix(&layer.k)?,
                v: matrix(&layer.v)?,
                o: matrix(&layer.o)?,
                biases: layer.biases.clone(),
                head_norms: pair(&layer.head_norms)?,
                post_norms: pair(&layer.post_norms)?,
                feed_forward_norm: vector(&layer.feed_forward_norm)?,
                gate: matrix(&layer.gate)?,
                up: matrix(&layer.up)?,
                down: matrix(&layer.down)?,
                window: shape.sliding.filter(|_| is_local).map(|sliding| sliding.window),
                is_local,
            });
        }
        let local = match &shape.sliding {
            None => None,
            Some(sliding) => Some(angles(&shape, sliding.rope_base, longest)?),
        };
        Ok(Self {
            arithmetic,
            options,
            embedding: weights.embedding.clone(),
            blocks,
            norm: vector(&weights.norm)?,
            head: Matrix::Plain(weights.head().clone()),
            angles: angles(&shape, shape.rope_base, longest)?,
            local_angles: local,
            longest,
            shape,
        })
    }

    /// Number of tokens.
    pub fn vocabulary(&self) -> usize {
        self.shape.vocabulary
    }

    /// Begins to write a batch of texts of one length.
    pub fn session(&self) -> Session<'_> {
        Session {
            machine: self,
            cache: vec![None; self.blocks.len()],
            position: 0,
        }
    }

    /// Logits for the positions `from ..` of each text, `[batch, length - from, vocabulary]`: row i is the law of the
    /// token after position `from + i`. All texts have one length. A stepwise kernel computes them one by one.
    ///
    /// # Errors
    /// Texts of different lengths, an unknown token, or one text too long.
    pub fn logits(&self, texts: &[Vec<u32>], from: usize) -> Result<Tensor> {
        let mut session = self.session();
        if !self.arithmetic.is_stepwise {
            return session.feed(texts, from);
        }
        let length = texts.first().map_or(0, Vec::len);
        let begin: Vec<Vec<u32>> = texts
            .iter()
            .map(|text| text[..=from.min(length - 1)].to_vec())
            .collect();
        let mut rows = vec![session.feed(&begin, from)?];
        for at in from + 1..length {
            let step: Vec<Vec<u32>> = texts.iter().map(|text| vec![text[at]]).collect();
            rows.push(session.feed(&step, 0)?);
        }
        Ok(Tensor::cat(&rows, 1)?)
    }

    fn split(&self, x: Tensor, batch: usize, heads: usize) -> Result<Tensor> {
        let length = x.dim(0)? / batch;
        let x = x.reshape((batch, length, heads, self.shape.head_width))?;
        Ok(x.transpose(1, 2)?.contiguous()?)
    }

    fn norm(&self, x: &Tensor, gain: &[f32]) -> Result<Tensor> {
        self.arithmetic
            .storage
            .store(rms_norm(x, gain, self.shape.norm_epsilon)?)
    }

    fn multiply(&self, matrix: &Matrix, x: &Tensor) -> Result<Tensor> {
        matrix.apply(x, self.arithmetic, self.options.activations)
    }

    /// One block: `[batch * length, hidden]` in and out.
    fn block(
        &self,
        block: &Block,
        stream: Tensor,
        batch: usize,
        first: usize,
        cache: &mut Option<(Tensor, Tensor)>,
    ) -> Result<Tensor> {
        let storage = self.arithmetic.storage;
        let shape = &self.shape;
        let length = stream.dim(0)? / batch;
        let x = self.norm(&stream, &block.attention_norm)?;
        let project = |matrix: &Matrix, bias: usize, heads: usize| -> Result<Tensor> {
            let mut product = self.multiply(matrix, &x)?;
            if let Some(biases) = &block.biases {
                product = storage.store(product.broadcast_add(&biases[bias])?)?;
            }
            self.split(product, batch, heads)
        };
        let mut q = project(&block.q, 0, shape.heads)?;
        let mut k = project(&block.k, 1, shape.kv_heads)?;
        let mut v = project(&block.v, 2, shape.kv_heads)?;
        if let Some([q_gain, k_gain]) = &block.head_norms {
            q = self.norm(&q, q_gain)?;
            k = self.norm(&k, k_gain)?;
        }
        let angles = match &self.local_angles {
            Some(local) if block.is_local => local,
            _ => &self.angles,
        };
        let (cos, sin) = (
            angles.cos.narrow(0, first, length)?,
            angles.sin.narrow(0, first, length)?,
        );
        q = storage.store(rope(&q, &cos, &sin)?)?;
        k = storage.store(rope(&k, &cos, &sin)?)?;
        if let Some(format) = self.options.cache {
            k = map_rows(&k, |row| format.narrow(row))?;
            v = map_rows(&v, |row| format.narrow(row))?;
        }
        if let Some((old_k, old_v)) = cache.take() {
            k = Tensor::cat(&[old_k, k], 2)?;
            v = Tensor::cat(&[old_v, v], 2)?;
        }
        *cache = Some((k.clone(), v.clone()));
        let visible = Visible {
            first,
            window: block.window,
        };
        let scale = 1.0 / shape.query_scale.sqrt();
        let mixed = attend(
            &q,
            &self.widen(&k)?,
            &self.widen(&v)?,
            scale,
            visible,
            self.arithmetic,
        )?;
        let mixed = mixed
            .transpose(1, 2)?
            .contiguous()?
            .reshape((batch * length, shape.heads * shape.head_width))?;
        let mut out = self.multiply(&block.o, &mixed)?;
        if let Some([gain, _]) = &block.post_norms {
            out = self.norm(&out, gain)?;
        }
        let stream = storage.store((stream + out)?)?;
        let x = self.norm(&stream, &block.feed_forward_norm)?;
        let gate = self.multiply(&block.gate, &x)?;
        let gate = if shape.is_gemma() {
            gate.gelu()?
        } else {
            silu(&gate)?
        };
        let inner = (storage.store(gate)? * self.multiply(&block.up, &x)?)?;
        let mut out = self.multiply(&block.down, &storage.store(inner)?)?;
        if let Some([_, gain]) = &block.post_norms {
            out = self.norm(&out, gain)?;
        }
        storage.store((stream + out)?)
    }

    /// Repeats key or value heads so that each query head has its own.
    fn widen(&self, x: &Tensor) -> Result<Tensor> {
        let group = self.shape.heads / self.shape.kv_heads;
        if group == 1 {
            return Ok(x.contiguous()?);
        }
        let (batch, heads, length, width) = x.dims4()?;
        let x = x
            .unsqueeze(2)?
            .expand((batch, heads, group, length, width))?
            .contiguous()?;
        Ok(x.reshape((batch, heads * group, length, width))?)
    }
}

impl Session<'_> {
    /// Appends tokens to each text and gives the logits of the appended positions `from ..`,
    /// `[batch, appended - from, vocabulary]`.
    ///
    /// # Errors
    /// Texts of different lengths, an unknown token, or one text too long.
    pub fn feed(&mut self, texts: &[Vec<u32>], from: usize) -> Result<Tensor> {
        let machine = self.machine;
        let shape = &machine.shape;
        let length = texts.first().map_or(0, Vec::len);
        if length == 0 || texts.iter().any(|text| text.len() != length) || from >= length {
            return Err(ReplayError::Usage(
                "a batch needs texts of one length, at least one token each".into(),
            ));
        }
        if self.position + length > machine.longest {
            let problem = format!(
                "{} tokens, prepared for {}",
                self.position + length,
                machine.longest
            );
            return Err(ReplayError::limit("text", problem));
        }
        if let Some(token) = texts
            .iter()
            .flatten()
            .find(|token| **token as usize >= shape.vocabulary)
        {
            return Err(ReplayError::Usage(format!(
                "token {token} is not among the model's {}",
                shape.vocabulary
            )));
        }
        let ids: Vec<u32> = texts.iter().flatten().copied().collect();
        let ids = Tensor::from_vec(ids, texts.len() * length, &Device::Cpu)?;
        let storage = machine.arithmetic.storage;
        let mut stream = machine.embedding.index_select(&ids, 0)?;
        if shape.is_gemma() {
            let scale = storage.store(Tensor::new(&[(shape.hidden as f64).sqrt() as f32], &Device::Cpu)?)?;
            stream = storage.store(stream.broadcast_mul(&scale)?)?;
        }
        for (block, cache) in machine.blocks.iter().zip(&mut self.cache) {
            stream = machine.block(block, stream, texts.len(), self.position, cache)?;
        }
        self.position += length;
        let asked = stream
            .reshape((texts.len(), length, shape.hidden))?
            .narrow(1, from, length - from)?;
        let asked = asked
            .contiguous()?
            .reshape((texts.len() * (length - from), shape.hidden))?;
        let x = machine.norm(&asked, &machine.norm)?;
        let logits = machine.head.apply(&x, machine.arithmetic, Activations::Wide)?;
        Ok(logits.reshape((texts.len(), length - from, shape.vocabulary))?)
    }
}
