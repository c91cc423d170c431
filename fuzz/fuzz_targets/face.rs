//! What any answer shows of itself, and how it could be read: before anything is known about it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::config::read_source;
use regwatch::extract::{face, propose};

fuzz_target!(|body: &[u8]| {
    regwatch_fuzz::with_page(body, |page| {
        assert_eq!(face(page), face(page));
        for settings in propose(page) {
            let common =
                "[[source]]\nid = 'a'\ntitle = 'A'\nurl = 'https://agency.test/'\nschedule = '@daily'\n";
            let read = read_source(&format!("{common}{settings}"));
            assert!(read.is_ok(), "{settings}: {read:?}");
        }
    });
});
