//! Mail that came in: what was taken in already, and what went between us and an address.

use chrono::{DateTime, Utc};

use super::trees::{Bytes, TreeName, Trees};
use super::writes::Writes;
use super::{outbox, subscribers, version};
use crate::domain::email::EmailAddress;
use crate::domain::id::BodyHash;
use crate::domain::inbound::{BY_MAIL, Conversation, Correspondence, TokenHash, UntrackedWish};
use crate::domain::mail_source::MailSourceState;
use crate::domain::outbox::QueuedMail;
use crate::domain::subscription::{Subscriber, SubscriptionState, Wish};
use crate::domain::topic::Topic;
use crate::store::boundary::{Exchanged, InboundCommit, KnownPerson, PersonVersion, TakenUp};
use crate::store::error::StoreError;
use crate::store::steps::intake::{self, BegunMessage, TakenMessage};

/// The one record of the tree of budgets.
const ASK: &[u8] = b"ask";

/// Whether a message was taken in before.
fn is_taken(trees: &Trees, message: &BodyHash) -> Result<bool, StoreError> {
    trees.tree(TreeName::Messages).contains_key(message.as_str().as_bytes())
}

/// The address whose question a token answers.
pub(in crate::store) fn asked(trees: &Trees, token: &TokenHash) -> Result<Option<EmailAddress>, StoreError> {
    trees.get(TreeName::Tokens, token.as_str().as_bytes())
}

/// Whether the question that a token answers stands open.
pub(super) fn is_open(trees: &Trees, token: &TokenHash, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let Some(address) = asked(trees, token)? else { return Ok(false) };
    let with: Option<Correspondence> = trees.get(TreeName::Correspondence, address.key().as_bytes())?;
    Ok(with.is_some_and(|with| with.question(token, now).is_some_and(|(_, is_open)| is_open)))
}

/// Ends the questions to somebody who left: what they were asked before counts no more.
pub(super) fn void(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    topic: Option<&Topic>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let key = address.key().as_bytes();
    let Some(mut with) = trees.get::<Correspondence>(TreeName::Correspondence, key)? else { return Ok(()) };
    with.void(topic, now);
    keep_correspondence(trees, writes, key, &with)
}

/// Writes what went between us and an address, and whether it is to be asked something again.
fn keep_correspondence(
    trees: &Trees,
    writes: &mut Writes,
    key: &[u8],
    with: &Correspondence,
) -> Result<(), StoreError> {
    if intake::is_asked_again(with) {
        writes.put_raw(TreeName::AskAgain, key, Vec::new())?;
    } else if trees.tree(TreeName::AskAgain).contains_key(key)? {
        writes.remove(TreeName::AskAgain, key);
    }
    writes.put(trees, TreeName::Correspondence, key, with)
}

/// Who is to be asked something again.
pub(in crate::store) fn to_ask_again(trees: &Trees) -> Result<Vec<EmailAddress>, StoreError> {
    let mut addresses = Vec::new();
    for key in trees.tree(TreeName::AskAgain).iter().keys() {
        addresses.extend(String::from_utf8_lossy(&key?).parse::<EmailAddress>());
    }
    Ok(addresses)
}

/// The state that a message from an address meets.
pub(in crate::store) fn conversation(
    trees: &Trees,
    address: &EmailAddress,
) -> Result<KnownPerson, StoreError> {
    let PersonRecords { subscriber, correspondence } = PersonRecords::of(trees, address)?;
    let key = address.key().as_bytes();
    let version = version(&[&subscriber, &correspondence]);
    let subscriber = trees.decoded(TreeName::Subscribers, key, subscriber.as_deref())?;
    let correspondence = trees.decoded(TreeName::Correspondence, key, correspondence.as_deref())?;
    let state = Conversation {
        subscriber: subscriber.unwrap_or_else(|| Subscriber::new(address.clone())),
        correspondence: correspondence.unwrap_or_default(),
        budget: trees.get(TreeName::Budgets, ASK)?.unwrap_or_default(),
        taken: Vec::new(),
    };
    Ok(KnownPerson { state, version: PersonVersion(version) })
}

/// What is kept of a person, as it lies in the trees.
struct PersonRecords {
    subscriber: Option<Bytes>,
    correspondence: Option<Bytes>,
}

impl PersonRecords {
    fn of(trees: &Trees, address: &EmailAddress) -> Result<Self, StoreError> {
        let key = address.key().as_bytes();
        trees.warm([TreeName::Subscribers, TreeName::Correspondence].into_iter().map(|tree| (tree, key)))?;
        let get = |tree| trees.tree(tree).get(key);
        Ok(Self { subscriber: get(TreeName::Subscribers)?, correspondence: get(TreeName::Correspondence)? })
    }
}

