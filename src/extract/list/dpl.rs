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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diff::diff;
    use crate::domain::noise::Noise;
    use crate::domain::source::SourceKind;

    const HEADERS: &str = "Name\tStreet_Address\tCity\tState\tCountry\tPostal_Code\tEffective_Date\tExpiration_Date\tStandard_Order\tLast_Update\tAction\tFR_Citation";

    fn read(rows: &[(&str, &str, &str)]) -> Document {
        let rows: Vec<String> = rows
            .iter()
            .map(|(name, street, from)| {
                format!("{name}\t{street}\tSPRINGFIELD\t\tUS\t\t{from}\t01/01/2030\tY\t\tADDED\t89 F.R. 1")
            })
            .collect();
        let body = format!("{HEADERS}\n{}\n", rows.join("\n"));
        let url = "https://agency.test/dpl.txt".parse().unwrap();
        extract(&Page { body: body.as_bytes(), content_type: None, url: &url }).unwrap()
    }

    #[test]
    fn a_name_is_one_entry_and_its_addresses_are_gathered() {
        let list = read(&[
            (" JOHN DOE", "1 ELM", "01/02/2020"),
            ("AMBER CO", "2 OAK", "01/02/2020"),
            ("JOHN DOE", "3 ASH", "01/02/2020"),
        ]);
        let titles: Vec<&str> = list.entries.iter().map(|entry| entry.title.as_str()).collect();
        assert_eq!(titles, ["JOHN DOE", "AMBER CO"]);
        assert_eq!(list.entries[0].fields["address"], "1 ELM SPRINGFIELD US\n3 ASH SPRINGFIELD US");
        assert_eq!(list.entries[0].fields["listed"], "01/02/2020");
    }

    #[test]
    fn a_new_date_or_address_amends_the_entry() {
        let noise = Noise::of(SourceKind::Dpl.default_noise());
        let before = read(&[("JOHN DOE", "1 ELM", "01/02/2020"), ("AMBER CO", "2 OAK", "01/02/2020")]);
        for after in [
            read(&[("JOHN DOE", "1 ELM", "01/02/2024"), ("AMBER CO", "2 OAK", "01/02/2020")]),
            read(&[
                ("AMBER CO", "2 OAK", "01/02/2020"),
                ("JOHN DOE", "1 ELM", "01/02/2020"),
                ("JOHN DOE", "3 ASH", "01/02/2020"),
            ]),
        ] {
            let changes: Vec<String> = diff(&before, &after, &noise)
                .iter()
                .map(|change| format!("{} {}", change.kind, change.title))
                .collect();
            assert_eq!(changes, ["amended JOHN DOE"]);
        }
    }
}
