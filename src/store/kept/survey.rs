//! Looking at every record: whether it can be read, and whether what it refers to is there.

use std::collections::{HashMap, HashSet};
use std::io::BufReader;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny};
use sha2::{Digest as _, Sha256};

use super::bodies::name_of;
use super::chain::ChainWalk;
use super::events::{self, ToldEvent};
use super::indexes::{self, IndexComparison};
use super::keys;
use super::opening::OPENED;
use super::outbox::StoredMail;
use super::trees::{Holds, TreeName};
use super::writes::number;
use crate::domain::access_token::AccessToken;
use crate::domain::alert::{Alert, AlertItem};
use crate::domain::audit::AuditEntry;
use crate::domain::breaker::Breaker;
use crate::domain::change::Change;
use crate::domain::email::EmailAddress;
use crate::domain::entry::{Completeness, Resemblance, rows};
use crate::domain::evidence::{ChainLine, StoredLine};
use crate::domain::id::hex;
use crate::domain::inbound::Correspondence;
use crate::domain::incident::Incident;
use crate::domain::mail_source::MailSourceState;
use crate::domain::match_index::MatchIndex;
use crate::domain::matching::WatchlistVersion;
use crate::domain::read_record::ReadRecord;
use crate::domain::read_state::ReadState;
use crate::domain::retraction::Retraction;
use crate::domain::robots::RobotsCopy;
use crate::domain::screening::StandingList;
use crate::domain::snapshot::{QuarantinedRead, Snapshot};
use crate::domain::source::{QuotaUse, SourcePause};
use crate::domain::subscription::Subscriber;
use crate::domain::suppression::{SoftBounces, Suppression};
use crate::domain::touch::Touch;
use crate::domain::webhook::{Delivery, HookEvent, Webhook};
use crate::store::boundary::{Sealed, Stamp};
use crate::store::compression::{Unpacker, decompress};
use crate::store::error::StoreError;
use crate::store::record::{self, Digest, RecordForm, shown};

/// A body with more than this, compressed, is looked at part by part.
const LARGE_BYTES: usize = 16 << 10;

/// So much of it at once.
const READ_AT_ONCE_BYTES: usize = 64 << 10;

/// Hands out the records of a tree.
pub(in crate::store) type TreeRecords<'a> = dyn Fn(TreeName, &mut dyn FnMut(&[u8], &[u8])) + 'a;

/// A record that does not say what it should, or refers to what is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct UnsoundRecord {
    pub(in crate::store) tree: TreeName,
    pub(in crate::store) key: Vec<u8>,
    /// Why, for people.
    pub(in crate::store) reason: String,
    /// It is of no use to anybody and in the way of others.
    pub(in crate::store) is_useless: bool,
}

/// What is gathered on the way.
#[derive(Debug, Default)]
struct Survey {
    unsound: Vec<UnsoundRecord>,
    /// Records that lie among the bodies, by what they are called there.
    apart: HashMap<Digest, Vec<(TreeName, Vec<u8>)>>,
    /// Bodies that something refers to.
    needed: HashMap<Digest, (TreeName, Vec<u8>)>,
    /// Bodies that were let go of on purpose.
    released: HashSet<Vec<u8>>,
    /// The lines of chains that others are kept after.
    chain: ChainWalk,
    changes: HashSet<Vec<u8>>,
    mails: HashSet<Vec<u8>>,
    /// Indexes against the records that they are made of.
    indexes: IndexComparison,
    /// At which opening they were right, and how many openings there were.
    indexes_right_at: Option<Vec<u8>>,
    openings: u64,
    /// What refers to a change.
    of_changes: Vec<(TreeName, Vec<u8>, Vec<u8>)>,
    /// What refers to a mail.
    of_mails: Vec<(TreeName, Vec<u8>, Vec<u8>)>,
}

/// Looks at every record.
pub(in crate::store) fn survey(records: &TreeRecords<'_>) -> Vec<UnsoundRecord> {
    let mut survey = Survey::default();
    for tree in TreeName::all().filter(|tree| *tree != TreeName::Bodies) {
        records(tree, &mut |key, value| survey.look(tree, key, value));
    }
    survey.look_at_bodies(records);
    survey.look_at_references();
    survey.look_at_indexes();
    survey.unsound.sort();
    survey.unsound
}

