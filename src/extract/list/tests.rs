//! Lists in the structure of the real ones.

use super::*;
use crate::domain::source::{CsvSettings, JsonSettings, Pairs, SourceKind, XmlSettings};
use crate::extract::{RawDocument, extract};

fn read(kind: &SourceKind, body: &str) -> Result<Document, Unreadable> {
    let url = "https://agency.test/files/list".parse().unwrap();
    extract(kind, &RawDocument { body: body.as_bytes(), content_type: None, url: &url })
}

/// The entries as `key | title | date | field=text …`, lines parted by slashes.
#[track_caller]
fn check(kind: &SourceKind, body: &str, expected: &[&str]) {
    let told: Vec<String> = read(kind, body)
        .unwrap()
        .entries
        .iter()
        .map(|entry| {
            let date = entry.date.map_or_else(String::new, |date| date.to_string());
            let fields: Vec<String> = entry
                .fields
                .iter()
                .map(|(name, text)| format!("{name}={}", text.replace('\n', "/")))
                .collect();
            format!("{} | {} | {date} | {}", entry.key, entry.title, fields.join("; "))
        })
        .collect();
    assert_eq!(told, expected);
}

const UK: &str = "Report Date: 08-Oct-2026\r\n\
    Last Updated,Unique ID,UN Reference Number,Name 6,Name 1,Name type,Regime Name,Address Line 1,Address Country,Date Designated,D.O.B\r\n";

#[test]
fn the_united_kingdoms_rows_are_one_entry_named_by_its_primary_name() {
    let rows = "04/08/2026,UKX0001,,SPECIMEN,Aly,Alias,Example Regime,1 Road,Freedonia,01/02/2020,00/00/1975\r\n\
        04/08/2026,UKX0001,,SPECIMEN,Ali,Primary name,Example Regime,1 Road,Freedonia,01/02/2020,00/00/1975\r\n\
        04/08/2026,UKX0001,,SPECIMEN,Ali,Primary name,Example Regime,2 Street,Sylvania,01/02/2020,03/04/1975\r\n\
        04/08/2026,UKX0002,,EXAMPLE TRADING FZE,,Primary Name,Example Regime,,,13/02/2022,\r\n";
    let expected = [
        "ukx0001 | Ali SPECIMEN | 2020-02-01 | address=1 Road Freedonia/2 Street Sylvania; aliases=Aly SPECIMEN; \
         born=00/00/1975/03/04/1975; listed=01/02/2020; name=Ali SPECIMEN; number=UKX0001; program=Example Regime; updated=04/08/2026",
        "ukx0002 | EXAMPLE TRADING FZE | 2022-02-13 | listed=13/02/2022; name=EXAMPLE TRADING FZE; number=UKX0002; \
         program=Example Regime; updated=04/08/2026",
    ];
    check(&SourceKind::UkCsv, &format!("{UK}{rows}"), &expected);
    assert!(read(&SourceKind::UkCsv, &UK.replace("Unique ID", "Id")).is_err());
    assert!(read(&SourceKind::UkCsv, "<html><body>Service unavailable</body></html>").is_err());
}

#[test]
fn the_european_unions_rows_are_one_entry_in_csv_and_in_xml() {
    let csv = "\u{feff}fileGenerationDate;Entity_LogicalId;Entity_EU_ReferenceNumber;Entity_SubjectType;Entity_Regulation_Programme;Entity_Regulation_PublicationDate;NameAlias_WholeName;Address_City;Address_CountryDescription\n\
        26/08/2026;13;EU.27.28;person;XYZ;2003-07-08;Specimen the Elder;;\n\
        26/08/2026;13;EU.27.28;person;XYZ;2003-07-08;Old Specimen;;\n\
        26/08/2026;13;EU.27.28;person;XYZ;;;Example City;FREEDONIA\n";
    let xml = "<?xml version='1.0' encoding='UTF-8'?><export xmlns='http://eu.europa.ec/fpi/fsd/export' generationDate='2026-08-05'>\
        <sanctionEntity euReferenceNumber='EU.27.28' logicalId='13'><regulation publicationDate='2003-07-08' programme='XYZ'/>\
        <subjectType code='person'/><nameAlias wholeName='Specimen the Elder' strong='true'/><nameAlias wholeName='Old Specimen'/>\
        <address city='Example City' street='' countryDescription='FREEDONIA'/></sanctionEntity></export>";
    let expected = "13 | Specimen the Elder | 2003-07-08 | address=Example City FREEDONIA; aliases=Old Specimen; \
        listed=2003-07-08; name=Specimen the Elder; number=13; program=XYZ; reference=EU.27.28; type=person";
    check(&SourceKind::Eu, csv, &[expected]);
    check(&SourceKind::Eu, xml, &[expected]);
    assert!(read(&SourceKind::Eu, &xml[..xml.len() - 20]).is_err());
}

