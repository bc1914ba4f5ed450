//! Threads of the tensor library, which reads their number from the environment.
//!
//! Where nothing stands there it counts the machine's cores in /proc before every product, and shares long element-wise
//! operations between threads of its own, for which sixteen units at work wait in a row. Both variables must stand
//! before the first tensor, and a process cannot set its own: the program puts itself in its own place once.
//!
//! **Invariant.** What is computed does not depend on it; a variable that somebody set stays as it is.

use std::env;

/// The tensor library's own variable; the other one is that of its products.
const OWN: &str = "CANDLE_NUM_THREADS";
const PRODUCTS: &str = "RAYON_NUM_THREADS";

/// Starts this program again with `count` threads a product where the environment does not say how many.
#[expect(
    clippy::disallowed_methods,
    reason = "it decides how fast the same result is computed"
)]
pub fn settle(count: usize) {
    let missing: Vec<&str> = [OWN, PRODUCTS]
        .into_iter()
        .filter(|name| env::var_os(name).is_none())
        .collect();
    if !missing.is_empty() {
        again(&missing, &count.to_string());
    }
}

#[cfg(unix)]
fn again(missing: &[&str], count: &str) {
    use std::os::unix::process::CommandExt;
    let Ok(program) = env::current_exe() else { return };
    let mut words = env::args_os();
    let name = words.next().unwrap_or_else(|| program.clone().into_os_string());
    // Comes back only where the system refuses, and then the work is slower and no other.
    let _refused = std::process::Command::new(program)
        .arg0(name)
        .args(words)
        .envs(missing.iter().map(|name| (name, count)))
        .exec();
}

#[cfg(not(unix))]
fn again(_missing: &[&str], _count: &str) {}

/// Threads that units of work run on, where the command line names none.
#[expect(
    clippy::disallowed_methods,
    reason = "the number of the thread pool's threads; no result depends on it"
)]
pub fn of_machine() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