impl Survey {
    fn look(&mut self, tree: TreeName, key: &[u8], value: &[u8]) {
        if self.indexes.find(tree, key, value) {
            return;
        }
        match tree {
            TreeName::Meta if key == indexes::RIGHT_AT => {
                return self.indexes_right_at = Some(value.to_vec());
            }
            TreeName::Meta if key == OPENED => return self.openings = number(Some(value)),
            TreeName::ChangesByTime => {
                return self.of_changes.push((tree, key.to_vec(), keys::id_of(key).to_vec()));
            }
            TreeName::MailsDue | TreeName::UrgentDue => {
                return self.of_mails.push((tree, key.to_vec(), keys::id_of(key).to_vec()));
            }
            TreeName::Undelivered | TreeName::Anew => {
                return self.of_mails.push((tree, key.to_vec(), key.to_vec()));
            }
            _ if !matches!(tree.holds(), Holds::Records | Holds::Owners) => return,
            TreeName::Chain if StoredLine::is_brief(value) => {
                if let Err(error) = self.chain.look_at_brief(key, value) {
                    self.unreadable(tree, key, &error);
                }
                return;
            }
            TreeName::Released => drop(self.released.insert(key.to_vec())),
            TreeName::Changes => drop(self.changes.insert(key.to_vec())),
            TreeName::Mails => drop(self.mails.insert(key.to_vec())),
            _ => {}
        }
        match RecordForm::decode(tree.what(), key, value) {
            Ok(RecordForm::Inline(json)) => self.look_at_json(tree, key, &json),
            Ok(RecordForm::AsBody(digest)) => {
                self.apart.entry(digest).or_default().push((tree, key.to_vec()));
            }
            Err(error) => self.unreadable(tree, key, &error),
        }
    }

    /// Reads a record as the program would, and notes what it refers to.
    fn look_at_json(&mut self, tree: TreeName, key: &[u8], json: &[u8]) {
        let outcome = match tree {
            TreeName::ReadStates => read::<ReadState>(tree, key, json).map(drop),
            TreeName::Touches => read::<Touch>(tree, key, json).map(drop),
            TreeName::Baselines => read::<SurveyedBaseline>(tree, key, json)
                .and_then(|baseline| name_of(&baseline.snapshot.response.sha256))
                .map(|body| self.needs(tree, key, body)),
            TreeName::Held => read::<QuarantinedRead>(tree, key, json)
                .and_then(|held| name_of(&held.evidence.sha256))
                .map(|body| self.needs(tree, key, body)),
            TreeName::Standings => read::<MatchIndex>(tree, key, json).map(drop),
            TreeName::WatchlistVersions => read::<WatchlistVersion>(tree, key, json).map(drop),
            TreeName::Snapshots => read::<Snapshot>(tree, key, json)
                .and_then(|snapshot| name_of(&snapshot.response.sha256))
                .map(|body| self.needs(tree, key, body)),
            TreeName::Accepted => read::<Snapshot>(tree, key, json).map(drop),
            TreeName::Robots => read::<RobotsCopy>(tree, key, json).map(drop),
            TreeName::Uses => read::<QuotaUse>(tree, key, json).map(drop),
            TreeName::Changes => read::<Change>(tree, key, json).map(drop),
            TreeName::Alerts => read::<Alert>(tree, key, json).map(|alert| {
                self.of_changes.push((tree, key.to_vec(), alert.change.as_str().as_bytes().to_vec()));
            }),
            TreeName::Items => read::<AlertItem>(tree, key, json).map(|item| {
                self.of_changes.push((tree, key.to_vec(), item.change.as_str().as_bytes().to_vec()));
            }),
            TreeName::Subscribers => read::<Subscriber>(tree, key, json)
                .map(|subscriber| self.indexes.expect(&indexes::of_subscriber(&subscriber))),
            TreeName::Mails => read::<StoredMail>(tree, key, json)
                .inspect(|stored| self.indexes.expect(&indexes::of_mail(&stored.mail)))
                .and_then(|stored| name_of(&stored.bytes))
                .map(|body| self.needs(tree, key, body)),
            TreeName::Correspondence => read::<Correspondence>(tree, key, json).map(drop),
            TreeName::Tokens | TreeName::SubscriberKeys => read::<EmailAddress>(tree, key, json).map(drop),
            TreeName::Incidents => read::<Incident>(tree, key, json)
                .map(|incident| self.indexes.expect(&indexes::of_incident(&incident))),
            TreeName::Retractions => read::<Retraction>(tree, key, json).map(drop),
            TreeName::WaysIn => read::<MailSourceState>(tree, key, json).map(drop),
            TreeName::Suppressions => read::<Suppression>(tree, key, json).map(drop),
            TreeName::SoftBounces => read::<SoftBounces>(tree, key, json).map(drop),
            TreeName::Screenings => read::<StandingList>(tree, key, json).map(drop),
            TreeName::Pauses => read::<SourcePause>(tree, key, json).map(drop),
            TreeName::Breakers => read::<Breaker>(tree, key, json).map(drop),
            TreeName::Reads => read::<ReadRecord>(tree, key, json).map(drop),
            TreeName::Audit => read::<AuditEntry>(tree, key, json).map(drop),
            TreeName::AccessTokens => read::<AccessToken>(tree, key, json).map(drop),
            TreeName::Chain => read::<ChainLine>(tree, key, json).map(|line| self.chain.note_full(key, line)),
            TreeName::Seals => read::<Sealed>(tree, key, json).map(drop),
            TreeName::Stamps => read::<Stamp>(tree, key, json).map(drop),
            TreeName::Webhooks => read::<Webhook>(tree, key, json).map(drop),
            TreeName::Deliveries => read::<Delivery>(tree, key, json).map(drop),
            TreeName::HookEvents => read::<HookEvent>(tree, key, json).map(|event| {
                self.of_changes.push((tree, key.to_vec(), event.change.as_str().as_bytes().to_vec()));
            }),
            TreeName::Told => read::<ToldEvent>(tree, key, json).map(|told| {
                let change = events::parts(key).map(|(change, _)| change.to_vec());
                let aside = told.aside.iter().map(|item| item.change.as_str().as_bytes().to_vec());
                self.of_changes.extend(change.into_iter().chain(aside).map(|id| (tree, key.to_vec(), id)));
            }),
            _ => read::<IgnoredAny>(tree, key, json).map(drop),
        };
        if let Err(error) = outcome {
            self.unreadable(tree, key, &error);
        }
    }

