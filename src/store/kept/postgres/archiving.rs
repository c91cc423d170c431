//! Backups and exports of a server's database, and making a database of one.
//!
//! A backup is one look: what the server shows it is one moment's state, however long it takes and whatever others
//! write meanwhile. A database is filled stretch by stretch ([`super::super::filling`]), and counts for nothing until
//! it holds what the file says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Postgres;
use super::link::ServerLink;
use super::statements;
use crate::domain::id::hex;
use crate::domain::meter::Meter;
use crate::settings::{DatabaseUrl, StoreRules};
use crate::store::boundary::Archived;
use crate::store::error::StoreError;
use crate::store::kept::archive::{self, BackupHeader};
use crate::store::kept::filling::{self, Cutting, STRETCH, Stretch};
use crate::store::kept::identity::INSTALLATION;
use crate::store::kept::indexes;
use crate::store::kept::lines::{self, ImportedLine};
use crate::store::kept::opening::OPENED;
use crate::store::kept::trees::{TreeName, Trees};
use crate::store::kept::walk::{self, Summing};
use crate::store::kept::writes::number;

/// How much of the work is done, in percent, once a file was read to its end for the first time.
const READ: u8 = 20;

/// How much once all of it is written, and is to be held against the file.
const WRITTEN: u8 = 85;

impl Postgres {
    /// Writes a backup into a file, or lines of JSON. Others read and write meanwhile.
    pub(in crate::store) async fn archive(
        &self,
        path: PathBuf,
        as_lines: bool,
        meter: &Meter,
    ) -> Result<Archived, StoreError> {
        let meter = meter.clone();
        self.read(move |trees| {
            let installation = trees.tree(TreeName::Meta).get(INSTALLATION)?.unwrap_or_default();
            let writing = meter.part(0..100, estimate(trees)?);
            let walk = walk::of_server(trees);
            if as_lines {
                lines::write((trees, &walk), (hex(&installation), 0), &path, &writing)
            } else {
                archive::write(&BackupHeader::new(&installation, 0), &walk, &path, &writing)
            }
        })
        .await
    }
}

/// How many records there are, about.
fn estimate(trees: &Trees) -> Result<u64, StoreError> {
    let rows = trees.view().map(|view| view.query(statements::ESTIMATE, &[])).transpose()?;
    let records = rows.and_then(|rows| rows.first().map(|row| row.get::<_, i64>(0)));
    Ok(records.unwrap_or_default().cast_unsigned())
}

/// Fills the database with a backup where it holds nothing, or goes on where that was broken off.
///
/// # Errors
/// [`StoreError::Occupied`]; [`StoreError::BadBackup`], and then nothing was made; the server's.
pub(in crate::store) fn restore(
    url: &DatabaseUrl,
    path: &Path,
    meter: &Meter,
) -> Result<Archived, StoreError> {
    let read = |expected: &mut Expected| {
        let read = archive::read(path, (meter, 0..READ), &mut |tree, key, value| {
            expected.take(tree, key, value);
            Ok(())
        });
        read.map(|(_, archived)| archived)
    };
    filled(url, path, read, |link, expected| {
        let mut cutting = Cutting::default();
        let mut seen = Vec::new();
        archive::read(path, (meter, READ..WRITTEN), &mut |tree, key, value| {
            let complete = cutting.take(tree, key, value).map_err(|reason| bad(path, reason))?;
            seen.push(tree);
            seen.dedup();
            complete.iter().try_for_each(|(tree, stretch)| fill(link, *tree, stretch))
        })?;
        if let Some((tree, stretch)) = cutting.end() {
            fill(link, tree, &stretch)?;
        }
        // What the backup does not have goes.
        for tree in TreeName::all().filter(|tree| !seen.contains(tree)) {
            fill(link, tree, &Stretch::default())?;
        }
        expected.compare(link, meter)
    })
}

/// The same of an export.
///
/// # Errors
/// As [`restore`].
pub(in crate::store) fn import(
    url: &DatabaseUrl,
    path: &Path,
    meter: &Meter,
) -> Result<Archived, StoreError> {
    let read = |expected: &mut Expected| {
        lines::read(path, (meter, 0..READ), &mut |line| {
            expected.take(line.tree, &line.key, line.bytes().unwrap_or_default());
            Ok(())
        })
    };
    filled(url, path, read, |link, _| {
        // How far another try came cannot be seen: lines are in another order than records.
        TreeName::all().try_for_each(|tree| empty(link, tree))?;
        let mut batch = Vec::with_capacity(STRETCH);
        lines::read(path, (meter, READ..100), &mut |line| {
            if !walk::is_not_copied(line.tree, &line.key) {
                batch.push(line);
            }
            if batch.len() < STRETCH {
                return Ok(());
            }
            put(link, &std::mem::take(&mut batch))
        })?;
        put(link, &batch)
    })
}

