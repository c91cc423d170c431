//! One event that several sources tell: a notice that an agency releases and the Federal Register publishes, a docket
//! entry that a court's feed and an aggregator both have.
//!
//! Changes are tied by the numbers of documents and docket entries. A number is a document's *own* only where its
//! source says so in a place of its own (a field of the register's answer, the document's address, the entry's number
//! on a docket that is known); what a text speaks of is *cited*, and ties nothing for certain. Only a certain tie lets
//! somebody who wants one mail for an event go without the second, and only where that tells nothing more.
//!
//! Deliberately absent: dockets of agencies, which hundreds of documents share, and titles that are alike.

mod more;
mod own;
mod tie;

use super::change::EntryChange;
use super::source::Source;

pub use super::numbers::{DocumentNumber, NumberScheme, Numbers};
pub use more::says_no_more;
pub use tie::{MAX_OWNERS, Tie, ties};

impl Numbers {
    /// The numbers of what changed in a source.
    #[must_use]
    pub fn of(source: &Source, entry: &EntryChange) -> Self {
        let own = own::own(source, entry);
        let cited = own::cited(entry).into_iter().filter(|number| !own.contains(number)).collect();
        Self { own, cited }
    }
}
