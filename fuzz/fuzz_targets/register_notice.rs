//! Bodies of a source of this kind.

#![no_main]

regwatch_fuzz::extractor!("kind = 'register-notice'\nnotice = 'a'\nafter = 'a'", "documents.json");
