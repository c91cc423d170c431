//! Which of many names stand on which lists: suppliers held against what was read last.
//!
//! A supplier need not be tracked. Its name is compared with every name that an entry of a list bears, by the scorer
//! that compares the names of lists with those of companies ([`super::scoring`]). Where it is a tracked company, all
//! that is known of that company counts as well: its other names, whom it belongs to, the categories that cover it,
//! and the names that mean somebody else.
//!
//! Pure and in pieces, so that lists of any length can be looked through by as many cores as there are: a
//! [`Screening`] holds the suppliers, [`Screening::look`] takes some entries of one list, [`Screened`] is what is told.
//! Deliberately absent: names within the prose of entries that are somebody else's; who is mentioned there is no
//! listed party.

mod entry_names;
mod report;
mod screened;
mod standing_list;
mod suppliers;
mod tracked;

pub use report::{ScreeningReport, Standings};
pub use screened::{
    ListFreshness, ListLook, Screened, ScreenedName, ScreeningAnswer, ScreeningFinding, Since,
};
pub use standing_list::{Against, KnownFinding, ScreeningNews, StandingList};
pub use suppliers::{Screening, SupplierFinding};

use super::source::Source;

/// Whether a source is a list against which suppliers are held: its entries are names, or to stand there has an
/// effect in law.
#[must_use]
pub fn is_screened(source: &Source) -> bool {
    source.kind.is_list() || source.listing.is_some()
}

#[cfg(test)]
mod tests;
