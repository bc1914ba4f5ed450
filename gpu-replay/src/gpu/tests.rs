//! The suite on the kernels compiled for the host, on a card where there is one, and the choice between them.

use stakeout_cuda::{Gpu, Host};

use super::conformance::{Check, Effort, conformance};
use super::{Device, DeviceChoice};

/// A folder of this test alone.
fn folder(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("stakeout-kernels-{name}-{}", std::process::id()))
}

fn assert_met(checks: &[Check]) {
    let unmet: Vec<&Check> = checks.iter().filter(|check| !check.is_met()).collect();
    assert!(!checks.is_empty() && unmet.is_empty(), "{unmet:#?}");
}

/// The same text as on a card. Threads of a block run in rising and in falling order: a result that depends on it is
/// a race.
#[test]
fn the_kernels_compiled_for_the_host_give_the_numbers_of_the_processor() {
    for is_reversed in [false, true] {
        let name = if is_reversed { "falling" } else { "rising" };
        match Host::build(&folder(name), is_reversed) {
            Err(stakeout_cuda::CudaError::Absent(why)) => return println!("skipped: {why}"),
            Err(error) => panic!("{error}"),
            Ok(host) => {
                let checks = conformance(&host, &Effort::HOST).expect("every kernel runs");
                for check in &checks {
                    println!("{:<45} {:>7} {:.2e}", check.name, check.cases, check.worst);
                }
                assert_met(&checks);
            }
        }
    }
}

#[test]
fn the_kernels_on_a_card_give_the_numbers_of_the_processor() {
    match Gpu::open() {
        Err(why) => println!("skipped: {why}"),
        Ok(gpu) => assert_met(&conformance(&gpu, &Effort::CARD).expect("every kernel runs")),
    }
}

#[test]
fn a_machine_without_a_card_gets_one_line_and_the_processor() {
    if Gpu::open().is_ok() {
        return println!("skipped: this machine has a card");
    }
    let device = Device::choose(DeviceChoice::Auto).expect("the processor at least");
    assert!(device.line().contains("on the CPU: "), "{}", device.line());
    assert!(!device.line().contains('\n'));
    let error = Device::choose(DeviceChoice::Gpu).err().expect("no card");
    assert!(error.to_string().starts_with("no card to run on: "), "{error}");
}
