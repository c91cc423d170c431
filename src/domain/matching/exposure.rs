//! Whom a text covers without naming them.
//!
//! A row of a list may cover a sort of things ("routers produced in a foreign country"), and a
//! clause may reach whoever belongs to the companies named. Neither names anybody: that is an
//! exposure, told with its reason, never a hit.

use super::automaton::Patterns;
use super::{Folded, Match, MatchRule, PatternOwner, TextScan, Watchlist};
use crate::domain::category::Category;
use crate::domain::company::Company;

/// How rules say that those are meant, too, who belong to the companies named.
const REACHES: [&str; 16] = [
    "subsidiaries or affiliates",
    "subsidiaries and affiliates",
    "subsidiary or affiliate",
    "subsidiary and affiliate",
    "affiliates or subsidiaries",
    "affiliates and subsidiaries",
    "affiliate or subsidiary",
    "parents subsidiaries",
    "subsidiaries affiliates",
    "subsidiary affiliate",
    "its subsidiaries",
    "their subsidiaries",
    "subsidiaries thereof",
    "subsidiaries of such entities",
    "affiliates of such entities",
    "under the control of such entity",
];

/// Adds the phrases of categories and clauses to what is looked for.
pub(super) fn add_phrases(patterns: &mut Patterns<PatternOwner>, categories: &[Category]) {
    for (category, entry) in categories.iter().enumerate() {
        for phrase in &entry.phrases {
            patterns.add(&Folded::of(phrase), PatternOwner::Category { category });
        }
    }
    for phrase in REACHES {
        patterns.add(&Folded::of(phrase), PatternOwner::Reach);
    }
}

impl Watchlist {
    /// The companies that a text of a list covers without naming them.
    pub(super) fn exposed(&self, field: &str, text: &str, scan: &TextScan<'_>) -> Vec<Match> {
        let mut exposed = self.exposed_by_category(field, text, scan);
        if let Some(reach) = scan.reaches.first() {
            for company in &self.companies {
                let Some((owner, path)) = self.owner_named(company, scan) else { continue };
                let reason = format!("what is said of {} reaches those who belong to it", owner.short_name());
                let found = Match::of_exposure(company.id.clone(), reason).at(field, text, reach.clone());
                exposed.push(Match { path, ..found });
            }
        }
        exposed
    }

    fn exposed_by_category(&self, field: &str, text: &str, scan: &TextScan<'_>) -> Vec<Match> {
        let mut exposed: Vec<Match> = Vec::new();
        for (category, span) in &scan.categories {
            let category = &self.categories[*category];
            let concerned = self.companies.iter().filter(|company| company.exposures.contains(&category.id));
            for company in concerned {
                let reason = format!("the category “{}” covers it", category.title);
                let is_known =
                    exposed.iter().any(|known| known.company == company.id && known.reason == reason);
                if !is_known {
                    let found = Match::of_exposure(company.id.clone(), reason);
                    exposed.push(Match {
                        alias: text[span.clone()].to_owned(),
                        ..found.at(field, text, span.clone())
                    });
                }
            }
        }
        exposed
    }

    /// The nearest owner of a company that the text names, and the way down to the company.
    fn owner_named<'a>(
        &'a self,
        company: &'a Company,
        scan: &TextScan<'_>,
    ) -> Option<(&'a Company, Vec<String>)> {
        let mut path = vec![company.short_name().to_owned()];
        for owner in self.owners(company) {
            path.insert(0, owner.short_name().to_owned());
            let is_named = |hit: &super::NameHit<'_>| self.companies[hit.named.company].id == owner.id;
            if scan.hits.iter().any(is_named) {
                return Some((owner, path));
            }
        }
        None
    }
}

impl Match {
    fn of_exposure(company: crate::domain::id::CompanyId, reason: String) -> Self {
        Self { rule: MatchRule::Exposure, reason, ..Self::by_source(company) }
    }
}
