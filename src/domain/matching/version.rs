//! Which companies a watchlist looks for, and by which names: what is remembered with what was found by it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::company::Company;
use crate::domain::id::{CompanyId, WatchlistHash, hex};

/// The companies of a watchlist, each with a fingerprint of the names by which it is looked for.
///
/// Thousands of sources are matched with one watchlist, so each remembers only its hash; the version itself is
/// kept once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<CompanyId, String>", into = "BTreeMap<CompanyId, String>")]
pub struct WatchlistVersion {
    companies: BTreeMap<CompanyId, String>,
    hash: WatchlistHash,
}

impl WatchlistVersion {
    /// The version of a watchlist with these companies.
    pub(super) fn of(companies: &[Company]) -> Self {
        companies
            .iter()
            .map(|company| (company.id.clone(), fingerprint(company)))
            .collect::<BTreeMap<_, _>>()
            .into()
    }

    /// The hash that names it.
    #[must_use]
    pub fn hash(&self) -> &WatchlistHash {
        &self.hash
    }

    /// The fingerprint of the names by which a company is looked for; `None` if it is not.
    #[must_use]
    pub fn names_of(&self, company: &CompanyId) -> Option<&str> {
        self.companies.get(company).map(String::as_str)
    }
}

impl Default for WatchlistVersion {
    /// The version that looks for nobody.
    fn default() -> Self {
        BTreeMap::new().into()
    }
}

impl From<BTreeMap<CompanyId, String>> for WatchlistVersion {
    fn from(companies: BTreeMap<CompanyId, String>) -> Self {
        let parts: Vec<&str> =
            companies.iter().flat_map(|(company, names)| [company.as_str(), names.as_str()]).collect();
        let hash = WatchlistHash::derive(&parts);
        Self { companies, hash }
    }
}

impl From<WatchlistVersion> for BTreeMap<CompanyId, String> {
    fn from(version: WatchlistVersion) -> Self {
        version.companies
    }
}

/// What a company is looked for by; a source that is cited, or an owner, is no other name.
fn fingerprint(company: &Company) -> String {
    let mut hasher = Sha256::new();
    for alias in company.names() {
        hasher.update(alias.name.as_bytes());
        hasher.update([0xff, alias.kind as u8]);
    }
    for name in &company.not {
        hasher.update(name.as_bytes());
        hasher.update([0xff, 0xff]);
    }
    hex(&hasher.finalize()[..8])
}
