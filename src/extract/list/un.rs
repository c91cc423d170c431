//! The Consolidated List of the Security Council of the United Nations, as XML.

use super::xml;
use crate::domain::entry::Document;
use crate::domain::source::{RowSettings, XmlSettings};
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;

const FIELDS: [(&str, &[&str]); 14] = [
    ("reference", &["REFERENCE_NUMBER"]),
    ("name", &["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"]),
    ("aliases", &["INDIVIDUAL_ALIAS/ALIAS_NAME", "ENTITY_ALIAS/ALIAS_NAME"]),
    ("native_name", &["NAME_ORIGINAL_SCRIPT"]),
    ("program", &["UN_LIST_TYPE"]),
    ("listed", &["LISTED_ON"]),
    ("updated", &["LAST_DAY_UPDATED/VALUE"]),
    ("position", &["TITLE/VALUE", "DESIGNATION/VALUE"]),
    ("nationality", &["NATIONALITY/VALUE"]),
    (
        "address",
        &[
            "INDIVIDUAL_ADDRESS/(STREET, CITY, STATE_PROVINCE, ZIP_CODE, COUNTRY, NOTE)",
            "ENTITY_ADDRESS/(STREET, CITY, STATE_PROVINCE, ZIP_CODE, COUNTRY, NOTE)",
        ],
    ),
    ("born", &["INDIVIDUAL_DATE_OF_BIRTH/(TYPE_OF_DATE, DATE, YEAR, FROM_YEAR, TO_YEAR, NOTE)"]),
    ("birthplace", &["INDIVIDUAL_PLACE_OF_BIRTH/(STREET, CITY, STATE_PROVINCE, COUNTRY, NOTE)"]),
    (
        "identifiers",
        &[
            "INDIVIDUAL_DOCUMENT/(TYPE_OF_DOCUMENT, TYPE_OF_DOCUMENT2, NUMBER, ISSUING_COUNTRY, COUNTRY_OF_ISSUE, CITY_OF_ISSUE, DATE_OF_ISSUE, NOTE)",
        ],
    ),
    ("remarks", &["COMMENTS1"]),
];

/// Fields without which there is no entry.
const NEEDED: [&str; 4] = ["reference", "name", "program", "listed"];

pub(in crate::extract) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let owned = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>();
    let fields = FIELDS.iter().map(|&(field, paths)| (field.to_owned(), owned(paths))).collect();
    let optional = FIELDS.iter().map(|(field, _)| *field).filter(|field| !NEEDED.contains(field));
    let settings = XmlSettings {
        entries: owned(&["CONSOLIDATED_LIST/INDIVIDUALS/INDIVIDUAL", "CONSOLIDATED_LIST/ENTITIES/ENTITY"]),
        fields,
        one_page: false,
        rows: RowSettings {
            key: owned(&["reference"]),
            title: Some("name".to_owned()),
            date: Some("listed".to_owned()),
            joined: owned(&["name"]),
            optional: owned(&optional.collect::<Vec<_>>()),
            ..RowSettings::default()
        },
    };
    xml::extract(&settings, page)
}
