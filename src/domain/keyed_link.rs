//! Addresses on the web that say who opens them to this installation, and to nobody else.
//!
//! Every mail to a subscriber bears two: one that ends everything (RFC 8058), one to see and change what
//! they follow. Nothing is kept to make them: what stands in an address is a [`SubscriberKey`], which is
//! the keyed hash of the person's mail address, and an HMAC that binds it to a purpose. So a link is the
//! same in every mail, may be used any number of times, and works for ever, also out of a mail of last
//! year; a link of one purpose is none of another.
//!
//! ```text
//! https://tracker.example/manage/   kkkk      ssssssssssssssssssssssssss   mmmmmmmmmmmmmmmmmmmmmmmmmm
//!                                   the key   the subscriber               the HMAC of purpose and subscriber
//! ```
//!
//! The way back from the link to the person is an index of the store, written in the transaction that
//! writes a subscriber. A keyed hash leads there, not a random number: a link can be made from an address
//! alone, for whoever is written to, and it names nobody to those who read a proxy's log.
//!
//! The four letters before it name the key, so that links of another key, should this one ever be
//! replaced, can be told from forged ones.
//!
//! An alert bears one more, which shows one change ([`ChangeLink`]). It is bound to that change and to its reader,
//! and says itself until which day it works, because a mail is passed on and lies about for years.

use std::fmt;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use url::Url;

use super::confirm_token::ConfirmToken;
use super::email::EmailAddress;
use super::id::ChangeId;
use super::keyed::{LETTERS, bits, keyed_hash, letters};

/// Letters that name the key.
const KEY_LETTERS: usize = 4;

/// Letters that name the last day of a link to a change: days of the common era, for the next three thousand years.
const DAY_LETTERS: usize = 4;

/// So many days after it was mailed a link to a change still works.
const CHANGE_LINK_DAYS: u64 = 90;

/// What a link lets its reader do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// End every subscription.
    Unsubscribe,
    /// See and change what is followed.
    Manage,
}

impl LinkPurpose {
    /// Where in the web the purpose has its place.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Unsubscribe => "unsubscribe",
            Self::Manage => "manage",
        }
    }
}

/// Names a subscriber where their address must not stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubscriberKey(String);

impl SubscriberKey {
    /// The key as text, in small letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes and reads links. `Debug` hides it: whoever has it can open everybody's.
#[derive(Clone, Copy)]
pub struct LinkKey([u8; 32]);

impl LinkKey {
    /// The key of an installation.
    #[must_use]
    pub fn new(instance_key: [u8; 32]) -> Self {
        Self(instance_key)
    }

    /// Names the subscriber of an address.
    #[must_use]
    pub fn subscriber(&self, address: &EmailAddress) -> SubscriberKey {
        SubscriberKey(letters(keyed_hash(&self.0, &["subscriber", address.as_str()])))
    }

    /// What stands in the link of an address.
    #[must_use]
    pub fn seal(&self, purpose: LinkPurpose, address: &EmailAddress) -> String {
        let subscriber = self.subscriber(address);
        format!("{}{}{}", self.name(), subscriber.as_str(), letters(self.mac(purpose, &subscriber)))
    }

    /// Whose link it is; nothing for what was not made here for this purpose.
    #[must_use]
    pub fn open(&self, purpose: LinkPurpose, text: &str) -> Option<SubscriberKey> {
        let text = Self::may_open(text).then(|| text.to_ascii_lowercase())?;
        let (name, rest) = text.split_at(KEY_LETTERS);
        let (subscriber, mac) = rest.split_at(LETTERS);
        let subscriber = SubscriberKey(subscriber.to_owned());
        // Compared as one number, so that the time it takes tells nothing of where they differ.
        let differs = self.mac(purpose, &subscriber) ^ bits(mac)?;
        (name == self.name() && differs == 0).then_some(subscriber)
    }

