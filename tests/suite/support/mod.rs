//! What several modules of the suite need: the repository's files, the built program, folders to write in.

pub mod files;
pub mod program;
pub mod question;
