//! Bodies of a source of this kind.

#![no_main]

regwatch_fuzz::extractor!(
    "
    kind = 'xml'
    entries = ['list/entry', '//party']
    fields = { 'name' = ['@name', 'name'], 'address' = 'address/(street, city, @country)' }
    key = ['name']
    optional = ['address']
"
);
