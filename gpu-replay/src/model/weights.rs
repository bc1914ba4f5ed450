//! Weights in memory, one layout for all files: 32-bit, rows are outputs, rotary pairs half a head apart.
//!
//! **Invariant.** Norm gains are multiplied as they stand here (a file's "one plus gain" is resolved by the loader),
//! and every matrix has the shape that the architecture gives.

use candle_core::Tensor;

use super::architecture::Architecture;
use crate::error::{ReplayError, Result};

/// One layer. Matrices are `[outputs, inputs]`, vectors `[size]`.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Gain before attention.
    pub attention_norm: Tensor,
    /// Queries, keys, values, output of attention.
    pub q: Tensor,
    /// Keys.
    pub k: Tensor,
    /// Values.
    pub v: Tensor,
    /// Output of attention.
    pub o: Tensor,
    /// Biases of queries, keys and values (Qwen2).
    pub biases: Option<[Tensor; 3]>,
    /// Gains of queries and keys (Gemma 3).
    pub head_norms: Option<[Tensor; 2]>,
    /// Gains after attention and after the feed-forward block (Gemma 3).
    pub post_norms: Option<[Tensor; 2]>,
    /// Gain before the feed-forward block.
    pub feed_forward_norm: Tensor,
    /// Gate of the feed-forward block.
    pub gate: Tensor,
    /// Its other factor.
    pub up: Tensor,
    /// Its output.
    pub down: Tensor,
}

/// A whole model.
#[derive(Clone, Debug)]
pub struct Weights {
    /// The shape.
    pub shape: Architecture,
    /// Embedding, `[vocabulary, hidden]`.
    pub embedding: Tensor,
    /// Layers, first to last.
    pub layers: Vec<Layer>,
    /// Gain before the head.
    pub norm: Tensor,
    /// Head, `[vocabulary, hidden]`; absent where the embedding is used.
    pub head: Option<Tensor>,
}

/// The seven matrices of a layer, by name.
pub const PROJECTIONS: [&str; 7] = ["q", "k", "v", "o", "gate", "up", "down"];

impl Layer {
    /// The matrices in the order of [`PROJECTIONS`].
    pub fn projections_mut(&mut self) -> [&mut Tensor; 7] {
        [
            &mut self.q,
            &mut self.k,
            &mut self.v,
            &mut self.o,
            &mut self.gate,
            &mut self.up,
            &mut self.down,
        ]
    }
}

impl Weights {
    /// Applies `change` to every matrix of every layer; `change` hears layer and name. Embedding, head and norms
    /// stay, as providers' quantised files keep them wide.
    ///
    /// # Errors
    /// What `change` returns.
    pub fn map_projections(
        mut self,
        mut change: impl FnMut(usize, &str, &Tensor) -> Result<Tensor>,
    ) -> Result<Self> {
        for (index, layer) in self.layers.iter_mut().enumerate() {
            for (name, matrix) in PROJECTIONS.iter().zip(layer.projections_mut()) {
                *matrix = change(index, name, matrix)?;
            }
        }
        Ok(self)
    }

    /// Applies `change` to every tensor.
    ///
    /// # Errors
    /// What `change` returns.
    pub fn map_tensors(mut self, change: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Self> {
        self.embedding = change(&self.embedding)?;
        self.norm = change(&self.norm)?;
        self.head = self.head.as_ref().map(&change).transpose()?;
        for layer in &mut self.layers {
            for matrix in layer.projections_mut() {
                *matrix = change(matrix)?;
            }
            layer.attention_norm = change(&layer.attention_norm)?;
            layer.feed_forward_norm = change(&layer.feed_forward_norm)?;
            let vectors = [layer.head_norms.as_mut(), layer.post_norms.as_mut()];
            for vector in vectors.into_iter().flatten().flatten() {
                *vector = change(vector)?;
            }
            for vector in layer.biases.iter_mut().flatten() {
                *vector = change(vector)?;
            }
        }
        Ok(self)
    }

    /// The head, which may be the embedding.
    pub fn head(&self) -> &Tensor {
        self.head.as_ref().unwrap_or(&self.embedding)
    }

    /// Refuses weights whose shapes are not those of the architecture.
    ///
    /// # Errors
    /// Names the first tensor that does not fit.
    pub fn check(self, place: &str) -> Result<Self> {
        let shape = &self.shape;
        let (hidden, wide) = (shape.hidden, shape.heads * shape.head_width);
        let (narrow, inner) = (shape.kv_heads * shape.head_width, shape.feed_forward);
        let expect = |name: String, tensor: &Tensor, dims: &[usize]| -> Result<()> {
            if tensor.dims() == dims {
                return Ok(());
            }
            let problem = format!(
                "{name} has shape {:?}, the header's sizes ask for {dims:?}",
                tensor.dims()
            );
            Err(ReplayError::file(place, problem))
        };
        expect(
            "the embedding".into(),
            &self.embedding,
            &[shape.vocabulary, hidden],
        )?;
        expect("the head".into(), self.head(), &[shape.vocabulary, hidden])?;
        expect("the last norm".into(), &self.norm, &[hidden])?;
        for (index, layer) in self.layers.iter().enumerate() {
            let name = |part: &str| format!("layer {index}: {part}");
            expect(name("attention norm"), &layer.attention_norm, &[hidden])?;
            expect(name("q"), &layer.q, &[wide, hidden])?;
            expect(name("k"), &layer.k, &[narrow, hidden])?;
            expect(name("v"), &layer.v, &[narrow, hidden])?;
            expect(name("o"), &layer.o, &[hidden, wide])?;
            expect(name("feed-forward norm"), &layer.feed_forward_norm, &[hidden])?;
            expect(name("gate"), &layer.gate, &[inner, hidden])?;
            expect(name("up"), &layer.up, &[inner, hidden])?;
            expect(name("down"), &layer.down, &[hidden, inner])?;
            if let Some([q, k, v]) = &layer.biases {
                expect(name("q bias"), q, &[wide])?;
                expect(name("k bias"), k, &[narrow])?;
                expect(name("v bias"), v, &[narrow])?;
            }
            for gains in layer.head_norms.iter().flatten() {
                expect(name("head norm"), gains, &[shape.head_width])?;
            }
            for gains in layer.post_norms.iter().flatten() {
                expect(name("post norm"), gains, &[hidden])?;
            }
        }
        Ok(self)
    }
}
