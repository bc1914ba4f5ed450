//! The tokenizer of the demonstration models: byte-level pairs, learned from the training part of the corpus.

use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{Model, TokenizerBuilder, TokenizerImpl};

use super::corpus::CORPUS;
use crate::error::{ReplayError, Result};

/// Number of tokens: 256 bytes and 768 merges.
pub const VOCABULARY: usize = 1024;

/// Learns the tokenizer and gives its file, tokenizer.json.
///
/// # Errors
/// The library refused the corpus: a bug.
pub fn learn() -> Result<String> {
    let refused = |error: tokenizers::Error| ReplayError::file("tokenizer", error.to_string());
    let mut trainer = BpeTrainer::builder()
        .vocab_size(VOCABULARY)
        .show_progress(false)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    type Parts = TokenizerImpl<
        BPE,
        tokenizers::normalizers::NormalizerWrapper,
        ByteLevel,
        tokenizers::processors::PostProcessorWrapper,
        ByteLevel,
    >;
    let mut tokenizer: Parts = TokenizerBuilder::default()
        .with_model(BPE::default())
        .with_normalizer(None::<tokenizers::normalizers::NormalizerWrapper>)
        .with_pre_tokenizer(Some(ByteLevel::new(false, true, true)))
        .with_post_processor(None::<tokenizers::processors::PostProcessorWrapper>)
        .with_decoder(Some(ByteLevel::default()))
        .build()
        .map_err(refused)?;
    tokenizer
        .train(
            &mut trainer,
            CORPUS.iter().map(|text| text.training().to_string()),
        )
        .map_err(refused)?;
    if tokenizer.get_model().get_vocab_size() != VOCABULARY {
        return Err(ReplayError::file(
            "tokenizer",
            "the corpus is too small for the vocabulary",
        ));
    }
    tokenizer.to_string(true).map_err(refused)
}
