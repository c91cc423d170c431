//! Dockets: what a court writes down of a case, entry by entry.
//!
//! Entries of every kind of docket (a court's feed, a saved docket page, an
//! aggregator's answer) have the same fields, named here, so that comparing,
//! filtering and telling need to know nothing of where they were read.

mod event;
mod filing;
mod number;

use super::entry::Entry;

pub use event::DocketEvent;
pub use filing::FilingKind;
pub use number::CaseNumber;

/// The field that holds the case's number.
pub const DOCKET: &str = "docket";

/// The field that holds the case's caption. It is the case's, not the entry's.
pub const CAPTION: &str = "caption";

/// The field that names the case's parties, one a line, where they are not in the caption. It is the
/// case's as well.
pub const PARTIES: &str = super::entry::PARTIES;

/// The field that holds the entry's number on the docket; minute entries have none.
pub const NUMBER: &str = "number";

/// The field that holds the day the entry was filed, as the court counts days.
pub const FILED: &str = "filed";

/// The field that holds when the clerk entered it: a day, or a time where the court gives one.
pub const ENTERED: &str = "entered";

/// The field that holds what the entry says.
pub const TEXT: &str = "text";

/// The field that holds the [`FilingKind`].
pub const KIND: &str = "kind";

/// The field that holds who may not read what: `sealed`, `restricted`, or which document is.
pub const ACCESS: &str = "access";

/// The field that counts documents where the source gives no addresses of them.
pub const DOCUMENTS: &str = "documents";

/// Whether an entry stands on a docket.
#[must_use]
pub fn is_docket_entry(entry: &Entry) -> bool {
    entry.fields.contains_key(DOCKET) && entry.fields.contains_key(KIND)
}

/// Whether a field of a docket's entries is the case's, and the same in all of them.
#[must_use]
pub fn is_of_the_case(field: &str) -> bool {
    matches!(field, CAPTION | PARTIES)
}
