//! FollowTheMoney entities, one JSON object a line.
//!
//! Companies, organisations, public bodies and legal entities are taken, and who owns whom where
//! both are in the file; people, vessels, addresses and the rest are passed over. The format knows
//! fewer kinds of names than we do: brands and subsidiaries go out as aliases and come back as
//! trade names, and dockets and grantee codes stay at home.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::draft::CompanyDraft;
use super::{IncomingCompany, LineFault, Parsed};
use crate::domain::company::{Alias, AliasKind, Company, objection};
use crate::domain::id::CompanyId;
use crate::domain::identifier::{Identifier, IdentifierScheme};

/// What may be tracked.
const SCHEMATA: [&str; 4] = ["Company", "Organization", "LegalEntity", "PublicBody"];

/// Properties that are numbers of one scheme.
const NUMBERS: [(&str, IdentifierScheme); 7] = [
    ("leiCode", IdentifierScheme::Lei),
    ("cikCode", IdentifierScheme::Cik),
    ("isinCode", IdentifierScheme::Isin),
    ("ticker", IdentifierScheme::Ticker),
    ("uscCode", IdentifierScheme::Uscc),
    ("registrationNumber", IdentifierScheme::Other),
    ("idNumber", IdentifierScheme::Other),
];

/// Properties that are names, and the kind of a Latin one.
const NAMES: [(&str, AliasKind); 5] = [
    ("name", AliasKind::Legal),
    ("alias", AliasKind::Trade),
    ("abbreviation", AliasKind::Short),
    ("weakAlias", AliasKind::Short),
    ("previousName", AliasKind::Former),
];

/// The longest id made of a name, in bytes; room is left for a number that tells it apart.
const MAX_SLUG_BYTES: usize = 56;

/// The ids that companies have, and the last number put behind each to tell another apart.
type Ids = BTreeMap<CompanyId, u64>;

#[derive(Deserialize)]
struct Entity {
    id: String,
    schema: String,
    #[serde(default)]
    properties: BTreeMap<String, Vec<Value>>,
}

impl Entity {
    /// The texts of a property; entities nested in it are passed over.
    fn texts(&self, property: &str) -> impl Iterator<Item = &str> {
        let values = self.properties.get(property).into_iter().flatten();
        values.filter_map(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }
}

pub(super) fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    // Their ids to ours, and ours so far.
    let mut ids: BTreeMap<String, CompanyId> = BTreeMap::new();
    let mut taken = Ids::new();
    let mut owners: Vec<(String, String)> = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let entity: Entity = match serde_json::from_str(text) {
            Ok(entity) => entity,
            Err(error) => {
                parsed
                    .faults
                    .push(LineFault { line, message: format!("is no FollowTheMoney entity: {error}") });
                continue;
            }
        };
        if entity.schema == "Ownership" {
            let pairs = entity
                .texts("asset")
                .flat_map(|asset| entity.texts("owner").map(move |owner| (asset, owner)));
            owners.extend(pairs.map(|(asset, owner)| (asset.to_owned(), owner.to_owned())));
        } else if SCHEMATA.contains(&entity.schema.as_str()) {
            owners.extend(entity.texts("parent").map(|owner| (entity.id.clone(), owner.to_owned())));
            let mut fault = |message| parsed.faults.push(LineFault { line, message });
            if let Some(company) = company(&entity, &mut taken, &mut fault) {
                ids.insert(entity.id, company.id.clone());
                parsed.companies.push(IncomingCompany { line, company });
            }
        }
    }
    let parents: BTreeMap<&CompanyId, &CompanyId> = owners
        .iter()
        .filter_map(|(asset, owner)| Some((ids.get(asset)?, ids.get(owner)?)))
        .filter(|(asset, owner)| asset != owner)
        .collect();
    for IncomingCompany { company, .. } in &mut parsed.companies {
        company.parent = parents.get(&company.id).map(|parent| (*parent).clone());
    }
    parsed
}