/// Fails if what is kept of a person is not what the caller computed from.
fn require(trees: &Trees, address: &EmailAddress, computed_from: PersonVersion) -> Result<(), StoreError> {
    let PersonRecords { subscriber, correspondence } = PersonRecords::of(trees, address)?;
    if version(&[&subscriber, &correspondence]) == computed_from.0 {
        return Ok(());
    }
    Err(StoreError::Overtaken { shown: address.redacted() })
}

/// Takes a message up, unless it was taken in before.
pub(in crate::store) fn take_up(
    trees: &Trees,
    writes: &mut Writes,
    message: &BodyHash,
    at: DateTime<Utc>,
) -> Result<TakenUp, StoreError> {
    let key = message.as_str().as_bytes();
    let before: Option<BegunMessage> = trees.get(TreeName::Begun, key)?;
    let (taken_up, begun) = intake::take_up(is_taken(trees, message)?, before, at);
    if let Some(begun) = begun {
        writes.put(trees, TreeName::Begun, key, &begun)?;
    }
    Ok(taken_up)
}

/// Notes that a message was begun in vain for a reason that is not its own.
pub(in crate::store) fn forgive(
    trees: &Trees,
    writes: &mut Writes,
    message: &BodyHash,
) -> Result<(), StoreError> {
    let key = message.as_str().as_bytes();
    let Some(begun) = trees.get::<BegunMessage>(TreeName::Begun, key)? else { return Ok(()) };
    match intake::forgiven(begun) {
        None => writes.remove(TreeName::Begun, key),
        Some(begun) => writes.put(trees, TreeName::Begun, key, &begun)?,
    }
    Ok(())
}

/// Forgets how often a message was begun.
pub(in crate::store) fn abandon_message(writes: &mut Writes, message: &BodyHash) {
    writes.remove(TreeName::Begun, message.as_str().as_bytes());
}

/// Keeps all that a message means: that it was taken in, what it changed, and what is answered.
pub(in crate::store) fn converse(
    trees: &Trees,
    writes: &mut Writes,
    exchange: InboundCommit,
) -> Result<Exchanged, StoreError> {
    if is_taken(trees, &exchange.message)? {
        return Ok(Exchanged::Known);
    }
    take(trees, writes, &exchange.message, exchange.at)?;
    if let Some((state, computed_from)) = exchange.state {
        require(trees, &state.subscriber.address, computed_from)?;
        keep(trees, writes, &state, exchange.at)?;
    }
    for words in &exchange.wishes {
        note_wish(trees, writes, words, exchange.at)?;
    }
    let mails = exchange.mails.into_iter().map(QueuedMail::despite_bounces).collect();
    outbox::dispatch(trees, writes, &[], mails)?;
    Ok(Exchanged::Kept)
}

fn note_wish(trees: &Trees, writes: &mut Writes, words: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let name = UntrackedWish::key(words);
    let before: Option<UntrackedWish> = trees.get(TreeName::Wishes, name.as_bytes())?;
    match intake::wished(before, words, trees.tree(TreeName::Wishes).len()?, now) {
        Some(wish) => writes.put(trees, TreeName::Wishes, name.as_bytes(), &wish),
        None => Ok(()),
    }
}

/// What somebody wanted to follow and nobody tracks, the most wanted first.
pub(in crate::store) fn wishes(trees: &Trees) -> Result<Vec<UntrackedWish>, StoreError> {
    let mut wishes: Vec<UntrackedWish> = trees.all_with(TreeName::Wishes, &[])?;
    wishes.sort_by(|a, b| b.times.cmp(&a.times).then_with(|| b.last_at.cmp(&a.last_at)));
    Ok(wishes)
}

/// Who was asked whether they want to follow something, and has not answered yet: each as if it were noted.
pub(in crate::store) fn asked_to_follow(
    trees: &Trees,
    now: DateTime<Utc>,
) -> Result<Vec<Subscriber>, StoreError> {
    let mut waiting = Vec::new();
    for pair in trees.tree(TreeName::Correspondence) {
        let (key, _) = pair?;
        let letters: Option<Correspondence> = trees.get(TreeName::Correspondence, &key)?;
        let open: Vec<_> = letters.iter().flat_map(|letters| letters.wanted(now)).collect();
        let Some(address) =
            String::from_utf8_lossy(&key).parse::<EmailAddress>().ok().filter(|_| !open.is_empty())
        else {
            continue;
        };
        let known = subscribers::get(trees, &address)?;
        let mut asked = Subscriber::new(known.as_ref().map_or(address, |known| known.address.clone()));
        for (topic, only, at) in open {
            let is_noted = known
                .iter()
                .flat_map(|known| &known.subscriptions)
                .any(|noted| noted.topic == *topic && noted.state != SubscriptionState::Unsubscribed);
            if !is_noted {
                let wish =
                    Wish { topic, only: only.clone(), confirmed: false, channel: BY_MAIL, agreed_to: None };
                asked.follow(wish, at);
            }
        }
        waiting.extend(Some(asked).filter(|asked| !asked.subscriptions.is_empty()));
    }
    Ok(waiting)
}