/// Fills a database from a file: `read` goes through the file to its end before anything is made, `write` writes what it
/// holds. Until that ended the database is marked as unfinished.
fn filled(
    url: &DatabaseUrl,
    path: &Path,
    read: impl FnOnce(&mut Expected) -> Result<Archived, StoreError>,
    write: impl FnOnce(&ServerLink, &Expected) -> Result<(), StoreError> + Send,
) -> Result<Archived, StoreError> {
    refuse_occupied(url)?;
    let mut expected = Expected::default();
    let archived = read(&mut expected)?;
    expected.check(path)?;
    let server = Postgres::open_to_fill(url)?;
    let written = server.link.aside(|link| {
        begin(link)?;
        write(link, &expected)?;
        finish(link, &expected.installation)
    });
    server.close();
    written.map(|()| archived)
}

impl Postgres {
    /// Opens a database that may be unfinished.
    fn open_to_fill(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Self::open(url, &StoreRules::default())
    }
}

/// Refuses a database that holds anything, before a file is read that may be long.
fn refuse_occupied(url: &DatabaseUrl) -> Result<(), StoreError> {
    let link = match ServerLink::to_look(url) {
        Err(StoreError::NoneYet { .. }) => return Ok(()),
        link => link?,
    };
    link.aside(|link| link.look(|trees| filling::refuse_occupied(trees, link.place())))
}

fn begin(link: &ServerLink) -> Result<(), StoreError> {
    link.step(&mut |trees: &Trees, writes| filling::begin(trees, writes, link.place()))
}

fn fill(link: &ServerLink, tree: TreeName, stretch: &Stretch) -> Result<(), StoreError> {
    link.step(&mut |trees: &Trees, writes| filling::fill(trees, writes, tree, stretch).map(drop))
}

fn put(link: &ServerLink, lines: &[ImportedLine]) -> Result<(), StoreError> {
    link.step(&mut |trees: &Trees, writes| lines.iter().try_for_each(|line| line.write(trees, writes)))
}

fn finish(link: &ServerLink, installation: &[u8]) -> Result<(), StoreError> {
    link.step(&mut |_: &Trees, writes| filling::finish(writes, installation))
}

/// Removes the records of one kind, as many in a step as in others.
fn empty(link: &ServerLink, tree: TreeName) -> Result<(), StoreError> {
    loop {
        let removed = link.step(&mut |trees: &Trees, writes| {
            let mut removed = 0;
            for key in trees.tree(tree).iter().keys().take(STRETCH) {
                let key = key?;
                if !walk::is_not_copied(tree, &key) {
                    writes.remove(tree, &key);
                    removed += 1;
                }
            }
            Ok(removed)
        })?;
        if removed == 0 {
            return Ok(());
        }
    }
}

fn bad(path: &Path, reason: String) -> StoreError {
    StoreError::BadBackup { path: path.display().to_string(), reason }
}

/// What a file holds.
#[derive(Debug, Default)]
struct Expected {
    sums: BTreeMap<TreeName, Summing>,
    /// Whose state it is.
    installation: Vec<u8>,
    /// What a sled database says of its indexes.
    right_at: Option<Vec<u8>>,
    openings: u64,
}

impl Expected {
    fn take(&mut self, tree: TreeName, key: &[u8], value: &[u8]) {
        self.sums.entry(tree).or_default().add(tree, key, value);
        if tree != TreeName::Meta {
            return;
        }
        match key {
            INSTALLATION => self.installation = value.to_vec(),
            indexes::RIGHT_AT => self.right_at = Some(value.to_vec()),
            OPENED => self.openings = number(Some(value)),
            _ => {}
        }
    }

    /// Refuses what only a sled database makes usable when it is opened.
    fn check(&self, path: &Path) -> Result<(), StoreError> {
        if indexes::are_right(self.right_at.as_deref(), self.openings) {
            return Ok(());
        }
        let reason = "it is of a program that kept other indexes; restore it into a sled store, open that once with \
                      this program, and use `regwatch store copy`";
        Err(bad(path, reason.to_owned()))
    }

    /// Holds the database against it.
    fn compare(&self, link: &ServerLink, meter: &Meter) -> Result<(), StoreError> {
        let part = meter.part(WRITTEN..100, TreeName::all().count() as u64);
        for tree in TreeName::all() {
            let theirs = self.sums.get(&tree).cloned().unwrap_or_default().end();
            let ours = link.look(|trees| walk::sum(trees, tree))?;
            if ours != theirs {
                return Err(StoreError::CopyDiffers {
                    what: tree.name(),
                    from: theirs.to_string(),
                    to: ours.to_string(),
                });
            }
            part.advance(1);
        }
        Ok(())
    }
}
