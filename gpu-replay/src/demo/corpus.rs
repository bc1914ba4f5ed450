//! The text that the demonstration models are trained on, and the part kept back for prompts.
//!
//! **Invariant.** No position of a prompt was seen in training: each text is cut once, the last fifth is held out.

/// A text of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The kind, which is also the prompt class.
    pub kind: &'static str,
    /// The whole text, ASCII.
    pub text: &'static str,
}

macro_rules! text {
    ($kind:literal) => {
        Text {
            kind: $kind,
            text: include_str!(concat!("../../demo/corpus/", $kind, ".txt")),
        }
    };
}

/// The corpus, in the order of the files. Sources and licences: gpu-replay/demo/README.md.
pub const CORPUS: [Text; 7] = [
    text!("code"),
    text!("drama"),
    text!("encyclopaedia"),
    text!("epic"),
    text!("essay"),
    text!("rules"),
    text!("sonnet"),
];

impl Text {
    fn cut(&self) -> usize {
        let at = self.text.len() / 5 * 4;
        self.text[..at].rfind('\n').map_or(at, |line| line + 1)
    }

    /// The first four fifths.
    pub fn training(&self) -> &'static str {
        &self.text[..self.cut()]
    }

    /// The last fifth.
    pub fn held_out(&self) -> &'static str {
        &self.text[self.cut()..]
    }
}
