//! Bodies of a source of this kind.

#![no_main]

regwatch_fuzz::extractor!(
    "
    kind = 'csv'
    delimiter = ';'
    skip_lines = 1
    columns = { 'Name' = 'name', 'Other' = 'aliases', 'Listed' = 'listed' }
    key = ['name|aliases']
    row_date = 'listed'
    date_format = '%d.%m.%Y'
    group = true
    first = { 'aliases' = 'Primary' }
    split = { 'aliases' = ', ' }
    null = ['-']
    bracketed_aliases = 'named'
"
);
