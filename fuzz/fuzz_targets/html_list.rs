//! Bodies of a source of this kind.

#![no_main]

regwatch_fuzz::extractor!(
    "
    kind = 'html-list'
    selector = 'ul, ol, dl, article'
    fields = { name = 'dt, strong, h2', page = 'a@href', text = '.' }
    key = ['name|text']
    optional = ['name', 'page']
    row_link = 'page'
"
);