    fn needs(&mut self, tree: TreeName, key: &[u8], body: Digest) {
        self.needed.insert(body, (tree, key.to_vec()));
    }

    /// Puts the parts of every body together, and reads the records that lie among them.
    fn look_at_bodies(&mut self, records: &TreeRecords<'_>) {
        let mut current: Option<(Digest, Vec<u8>)> = None;
        let mut whole = HashSet::new();
        let mut done = |survey: &mut Self, body: Option<(Digest, Vec<u8>)>| {
            let Some((digest, compressed)) = body else { return };
            let apart = survey.apart.remove(&digest).unwrap_or_default();
            let baselines = apart.iter().all(|(tree, _)| *tree == TreeName::Baselines);
            if compressed.len() > LARGE_BYTES && baselines {
                survey.look_at_large(digest, &compressed, apart, &mut whole);
                return;
            }
            let content =
                decompress(&compressed).ok().filter(|content| Sha256::digest(content)[..] == digest);
            let Some(content) = content else {
                survey.apart.insert(digest, apart);
                return;
            };
            whole.insert(digest);
            for (tree, key) in apart {
                survey.look_at_json(tree, &key, &content);
            }
        };
        records(TreeName::Bodies, &mut |key, value| {
            let Some(name) = key.get(..32).and_then(|name| Digest::try_from(name).ok()) else { return };
            match &mut current {
                Some((digest, compressed)) if *digest == name => compressed.extend_from_slice(value),
                _ => {
                    let before = current.replace((name, value.to_vec()));
                    done(self, before);
                }
            }
        });
        done(self, current.take());
        for (_, lost) in std::mem::take(&mut self.apart) {
            for (tree, key) in lost {
                self.note(tree, &key, "what it says is missing or damaged".to_owned(), true);
            }
        }
        for (digest, (tree, key)) in std::mem::take(&mut self.needed) {
            if !whole.contains(&digest) && !self.released.contains(&digest[..]) {
                self.note(tree, &key, format!("body {} is missing or damaged", hex(&digest)), false);
            }
        }
    }

    /// Looks at a body that would take much memory whole, and at the baselines that lie in it.
    fn look_at_large(
        &mut self,
        digest: Digest,
        compressed: &[u8],
        apart: Vec<(TreeName, Vec<u8>)>,
        whole: &mut HashSet<Digest>,
    ) {
        let is_whole = Unpacker::new(compressed).and_then(Unpacker::name).is_ok_and(|name| name == digest);
        if !is_whole {
            if !apart.is_empty() {
                self.apart.insert(digest, apart);
            }
            return;
        }
        whole.insert(digest);
        for (tree, key) in apart {
            let content = Unpacker::new(compressed).map_err(serde_json::Error::io);
            let read = content.and_then(|content| {
                serde_json::from_reader::<_, SurveyedBaseline>(BufReader::with_capacity(
                    READ_AT_ONCE_BYTES,
                    content,
                ))
            });
            let looked_at = read.map_err(|error| record::undecodable(tree.what(), &key, error.to_string()));
            match looked_at.and_then(|baseline| name_of(&baseline.snapshot.response.sha256)) {
                Ok(body) => self.needs(tree, &key, body),
                Err(error) => self.unreadable(tree, &key, &error),
            }
        }
    }

