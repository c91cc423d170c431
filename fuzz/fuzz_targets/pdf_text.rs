//! Bodies of a source of this kind.

#![no_main]

regwatch_fuzz::extractor!(
    "
    kind = 'pdf-text'
    begin = '^ *Name +Date'
    end = '^ *Total'
    skip = ['^ *Page \\d+']
    starts = '^ *\\d+\\. '
    entry = '^(?<number>\\d+)\\. (?<name>.+?)(?: \\(a\\.k\\.a\\. (?<aliases>.+)\\))?(?: (?<listed>\\d{4}-\\d\\d-\\d\\d))?$'
    key = ['number']
    row_title = 'name'
    row_date = 'listed'
    optional = ['aliases', 'listed']
"
);
