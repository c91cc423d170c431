//! A fact a row: `company,kind,value,source`.

use std::collections::BTreeMap;

use ::csv::{ReaderBuilder, StringRecord, Writer};

use super::draft::CompanyDraft;
use super::formula::{restored, safe};
use super::{IncomingCompany, LineFault, Parsed, alias_kind, scheme};
use crate::domain::company::AliasKind;
use crate::domain::company::{Alias, Company, objection};
use crate::domain::id::CompanyId;
use crate::domain::identifier::Identifier;

/// The columns; the last may be missing.
const COLUMNS: [&str; 4] = ["company", "kind", "value", "source"];

/// Why a text could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the rows cannot be written as CSV")]
pub struct CsvError(#[from] ::csv::Error);

/// One row.
struct CsvRow<'a> {
    company: CompanyId,
    kind: &'a str,
    value: &'a str,
    source: Option<String>,
}

pub(super) fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut reader =
        ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let places = match reader.headers().map_err(|error| error.to_string()).and_then(places) {
        Ok(places) => places,
        Err(message) => {
            parsed.faults.push(LineFault { line: 1, message });
            return parsed;
        }
    };
    let mut found: BTreeMap<CompanyId, usize> = BTreeMap::new();
    // Where each company begins, and whether it has a name.
    let mut drafts: Vec<(u64, CompanyDraft, bool)> = Vec::new();
    for record in reader.records() {
        let (line, taken) = match &record {
            Ok(record) => {
                let line = record.position().map_or(0, ::csv::Position::line);
                let taken = row(record, &places).and_then(|row| {
                    let index = *found.entry(row.company.clone()).or_insert_with(|| {
                        drafts.push((line, Company::new(row.company.clone(), "").into(), false));
                        drafts.len() - 1
                    });
                    let is_name = row.kind == "name";
                    let (_, draft, is_named) = &mut drafts[index];
                    take(draft, row)?;
                    *is_named |= is_name;
                    Ok(())
                });
                (line, taken)
            }
            Err(error) => (error.position().map_or(0, ::csv::Position::line), Err(error.to_string())),
        };
        parsed.faults.extend(taken.err().map(|message| LineFault { line, message }));
    }
    for (line, draft, is_named) in drafts {
        let company = draft.into_company();
        if is_named {
            parsed.companies.push(IncomingCompany { line, company });
        } else {
            let message =
                format!("company {} has no row of kind name, expected one with its full name", company.id);
            parsed.faults.push(LineFault { line, message });
        }
    }
    parsed
}

/// Where each column stands; the source may be missing.
fn places(headers: &StringRecord) -> Result<[Option<usize>; 4], String> {
    let place = |name: &str| headers.iter().position(|header| header.trim().eq_ignore_ascii_case(name));
    let places = COLUMNS.map(place);
    match COLUMNS.iter().zip(places).take(3).find(|(_, place)| place.is_none()) {
        Some((name, _)) => {
            Err(format!("has no column {name:?}, expected the columns {}", COLUMNS.join(", ")))
        }
        None => Ok(places),
    }
}

fn row<'a>(record: &'a StringRecord, places: &[Option<usize>; 4]) -> Result<CsvRow<'a>, String> {
    let [company, kind, value, source] =
        places.map(|place| restored(place.and_then(|place| record.get(place)).unwrap_or_default().trim()));
    let company = company.parse::<CompanyId>().map_err(|error| error.to_string())?;
    if value.is_empty() {
        return Err(format!("the {kind} of company {company} is blank, expected a value"));
    }
    let source = (!source.is_empty()).then(|| source.to_owned());
    Ok(CsvRow { company, kind, value, source })
}

/// Takes one fact over.
fn take(draft: &mut CompanyDraft, row: CsvRow<'_>) -> Result<(), String> {
    let CsvRow { kind, value, source, company: _ } = row;
    if let Some(kind) = alias_kind(kind) {
        return draft.add_alias(Alias { name: value.to_owned(), kind, source });
    }
    if let Some(scheme) = scheme(kind) {
        return draft.add_identifier(Identifier { scheme, value: value.to_owned(), source });
    }
    let company = draft.company_mut();
    match kind {
        "name" => {
            if let Some(objection) = objection(value, AliasKind::Legal) {
                return Err(objection);
            }
            if !company.name.is_empty() {
                return Err(format!("found {value:?}, but the company is called {:?} already", company.name));
            }
            company.sources.extend(source);
            draft.call(value);
        }
        "not" => draft.add_not(value),
        "parent" => company.parent = Some(value.parse().map_err(|error| format!("{error}"))?),
        "exposed-to" => {
            let category = value.parse().map_err(|error| format!("{error}"))?;
            if !company.exposures.contains(&category) {
                company.exposures.push(category);
            }
        }
        "source" => company.sources.push(value.to_owned()),
        other => {
            return Err(format!(
                "found the kind {other:?}, expected name, parent, not, exposed-to, source, a kind of alias such as trade or a scheme such as lei"
            ));
        }
    }
    Ok(())
}

pub(super) fn write(companies: &[Company]) -> Result<String, CsvError> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for company in companies {
        let mut put = |kind: &str, value: &str, source: &Option<String>| {
            let source = source.as_deref().unwrap_or_default();
            writer.write_record([company.id.as_str(), kind, value, source].map(safe))
        };
        put("name", &company.name, &None)?;
        for alias in &company.aliases {
            put(alias.kind.name(), &alias.name, &alias.source)?;
        }
        for identifier in &company.identifiers {
            put(identifier.scheme.name(), &identifier.value, &identifier.source)?;
        }
        for name in &company.not {
            put("not", name, &None)?;
        }
        if let Some(parent) = &company.parent {
            put("parent", parent.as_str(), &None)?;
        }
        for category in &company.exposures {
            put("exposed-to", category.as_str(), &None)?;
        }
        for source in &company.sources {
            put("source", source, &None)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| ::csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
