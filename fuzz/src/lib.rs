//! The doors by which files come in, and what mutates inputs on a compiler without a fuzzer.

pub mod doors;
#[cfg(feature = "models")]
pub mod models;
pub mod mutate;

use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, OnceLock};

use mutate::Words;

/// A target of libFuzzer for one door. Of its mutations one in four is of this crate, which knows where values stand.
#[macro_export]
macro_rules! target {
    ($door:path) => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, longest: usize, seed: u32| {
            $crate::mutated(data, size, longest, seed)
                .unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(data, size, longest))
        });
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::enter($door, data));
    };
}

/// Longest input, bytes, that this crate mutates for libFuzzer: finding the values of a long one takes longer than
/// the door itself.
const LONGEST: usize = 1 << 12;

/// The size of `data` after a change by this crate, or `None` where it is libFuzzer's turn.
pub fn mutated(data: &mut [u8], size: usize, longest: usize, seed: u32) -> Option<usize> {
    if seed % 4 != 0 || size > LONGEST {
        return None;
    }
    let mut bytes = data[..size].to_vec();
    let other = bytes.clone();
    mutate::change(&mut bytes, &other, &mut Words::new(u64::from(seed)));
    bytes.truncate(longest.min(data.len()));
    data[..bytes.len()].copy_from_slice(&bytes);
    (!bytes.is_empty()).then_some(bytes.len())
}

/// What the last panic said, which is printed only where nobody caught it.
static LAST: Mutex<String> = Mutex::new(String::new());

/// Lets an input in; a panic that a reader does not catch itself ends the process.
pub fn enter(door: fn(&[u8], &Path) -> bool, bytes: &[u8]) {
    static HOOK: Once = Once::new();
    // libFuzzer's hook ends the process at every panic, also at those of a decoder that its caller has a net for.
    HOOK.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let trace = std::backtrace::Backtrace::capture();
            if let Ok(mut last) = LAST.lock() {
                *last = format!("{info}\n{trace}");
            }
        }));
    });
    if panic::catch_unwind(AssertUnwindSafe(|| door(bytes, folder()))).is_err() {
        eprintln!("{}", LAST.lock().map(|last| last.clone()).unwrap_or_default());
        std::process::abort();
    }
}

/// A folder of this process alone: fuzzers run side by side. `STAKEOUT_FUZZ_BESIDE` names a folder whose files it holds.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // A door that reads a file has it written for each input: into memory, where the system has such a folder.
        let memory = Path::new("/dev/shm");
        let is_free = std::env::var_os("TMPDIR").is_none() && memory.is_dir();
        let below = if is_free {
            memory.to_path_buf()
        } else {
            std::env::temp_dir()
        };
        let folder = below.join(format!("stakeout-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        if let Ok(run) = std::env::var("STAKEOUT_FUZZ_BESIDE") {
            for file in std::fs::read_dir(run)
                .expect("STAKEOUT_FUZZ_BESIDE is a folder")
                .flatten()
            {
                if file.path().is_file() {
                    std::fs::copy(file.path(), folder.join(file.file_name())).expect("copied");
                }
            }
        }
        folder
    })
}
