//! Which lines, seals and changes go into a package.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{EvidenceRequest, ProveError, Prover, Sealing};
use crate::domain::change::Change;
use crate::domain::evidence::{ChainLine, ChainVerdict, ToldChange, allowed_distance, digest_of_change};
use crate::domain::id::{ChangeId, SourceId};
use crate::domain::source::Source;
use crate::domain::spelling::did_you_mean;
use crate::evidence::{CompanyNames, Package, PackageKind, PackagedSource};
use crate::store::{ChangeQuery, SealWish, Sealed, Stamp, StoreError};

/// A seal that was stamped later is taken where no more seals lie between.
const LOOKED_AHEAD: u64 = 60;

/// A time to which a look at a source is far by no schedule: of one that is no longer configured nothing is known.
const UNKNOWN_SCHEDULE_S: i64 = 24 * 60 * 60;

/// What goes into a package.
#[derive(Debug)]
pub(super) struct PackageMaterial {
    pub(super) package: Package,
    pub(super) sources: Vec<GatheredSource>,
    pub(super) notes: Vec<String>,
}

/// One source of it.
#[derive(Debug)]
pub(super) struct GatheredSource {
    pub(super) lines: Vec<ChainLine>,
    pub(super) later: Vec<ChainLine>,
    pub(super) seal: Option<(Sealed, Option<Stamp>)>,
    pub(super) anchor: Option<(Sealed, Option<Stamp>)>,
    pub(super) changes: Vec<ToldChange>,
}

/// A stretch of a chain, by the places of its first and last line among all.
struct ChainStretch {
    all: Vec<ChainLine>,
    first: usize,
    last: usize,
    /// Whether its beginning is the one that is asked for.
    is_whole: bool,
}

impl Prover {
    pub(super) async fn gather(
        &self,
        wanted: &EvidenceRequest,
        sealing: Sealing,
    ) -> Result<PackageMaterial, ProveError> {
        match wanted {
            EvidenceRequest::Change(id) => self.gather_change(id, sealing).await,
            EvidenceRequest::Source { id, from, to } => {
                let source = self.watched(id);
                if source.is_none() && self.0.store.chain(id, 0, u64::MAX).await?.is_empty() {
                    let known = self.0.sources.iter().map(|source| source.id.as_str());
                    let hint = did_you_mean(id.as_str(), known);
                    return Err(ProveError::UnknownSource { id: id.clone(), hint });
                }
                self.gather_range(PackageKind::Source, std::slice::from_ref(id), None, (*from, *to), sealing)
                    .await
            }
            EvidenceRequest::Company { id, from, to } => {
                let watchlist = self.0.registry.current();
                let company = watchlist.company(id).ok_or_else(|| {
                    let known = watchlist.companies().map(|company| company.id.as_str());
                    ProveError::UnknownCompany { id: id.clone(), hint: did_you_mean(id.as_str(), known) }
                })?;
                let names = company.names().map(|alias| alias.name.clone()).collect();
                let names = CompanyNames { id: id.clone(), names };
                let mut sources: Vec<SourceId> =
                    self.0.sources.iter().map(|source| source.id.clone()).collect();
                sources.sort();
                self.gather_range(PackageKind::Company, &sources, Some(names), (*from, *to), sealing).await
            }
        }
    }

    fn watched(&self, id: &SourceId) -> Option<&Source> {
        self.0.sources.iter().find(|source| source.id == *id).map(Arc::as_ref)
    }

    async fn gather_change(&self, id: &str, sealing: Sealing) -> Result<PackageMaterial, ProveError> {
        let store = &self.0.store;
        let change = store.find_change(id).await?;
        let all = store.chain(&change.source, 0, u64::MAX).await?;
        let digest = digest_of_change(&change);
        let is_end = |line: &ChainLine| {
            line.verdict != ChainVerdict::Retracted
                && line.changes.contains(&digest)
                && line.is_of(&change.evidence)
        };
        let Some(last) = all.iter().position(is_end) else {
            return Err(unproven(&change, &all));
        };
        let before = all[..last].iter().rposition(|line| line.is_of(&change.previous));
        let (first, is_whole) = (before.unwrap_or(0), before.is_some());
        let mut notes = Vec::new();
        if !is_whole {
            let begins = all[first].at.to_rfc3339();
            notes.push(format!(
                "the read before the change, of {}, is older than the chain, which begins at {begins}",
                change.previous.read_at.to_rfc3339()
            ));
        }
        let stretch = ChainStretch { all, first, last, is_whole };
        let changes = vec![ToldChange::from(&change)];
        let (packaged, gathered) =
            self.gather_source(&change.source, Some(stretch), changes, 0, sealing).await?;
        let mut package = Package::new(PackageKind::Change, store.installation());
        package.retracted_at = change.retracted_at;
        package.sources.push(packaged);
        Ok(PackageMaterial { package, sources: vec![gathered], notes })
    }

