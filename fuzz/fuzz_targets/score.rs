//! A score lies between 0 and 1, is a number, and is the same from both sides.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::domain::scoring::{Name, compare};

fuzz_target!(|names: (&str, &str)| {
    let (a, b) = (Name::of(names.0), Name::of(names.1));
    let (forth, back) = (compare(&a, &b), compare(&b, &a));
    assert!((0.0..=1.0).contains(&forth.score));
    assert!((forth.score - back.score).abs() < 1e-12);
    let _ = forth.to_string();
});
