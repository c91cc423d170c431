//! Bodies of a source of this kind.

#![no_main]

regwatch_fuzz::extractor!("kind = 'scotus-docket'");
