//! Bodies of a source of this kind.

#![no_main]

regwatch_fuzz::extractor!("kind = 'register-rules'\nrules = 'a'", "documents.json");
