//! Addresses that an older program told apart by the case of their letters.
//!
//! Done once, with the installation's key: whatever is named by an address is named by its small letters from then on.
//! Who was there twice is one person, and of what they wished twice the stricter counts.

use std::collections::BTreeMap;

use super::indexes::{self, IndexKey};
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{keys, subscribers};
use crate::domain::alert::Alert;
use crate::domain::email::EmailAddress;
use crate::domain::inbound::Correspondence;
use crate::domain::keyed_link::LinkKey;
use crate::domain::subscription::Subscriber;
use crate::store::error::StoreError;
use crate::store::record::RecordForm;

/// Gathers what puts every address under its small letters.
pub(super) fn fold(trees: &Trees, writes: &mut Writes, key: &LinkKey) -> Result<(), StoreError> {
    fold_subscribers(trees, writes, key)?;
    fold_correspondence(trees, writes)?;
    fold_waiting(trees, writes)
}

fn fold_subscribers(trees: &Trees, writes: &mut Writes, key: &LinkKey) -> Result<(), StoreError> {
    let mut people: BTreeMap<EmailAddress, Vec<Subscriber>> = BTreeMap::new();
    for subscriber in subscribers::all(trees)? {
        people.entry(subscriber.address.clone()).or_default().push(subscriber);
    }
    for (address, spellings) in people {
        let is_in_place =
            spellings.len() == 1 && spellings.iter().all(|one| one.address.as_str() == address.key());
        if is_in_place {
            continue;
        }
        let former: Vec<EmailAddress> = spellings.iter().map(|one| one.address.clone()).collect();
        let former_places: Vec<IndexKey> = spellings.iter().flat_map(indexes::of_subscriber).collect();
        let Some(person) = spellings.into_iter().reduce(Subscriber::merged_with) else { continue };
        indexes::rewrite(writes, &former_places, &indexes::of_subscriber(&person))?;
        for spelling in former {
            writes.remove(TreeName::Subscribers, spelling.as_str().as_bytes());
            // A link of any mail that ever went out goes on working.
            let link = key.subscriber(&spelling);
            writes.put(trees, TreeName::SubscriberKeys, link.as_str().as_bytes(), &person.address)?;
        }
        writes.put(trees, TreeName::Subscribers, person.address.key().as_bytes(), &person)?;
    }
    Ok(())
}

fn fold_correspondence(trees: &Trees, writes: &mut Writes) -> Result<(), StoreError> {
    let mut letters: BTreeMap<String, (Correspondence, Vec<Vec<u8>>)> = BTreeMap::new();
    for pair in trees.tree(TreeName::Correspondence) {
        let (key, _) = pair?;
        let Some(with) = trees.get::<Correspondence>(TreeName::Correspondence, &key)? else { continue };
        let (known, keys) = letters.entry(folded(&key)).or_default();
        *known = std::mem::take(known).merged_with(with);
        keys.push(key.to_vec());
    }
    for (key, (with, former)) in letters {
        if former.iter().any(|former| former != key.as_bytes()) {
            for former in &former {
                writes.remove(TreeName::Correspondence, former);
            }
            writes.put(trees, TreeName::Correspondence, key.as_bytes(), &with)?;
        }
    }
    Ok(())
}

/// What waits for readers, and when to look at it. The order of readers may be another now: alerts that were on their
/// way through them begin anew, and give nobody a second item.
fn fold_waiting(trees: &Trees, writes: &mut Writes) -> Result<(), StoreError> {
    for pair in trees.tree(TreeName::Items) {
        let (key, value) = pair?;
        let end = key.iter().position(|&byte| byte == 0).unwrap_or(key.len());
        let now = [folded(&key[..end]).as_bytes(), &key[end..]].concat();
        if now != key.as_ref() {
            writes.remove(TreeName::Items, &key);
            if let Ok(RecordForm::AsBody(name)) = RecordForm::decode(TreeName::Items.what(), &key, &value) {
                trees.opening.wanted.note(&name);
            }
            writes.put_raw(TreeName::Items, &now, value.to_vec())?;
        }
    }
    for key in trees.tree(TreeName::Looks).iter().keys() {
        let key = key?;
        let (moment, id) = key.split_at(key.len() - keys::id_of(&key).len());
        let now = [moment, folded(id).as_bytes()].concat();
        if now != key.as_ref() {
            writes.remove(TreeName::Looks, &key);
            writes.put_raw(TreeName::Looks, &now, Vec::new())?;
        }
    }
    for alert in trees.all_with::<Alert>(TreeName::Alerts, &[])? {
        if alert.spread_to.is_some() {
            let id = alert.id.clone();
            writes.put(
                trees,
                TreeName::Alerts,
                id.as_str().as_bytes(),
                &Alert { spread_to: None, ..alert },
            )?;
        }
    }
    Ok(())
}

