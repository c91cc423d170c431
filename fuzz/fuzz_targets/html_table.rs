//! Bodies of a source of this kind.

#![no_main]

regwatch_fuzz::extractor!(
    "
    kind = 'html-table'
    selector = 'table'
    columns = { 'Name' = 'name', 'Effective Date' = 'date' }
    key = ['name']
    row_date = 'date'
"
);
