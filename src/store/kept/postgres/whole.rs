//! The database as a whole: whose it is, what it holds, and what a clean-up must leave.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::Postgres;
use super::fault::ServerFault;
use super::link::ServerLink;
use super::plans;
use super::statements::{self, sql};
use crate::domain::id::InstallationId;
use crate::domain::meter::Meter;
use crate::settings::DatabaseUrl;
use crate::store::boundary::{KindStats, RecordFault, StoreSize, TreeCount, Verified};
use crate::store::error::StoreError;
use crate::store::kept::identity::INSTALLATION;
use crate::store::kept::survey::survey;
use crate::store::kept::trees::{TreeName, Trees};
use crate::store::kept::walk;
use crate::store::kept::writes::Writes;

/// The installation's id; made up where the database has none.
pub(super) fn installation(trees: &Trees, writes: &mut Writes) -> Result<[u8; 16], StoreError> {
    if let Some(kept) = trees.tree(TreeName::Meta).get(INSTALLATION)?
        && let Ok(id) = kept[..].try_into()
    {
        return Ok(id);
    }
    let id = rand::random::<[u8; 16]>();
    writes.put_raw(TreeName::Meta, INSTALLATION, id.to_vec())?;
    Ok(id)
}

/// How large the tables are.
pub(super) fn bytes(trees: &Trees) -> Result<u64, StoreError> {
    let rows = trees.view().map(|view| view.query(statements::BYTES, &[])).transpose()?;
    let bytes = rows.and_then(|rows| rows.first().map(|row| row.get::<_, i64>(0)));
    Ok(bytes.unwrap_or_default().cast_unsigned())
}

impl Trees {
    /// Names the steps of a server that had ended by now.
    pub(in crate::store) fn horizon(&self) -> Result<String, StoreError> {
        let Some(view) = self.view() else { return Ok(String::new()) };
        let rows = view.query(statements::HORIZON, &[])?;
        Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
    }

    /// Which of these keys a step wanted that had not ended at a horizon.
    pub(in crate::store) fn wanted_since(
        &self,
        tree: TreeName,
        keys: &[Vec<u8>],
        horizon: &str,
    ) -> Result<HashSet<Vec<u8>>, StoreError> {
        let (Some(view), Some(text)) = (self.view(), &sql(tree).wanted) else { return Ok(HashSet::new()) };
        Ok(view.query(text, &[&keys, &horizon])?.iter().map(|row| row.get(0)).collect())
    }
}

impl Postgres {
    /// Records and bytes of every table, the most bytes first.
    pub(in crate::store) async fn kinds(&self) -> Result<Vec<KindStats>, StoreError> {
        self.read(|trees| {
            let Some(view) = trees.view() else { return Ok(Vec::new()) };
            let of_tree = |tree: TreeName| {
                let rows = view.query(&sql(tree).size, &[])?;
                let row = rows.first().map(|row| (row.get::<_, i64>(0), row.get::<_, i64>(1)));
                let (records, bytes) = row.unwrap_or_default();
                let name = tree.name().to_owned();
                Ok(KindStats { name, records: records.cast_unsigned(), bytes: bytes.cast_unsigned() })
            };
            let mut kinds = TreeName::all().map(of_tree).collect::<Result<Vec<_>, StoreError>>()?;
            kinds.sort_by_key(|kind| std::cmp::Reverse(kind.bytes));
            Ok(kinds)
        })
        .await
    }

    /// How large it is. The server takes back what is free by itself.
    pub(in crate::store) async fn size(&self) -> Result<StoreSize, StoreError> {
        let kinds = self.kinds().await?;
        let bytes = self.read(bytes).await?;
        let live = kinds.iter().map(|kind| kind.bytes).sum();
        let records = kinds.iter().map(|kind| kind.records).sum();
        Ok(StoreSize { bytes, reclaimable: 0, live, records })
    }

