//! The project's own chores, run as `cargo xtask <chore>`.
//!
//! A chore drives cargo and the built binary from outside, as a contributor would; it links nothing of the
//! simulator, so that a broken simulator can still be checked.

mod bench;
mod books;
mod check;
mod faults;
mod fuzz;
mod golden;
mod new;
mod offline;
mod pair;
mod shipped;
mod step;
mod supply;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask check [--all]               everything that must hold; --all adds gpu-replay
cargo xtask scenarios                   check every shipped scenario
cargo xtask pair                        each smoke scenario in two unlike processes; the bytes must agree
cargo xtask golden [--accept]           compare the smoke scenarios with tests/golden, or accept what they give now
cargo xtask golden --aarch64            compare what another architecture gives, under emulation
cargo xtask bench [ARGUMENTS]           the bench crate: compare, scaling, memory, gate
cargo xtask supply                      licences, sources and duplicates of everything that is built
cargo xtask books                       every shipped scenario's balances, derived a second time from its event log
cargo xtask faults                      the n-th write, sync, rename and new folder fails, for every n (needs strace)
cargo xtask fuzz [--seconds N] [--models] [DOOR...]
                                        libFuzzer at every door by which a file comes in (needs a C++ compiler)
cargo xtask offline                     the tests of the whole workspace where there is no network (needs unshare)
cargo xtask new strategy|scenario|rule NAME
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["check"] => check::check(false),
        ["check", "--all"] => check::check(true),
        ["scenarios"] => shipped::check_scenarios(),
        ["pair"] => pair::pair(),
        ["golden"] => golden::compare(),
        ["golden", "--accept"] => golden::accept(),
        ["golden", "--aarch64"] => golden::compare_on_aarch64(),
        ["bench", rest @ ..] => bench::bench(rest),
        ["supply"] => supply::supply(),
        ["books"] => books::books(),
        ["faults"] => faults::faults(),
        ["fuzz", rest @ ..] => fuzz::fuzz(rest),
        ["offline"] => offline::offline(),
        ["new", kind, name] => new::new(kind, name),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => Err(format!("unknown chore `{}`\n\n{HELP}", words.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
