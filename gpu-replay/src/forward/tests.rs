use super::plain;
use super::*;
use crate::model::{Family, rotate, toy};
use crate::stratum::Stratum;
use crate::substitute::{Change, WeightFormat, catalogue, change_weights, options};

const TEXT: [u32; 11] = [3, 14, 15, 9, 26, 5, 35, 8, 60, 0, 3];

fn run(weights: &crate::model::Weights, stratum: Stratum) -> Vec<Vec<f32>> {
    let machine = Machine::new(weights, stratum, Options::default(), 32).expect("fits");
    let logits = machine.logits(&[TEXT.to_vec()], 0).expect("runs");
    logits.squeeze(0).and_then(|rows| rows.to_vec2()).expect("rows")
}

/// Largest difference of two tables.
fn apart(a: &[Vec<f32>], b: &[Vec<f32>]) -> f64 {
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    pairs.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max)
}

#[test]
fn every_family_computes_what_a_plain_decoder_in_double_precision_computes() {
    for family in [Family::Llama, Family::Qwen2, Family::Gemma3] {
        let weights = toy(family);
        let expected = plain::logits(&weights, &TEXT);
        let expected: Vec<Vec<f32>> = expected
            .iter()
            .map(|row| row.iter().map(|value| *value as f32).collect())
            .collect();
        let found = run(&weights, Stratum::F32);
        let size = expected
            .iter()
            .flatten()
            .fold(0.0f32, |most, value| most.max(value.abs()));
        assert!(size > 1.0, "logits of {size} tell nothing");
        assert!(
            apart(&found, &expected) < 2e-4,
            "{family:?}: {}",
            apart(&found, &expected)
        );
    }
}

#[test]
fn kernels_of_one_model_differ_by_rounding_and_all_but_twins_do_differ() {
    for family in [Family::Llama, Family::Qwen2, Family::Gemma3] {
        let weights = toy(family);
        let exact = run(&weights, Stratum::F32);
        let size = exact
            .iter()
            .flatten()
            .fold(0.0f32, |most, value| most.max(value.abs()));
        for stratum in Stratum::ALL {
            let distance = apart(&run(&weights, stratum), &exact) / f64::from(size);
            assert!(distance < 0.1, "{family:?} {}: {distance}", stratum.name());
            assert!(
                stratum == Stratum::F32 || distance > 1e-5,
                "{family:?} {}: {distance}",
                stratum.name()
            );
        }
        let half = apart(&run(&weights, Stratum::F16), &exact);
        assert!(
            half < apart(&run(&weights, Stratum::Bf16), &exact),
            "three more bits are nearer"
        );
    }
}

#[test]
fn a_text_in_one_pass_and_token_by_token_is_the_same_text() {
    for family in [Family::Llama, Family::Gemma3] {
        let weights = toy(family);
        let machine = Machine::new(&weights, Stratum::F32, Options::default(), 32).expect("fits");
        let whole = run(&weights, Stratum::F32);
        let mut session = machine.session();
        for (at, token) in TEXT.iter().enumerate() {
            let row = session
                .feed(&[vec![*token]], 0)
                .expect("runs")
                .flatten_all()
                .expect("row");
            let row = vec![row.to_vec1::<f32>().expect("row")];
            assert!(apart(&row, &whole[at..=at]) < 1e-4);
        }
    }
}

#[test]
fn turning_a_model_keeps_its_function_and_leaves_the_grid() {
    for family in [Family::Llama, Family::Qwen2] {
        let weights = toy(family);
        let turned = rotate(weights.clone(), 3).expect("no norms after blocks");
        let distance = apart(&run(&turned, Stratum::F32), &run(&weights, Stratum::F32));
        assert!(distance < 5e-4, "{distance}");
        let change = Change::Weights(WeightFormat::Int4);
        let gridded = change_weights(&weights, change, 1).expect("narrowed");
        let again = change_weights(&gridded, change, 1).expect("narrowed");
        assert!(apart(&run(&gridded, Stratum::F32), &run(&again, Stratum::F32)) < 1e-2);
        let off = rotate(gridded.clone(), 3).expect("turned");
        let narrowed = change_weights(&off, change, 1).expect("narrowed");
        assert!(apart(&run(&off, Stratum::F32), &run(&narrowed, Stratum::F32)) > 1e-2);
    }
    assert!(rotate(toy(Family::Gemma3), 3).is_err());
}

#[test]
fn the_number_of_threads_moves_no_bit() {
    let weights = toy(Family::Llama);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        pool.install(|| Stratum::ALL.map(|stratum| run(&weights, stratum)))
    };
    let one = with(1);
    for threads in [2, 3, 7] {
        assert_eq!(one, with(threads));
    }
}

#[test]
fn a_text_computes_the_same_alone_and_in_a_batch_up_to_rounding() {
    let weights = toy(Family::Llama);
    let machine = Machine::new(&weights, Stratum::F32, Options::default(), 32).expect("fits");
    let other: Vec<u32> = TEXT.iter().rev().copied().collect();
    let both = machine.logits(&[other, TEXT.to_vec()], 4).expect("runs");
    assert_eq!(both.dims(), [2, TEXT.len() - 4, 61]);
    let found = both.get(1).and_then(|rows| rows.to_vec2()).expect("rows");
    assert!(apart(&found, &run(&weights, Stratum::F32)[4..]) < 1e-4);
}

#[test]
fn every_substitute_can_be_made_and_none_but_the_samplers_leaves_the_logits_alone() {
    let weights = toy(Family::Llama);
    let exact = run(&weights, Stratum::Bf16);
    for substitute in catalogue(false) {
        // A width of 48 and 80 is no multiple of the native blocks of 32.
        if matches!(substitute.change, Change::Native(_)) {
            continue;
        }
        let changed = change_weights(&weights, substitute.change, 5).expect("made");
        let machine = Machine::new(&changed, Stratum::Bf16, options(substitute.change), 32).expect("fits");
        let logits = machine.logits(&[TEXT.to_vec()], 0).expect("runs");
        let found = logits.squeeze(0).and_then(|rows| rows.to_vec2()).expect("rows");
        let is_same = matches!(substitute.change, Change::Sampler(_) | Change::Context(_));
        assert_eq!(apart(&found, &exact) == 0.0, is_same, "{}", substitute.name);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let weights = toy(Family::Llama);
    let machine = Machine::new(&weights, Stratum::F32, Options::default(), 8).expect("fits");
    for (texts, code) in [
        (vec![vec![1u32; 9]], 5),
        (vec![vec![61u32]], 2),
        (vec![vec![1], vec![1, 2]], 2),
        (vec![], 2),
    ] {
        assert_eq!(
            machine
                .session()
                .feed(&texts, 0)
                .expect_err("refused")
                .exit_code(),
            code
        );
    }
    assert_eq!(
        Machine::new(&weights, Stratum::F32, Options::default(), 65)
            .err()
            .map(|e| e.exit_code()),
        Some(2)
    );
}
