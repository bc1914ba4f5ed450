//! The committed PTX is that of the committed text, and machines without a card or a compiler get reasons.

use stakeout_cuda::{CudaError, Gpu, Logits, Module, Rows, committed_source_hash, compile};

const HOW: &str = "run: cargo run -p stakeout-cuda --example ptx -- gpu-replay/kernels/ptx";

#[test]
fn a_committed_ptx_names_the_text_that_it_was_made_from() {
    for module in Module::ALL {
        let named = committed_source_hash(module);
        assert_eq!(
            named,
            Some(module.source_hash().as_str()),
            "{}: {HOW}",
            module.name()
        );
    }
}

/// Only where NVRTC is, and of the version that made the committed text: others choose other instructions.
#[test]
fn nvrtc_makes_the_committed_ptx_again() {
    for module in Module::ALL {
        let made = match compile(module) {
            Err(CudaError::Absent(why)) => return println!("skipped: {why}"),
            made => made.expect("the text compiles"),
        };
        let version = |ptx: &str| -> Option<String> {
            let line = ptx.lines().find(|line| line.contains("Cuda compilation tools"))?;
            Some(line.to_string())
        };
        if version(&made) != version(module.ptx()) {
            return println!("skipped: another NVRTC ({:?})", version(&made));
        }
        assert!(made == module.ptx(), "{}: {HOW}", module.name());
    }
}

#[test]
fn every_kernel_is_an_entry_of_its_ptx_for_cards_of_compute_capability_eight() {
    let entries = [
        (Module::Law, vec!["law_f32", "law_bf16"]),
        (Module::Race, vec!["race_f32", "race_bf16"]),
        (Module::Scores, vec!["position_scores"]),
        (Module::Answers, vec!["answer_scores"]),
        (
            Module::Dequantize,
            vec!["dequantize_q8_0_f32", "dequantize_q6_k_bf16"],
        ),
    ];
    for (module, names) in entries {
        assert!(module.ptx().contains(".target sm_80"));
        for name in names {
            assert!(module.ptx().contains(&format!(".entry {name}(")), "{name}");
        }
    }
}

#[test]
fn a_card_that_is_not_there_is_one_line_and_no_panic() {
    match Gpu::open() {
        Ok(gpu) => {
            let problem = Logits::upload(&gpu, Rows::F32(&[0.0; 7]), 3)
                .err()
                .expect("no rows of three");
            assert_eq!(problem, CudaError::Shape("7 logits are no rows of 3".into()));
        }
        Err(CudaError::Absent(why)) => assert!(!why.is_empty() && !why.contains('\n'), "{why}"),
        Err(other) => panic!("{other}"),
    }
}
