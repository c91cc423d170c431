//! The Denied Persons List of the Bureau of Industry and Security, one row an address: tab-separated as it was until
//! 2025, or comma-separated as it is since, where name and address are one cell.
//!
//! What an entry is about is the person: the rows of one name are one entry, their
//! addresses gathered, and a new order or another day amends it. Names come with
//! leading blanks.

use super::{Rows, csv};
use crate::domain::entry::Document;
use crate::domain::source::{CsvSettings, Pairs, RowSettings};
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;

/// Until 2025.
const BY_TABS: [(&str, &str); 12] = [
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

/// Since then. Two of its columns have been called otherwise as well.
const BY_COMMAS: [(&str, &str); 8] = [
    (PARTY, "party"),
    ("Name and Address", "party"),
    ("Effective_Date", "listed"),
    ("Beginning Date", "listed"),
    ("Expiration_Date", "expires"),
    ("Ending Date", "expires"),
    ("Type of Denial", "standard_order"),
    ("Appropriate Federal Register Citations", "notice"),
];

/// The column by which the form is known.
const PARTY: &str = "Name_and_Address";

pub(in crate::extract) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    if is_by_tabs(page.body) {
        return csv::extract(&settings('\t', &BY_TABS), page);
    }
    let settings = settings(',', &BY_COMMAS);
    let mut rows = Rows::new(&settings.rows, page.url);
    csv::records(&settings, page, |mut record| {
        for party in record.remove("party") {
            let (name, address) = parted(&party);
            record.push("name", &name);
            record.push("address", &address);
        }
        rows.take(record)
    })?;
    rows.finish(&["name", "listed", "standard_order", "notice"].map(str::to_owned))
}

/// Whether the first line is parted by tabs.
fn is_by_tabs(body: &[u8]) -> bool {
    body.split(|byte| *byte == b'\n').next().is_some_and(|line| line.contains(&b'\t'))
}

fn settings(delimiter: char, columns: &[(&str, &str)]) -> CsvSettings {
    CsvSettings {
        delimiter,
        columns: Pairs::of(columns),
        rows: RowSettings {
            key: vec!["name".to_owned()],
            group: true,
            date: Some("listed".to_owned()),
            joined: vec!["address".to_owned()],
            ..RowSettings::default()
        },
        ..CsvSettings::default()
    }
}

/// What stands behind a comma and still belongs to the name before it.
const BELONGS_TO_NAME: [&str; 24] = [
    "JR",
    "SR",
    "II",
    "III",
    "IV",
    "INC",
    "INCORPORATED",
    "LTD",
    "LIMITED",
    "CO",
    "COMPANY",
    "CORP",
    "LLC",
    "L.L.C",
    "LP",
    "LLP",
    "PLC",
    "GMBH",
    "S.A",
    "SA",
    "B.V",
    "BV",
    "PTE",
    "PVT",
];

/// Name and address of a cell such as `A CO., LTD., 1 ELM, SPRINGFIELD, , US, 62701`.
fn parted(cell: &str) -> (String, String) {
    let parts: Vec<String> = cell.split(',').map(one_line).collect();
    let belongs = |part: &&String| {
        let words = part.to_uppercase();
        // `PTE. LTD.` are two of them.
        !words.is_empty()
            && words.split(' ').all(|word| BELONGS_TO_NAME.contains(&word.trim_end_matches('.')))
    };
    let more = parts.iter().skip(1).take_while(belongs).count();
    let (name, address) = parts.split_at((1 + more).min(parts.len()));
    let said: Vec<&str> = address.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    (name.join(", "), said.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::diff::diff;
    use crate::domain::noise::Noise;
    use crate::domain::source::SourceKind;

    const TODAY: &str = "\u{feff}Name_and_Address,Effective_Date,Expiration_Date,Type of Denial,\
                         Appropriate Federal Register Citations\r\n";

    fn read_today(rows: &[&str]) -> Document {
        let body = format!("{TODAY}{}\r\n", rows.join("\r\n"));
        let url = "https://agency.test/dpl_04142026.csv".parse().unwrap();
        extract(&RawDocument { body: body.as_bytes(), content_type: Some("text/csv"), url: &url }).unwrap()
    }

    #[test]
    fn name_and_address_in_one_cell_are_told_apart() {
        for (party, name, address) in [
            ("JOHN DOE, 1 ELM, SPRINGFIELD, IL, US, 62701", "JOHN DOE", "1 ELM, SPRINGFIELD, IL, US, 62701"),
            (" AMBER CO., LTD., 2 OAK ROAD, SHENZHEN, , CN, ", "AMBER CO., LTD.", "2 OAK ROAD, SHENZHEN, CN"),
            ("JOEL ROE, JR., INMATE 1", "JOEL ROE, JR.", "INMATE 1"),
            ("PEARL PTE, PTE. LTD., SINGAPORE", "PEARL PTE, PTE. LTD.", "SINGAPORE"),
            ("NAMELESS", "NAMELESS", ""),
        ] {
            assert_eq!(parted(party), (name.to_owned(), address.to_owned()), "{party}");
        }
    }

    #[test]
    fn the_form_since_2025_gives_the_same_entries_as_the_one_before() {
        let list = read_today(&[
            "\"JOHN DOE, 1 ELM, SPRINGFIELD, , US, \",01/02/2020,01/01/2030,Standard,89 F.R. 1",
            "\"AMBER CO., LTD., 2 OAK, SPRINGFIELD, , US, \",01/02/2020,,Standard,90 F.R. 2",
            "\"JOHN DOE, 3 ASH, SPRINGFIELD, , US, \",01/02/2020,01/01/2030,Standard,89 F.R. 1",
        ]);
        let titles: Vec<&str> = list.entries.iter().map(|entry| entry.title.as_str()).collect();
        assert_eq!(titles, ["JOHN DOE", "AMBER CO., LTD."]);
        assert_eq!(list.entries[0].fields["address"], "1 ELM, SPRINGFIELD, US\n3 ASH, SPRINGFIELD, US");
        assert_eq!(list.entries[0].date.map(|date| date.to_string()).as_deref(), Some("2020-01-02"));
        assert_eq!(list.entries[1].fields["notice"], "90 F.R. 2");
    }

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
        extract(&RawDocument { body: body.as_bytes(), content_type: None, url: &url }).unwrap()
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