    fn look_at_references(&mut self) {
        let unread: HashSet<(TreeName, Vec<u8>)> = self
            .unsound
            .iter()
            .filter(|unsound| unsound.is_useless)
            .map(|unsound| (unsound.tree, unsound.key.clone()))
            .collect();
        for (to, references) in [
            (TreeName::Changes, std::mem::take(&mut self.of_changes)),
            (TreeName::Mails, std::mem::take(&mut self.of_mails)),
        ] {
            for (tree, key, id) in references {
                let there = if to == TreeName::Changes { &self.changes } else { &self.mails };
                if !there.contains(&id) || unread.contains(&(to, id.clone())) {
                    let reason = format!("{} {} is missing or damaged", to.what(), shown(&id));
                    self.note(tree, &key, reason, true);
                }
            }
        }
    }

    /// Compares the indexes with what they are made of, unless the next opening makes them anew. What cannot be read is
    /// found nowhere, and what leads there is of no harm.
    fn look_at_indexes(&mut self) {
        let is_of_indexed = |unsound: &UnsoundRecord| {
            matches!(unsound.tree, TreeName::Mails | TreeName::Subscribers | TreeName::Incidents)
        };
        if self.unsound.iter().any(is_of_indexed)
            || !indexes::are_right(self.indexes_right_at.as_deref(), self.openings)
        {
            return;
        }
        for (tree, found, expected) in self.indexes.wrong() {
            let reason = format!("{found} keys are there, and {expected} should be, or others");
            self.note(tree, b"", reason, false);
        }
    }

    fn unreadable(&mut self, tree: TreeName, key: &[u8], error: &StoreError) {
        // One of a later version is of use to a later program.
        let is_useless = !matches!(error, StoreError::Newer { .. });
        self.note(tree, key, error.to_string(), is_useless);
    }

    fn note(&mut self, tree: TreeName, key: &[u8], reason: String, is_useless: bool) {
        self.unsound.push(UnsoundRecord { tree, key: key.to_vec(), reason, is_useless });
    }
}

fn read<T: DeserializeOwned>(tree: TreeName, key: &[u8], json: &[u8]) -> Result<T, StoreError> {
    record::from_json(tree.what(), key, json)
}

/// A [`crate::domain::snapshot::Baseline`] of which one entry after another is looked at: all of them together may
/// take much memory.
#[derive(serde::Deserialize)]
struct SurveyedBaseline {
    snapshot: Snapshot,
    #[expect(dead_code, reason = "it is there if it can be read")]
    document: DocumentLookedAt,
}

#[derive(serde::Deserialize)]
#[expect(dead_code, reason = "it is there if it can be read")]
struct DocumentLookedAt {
    entries: EntriesLookedAt,
    completeness: Completeness,
    resemblance: Resemblance,
    #[serde(default)]
    is_honestly_empty: bool,
    #[serde(default)]
    about: Option<String>,
    #[serde(default)]
    base: Option<String>,
}

struct EntriesLookedAt;

impl<'de> Deserialize<'de> for EntriesLookedAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        rows::each(deserializer, drop).map(|()| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::{Document, Entry};
    use crate::domain::response::ResponseMeta;
    use crate::domain::snapshot::Baseline;

    #[test]
    fn a_baseline_can_be_looked_at_where_it_can_be_read() {
        let entries = vec![Entry::new("a", "A").with("text", "one"), Entry::new("b", "B")];
        let document = Document::new(entries, Completeness::Whole, Resemblance::Title);
        let snapshot = Snapshot {
            source: "list".parse().unwrap(),
            sequence: 1,
            response: ResponseMeta::sample(b"a body"),
            fingerprint: "csv/1".to_owned(),
            entries: 2,
        };
        let sound = serde_json::to_string(&Baseline { snapshot, document }).unwrap();
        let check = |json: &str| {
            let looked_at = serde_json::from_str::<SurveyedBaseline>(json);
            assert_eq!(looked_at.is_ok(), serde_json::from_str::<Baseline>(json).is_ok(), "{json}");
            looked_at.is_ok()
        };
        assert!(check(&sound));
        for (there, instead) in [
            ("\"rows\"", "\"lines\""),
            ("\"one\"", "1"),
            ("\"whole\"", "\"half\""),
            ("\"resemblance\"", "\"likeness\""),
            ("\"sequence\"", "\"number\""),
        ] {
            assert!(sound.contains(there), "{there}");
            assert!(!check(&sound.replace(there, instead)), "{there}");
        }
    }
}
