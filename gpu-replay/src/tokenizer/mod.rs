//! A model's own tokenizer: from tokenizer.json, or from the tokens and merges inside a GGUF file.
//!
//! **Invariant.** Nothing is guessed: a GGUF whose kind of splitting is not known here is refused, because a
//! tokenizer that is nearly right gives measurements of another model. A file that the library gives up on is refused.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tokenizers::decoders::byte_level::ByteLevel as ByteLevelDecoder;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, PreTokenizerWrapper, SplitDelimiterBehavior};

use crate::error::{ReplayError, Result};
use crate::model::{Gguf, Value, read_small};

/// How Qwen2's tokenizer cuts text before merging (its tokenizer.json).
const QWEN2_SPLIT: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// A tokenizer.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
}

impl Tokenizer {
    /// Reads tokenizer.json.
    ///
    /// # Errors
    /// The file is missing or broken.
    pub fn from_file(path: &Path) -> Result<Self> {
        let place = path.display().to_string();
        if !path.exists() {
            return Err(ReplayError::file(
                place,
                "is missing: a model needs its own tokenizer beside it",
            ));
        }
        let text = read_small(path)?;
        // The library takes a part that is no JSON for impossible, so that is found out before it is asked.
        serde_json::from_str::<serde_json::Value>(&text)
            .map_err(|error| ReplayError::file(&place, error.to_string()))?;
        let inner = guarded(&place, || text.parse())?;
        Ok(Self { inner })
    }

    /// Builds the tokenizer from a GGUF file's metadata.
    ///
    /// # Errors
    /// It has none, or one of a kind that is not known here.
    pub fn from_gguf(file: &Gguf) -> Result<Self> {
        let place = "tokenizer.ggml";
        let kind = file.text("tokenizer.ggml.model")?;
        if kind != "gpt2" {
            let problem = format!(
                "is of the kind `{kind}`, which cannot be rebuilt from this file; put the model's tokenizer.json beside it"
            );
            return Err(ReplayError::file(place, problem));
        }
        let texts = |key: &str| -> Result<Vec<String>> {
            let list = file.list(key)?;
            let text = |value: &Value| match value {
                Value::Text(text) => Ok(text.clone()),
                _ => Err(ReplayError::file(key, "holds something that is no text")),
            };
            list.iter().map(text).collect()
        };
        let tokens = texts("tokenizer.ggml.tokens")?;
        let merge = |line: String| match line.split_once(' ') {
            Some((left, right)) => Ok((left.to_string(), right.to_string())),
            None => Err(ReplayError::file(
                "tokenizer.ggml.merges",
                format!("`{line}` is no pair"),
            )),
        };
        let merges = texts("tokenizer.ggml.merges")?
            .into_iter()
            .map(merge)
            .collect::<Result<Vec<_>>>()?;
        let vocabulary = tokens.iter().cloned().zip(0u32..).collect::<Vec<_>>();
        let refused = |error: tokenizers::Error| ReplayError::file(place, error.to_string());
        let vocabulary = vocabulary.into_iter().collect::<tokenizers::models::bpe::Vocab>();
        let model = guarded(place, || {
            BPE::builder().vocab_and_merges(vocabulary, merges).build()
        })?;
        let mut inner = tokenizers::Tokenizer::new(model);
        inner.with_pre_tokenizer(Some(splitting(
            file.text("tokenizer.ggml.pre").unwrap_or("default"),
        )?));
        inner.with_decoder(Some(ByteLevelDecoder::default()));
        // Type 3 marks control tokens: they are matched whole, before anything is split.
        if let Ok(types) = file.list("tokenizer.ggml.token_type") {
            let special: Vec<AddedToken> = types
                .iter()
                .zip(&tokens)
                .filter(|(kind, _)| **kind == Value::Integer(3))
                .map(|(_, token)| AddedToken::from(token.clone(), true))
                .collect();
            inner.add_special_tokens(special).map_err(refused)?;
        }
        Ok(Self { inner })
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Whether it knows no token.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tokens of a text, without any that the tokenizer would add.
    ///
    /// # Errors
    /// The library refuses the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoded = guarded("tokenizer", || self.inner.encode_fast(text, false))?;
        Ok(encoded.get_ids().to_vec())
    }

    /// The text of tokens.
    ///
    /// # Errors
    /// The library refuses them.
    pub fn decode(&self, tokens: &[u32]) -> Result<String> {
        guarded("tokenizer", || self.inner.decode(tokens, false))
    }
}

/// What the library answers, or a refusal where it panics: some broken files it takes for impossible.
fn guarded<T>(place: &str, work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(answer) => answer.map_err(|error| ReplayError::file(place, error.to_string())),
        Err(_) => Err(ReplayError::file(
            place,
            "is broken where its library cannot say how",
        )),
    }
}

fn splitting(name: &str) -> Result<PreTokenizerWrapper> {
    let bytes = |use_regex| PreTokenizerWrapper::from(ByteLevel::new(false, true, use_regex));
    let parts = match name {
        "smollm" => vec![PreTokenizerWrapper::from(Digits::new(true)), bytes(true)],
        "default" | "gpt-2" => vec![bytes(true)],
        "qwen2" => {
            let pattern = SplitPattern::Regex(QWEN2_SPLIT.into());
            let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
            let split = split.map_err(|error| ReplayError::file("tokenizer", error.to_string()))?;
            vec![PreTokenizerWrapper::from(split), bytes(false)]
        }
        other => {
            let problem = format!(
                "splits text by the rule `{other}`; known are smollm, qwen2, gpt-2. Put tokenizer.json beside the file"
            );
            return Err(ReplayError::file("tokenizer.ggml.pre", problem));
        }
    };
    Ok(PreTokenizerWrapper::from(Sequence::new(parts)))
}
