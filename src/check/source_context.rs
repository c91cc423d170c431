//! What is known of a source before it is read.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::domain::assess::{Assessment, Past};
use crate::domain::change::ChangeKind;
use crate::domain::diff::diff;
use crate::domain::entry::{Completeness, Document};
use crate::domain::flicker::{self, Flicker};
use crate::domain::id::BodyHash;
use crate::domain::mass::QuarantinedAmendments;
use crate::domain::match_index::MatchIndex;
use crate::domain::noise::Noise;
use crate::domain::page_profile::PageProfile;
use crate::domain::pending::Pending;
use crate::domain::quality::EntryOverlap;
use crate::domain::read_state::ReadState;
use crate::domain::snapshot::{Baseline, QuarantinedRead, Snapshot, Validators};
use crate::domain::source::{Source, address_of_page};
use crate::extract::{RawDocument, face};
use crate::store::{KnownSource, SourceVersion, Store, StoreError};

/// The state a read starts from.
#[derive(Debug)]
pub(super) struct SourceContext {
    /// The accepted state, without its entries.
    pub accepted: Option<Snapshot>,
    /// The same with its entries, as the current settings read them, once they were loaded: most
    /// reads find nothing to compare with them.
    pub baseline: Option<Baseline>,
    /// How the last reads went.
    pub state: Option<ReadState>,
    /// Which of the accepted entries name whom.
    pub standing: Option<MatchIndex>,
    /// The suspect read that waits for a person's look.
    pub held: Option<QuarantinedRead>,
    /// Names the state that all this is of, so that nothing computed from it takes the place of a later one.
    pub version: SourceVersion,
    /// The extraction settings under which the source is read.
    pub fingerprint: String,
    /// What is to be said of the read: why there is no baseline although the source was read before, what drifts.
    pub note: Option<String>,
}

impl SourceContext {
    /// Loads the state, without the entries unless they must be read anew.
    pub(super) async fn load(store: &Store, source: &Source) -> Result<Self, StoreError> {
        let KnownSource { state, accepted, held, standing, version } = store.known(&source.id).await?;
        let fingerprint = source.fingerprint();
        let is_read_alike = accepted.as_ref().is_some_and(|snapshot| snapshot.fingerprint == fingerprint);
        let mut known =
            Self { accepted, baseline: None, state, standing, held, version, fingerprint, note: None };
        if !is_read_alike {
            known.load_entries(store, source).await?;
        }
        Ok(known)
    }

    /// The same with the entries.
    pub(super) async fn load_whole(store: &Store, source: &Source) -> Result<Self, StoreError> {
        let mut known = Self::load(store, source).await?;
        known.load_entries(store, source).await?;
        Ok(known)
    }

    /// Loads the accepted entries. Where the extraction settings are new, the stored body is read anew
    /// under them, so that the difference between the settings is never told as a change of the source.
    pub(super) async fn load_entries(&mut self, store: &Store, source: &Source) -> Result<(), StoreError> {
        if self.accepted.is_none() || self.baseline.is_some() {
            return Ok(());
        }
        let Some(baseline) = store.baseline(&source.id).await? else { return Ok(()) };
        if baseline.snapshot.fingerprint == self.fingerprint {
            self.baseline = Some(baseline);
            return Ok(());
        }
        let waiting = Unconfirmed {
            pending: self.pending(),
            amended: self.state.as_ref().and_then(|state| state.amended.as_ref()),
        };
        match read_anew(store, source, baseline, waiting).await? {
            Ok(baseline) => self.baseline = Some(baseline),
            Err(reason) => {
                self.accepted = None;
                self.note = Some(format!(
                    "started again: the extraction settings changed and the stored body does not fit them: {reason}"
                ));
            }
        }
        Ok(())
    }

    /// The body for which the server vouches with a 304.
    pub(super) fn accepted_body(&self) -> Option<BodyHash> {
        let of_state = self.state.as_ref().and_then(|state| state.validators.sha256.clone());
        of_state.or_else(|| self.accepted.as_ref().map(|accepted| accepted.response.sha256.clone()))
    }

    /// What was missing from the last reads and is not believed gone yet.
    pub(super) fn pending(&self) -> &[Pending] {
        self.state.as_ref().map_or(&[], |state| &state.pending)
    }

