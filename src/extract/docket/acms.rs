//! The docket that ACMS, the appellate courts' newer system, gives its own pages: JSON.

use serde::Deserialize;

use super::{Docket, DocketEntry, entered, words};
use crate::domain::entry::Completeness;
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;
use crate::extract::html::Markup;
use crate::extract::{RawDocument, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AcmsResponse {
    case_details: AcmsCase,
    docket_info: Info,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AcmsCase {
    case_number: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    docket_entries: Vec<AcmsFiling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AcmsFiling {
    docket_entry_id: String,
    /// The day it was filed, as `YYYY-MM-DD`.
    end_date: Option<String>,
    entry_number: Option<u64>,
    #[serde(default)]
    docket_entry_text: String,
    #[serde(default)]
    document_count: u64,
    #[serde(default)]
    restricted_party_filing_docket_entry: bool,
}

pub(super) fn read(page: &RawDocument<'_>) -> Result<Docket, Unreadable> {
    let answer: AcmsResponse = json::parse(page)?;
    let case = answer.case_details;
    let (number, caption) = (one_line(&case.case_number), one_line(&case.name));
    let mut entries = Vec::with_capacity(answer.docket_info.docket_entries.len());
    for filing in answer.docket_info.docket_entries {
        let text = words(&Markup::parse(&filing.docket_entry_text, page.url)?.text());
        entries.push(DocketEntry {
            docket: number.clone(),
            caption: caption.clone(),
            number: filing.entry_number.map_or_else(String::new, |number| number.to_string()),
            id: one_line(&filing.docket_entry_id),
            filed: filing.end_date.and_then(|day| day.get(..10)?.parse().ok()),
            entered: entered(&text),
            text,
            count: filing.document_count,
            access: if filing.restricted_party_filing_docket_entry {
                "restricted".to_owned()
            } else {
                String::new()
            },
            ..DocketEntry::default()
        });
    }
    Ok(Docket { entries, completeness: Completeness::Whole, number, is_honestly_empty: false })
}