    /// Whether a text looks like what stands in a link, whoever made it.
    #[must_use]
    pub fn may_open(text: &str) -> bool {
        text.len() == KEY_LETTERS + 2 * LETTERS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    /// What stands in the link that shows one change to one reader up to a day.
    #[must_use]
    pub fn seal_change(&self, change: &ChangeId, reader: &EmailAddress, last_day: NaiveDate) -> String {
        let link = ChangeLink { reader: self.subscriber(reader), last_day };
        let mac = letters(self.change_mac(change, &link));
        format!("{}{}{}{mac}", self.name(), day_letters(last_day), link.reader.as_str())
    }

    /// Whose link to this change it is and up to which day; `None` for what was not made here for this change.
    #[must_use]
    pub fn open_change(&self, change: &ChangeId, text: &str) -> Option<ChangeLink> {
        let is_one = text.len() == KEY_LETTERS + DAY_LETTERS + 2 * LETTERS
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let text = is_one.then(|| text.to_ascii_lowercase())?;
        let (name, rest) = text.split_at(KEY_LETTERS);
        let (day, rest) = rest.split_at(DAY_LETTERS);
        let (reader, mac) = rest.split_at(LETTERS);
        let link = ChangeLink { reader: SubscriberKey(reader.to_owned()), last_day: day_of(day)? };
        let differs = self.change_mac(change, &link) ^ bits(mac)?;
        (name == self.name() && differs == 0).then_some(link)
    }

    fn change_mac(&self, change: &ChangeId, link: &ChangeLink) -> u128 {
        let day = day_letters(link.last_day);
        keyed_hash(&self.0, &["link", "change", change.as_str(), &day, link.reader.as_str()])
    }

    fn mac(&self, purpose: LinkPurpose, subscriber: &SubscriberKey) -> u128 {
        keyed_hash(&self.0, &["link", purpose.path(), subscriber.as_str()])
    }

    fn name(&self) -> String {
        letters(keyed_hash(&self.0, &["link-key"])).chars().take(KEY_LETTERS).collect()
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

/// What the link of an alert says: who may see its change, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeLink {
    /// Whom it was mailed to.
    pub reader: SubscriberKey,
    /// The last day (UTC) on which it works.
    pub last_day: NaiveDate,
}

/// A day as letters.
fn day_letters(day: NaiveDate) -> String {
    letters(u128::from(day.num_days_from_ce().unsigned_abs())).chars().take(DAY_LETTERS).collect()
}

/// The day that letters stand for.
fn day_of(text: &str) -> Option<NaiveDate> {
    let padded = format!("{text}{}", "a".repeat(LETTERS - DAY_LETTERS));
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(bits(&padded)?).ok()?)
}

/// The links of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalLinks {
    /// Ends every subscription, also by one click in the mail program.
    pub unsubscribe: String,
    /// Shows what is followed, to change it.
    pub manage: String,
}

/// The web addresses of an installation.
#[derive(Debug, Clone)]
pub struct WebAddresses {
    base: String,
    key: LinkKey,
}

impl WebAddresses {
    /// Addresses below `base`.
    #[must_use]
    pub fn new(base: &Url, key: LinkKey) -> Self {
        Self { base: base.as_str().trim_end_matches('/').to_owned(), key }
    }

    /// The links of whoever has an address.
    #[must_use]
    pub fn of(&self, address: &EmailAddress) -> PersonalLinks {
        let link = |purpose: LinkPurpose| {
            format!("{}/{}/{}", self.base, purpose.path(), self.key.seal(purpose, address))
        };
        PersonalLinks { unsubscribe: link(LinkPurpose::Unsubscribe), manage: link(LinkPurpose::Manage) }
    }

    /// Where the reader of an alert that is mailed now sees its change, for ninety days and while they are
    /// subscribed. Whoever has the address needs no log-in.
    #[must_use]
    pub fn change(&self, change: &ChangeId, reader: &EmailAddress, now: DateTime<Utc>) -> String {
        let today = now.date_naive();
        let last_day = today.checked_add_days(Days::new(CHANGE_LINK_DAYS)).unwrap_or(today);
        format!("{}/changes/{change}/{}", self.base, self.key.seal_change(change, reader, last_day))
    }