fn folded(key: &[u8]) -> String {
    String::from_utf8_lossy(key).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inbound::Purpose;
    use crate::domain::subscription::{Filter, Subscription, SubscriptionState};
    use crate::store::kept::opening;
    use chrono::{DateTime, Duration};

    fn subscriber(address: &str, days: i64, states: &[(&str, SubscriptionState)]) -> Subscriber {
        let at = DateTime::UNIX_EPOCH + Duration::days(days);
        let subscription = |(company, state): &(&str, SubscriptionState)| Subscription {
            topic: company.parse().unwrap(),
            state: *state,
            requested_at: at,
            confirmed_at: (*state == SubscriptionState::Active).then_some(at),
            channel: "mail".to_owned(),
            only: Filter::default(),
            agreed_to: None,
            ended_at: None,
        };
        let subscriptions = states.iter().map(subscription).collect();
        Subscriber { subscriptions, ..Subscriber::new(address.parse().unwrap()) }
    }

    #[test]
    fn who_was_there_twice_is_one_and_the_stricter_wish_counts() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let mut writes = Writes::default();
        let first = subscriber(
            "Ann@example.org",
            1,
            &[("zte", SubscriptionState::Active), ("dahua", SubscriptionState::Active)],
        );
        let second = subscriber(
            "ann@example.org",
            2,
            &[("zte", SubscriptionState::Unsubscribed), ("hikvision", SubscriptionState::Active)],
        );
        for one in [&first, &second] {
            writes.put(&trees, TreeName::Subscribers, one.address.as_str().as_bytes(), one).unwrap();
        }
        let mut with = Correspondence::default();
        let token = with.ask(Purpose::List, 7, DateTime::UNIX_EPOCH).unwrap();
        writes.put(&trees, TreeName::Correspondence, b"Ann@example.org", &with).unwrap();
        let look = |reader: &str| keys::at(DateTime::UNIX_EPOCH, reader);
        writes.put_raw(TreeName::Looks, &look("Ann@example.org"), Vec::new()).unwrap();
        writes.put_raw(TreeName::Items, &keys::item("Ann@example.org", "a"), b"x".to_vec()).unwrap();
        writes.apply(&trees).unwrap();

        let key = LinkKey::new([7; 32]);
        let mut writes = Writes::default();
        fold(&trees, &mut writes, &key).unwrap();
        writes.apply(&trees).unwrap();

        let all = subscribers::all(&trees).unwrap();
        let [ann] = &all[..] else { panic!("{all:?}") };
        assert_eq!(ann.address.as_str(), "Ann@example.org", "the first spelling");
        let of =
            |company: &str| ann.subscriptions.iter().find(|one| one.topic.text() == company).unwrap().state;
        assert_eq!(
            (of("zte"), of("dahua"), of("hikvision")),
            (SubscriptionState::Unsubscribed, SubscriptionState::Active, SubscriptionState::Active)
        );
        for spelling in ["ANN@example.org", "ann@example.org", "Ann@example.org"] {
            assert!(subscribers::get(&trees, &spelling.parse().unwrap()).unwrap().is_some());
        }
        for former in [&first, &second] {
            let found = subscribers::by_key(&trees, &key.subscriber(&former.address)).unwrap();
            assert!(found.is_some(), "a link of an old mail works");
        }
        let kept =
            trees.get::<Correspondence>(TreeName::Correspondence, b"ann@example.org").unwrap().unwrap();
        assert!(kept.question(&token.hash(), DateTime::UNIX_EPOCH).is_some());
        let tree = |name| trees.tree(name).iter().keys().map(|key| key.unwrap().to_vec()).collect::<Vec<_>>();
        assert_eq!(tree(TreeName::Looks), [look("ann@example.org")]);
        assert_eq!(tree(TreeName::Items), [keys::item("ann@example.org", "a")]);
    }
}
