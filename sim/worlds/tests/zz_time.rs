use stakeout_engine::oracle::{Oracle, ValidateOptions, validate_among};
#[test]
fn t(){ for c in stakeout_worlds::registry() { let t=std::time::Instant::now(); let o=ValidateOptions{size:10_000,..ValidateOptions::quick()}; validate_among(&[c as &'static dyn Oracle],&o).unwrap(); eprintln!("TT {:8.2} {}", t.elapsed().as_secs_f64(), c.id()); } }
