//! Bodies of a source of this kind.

#![no_main]

regwatch_fuzz::extractor!(
    "
    kind = 'json'
    entries = '$.results[*]'
    fields = { 'name' = '$.name', 'aliases' = '$.aliases[*]', 'address' = ['$.address', '$..city'] }
    key = ['name']
    optional = ['aliases', 'address']
"
);
