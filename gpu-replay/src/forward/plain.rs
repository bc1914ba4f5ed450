//! A second decoder for tests: loops over plain numbers in double precision, written from the papers' formulas
//! (Llama, arXiv 2302.13971; rotary angles, arXiv 2104.09864; Qwen2, arXiv 2407.10671; Gemma 3, arXiv 2503.19786).

use candle_core::Tensor;

use crate::model::{Layer, Weights};

type Rows = Vec<Vec<f64>>;

fn rows(tensor: &Tensor) -> Rows {
    let rows = tensor.to_vec2::<f32>().expect("a matrix");
    rows.into_iter()
        .map(|row| row.into_iter().map(f64::from).collect())
        .collect()
}

fn vector(tensor: &Tensor) -> Vec<f64> {
    tensor
        .to_vec1::<f32>()
        .expect("a vector")
        .into_iter()
        .map(f64::from)
        .collect()
}

fn times(matrix: &Rows, x: &[f64]) -> Vec<f64> {
    matrix
        .iter()
        .map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum())
        .collect()
}

fn norm(x: &[f64], gain: &[f64], epsilon: f64) -> Vec<f64> {
    let mean = x.iter().map(|value| value * value).sum::<f64>() / x.len() as f64;
    x.iter()
        .zip(gain)
        .map(|(value, gain)| value / (mean + epsilon).sqrt() * gain)
        .collect()
}

/// Pair i is (x_i, x_{i + width/2}), turned by position / base^(2 i / width).
fn turn(head: &mut [f64], position: usize, base: f64) {
    let half = head.len() / 2;
    for pair in 0..half {
        let angle = position as f64 / libm::pow(base, 2.0 * pair as f64 / head.len() as f64);
        let (a, b) = (head[pair], head[pair + half]);
        head[pair] = a * libm::cos(angle) - b * libm::sin(angle);
        head[pair + half] = b * libm::cos(angle) + a * libm::sin(angle);
    }
}

fn gate(x: f64, is_gemma: bool) -> f64 {
    if is_gemma {
        let inner = (2.0 / core::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
        return 0.5 * x * (1.0 + libm::tanh(inner));
    }
    x / (1.0 + libm::exp(-x))
}

/// Logits at every position.
pub fn logits(weights: &Weights, tokens: &[u32]) -> Rows {
    let shape = &weights.shape;
    let embedding = rows(&weights.embedding);
    let scale = if shape.is_gemma() {
        (shape.hidden as f64).sqrt()
    } else {
        1.0
    };
    let mut streams: Rows = tokens
        .iter()
        .map(|token| {
            embedding[*token as usize]
                .iter()
                .map(|value| value * scale)
                .collect()
        })
        .collect();
    for (index, layer) in weights.layers.iter().enumerate() {
        let sliding = shape.sliding.filter(|sliding| (index + 1) % sliding.period != 0);
        let base = sliding.map_or(shape.rope_base, |sliding| sliding.rope_base);
        let window = sliding.map_or(usize::MAX, |sliding| sliding.window);
        attention(weights, layer, &mut streams, base, window);
        let epsilon = shape.norm_epsilon;
        let (gates, ups, downs) = (rows(&layer.gate), rows(&layer.up), rows(&layer.down));
        for stream in &mut streams {
            let x = norm(stream, &vector(&layer.feed_forward_norm), epsilon);
            let inner: Vec<f64> = times(&gates, &x)
                .iter()
                .zip(times(&ups, &x))
                .map(|(a, b)| gate(*a, shape.is_gemma()) * b)
                .collect();
            let mut out = times(&downs, &inner);
            if let Some([_, gain]) = &layer.post_norms {
                out = norm(&out, &vector(gain), epsilon);
            }
            stream.iter_mut().zip(out).for_each(|(a, b)| *a += b);
        }
    }
    let head = rows(weights.head());
    streams
        .iter()
        .map(|stream| times(&head, &norm(stream, &vector(&weights.norm), shape.norm_epsilon)))
        .collect()
}

#[expect(clippy::needless_range_loop, reason = "indices as in the formulas")]
fn attention(weights: &Weights, layer: &Layer, streams: &mut Rows, base: f64, window: usize) {
    let shape = &weights.shape;
    let width = shape.head_width;
    let project = |matrix: &Tensor, part: usize, is_turned: bool| -> Vec<Rows> {
        let matrix = rows(matrix);
        let one = |(position, stream): (usize, &Vec<f64>)| {
            let x = norm(stream, &vector(&layer.attention_norm), shape.norm_epsilon);
            let mut out = times(&matrix, &x);
            if let Some(biases) = &layer.biases {
                out.iter_mut()
                    .zip(vector(&biases[part]))
                    .for_each(|(a, b)| *a += b);
            }
            let mut heads: Rows = out.chunks(width).map(<[f64]>::to_vec).collect();
            for head in &mut heads {
                if let (Some(gains), true) = (&layer.head_norms, is_turned) {
                    *head = norm(head, &vector(&gains[part]), shape.norm_epsilon);
                }
                if is_turned {
                    turn(head, position, base);
                }
            }
            heads
        };
        streams.iter().enumerate().map(one).collect()
    };
    let (q, k) = (project(&layer.q, 0, true), project(&layer.k, 1, true));
    let v = project(&layer.v, 2, false);
    let o = rows(&layer.o);
    for (position, stream) in streams.iter_mut().enumerate() {
        let mut mixed = Vec::new();
        let first = (position + 1).saturating_sub(window);
        for head in 0..shape.heads {
            let group = head / (shape.heads / shape.kv_heads);
            let score = |key: usize| {
                let dot: f64 = q[position][head]
                    .iter()
                    .zip(&k[key][group])
                    .map(|(a, b)| a * b)
                    .sum();
                libm::exp(dot / shape.query_scale.sqrt())
            };
            let weights: Vec<f64> = (first..=position).map(score).collect();
            let sum: f64 = weights.iter().sum();
            for at in 0..width {
                let value: f64 = weights
                    .iter()
                    .zip(first..)
                    .map(|(weight, key)| weight * v[key][group][at])
                    .sum();
                mixed.push(value / sum);
            }
        }
        let mut out = times(&o, &mixed);
        if let Some([gain, _]) = &layer.post_norms {
            out = norm(&out, &vector(gain), shape.norm_epsilon);
        }
        stream.iter_mut().zip(out).for_each(|(a, b)| *a += b);
    }
}