    async fn gather_range(
        &self,
        kind: PackageKind,
        sources: &[SourceId],
        company: Option<CompanyNames>,
        (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        sealing: Sealing,
    ) -> Result<PackageMaterial, ProveError> {
        let store = &self.0.store;
        let now = self.0.clock.now();
        let to = to.map_or(now, |to| to.min(now));
        let from = match from {
            Some(from) => from,
            None => self.first_read(sources).await?.unwrap_or(to),
        };
        if from.cmp(&to) == Ordering::Greater {
            return Err(ProveError::EndsBefore);
        }
        let mut package = Package::new(kind, store.installation());
        (package.from, package.to) = (Some(from), Some(to));
        let (mut gathered, mut notes) = (Vec::new(), Vec::new());
        for source in sources {
            let all = store.chain(source, 0, u64::MAX).await?;
            let stretch = stretch_of(all, (from, to));
            let shown = stretch.as_ref().map(|stretch| &stretch.all[stretch.first..=stretch.last]);
            let (found, unbound) = self.changes(source, (from, to), shown.unwrap_or_default()).await?;
            let is_asked = |change: &&Change| {
                let companies = change.companies();
                company.as_ref().is_some_and(|company| companies.contains(&&company.id))
            };
            let concerning: Vec<ChangeId> =
                found.iter().filter(is_asked).map(|change| change.id.clone()).collect();
            let told = found.iter().map(ToldChange::from).collect();
            notes.extend(unbound.map(|count| {
                format!("{source}: {count} changes were found before its chain began, and are not in it")
            }));
            let allowed = self
                .watched(source)
                .map_or(UNKNOWN_SCHEDULE_S, |source| allowed_distance(source, (from, to)));
            let (packaged, of_source) = self.gather_source(source, stretch, told, allowed, sealing).await?;
            package.sources.push(PackagedSource { concerning, ..packaged });
            gathered.push(of_source);
        }
        package.company = company;
        Ok(PackageMaterial { package, sources: gathered, notes })
    }

    async fn first_read(&self, sources: &[SourceId]) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut first: Option<DateTime<Utc>> = None;
        for source in sources {
            let all = self.0.store.chain(source, 0, u64::MAX).await?;
            let at = all.first().map(|line| line.at);
            first = first.into_iter().chain(at).min();
        }
        Ok(first)
    }

    /// The changes of a time that lines name, and the number of those that no line names.
    async fn changes(
        &self,
        source: &SourceId,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        lines: &[ChainLine],
    ) -> Result<(Vec<Change>, Option<usize>), StoreError> {
        let query = ChangeQuery {
            source: Some(source.clone()),
            since: Some(from),
            limit: usize::MAX,
            ..ChangeQuery::default()
        };
        let mut changes = self.0.store.changes(query).await?;
        changes.retain(|change| change.found_at <= to);
        changes.reverse();
        let is_bound = |change: &Change| {
            let digest = digest_of_change(change);
            lines.iter().any(|line| line.changes.contains(&digest) && line.is_of(&change.evidence))
        };
        let (bound, unbound): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(is_bound);
        Ok((bound, Some(unbound.len()).filter(|count| *count > 0)))
    }

