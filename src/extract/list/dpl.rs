//! The Denied Persons List of the Bureau of Industry and Security: tab-separated, one row an address.
//!
//! What an entry is about is the person: the rows of one name are one entry, their
//! addresses gathered, and a new order or another day amends it. Names come with
//! leading blanks.

use super::csv;
use crate::domain::entry::Document;
use crate::domain::source::{CsvSettings, Pairs, RowSettings};
use crate::domain::verdict::Unreadable;
use crate::extract::Page;

const COLUMNS: [(&str, &str); 12] = [
    ("Name", "name"),
    ("Street_Address", "address"),
    ("City", "address"),
    ("State", "address"),
    ("Postal_Code", "address"),
    ("Country", "address"),
    ("Effective_Date", "listed"),
    ("Expiration_Date", "expires"),
    ("Standard_Order", "standard_order"),
    ("Last_Update", "updated"),
    ("Action", "action"),
    ("FR_Citation", "notice"),
];

pub(in crate::extract) fn extract(page: &Page<'_>) -> Result<Document, Unreadable> {
    let settings = CsvSettings {
        delimiter: '\t',
        columns: Pairs::of(&COLUMNS),
        rows: RowSettings {
            key: vec!["name".to_owned()],
            group: true,
            date: Some("listed".to_owned()),
            joined: vec!["address".to_owned()],
            ..RowSettings::default()
        },
        ..CsvSettings::default()
    };
    csv::extract(&settings, page)
}
