//! Suppliers that are screened again and again.

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{outbox, subscribers};
use crate::domain::email::EmailAddress;
use crate::domain::id::ScreeningId;
use crate::domain::outbox::QueuedMail;
use crate::domain::screening::StandingList;
use crate::store::error::StoreError;

/// Every list, in the order of their ids.
pub(in crate::store) fn all(trees: &Trees) -> Result<Vec<StandingList>, StoreError> {
    trees.all_with(TreeName::Screenings, &[])
}

pub(in crate::store) fn get(trees: &Trees, id: &ScreeningId) -> Result<Option<StandingList>, StoreError> {
    trees.get(TreeName::Screenings, id.as_str().as_bytes())
}

/// Keeps a list in the place of one by its id.
pub(in crate::store) fn put(
    trees: &Trees,
    writes: &mut Writes,
    list: &StandingList,
) -> Result<(), StoreError> {
    writes.put(trees, TreeName::Screenings, list.id.as_str().as_bytes(), list)
}

/// Forgets a list; tells whether there was one.
pub(in crate::store) fn remove(
    trees: &Trees,
    writes: &mut Writes,
    id: &ScreeningId,
) -> Result<bool, StoreError> {
    let was_there = get(trees, id)?.is_some();
    writes.remove(TreeName::Screenings, id.as_str().as_bytes());
    Ok(was_there)
}

/// Keeps how a list stands after another look, with the mail that tells it, or neither: not where the list is another
/// than was looked at.
pub(in crate::store) fn told(
    trees: &Trees,
    writes: &mut Writes,
    (before, after): (&StandingList, &StandingList),
    mail: Option<QueuedMail>,
) -> Result<bool, StoreError> {
    if get(trees, &before.id)?.as_ref() != Some(before) {
        return Ok(false);
    }
    put(trees, writes, after)?;
    outbox::dispatch(trees, writes, &[], mail.into_iter().collect())?;
    Ok(true)
}

/// Whether somebody is to be told of a list: it is still kept, theirs, and they still want mail.
pub(super) fn is_wanted(
    trees: &Trees,
    id: &ScreeningId,
    recipient: &EmailAddress,
) -> Result<bool, StoreError> {
    let Some(list) = get(trees, id)?.filter(|list| list.owner == *recipient) else { return Ok(false) };
    if list.is_operators {
        return Ok(true);
    }
    Ok(subscribers::get(trees, recipient)?.is_some_and(|reader| reader.is_active()))
}