    /// What a read is compared with.
    pub(super) fn past(&self) -> Past<'_> {
        Past {
            baseline: self.baseline.as_ref(),
            pending: self.pending(),
            drop: self.held.as_ref().and_then(|held| held.drop.as_ref()),
            is_accepted: false,
        }
    }

    /// Returns how the accepted page shows itself, as far as that matters beside how the new one does; `None` if its
    /// body is gone. Most lists show nothing for which their last body, which may be large, has to be looked at.
    pub(super) async fn face(&self, store: &Store, now: &PageProfile) -> Option<PageProfile> {
        let snapshot = self.accepted.as_ref()?;
        let url = snapshot.response.url.parse().ok()?;
        let of = |body: &[u8]| {
            face(&RawDocument { body, content_type: snapshot.header("content-type"), url: &url })
        };
        if !now.asks_for_all_of_before() {
            let body_bytes = usize::try_from(snapshot.response.body_bytes).ok()?;
            return Some(PageProfile {
                body_bytes,
                media_type: of(b"").media_type,
                ..PageProfile::default()
            });
        }
        Some(of(&store.body(&snapshot.response.sha256).await.ok()??))
    }

    /// How much of what is known a document shows again.
    pub(super) fn found_again(&self, document: &Document, noise: &Noise) -> EntryOverlap {
        found_again(self.baseline.as_ref(), document, noise)
    }

    /// What makes the request conditional; nothing unless an accepted body stands behind it.
    pub(super) fn validators(&self, source: &Source, full_read_every: u32) -> Option<&Validators> {
        self.accepted.as_ref().filter(|_| source.request.is_conditional())?;
        self.state.as_ref()?.validators_for(&self.fingerprint, full_read_every)
    }
}

/// How much of what is known a document shows again. A window shows what it shows, and where nothing
/// is known nothing can be found again.
pub(super) fn found_again(baseline: Option<&Baseline>, document: &Document, noise: &Noise) -> EntryOverlap {
    let is_window = document.completeness == Completeness::Window;
    let Some(Baseline { document: before, .. }) = baseline else {
        return if is_window {
            EntryOverlap { is_same: false, ..EntryOverlap::ALL }
        } else {
            EntryOverlap::NOTHING
        };
    };
    let keys: HashSet<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
    let found = before.entries.iter().filter(|entry| keys.contains(entry.key.as_str())).count();
    let differ = diff(before, document, noise);
    let is_same = differ.is_empty();
    if is_window {
        return EntryOverlap { is_same, ..EntryOverlap::ALL };
    }
    let differ = differ.iter().filter(|change| change.kind != ChangeKind::Added).count();
    let share = |count: usize| (count * 100).checked_div(before.entries.len()).unwrap_or(100);
    let percent = |count| u8::try_from(share(count)).unwrap_or(100);
    EntryOverlap {
        again: percent(found),
        unchanged: percent(before.entries.len().saturating_sub(differ)),
        is_same,
    }
}

/// What of the accepted state is not as the accepted body has it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unconfirmed<'a> {
    /// What is not believed gone yet.
    pending: &'a [Pending],
    /// Which fields wait for a person's word.
    amended: Option<&'a QuarantinedAmendments>,
}

pub(super) async fn read_anew(
    store: &Store,
    source: &Source,
    baseline: Baseline,
    waiting: Unconfirmed<'_>,
) -> Result<Result<Baseline, String>, StoreError> {
    let Baseline { snapshot, document: before } = baseline;
    let Some(body) = store.body(&snapshot.response.sha256).await? else {
        return Ok(Err(format!("body {} is not in the store", snapshot.response.sha256)));
    };
    let content_type = snapshot.header("content-type").map(str::to_owned);
    let url = address_of_page(&source.url, &snapshot.response.url);
    let document = super::extract_whole(source, body.into(), content_type, url).await;
    Ok(match document {
        Ok(Ok(mut document)) => {
            // What is not believed gone is not in the body any more.
            let is_waiting = |key: &str| waiting.pending.iter().any(|pending| pending.key == key);
            if let Some(amended) = waiting.amended {
                amended.put_back(&before, &mut document);
            }
            let shown = snapshot.entries;
            let is_window = document.completeness == Completeness::Window;
            let held: HashSet<String> = document.entries.iter().map(|entry| entry.key.clone()).collect();
            // Nor is what had left a window before.
            let is_remembered = |at: usize, key: &String| is_window && at >= shown && !held.contains(key);
            let kept = before.entries.into_iter().enumerate();
            let kept = kept.filter(|(at, entry)| is_waiting(&entry.key) || is_remembered(*at, &entry.key));
            document.put_back(kept.map(|(_, entry)| entry).collect::<Vec<_>>());
            Ok(Baseline { snapshot, document })
        }
        Ok(Err(unreadable)) => Err(unreadable.to_string()),
        Err(reason) => Err(reason),
    })
}

/// What changed in its digits alone, in this read as in those before it.
pub(super) fn flickers(
    assessment: &Assessment,
    previous: Option<&ReadState>,
    now: DateTime<Utc>,
) -> Vec<Flicker> {
    let known = previous.map_or(&[][..], |state| &state.flickers);
    flicker::after(known, assessment.changes.iter().map(|change| &change.entry), now)
}
