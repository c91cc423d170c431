//! The UFLPA Entity List (dhs.gov): several tables, one for each ground of the act.
//!
//! A name's column is headed in two ways, and other names stand in brackets. An entity
//! in several tables is an entry in each: it is listed, renamed and let go ground by
//! ground, and each has its own date.

use crate::domain::entry::Document;
use crate::domain::source::{Brackets, Pairs, RowSettings, TableSettings};
use crate::domain::verdict::Unreadable;
use crate::extract::{RawDocument, html_table};

/// Where the tables stand: the class of the page's body has been renamed while its block kept its name.
const SELECTOR: &str = ".field--name-body table, #block-mainpagecontent table";

pub(in crate::extract) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let settings = TableSettings {
        selector: SELECTOR.to_owned(),
        columns: Pairs::of(&[
            ("Name of Entity", "name"),
            ("Entity Name", "name"),
            ("Effective Date", "listed"),
        ]),
        caption: Some("program".to_owned()),
        one_page: false,
        rows: RowSettings {
            key: vec!["name".to_owned()],
            date: Some("listed".to_owned()),
            bracketed_aliases: Some(Brackets::Named),
            ..RowSettings::default()
        },
    };
    html_table::extract(&settings, page)
}