/// The company that an entity is; nothing where it has no name that can be looked for.
fn company(entity: &Entity, taken: &mut Ids, fault: &mut impl FnMut(String)) -> Option<Company> {
    let mut names: Vec<&str> = entity.texts("name").collect();
    // The first Latin one is what readers can read.
    names.sort_by_key(|name| !is_latin(name));
    let Some(name) = names.first() else {
        fault(format!("entity {:?} has no name, expected one", entity.id));
        return None;
    };
    if let Some(objection) = objection(name, AliasKind::Legal) {
        fault(objection);
        return None;
    }
    let Some(id) = own_id(entity, name, taken) else {
        fault(format!("no id can be made of {:?} and {name:?}, expected a Latin letter or digit", entity.id));
        return None;
    };
    let mut draft = CompanyDraft::from(Company::new(id, *name));
    for (property, kind) in NAMES {
        for name in entity.texts(property) {
            let kind = if is_latin(name) { kind } else { AliasKind::NativeScript };
            draft.add_alias(Alias::new(name, kind)).unwrap_or_else(&mut *fault);
        }
    }
    for (property, scheme) in NUMBERS {
        for value in entity.texts(property) {
            let is_uscc = IdentifierScheme::Uscc.objection(value).is_none();
            let scheme =
                if scheme == IdentifierScheme::Other && is_uscc { IdentifierScheme::Uscc } else { scheme };
            let identifier = Identifier { scheme, value: value.to_owned(), source: None };
            draft.add_identifier(identifier).unwrap_or_else(&mut *fault);
        }
    }
    let mut company = draft.into_company();
    company.sources = entity.texts("sourceUrl").map(str::to_owned).collect();
    company.sources.dedup();
    Some(company)
}

/// The entity's id where it is one of ours, else one made of its name.
fn own_id(entity: &Entity, name: &str, taken: &mut Ids) -> Option<CompanyId> {
    let made = [slug(name), slug(&entity.id)].into_iter().find(|slug| !slug.is_empty());
    let first = entity.id.parse::<CompanyId>().ok().or_else(|| made?.parse().ok())?;
    let Some(last) = taken.get(&first) else {
        taken.insert(first.clone(), 1);
        return Some(first);
    };
    let mut later = (last + 1..).map(|number| Some((number, format!("{first}-{number}").parse().ok()?)));
    let (number, id): (u64, CompanyId) = later
        .find(|found| found.as_ref().is_none_or(|(_, id): &(u64, CompanyId)| !taken.contains_key(id)))??;
    taken.insert(first, number);
    taken.insert(id.clone(), 1);
    Some(id)
}

fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = words.collect::<Vec<_>>().join("-");
    slug.truncate(MAX_SLUG_BYTES);
    slug.trim_end_matches('-').to_owned()
}

fn is_latin(text: &str) -> bool {
    let is_of_latin = |c: char| c < '\u{0250}' || matches!(c, '\u{1E00}'..='\u{1EFF}');
    text.chars().filter(|c| c.is_alphabetic()).all(is_of_latin)
}

pub(super) fn write(companies: &[Company]) -> String {
    let mut lines: Vec<Value> = companies.iter().map(entity).collect();
    lines.extend(companies.iter().filter_map(|company| {
        let parent = company.parent.as_ref()?;
        Some(json!({
            "id": format!("ownership-of-{}", company.id),
            "schema": "Ownership",
            "properties": { "owner": [parent], "asset": [company.id] },
        }))
    }));
    lines.into_iter().map(|line| format!("{line}\n")).collect()
}

fn entity(company: &Company) -> Value {
    let mut properties: BTreeMap<&str, Vec<&str>> = BTreeMap::from([("name", vec![company.name.as_str()])]);
    for alias in &company.aliases {
        let property = match alias.kind {
            AliasKind::Legal => "name",
            AliasKind::Short => "weakAlias",
            AliasKind::Former => "previousName",
            AliasKind::Identifier => "idNumber",
            AliasKind::Trade | AliasKind::Brand | AliasKind::NativeScript | AliasKind::Subsidiary => "alias",
        };
        properties.entry(property).or_default().push(&alias.name);
    }
    for identifier in &company.identifiers {
        let property = NUMBERS.iter().find(|(_, scheme)| *scheme == identifier.scheme);
        if let Some((property, _)) = property {
            properties.entry(property).or_default().push(&identifier.value);
        }
    }
    let urls = company
        .sources
        .iter()
        .filter(|source| source.starts_with("https://") || source.starts_with("http://"));
    for url in urls {
        properties.entry("sourceUrl").or_default().push(url);
    }
    json!({ "id": company.id, "schema": "Company", "properties": properties })
}