    /// Whether the server answers, and goes by the same time.
    pub(in crate::store) async fn compare_clocks(&self) -> Result<(), StoreError> {
        let link = Arc::clone(&self.link);
        self.link
            .blocking(move || {
                let client = link.client()?;
                let row = link.block_on(client.query_one(statements::STANDING, &[]));
                let row = row.map_err(|error| StoreError::from(ServerFault::of(&error)))?;
                link.compare_clocks(row.get(3))
            })
            .await
    }
}

/// What of a database is not as this program needs it.
///
/// # Errors
/// As [`verify`].
pub(in crate::store) fn check(url: &DatabaseUrl) -> Result<Vec<String>, StoreError> {
    ServerLink::to_look(url)?.aside(unfit)
}

/// Looks at every record and changes nothing; others may work on the database meanwhile.
///
/// # Errors
/// [`StoreError::NoneYet`], [`StoreError::Schema`]; the server's.
pub(in crate::store) fn verify(url: &DatabaseUrl, meter: &Meter) -> Result<Verified, StoreError> {
    let link = ServerLink::to_look(url)?;
    let path = PathBuf::from(link.place());
    let findings = link.aside(unfit)?;
    if !findings.is_empty() {
        let trees = Vec::new();
        return Ok(Verified {
            path,
            is_sound: false,
            installation: None,
            commits: 0,
            log_bytes: 0,
            trees,
            findings,
            notes: Vec::new(),
            records: Vec::new(),
        });
    }
    let (counts, records, installation) = link.aside(|link| link.look(|trees| look_at_all(trees, meter)))?;
    let trees = TreeName::all().map(|tree| TreeCount {
        name: tree.name(),
        what: tree.what(),
        records: counts.get(&tree).copied().unwrap_or_default(),
        expected: None,
    });
    Ok(Verified {
        path,
        is_sound: records.is_empty(),
        installation,
        commits: 0,
        log_bytes: 0,
        trees: trees.collect(),
        findings,
        notes: Vec::new(),
        records,
    })
}

/// What of the tables is not as this program needs them.
fn unfit(link: &ServerLink) -> Result<Vec<String>, StoreError> {
    let refused = refused(link)?;
    if refused.is_empty() { plans::without_index(link) } else { Ok(refused) }
}

/// The statements that the server does not take, with its reasons.
fn refused(link: &ServerLink) -> Result<Vec<String>, StoreError> {
    let client = link.client()?;
    let mut findings = Vec::new();
    for text in statements::all() {
        if let Err(error) = link.block_on(client.prepare(text)) {
            findings.push(format!("{text}: {}", ServerFault::of(&error).reason));
        }
    }
    Ok(findings)
}

type SurveyResult = (BTreeMap<TreeName, u64>, Vec<RecordFault>, Option<InstallationId>);

fn look_at_all(trees: &Trees, meter: &Meter) -> Result<SurveyResult, StoreError> {
    let part = meter.part(0..100, TreeName::all().count() as u64);
    let counts = std::cell::RefCell::new(BTreeMap::new());
    let broken = std::cell::RefCell::new(None);
    let walk = walk::of_server(trees);
    let unsound = survey(&|tree, take| {
        let walked = walk(tree, &mut |key, value| {
            *counts.borrow_mut().entry(tree).or_insert(0) += 1;
            take(key, value);
            Ok(())
        });
        if let Err(error) = walked {
            broken.borrow_mut().get_or_insert(error);
        }
        part.advance(1);
    });
    if let Some(error) = broken.into_inner() {
        return Err(error);
    }
    let records = unsound.iter().map(RecordFault::from);
    let kept = trees.tree(TreeName::Meta).get(INSTALLATION)?;
    let installation =
        kept.and_then(|kept| kept[..].try_into().ok()).map(|id: [u8; 16]| InstallationId::of(&id));
    Ok((counts.into_inner(), records.collect(), installation))
}
