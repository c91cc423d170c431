//! What was found of what somebody follows.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};

use super::Views;
use crate::domain::change::Change;
use crate::domain::subscription::{Subscriber, Subscription, SubscriptionState};
use crate::domain::topic::Topic;
use crate::store::{ChangeSearch, StoreError};

/// Changes further back are not shown: the links to them would be as old.
const DAYS: u64 = 90;

/// At most so many are shown.
const SHOWN: usize = 100;

impl Views {
    /// The changes of what somebody follows that were found since they follow it, the newest first, and since when
    /// was looked.
    ///
    /// # Errors
    /// The store's error.
    pub async fn found_for(&self, reader: &Subscriber) -> Result<(Vec<Change>, DateTime<Utc>), StoreError> {
        let now = self.now();
        let since = now.checked_sub_days(Days::new(DAYS)).unwrap_or(now);
        // By number: a change of several companies is one.
        let mut found: BTreeMap<u32, Change> = BTreeMap::new();
        for known in reader.subscriptions.iter().filter(|known| known.state == SubscriptionState::Active) {
            let search =
                ChangeSearch { since: Some(since.date_naive()), limit: SHOWN, ..search_of(&known.topic) };
            let changes = self.search(search).await?.changes;
            found.extend(changes.into_iter().filter(|(_, change)| is_told(known, change)));
        }
        Ok((found.into_values().rev().take(SHOWN).collect(), since))
    }
}

fn search_of(topic: &Topic) -> ChangeSearch {
    match topic {
        Topic::Source(source) => ChangeSearch { sources: vec![source.clone()], ..ChangeSearch::default() },
        Topic::Company(company) => ChangeSearch { company: Some(company.clone()), ..ChangeSearch::default() },
    }
}

fn is_told(known: &Subscription, change: &Change) -> bool {
    let is_news_or_company = known.topic.company().is_some() || !change.is_notice();
    let since = known.confirmed_at.unwrap_or(known.requested_at);
    is_news_or_company && since <= change.found_at && known.only.admits(change)
}
