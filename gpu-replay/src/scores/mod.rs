//! Scores: one number about an answer from its observations.
