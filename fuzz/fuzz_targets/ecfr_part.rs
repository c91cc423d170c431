//! Bodies of a source of this kind.

#![no_main]

regwatch_fuzz::extractor!(
    "
    kind = 'ecfr'
    cfr_title = 15
    cfr_part = '744'
"
);
