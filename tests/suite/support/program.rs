//! The built program, run as a user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::files::root;

/// A folder of its own for one test, removed when it goes out of scope.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A new, empty folder below the target folder.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("suite-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the test's folder can be made");
        Folder { path }
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file into the folder and returns its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::write(&path, text).expect("the test's file can be written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// What a command left behind.
pub struct Outcome {
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Outcome {
    fn of(output: Output) -> Self {
        Outcome {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("the output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("the messages are UTF-8"),
        }
    }

    /// Asserts the exit code, showing both streams when it differs.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\n--- output\n{}\n--- messages\n{}",
            self.out, self.err
        );
        self
    }

    /// The output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{}", self.out))
    }
}

/// The program with the repository's root as working directory and nothing to read.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stakeout"));
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn stakeout<I, S>(arguments: I) -> Outcome
where
    I: IntoIterator<Item = S>,
    S: AsRef<std::ffi::OsStr>,
{
    Outcome::of(command().args(arguments).output().expect("the program starts"))
}

/// Runs a prepared command to its end.
pub fn finish(mut command: Command) -> Outcome {
    Outcome::of(command.output().expect("the program starts"))
}

/// Runs the program in a folder through a shell that sets limits first; `limits` ends in what starts the program, such
/// as `exec`.
pub fn limited(limits: &str, folder: &Path, arguments: &[&str]) -> Outcome {
    let script = format!("{limits} \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command
        .args(["-c", &script, env!("CARGO_BIN_EXE_stakeout")])
        .args(arguments);
    command.current_dir(folder).stdin(Stdio::null());
    finish(command)
}
