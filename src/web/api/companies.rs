//! Who is tracked.

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asked::{Path, Query};
use super::problem::Problem;
use super::shapes::{List, Listed};
use super::{ApiResult, Server, json, limit};
use crate::domain::company;
use crate::domain::id::CompanyId;

/// Which companies.
#[derive(Debug, Clone, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CompaniesQuery {
    /// Words in the id or in one of the names.
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    /// Only those whose id comes after this; `next` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    after: Option<CompanyId>,
    /// At most so many, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// A company that is tracked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Company {
    /// Its id.
    id: String,
    /// Its full name.
    name: String,
    /// The id of the company that controls it.
    parent: Option<String>,
    /// Its other names.
    aliases: Vec<Alias>,
    /// The categories that rules cover without naming it.
    exposed_to: Vec<String>,
}

/// A name of a company.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Alias {
    /// The name.
    name: String,
    /// What sort of name it is.
    kind: String,
    /// Where it is found.
    source: Option<String>,
}

impl Company {
    fn of(company: &company::Company) -> Self {
        let alias = |alias: &company::Alias| Alias {
            name: alias.name.clone(),
            kind: alias.kind.name().to_owned(),
            source: alias.source.clone(),
        };
        Self {
            id: company.id.to_string(),
            name: company.name.clone(),
            parent: company.parent.as_ref().map(ToString::to_string),
            aliases: company.aliases.iter().map(alias).collect(),
            exposed_to: company.exposures.iter().map(|id| id.as_str().to_owned()).collect(),
        }
    }
}

/// The companies in the order of their ids.
#[utoipa::path(
    get, path = "/api/v1/companies", tag = "companies", params(CompaniesQuery),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = List<Company>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(shared): Server,
    headers: HeaderMap,
    Query(wanted): Query<CompaniesQuery>,
) -> ApiResult {
    let limit = limit(wanted.limit)?;
    let sought = wanted.q.clone().unwrap_or_default().to_lowercase();
    let is_sought = |company: &&company::Company| {
        let names: Vec<String> = company.names().map(|alias| alias.name.to_lowercase()).collect();
        let has =
            |word: &str| company.id.as_str().contains(word) || names.iter().any(|name| name.contains(word));
        sought.split_whitespace().all(has)
    };
    let watchlist = shared.registry.current();
    let mut found: Vec<&company::Company> = watchlist.companies().filter(is_sought).collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.retain(|company| wanted.after.as_ref().is_none_or(|after| company.id > *after));
    let last = found.get(limit - 1).filter(|_| found.len() > limit).map(|company| company.id.clone());
    let next = last.map(|last| shared.address("/companies", &CompaniesQuery { after: Some(last), ..wanted }));
    let items = found.into_iter().take(limit).map(Company::of).collect();
    json(&headers, &List { items, next: next.transpose()? })
}

/// A company with where it is listed today.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneCompany {
    #[serde(flatten)]
    company: Company,
    /// The sources that name it today.
    listed: Vec<ListedSource>,
    /// How many more sources name it.
    more_listed: usize,
    /// The ids of sources that were read and do not name it.
    unnamed: Vec<String>,
    /// The ids of sources that were never read well: nothing is known of them.
    unread: Vec<String>,
    /// The ids of the newest changes that concern it.
    changes: Vec<String>,
    /// The ids of changes with a name that may be its own, for a person to decide.
    possible: Vec<String>,
}

/// A source that names a company.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ListedSource {
    /// The source's id.
    source: String,
    /// The entries, in the order of the page.
    entries: Vec<Listed>,
    /// How many more there are.
    more: usize,
    /// The legal effect of standing there, where that is known.
    effect: Option<String>,
    /// The law that gives it this effect.
    authority: Option<String>,
    /// When the source was first read: what was there then may have been there before.
    first_read_at: Option<DateTime<Utc>>,
}

/// One company: where it is listed today, and what became of it.
#[utoipa::path(
    get, path = "/api/v1/companies/{id}", tag = "companies", params(("id" = String, Path, description = "The company's id")),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = OneCompany),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn one(State(shared): Server, headers: HeaderMap, Path(id): Path<String>) -> ApiResult {
    let unknown = || Problem::missing(format!("no company {id:?} is tracked"));
    let known: CompanyId = id.parse().map_err(|_| unknown())?;
    let view = shared.desk.views.company(&known).await?.ok_or_else(unknown)?;
    let ids = |found: crate::store::FoundChanges| {
        found.changes.into_iter().map(|(_, change)| change.id.to_string()).collect::<Vec<_>>()
    };
    let listed = view.listed.into_iter().map(|listed| ListedSource {
        source: listed.source.to_string(),
        entries: listed.entries.into_iter().map(Listed::of).collect(),
        more: listed.more,
        effect: listed.listing.as_ref().map(|listing| listing.effect.clone()),
        authority: listed.listing.map(|listing| listing.authority),
        first_read_at: listed.first_read_at,
    });
    let one = OneCompany {
        company: Company::of(&view.company),
        listed: listed.collect(),
        more_listed: view.more_listed,
        unnamed: view.unnamed.iter().map(ToString::to_string).collect(),
        unread: view.unread.iter().map(ToString::to_string).collect(),
        changes: ids(view.timeline),
        possible: ids(view.possible),
    };
    json(&headers, &one)
}