    async fn gather_source(
        &self,
        source: &SourceId,
        stretch: Option<ChainStretch>,
        changes: Vec<ToldChange>,
        allowed_distance: i64,
        sealing: Sealing,
    ) -> Result<(PackagedSource, GatheredSource), ProveError> {
        let mut packaged = PackagedSource {
            id: source.clone(),
            allowed_distance,
            seal: None,
            anchor: None,
            changes: changes.iter().map(|change| change.id.clone()).collect(),
            concerning: Vec::new(),
        };
        let Some(ChainStretch { mut all, first, last, is_whole }) = stretch else {
            let nothing = GatheredSource {
                lines: Vec::new(),
                later: Vec::new(),
                seal: None,
                anchor: None,
                changes: Vec::new(),
            };
            return Ok((packaged, nothing));
        };
        let (first_line, last_seq) = (all[first].clone(), all[last].seq);
        let (number, seal) = self.seal_over(source, last_seq, sealing).await?;
        let head = seal.0.head_of(source).map_or(last_seq, |head| head.seq);
        let anchor = match first_line.seq {
            seq if is_whole || seq == 1 => None,
            seq => Some(self.seal_at(source, seq - 1).await?),
        };
        // What came while this was gathered is asked for as well.
        if all.last().is_some_and(|line| line.seq < head) {
            all = self.0.store.chain(source, first_line.seq, head).await?;
        } else {
            all.drain(..first);
            all.retain(|line| line.seq <= head);
        }
        is_unbroken(source, &all)?;
        let count = usize::try_from(last_seq - first_line.seq).unwrap_or(usize::MAX).saturating_add(1);
        let later = all.split_off(count.min(all.len()));
        packaged.seal = Some(number);
        packaged.anchor = anchor.as_ref().map(|(sealed, _)| sealed.seal.seal);
        Ok((packaged, GatheredSource { lines: all, later, seal: Some(seal), anchor, changes }))
    }

    /// The seal over a line: the first one or, where it has no time stamp, a later one that has.
    async fn seal_over(
        &self,
        source: &SourceId,
        seq: u64,
        sealing: Sealing,
    ) -> Result<(u64, (Sealed, Option<Stamp>)), ProveError> {
        let store = &self.0.store;
        let mut first = store.first_seal_over(source, seq).await?;
        if first.is_none() && sealing == Sealing::Allowed {
            self.seal(SealWish::Now).await?;
            first = store.first_seal_over(source, seq).await?;
        }
        let first = first.ok_or(ProveError::Unsealed)?;
        let mut found = None;
        for number in first..first + LOOKED_AHEAD {
            let Some(seal) = store.sealed(number).await? else { break };
            let is_stamped = seal.1.is_some();
            if found.is_none() || is_stamped {
                found = Some((number, seal));
            }
            if is_stamped {
                break;
            }
        }
        found.ok_or(ProveError::Unsealed)
    }

    /// The seal under which a source's head was this very line.
    async fn seal_at(&self, source: &SourceId, seq: u64) -> Result<(Sealed, Option<Stamp>), ProveError> {
        let store = &self.0.store;
        let lost = || ProveError::Lost { source_id: source.clone(), seq: seq + 1 };
        let number = store.first_seal_over(source, seq).await?.ok_or_else(lost)?;
        let seal = store.sealed(number).await?.ok_or_else(lost)?;
        let is_it = seal.0.head_of(source).is_some_and(|head| head.seq == seq);
        is_it.then_some(seal).ok_or_else(lost)
    }
}

/// From the last look before a time, as far as there was one, to the first look after it.
fn stretch_of(all: Vec<ChainLine>, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Option<ChainStretch> {
    let before = all.iter().rposition(|line| line.verdict.is_seen() && line.at <= from);
    let after = all.iter().position(|line| line.verdict.is_seen() && line.at >= to);
    let last = after.or(all.len().checked_sub(1))?;
    // A clock that went back may have put them in another order.
    let first = before.unwrap_or(0).min(last);
    let is_whole = all[first].at <= from;
    Some(ChainStretch { all, first, last, is_whole })
}

fn is_unbroken(source: &SourceId, lines: &[ChainLine]) -> Result<(), ProveError> {
    let is_next = |pair: &[ChainLine]| pair[1].seq == pair[0].seq + 1 && pair[1].previous == pair[0].hash();
    match lines.windows(2).find(|pair| !is_next(pair)) {
        Some(pair) => Err(ProveError::Lost { source_id: source.clone(), seq: pair[1].seq }),
        None => Ok(()),
    }
}

fn unproven(change: &Change, all: &[ChainLine]) -> ProveError {
    let found = change.found_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let why = match all.first() {
        None => format!("it was found at {found}, and no read is in that chain yet"),
        Some(first) if change.found_at < first.at => {
            format!(
                "it was found at {found}, and that chain begins at {}",
                first.at.to_rfc3339_opts(SecondsFormat::Secs, true)
            )
        }
        Some(_) => "the change is not what was kept with its read".to_owned(),
    };
    ProveError::Unproven { source_id: change.source.clone(), change: change.id.to_string(), why }
}
