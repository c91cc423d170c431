//! Every part of a folded text is led back to whole characters of the original.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::domain::matching::{Divided, Folded};

fuzz_target!(|text: &str| {
    for divided in [Divided::Joined, Divided::Apart] {
        let folded = Folded::with(text, divided);
        let whole = std::str::from_utf8(folded.bytes()).expect("a folded text is UTF-8");
        let letters: Vec<(usize, &str)> = whole.match_indices(|c| c != ' ').collect();
        for (index, (start, _)) in letters.iter().enumerate() {
            for (end, letter) in letters[index..].iter().take(8) {
                let span = folded.original(&(*start..end + letter.len()));
                assert!(text.get(span).is_some_and(|part| !part.is_empty()));
            }
        }
    }
});