    /// Where a question is answered.
    #[must_use]
    pub fn confirm(&self, token: &ConfirmToken) -> String {
        format!("{}/confirm/{}", self.base, token.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> EmailAddress {
        "ann@example.org".parse().unwrap()
    }

    #[test]
    fn a_link_leads_back_to_its_subscriber_for_its_purpose_alone() {
        let key = LinkKey::new([7; 32]);
        let link = key.seal(LinkPurpose::Manage, &ann());
        assert_eq!(link, key.seal(LinkPurpose::Manage, &ann()), "it is the same in every mail");
        assert_eq!(key.open(LinkPurpose::Manage, &link), Some(key.subscriber(&ann())));
        assert_eq!(key.open(LinkPurpose::Manage, &link.to_uppercase()), Some(key.subscriber(&ann())));
        assert_eq!(key.open(LinkPurpose::Unsubscribe, &link), None);
        assert_eq!(LinkKey::new([8; 32]).open(LinkPurpose::Manage, &link), None);
        assert!(!link.contains("ann") && !format!("{key:?}").contains('7'));
    }

    #[test]
    fn no_letter_of_a_link_can_be_another() {
        let key = LinkKey::new([7; 32]);
        let link = key.seal(LinkPurpose::Unsubscribe, &ann());
        for place in 0..link.len() {
            let other = if &link[place..=place] == "a" { "b" } else { "a" };
            let forged = format!("{}{other}{}", &link[..place], &link[place + 1..]);
            assert_eq!(key.open(LinkPurpose::Unsubscribe, &forged), None, "{forged}");
        }
        for bad in ["", "a", &"a".repeat(56), &"ü".repeat(28), &format!("{link}a")] {
            assert_eq!(key.open(LinkPurpose::Unsubscribe, bad), None, "{bad}");
        }
    }

    #[test]
    fn a_link_to_a_change_shows_that_change_to_its_reader_up_to_its_day() {
        let key = LinkKey::new([7; 32]);
        let (change, other) = (ChangeId::derive(&["a"]), ChangeId::derive(&["b"]));
        let web = WebAddresses::new(&"https://tracker.example/watch/".parse().unwrap(), key);
        let address = web.change(&change, &ann(), "2026-11-24T23:59:59Z".parse().unwrap());
        let seal = address.strip_prefix(&format!("https://tracker.example/watch/changes/{change}/")).unwrap();
        let link = key.open_change(&change, seal).unwrap();
        assert_eq!(link.reader, key.subscriber(&ann()));
        assert_eq!(link.last_day, "2027-02-22".parse().unwrap());
        assert_eq!(key.open_change(&change, &seal.to_uppercase()), Some(link));
        assert_eq!(key.open_change(&other, seal), None, "it shows no other change");
        assert_eq!(LinkKey::new([8; 32]).open_change(&change, seal), None);
        assert_eq!(key.open(LinkPurpose::Manage, seal), None);
        for place in 0..seal.len() {
            let other = if &seal[place..=place] == "a" { "b" } else { "a" };
            let forged = format!("{}{other}{}", &seal[..place], &seal[place + 1..]);
            assert_eq!(key.open_change(&change, &forged), None, "{forged}");
        }
        for bad in ["", "a", &"a".repeat(60), &"7".repeat(60), &"ü".repeat(30), &format!("{seal}a")] {
            assert_eq!(key.open_change(&change, bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_stand_below_the_base_whether_or_not_it_ends_with_a_slash() {
        for base in ["https://tracker.example", "https://tracker.example/"] {
            let web = WebAddresses::new(&base.parse().unwrap(), LinkKey::new([7; 32]));
            let links = web.of(&ann());
            assert!(links.manage.starts_with("https://tracker.example/manage/"), "{links:?}");
            assert!(links.unsubscribe.starts_with("https://tracker.example/unsubscribe/"), "{links:?}");
            let confirm = web.confirm(&ConfirmToken::of(0));
            assert_eq!(confirm, format!("https://tracker.example/confirm/{}", "a".repeat(26)));
        }
    }
}