#[test]
fn the_screening_list_says_the_same_in_csv_and_in_json() {
    let columns: Vec<&str> = "_id,source,entity_number,type,programs,name,title,addresses,federal_register_notice,start_date,end_date,standard_order,license_requirement,license_policy,call_sign,vessel_type,vessel_flag,vessel_owner,remarks,alt_names,citizenships,dates_of_birth,nationalities,ids".split(',').collect();
    let row = [
        "x",
        "Example List (EX) - Agency",
        "77",
        "Entity",
        "P1; P2",
        "EXAMPLE LTD",
        "",
        "1 Road, Town, FR; 2 Road",
        "",
        "2020-01-02",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "EX; XA",
        "",
        "",
        "",
        "FR, 123, Tax ID",
    ];
    let csv = format!("{}\n\"{}\"\n", columns.join(","), row.join("\",\""));
    let json = r#"{"results":[{"source":"Example List (EX) - Agency","entity_number":77,"type":"Entity","programs":["P1","P2"],"name":"EXAMPLE LTD","title":null,
        "addresses":[{"address":"1 Road","city":"Town","state":null,"country":"FR"},{"address":"2 Road"}],"start_date":"2020-01-02","alt_names":["EX","XA"],
        "ids":[{"country":"FR","number":"123","type":"Tax ID"}]}]}"#;
    let expected = "example-list-ex-agency/77 | EXAMPLE LTD | 2020-01-02 | address=1 Road, Town, FR/2 Road; aliases=EX/XA; \
        identifiers=FR, 123, Tax ID; list=Example List (EX) - Agency; listed=2020-01-02; name=EXAMPLE LTD; number=77; program=P1/P2; type=Entity";
    check(&SourceKind::Csl, &csv, &[expected]);
    check(&SourceKind::Csl, json, &[expected]);
    assert!(read(&SourceKind::Csl, &json[..json.len() - 9]).is_err());
}

#[test]
fn a_companion_is_looked_for_beside_its_list() {
    let part = |name: &str, url: &str| crate::domain::bundle::BundlePart {
        name: name.to_owned(),
        url: url.parse().unwrap(),
        content_type: None,
        body: b"",
    };
    let wanted = |parts: &[crate::domain::bundle::BundlePart<'_>]| {
        crate::extract::wanted(&SourceKind::Ofac, parts)
            .unwrap()
            .map(|wanted| (wanted.name, wanted.url.to_string()))
    };
    let list = || part("first", "https://agency.test/ofac/downloads/CONS_PRIM.CSV");
    let beside = |name: &str, file: &str| {
        Some((name.to_owned(), format!("https://agency.test/ofac/downloads/{file}")))
    };
    assert_eq!(wanted(&[list()]), beside("addresses", "cons_add.csv"));
    let addresses = || part("addresses", "https://agency.test/a");
    assert_eq!(wanted(&[list(), addresses()]), beside("names", "cons_alt.csv"));
    let names = part("names", "https://agency.test/n");
    assert_eq!(wanted(&[list(), addresses(), names]), beside("comments", "cons_comments.csv"));
    assert_eq!(wanted(&[part("first", "https://agency.test/other.csv")]), None);
}

fn table() -> CsvSettings {
    CsvSettings {
        columns: Pairs::of(&[("Name", "name"), ("Other", "aliases")]),
        rows: RowSettings { key: vec!["name".to_owned()], group: true, ..RowSettings::default() },
        ..CsvSettings::default()
    }
}

#[test]
fn a_table_that_ends_too_early_is_refused() {
    let kind = SourceKind::Csv(table());
    check(
        &kind,
        "Name,Other\nA,B\n\"C, D\",\u{1a}",
        &["a | A |  | aliases=B; name=A", "c-d | C, D |  | name=C, D"],
    );
    for cut in ["Name,Other\nA,B\nC", "Name,Other\nA,B\n\"C", "Name,Other\nA,\"B", "Name", "", "\u{1a}"] {
        assert!(read(&kind, cut).is_err(), "{cut:?}");
    }
    let strict = SourceKind::Csv(CsvSettings { final_newline: true, ..table() });
    assert!(read(&strict, "Name,Other\nA,B").is_err() && read(&strict, "Name,Other\nA,B\n").is_ok());
}

