//! The consolidated list of the European Union's financial sanctions: CSV or XML.
//!
//! In the CSV one party has a row for each name, address, birth date and
//! document, most of its columns blank; the first name in the file is the
//! party's. The day on which the file was made stands in every row and is not read.

use super::{csv, xml};
use crate::domain::entry::Document;
use crate::domain::source::{CsvSettings, Pairs, RowSettings, XmlSettings};
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;

const COLUMNS: [(&str, &str); 29] = [
    ("Entity_LogicalId", "number"),
    ("NameAlias_WholeName", "name"),
    ("Entity_EU_ReferenceNumber", "reference"),
    ("Entity_UnitedNationId", "un_reference"),
    ("Entity_SubjectType", "type"),
    ("Entity_DesignationDate", "designated"),
    ("Entity_DesignationDetails", "remarks"),
    ("Entity_Remark", "remarks"),
    ("Entity_Regulation_Programme", "program"),
    ("Entity_Regulation_NumberTitle", "regulation"),
    ("Entity_Regulation_PublicationDate", "listed"),
    ("NameAlias_Function", "position"),
    ("Address_Street", "address"),
    ("Address_PoBox", "address"),
    ("Address_ZipCode", "address"),
    ("Address_City", "address"),
    ("Address_Region", "address"),
    ("Address_Place", "address"),
    ("Address_CountryDescription", "address"),
    ("BirthDate_BirthDate", "born"),
    ("BirthDate_Place", "birthplace"),
    ("BirthDate_City", "birthplace"),
    ("BirthDate_Region", "birthplace"),
    ("BirthDate_CountryDescription", "birthplace"),
    ("Identification_TypeDescription", "identifiers"),
    ("Identification_Number", "identifiers"),
    ("Identification_IssuedBy", "identifiers"),
    ("Identification_CountryDescription", "identifiers"),
    ("Citizenship_CountryDescription", "nationality"),
];

const PATHS: [(&str, &[&str]); 14] = [
    ("number", &["@logicalId"]),
    ("name", &["nameAlias/@wholeName"]),
    ("reference", &["@euReferenceNumber"]),
    ("un_reference", &["@unitedNationId"]),
    ("type", &["subjectType/@code"]),
    ("designated", &["@designationDate"]),
    ("remarks", &["@designationDetails", "remark"]),
    ("program", &["regulation/@programme"]),
    ("regulation", &["regulation/@numberTitle"]),
    ("listed", &["regulation/@publicationDate"]),
    ("position", &["nameAlias/@function"]),
    ("address", &["address/(@street, @poBox, @zipCode, @city, @region, @place, @countryDescription)"]),
    ("born", &["birthdate/(@birthdate, @city, @region, @place, @countryDescription)"]),
    (
        "identifiers",
        &["identification/(@identificationTypeDescription, @number, @issuedBy, @countryDescription)"],
    ),
];

pub(in crate::extract) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    match csv_settings(page) {
        Some(settings) => csv::extract(&settings, page),
        None => from_xml(page),
    }
}

fn rows<'a>(fields: impl Iterator<Item = &'a str>) -> RowSettings {
    let optional = fields.filter(|field| !matches!(*field, "number" | "name" | "program"));
    RowSettings {
        key: vec!["number".to_owned()],
        title: Some("name".to_owned()),
        date: Some("listed".to_owned()),
        group: true,
        joined: ["address", "birthplace", "identifiers"].map(str::to_owned).to_vec(),
        optional: optional.map(str::to_owned).collect(),
        ..RowSettings::default()
    }
}

/// How the rows of the CSV are read; `None` where it is XML.
pub(in crate::extract) fn csv_settings(page: &RawDocument<'_>) -> Option<CsvSettings> {
    let first =
        page.body.iter().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf));
    (first != Some(&b'<')).then(|| CsvSettings {
        delimiter: ';',
        columns: Pairs::of(&COLUMNS),
        rows: rows(COLUMNS.iter().map(|(_, field)| *field)),
        ..CsvSettings::default()
    })
}

fn from_xml(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let owned = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>();
    let settings = XmlSettings {
        entries: owned(&["export/sanctionEntity"]),
        fields: PATHS.iter().map(|&(field, paths)| (field.to_owned(), owned(paths))).collect(),
        one_page: false,
        // One element has all of a party: its addresses are a line each.
        rows: RowSettings { joined: Vec::new(), ..rows(PATHS.iter().map(|(field, _)| *field)) },
    };
    xml::extract(&settings, page)
}
