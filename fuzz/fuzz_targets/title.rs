//! The title of any answer, before anything is known about it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::extract::title;

fuzz_target!(|body: &[u8]| {
    let title = regwatch_fuzz::with_page(body, title);
    assert!(title.is_none_or(|title| !title.trim().is_empty() && !title.contains('\n')));
});