#[test]
fn a_row_that_was_parted_in_the_wrong_place_is_named() {
    let kind = |skip: &[&str]| {
        let skip = skip.iter().map(|&text| text.to_owned()).collect();
        SourceKind::Csv(CsvSettings { skip, ..table() })
    };
    let error = |body: &str| read(&kind(&[]), body).unwrap_err().to_string();
    let wide = error("Name,Other\nA,B\nC, Ltd,D\n");
    assert!(wide.contains("row 3 (it has 3 columns, expected 2)") && wide.contains("C Ltd D"), "{wide}");
    let note = "Name,Other\nSource: the Agency\nA,B\nGenerated 3 May\n";
    assert!(error(note).contains("row 2 (it has no delimiter"), "{}", error(note));
    let skipped = read(&kind(&["^Source: ", "^Generated "]), note).unwrap();
    assert_eq!(skipped.entries.len(), 1);
    assert!(error("Name,Other\n\"A,B\nC,D\n\"E, Ltd\",F\n").contains("begins on line 2"));
    for fine in ["Name,Other\nA,B,,\nC,D\n", "Name,Other,Third\nA,B\nC,D,E\n", "Name,Other\nA,B\n\n,\nC,D\n"]
    {
        assert_eq!(read(&kind(&[]), fine).unwrap().entries.len(), 2, "{fine:?}");
    }
    let bare = SourceKind::Csv(CsvSettings {
        header: false,
        columns: Pairs::of(&[("1", "name"), ("2", "aliases")]),
        ..table()
    });
    assert!(read(&bare, "A,B\nC,D\nE, Ltd,F\n").is_err());
    assert_eq!(read(&bare, "A,B\nC,D,\n").unwrap().entries.len(), 2);
}

#[test]
fn no_row_hides_those_below_it() {
    let rows = RowSettings { key: vec!["name".to_owned()], ..RowSettings::default() };
    let kind = SourceKind::Csv(CsvSettings { columns: Pairs::of(&[("Name", "name")]), rows, ..table() });
    for end in ["", "\n", "\r\n", "\n\n\r\n"] {
        let document = read(&kind, &format!("Name\r\nA\n\u{1}end\nB{end}")).unwrap();
        assert_eq!(document.entries.len(), 3, "{end:?}");
    }
}

#[test]
fn floods_take_time_in_proportion() {
    let kind = SourceKind::Csv(table());
    let same = format!("Name,Other\n{}", (0..100_000).map(|n| format!("A,{n}\n")).collect::<String>());
    assert_eq!(read(&kind, &same).unwrap().entries[0].fields["aliases"].lines().count(), 100_000);
    let copies = SourceKind::Csv(CsvSettings {
        rows: RowSettings { key: vec!["name".to_owned()], ..RowSettings::default() },
        ..table()
    });
    assert_eq!(
        read(&copies, &format!("Name,Other\n{}", "A,B\n".repeat(20_000))).unwrap().entries.len(),
        20_000
    );
    let wide = format!("Name,Other\nA,{}\n", "b".repeat(4_000_000));
    assert_eq!(read(&kind, &wide).unwrap().entries.len(), 1);
    assert!(read(&kind, &format!("{}\n", ",".repeat(1_000_000))).is_err());
}

#[test]
fn nesting_and_entities_do_not_blow_up() {
    let fields = |path: &str| [("name".to_owned(), vec![path.to_owned()])].into_iter().collect();
    let rows = || RowSettings { key: vec!["name".to_owned()], ..RowSettings::default() };
    let json = SourceKind::Json(JsonSettings {
        entries: "$..a".to_owned(),
        fields: fields("$"),
        rows: rows(),
        ..JsonSettings::default()
    });
    assert!(read(&json, &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))).is_err());
    let xml = SourceKind::Xml(XmlSettings {
        entries: vec!["//a".to_owned()],
        fields: fields("."),
        one_page: false,
        rows: rows(),
    });
    assert!(read(&xml, &format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000))).is_err());
    let bomb = "<!DOCTYPE r [<!ENTITY x 'boom'><!ENTITY y '&x;&x;&x;'>]><r><a>one &y; two</a></r>";
    check(&xml, bomb, &["one-boomboomboom-two | one boomboomboom two |  | name=one boomboomboom two"]);
    let elsewhere = "<!DOCTYPE r [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><r><a>&y;</a></r>";
    assert!(read(&xml, elsewhere).is_err() && read(&xml, "<r><a>&y;</a></r>").is_err());
}

#[test]
fn a_field_that_no_entry_has_any_more_is_missed() {
    let fields: Pairs<Vec<String>> = [("name", "$.name"), ("status", "$.status")]
        .map(|(field, path)| (field.to_owned(), vec![path.to_owned()]))
        .into_iter()
        .collect();
    let kind = |optional: Vec<String>| {
        SourceKind::Json(JsonSettings {
            entries: "$[*]".to_owned(),
            fields: fields.clone(),
            rows: RowSettings { key: vec!["name".to_owned()], optional, ..RowSettings::default() },
            ..JsonSettings::default()
        })
    };
    let body = r#"[{"name":"A","state":"on"},{"name":"B"}]"#;
    let error = read(&kind(Vec::new()), body).unwrap_err();
    assert_eq!(error.to_string(), "the field \"status\", in all the entries, is missing");
    assert_eq!(read(&kind(vec!["status".to_owned()]), body).unwrap().entries.len(), 2);
}