/// Notes that a message was taken in.
pub(super) fn take(
    trees: &Trees,
    writes: &mut Writes,
    message: &BodyHash,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let key = message.as_str().as_bytes();
    writes.remove(TreeName::Begun, key);
    writes.put(trees, TreeName::Messages, key, &TakenMessage { at })
}

fn keep(
    trees: &Trees,
    writes: &mut Writes,
    state: &Conversation,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let address = &state.subscriber.address;
    let key = address.key().as_bytes();
    let before: Option<Correspondence> = trees.get(TreeName::Correspondence, key)?;
    for gone in before.iter().flat_map(|before| &before.asked) {
        writes.remove(TreeName::Tokens, gone.token.as_str().as_bytes());
    }
    for asked in &state.correspondence.asked {
        writes.put(trees, TreeName::Tokens, asked.token.as_str().as_bytes(), address)?;
    }
    keep_correspondence(trees, writes, key, &state.correspondence)?;
    if !state.taken.is_empty() {
        let budget = trees.get(TreeName::Budgets, ASK)?.unwrap_or_default();
        let spent = intake::spent(budget, &state.taken, now);
        let spent = spent.ok_or_else(|| StoreError::Overtaken { shown: address.redacted() })?;
        writes.put(trees, TreeName::Budgets, ASK, &spent)?;
    }
    let is_known = subscribers::get(trees, address)?.is_some();
    if intake::is_kept(&state.subscriber, is_known) {
        subscribers::keep_and_wake(trees, writes, &state.subscriber, now)?;
    }
    Ok(())
}

/// How the ways in stand that were ever tried.
pub(in crate::store) fn ways_in(trees: &Trees) -> Result<Vec<MailSourceState>, StoreError> {
    trees.all_with(TreeName::WaysIn, &[])
}

/// Keeps how a way in stands, if it still stands as it was met; returns whether it does.
pub(in crate::store) fn keep_way_in(
    trees: &Trees,
    writes: &mut Writes,
    met: Option<&MailSourceState>,
    state: &MailSourceState,
) -> Result<bool, StoreError> {
    let way = state.way.to_string();
    let stands: Option<MailSourceState> = trees.get(TreeName::WaysIn, way.as_bytes())?;
    if stands.as_ref() != met {
        return Ok(false);
    }
    writes.put(trees, TreeName::WaysIn, way.as_bytes(), state)?;
    Ok(true)
}

/// Forgets messages that no server hands over again, taken in or not; tells how many.
pub(in crate::store) fn forget(
    trees: &Trees,
    writes: &mut Writes,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut forgotten = 0;
    let mut look = |tree, key: &[u8], at: Option<DateTime<Utc>>| {
        if at.is_some_and(|at| intake::is_over(at, now)) {
            writes.remove(tree, key);
            forgotten += 1;
        }
    };
    for pair in trees.tree(TreeName::Messages) {
        let (key, _) = pair?;
        let taken: Option<TakenMessage> = trees.readable(trees.get(TreeName::Messages, &key))?.flatten();
        look(TreeName::Messages, &key, taken.map(|taken| taken.at));
    }
    for pair in trees.tree(TreeName::Begun) {
        let (key, _) = pair?;
        let begun: Option<BegunMessage> = trees.readable(trees.get(TreeName::Begun, &key))?.flatten();
        look(TreeName::Begun, &key, begun.map(|begun| begun.at));
    }
    forget_strangers(trees, writes, now)?;
    Ok(forgotten)
}

/// Forgets what went between us and addresses where nothing of it matters any more: whoever writes in
/// others' names would fill the disk.
fn forget_strangers(trees: &Trees, writes: &mut Writes, now: DateTime<Utc>) -> Result<(), StoreError> {
    for pair in trees.tree(TreeName::Correspondence) {
        let (key, _) = pair?;
        let with: Option<Correspondence> =
            trees.readable(trees.get(TreeName::Correspondence, &key))?.flatten();
        if let Some(with) = with.filter(|with| with.is_over(now)) {
            for asked in with.asked {
                writes.remove(TreeName::Tokens, asked.token.as_str().as_bytes());
            }
            writes.remove(TreeName::Correspondence, &key);
        }
    }
    Ok(())
}
