//! robots.txt, and the paths it is asked about.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::domain::robots::Robots;

fuzz_target!(|input: (&str, &str)| {
    let (path, text) = input;
    let robots = Robots::parse(text);
    let refusal = robots.refusal(path).map(ToString::to_string);
    assert_eq!(refusal, Robots::parse(text).refusal(path).map(ToString::to_string));
    assert!(robots.refusal("/robots.txt").is_none());
});
