//! Companies in the formats of others: what was taken in goes out and comes back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regwatch::domain::company::Company;
use regwatch::exchange::Format;

fuzz_target!(|text: &str| {
    for format in [Format::Csv, Format::Ftm] {
        let first = companies(format, text);
        let second = companies(format, &format.write(&first).expect("a text"));
        let ids =
            |companies: &[Company]| companies.iter().map(|company| company.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&first), ids(&second), "{format:?}");
        if format == Format::Csv {
            assert_eq!(first, second);
        }
    }
});

fn companies(format: Format, text: &str) -> Vec<Company> {
    format.parse(text).companies.into_iter().map(|incoming| incoming.company).collect()
}
