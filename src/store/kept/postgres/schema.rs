//! The tables, made by numbered migrations that are part of the program.
//!
//! A migration that was published never changes; its hash is kept beside its number. Each only adds what the program
//! before it can do without (expand), or takes away what that program no longer uses (contract), so that two successive
//! programs can work on one database.

use deadpool_postgres::Client;
use sha2::{Digest as _, Sha256};

use super::fault::ServerFault;
use super::statements;
use crate::domain::id::hex;

/// One step of the schema.
#[derive(Debug)]
pub(super) struct Migration {
    pub(super) number: i32,
    pub(super) name: &'static str,
    text: &'static str,
}

/// All of them, in their order.
pub(super) const ALL: [Migration; 6] = [
    Migration { number: 1, name: "records", text: include_str!("migrations/0001_records.sql") },
    Migration { number: 2, name: "workers", text: include_str!("migrations/0002_workers.sql") },
    Migration { number: 3, name: "touches", text: include_str!("migrations/0003_touches.sql") },
    Migration { number: 4, name: "room", text: include_str!("migrations/0004_room.sql") },
    Migration { number: 5, name: "steps", text: include_str!("migrations/0005_steps.sql") },
    Migration { number: 6, name: "named on", text: include_str!("migrations/0006_named_on.sql") },
];

impl Migration {
    fn hash(&self) -> String {
        hex(&Sha256::digest(self.text))
    }
}

/// How the tables of a database stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SchemaState {
    /// There are none.
    Empty,
    /// They are this program's.
    Current,
    /// So many migrations are missing.
    Behind(usize),
    /// A later program's.
    Newer { number: i32, name: String },
    /// A migration of this number was another.
    Foreign { number: i32, name: String },
}

/// Looks how they stand.
pub(super) async fn standing(client: &Client) -> Result<SchemaState, ServerFault> {
    let ask = async || {
        if !client.query_one(statements::HAS_MIGRATIONS, &[]).await?.get::<_, bool>(0) {
            return Ok(Vec::new());
        }
        client.query(statements::MIGRATIONS, &[]).await
    };
    let rows = ask().await.map_err(|error| ServerFault::of(&error))?;
    let made: Vec<(i32, String, String)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    Ok(compare(&made))
}

fn compare(made: &[(i32, String, String)]) -> SchemaState {
    for (number, name, sha256) in made {
        match ALL.iter().find(|known| known.number == *number) {
            None => return SchemaState::Newer { number: *number, name: name.clone() },
            Some(known) if known.hash() != *sha256 => {
                return SchemaState::Foreign { number: *number, name: name.clone() };
            }
            Some(_) => {}
        }
    }
    match ALL.len().saturating_sub(made.len()) {
        0 => SchemaState::Current,
        _ if made.is_empty() => SchemaState::Empty,
        missing => SchemaState::Behind(missing),
    }
}

/// Makes what is missing, all or nothing; gives the names of what was made.
pub(super) async fn migrate(client: &mut Client) -> Result<Vec<&'static str>, ServerFault> {
    let of = |error: tokio_postgres::Error| ServerFault::of(&error);
    let transaction = client.transaction().await.map_err(of)?;
    transaction.execute(statements::ONE_MIGRATION, &[]).await.map_err(of)?;
    transaction.batch_execute(statements::MIGRATIONS_TABLE).await.map_err(of)?;
    let rows = transaction.query(statements::MIGRATIONS, &[]).await.map_err(of)?;
    let made: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    let mut names = Vec::new();
    for migration in ALL.iter().filter(|migration| !made.contains(&migration.number)) {
        transaction.batch_execute(migration.text).await.map_err(of)?;
        let (number, name, hash) = (migration.number, migration.name, migration.hash());
        transaction.execute(statements::NOTE_MIGRATION, &[&number, &name, &hash]).await.map_err(of)?;
        names.push(name);
    }
    transaction.commit().await.map_err(of)?;
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::kept::trees::TreeName;

    #[test]
    fn an_unknown_schema_is_told_from_an_old_one() {
        let known = |migration: &Migration| (migration.number, migration.name.to_owned(), migration.hash());
        let made: Vec<_> = ALL.iter().map(known).collect();
        assert_eq!(compare(&made), SchemaState::Current);
        assert_eq!(compare(&[]), SchemaState::Empty);
        let later = (ALL[ALL.len() - 1].number + 1, "later".to_owned(), String::new());
        let newer = SchemaState::Newer { number: later.0, name: "later".to_owned() };
        assert_eq!(compare(&[&made[..], &[later]].concat()), newer);
        let other = (1, "records".to_owned(), "0".repeat(64));
        assert_eq!(compare(&[other]), SchemaState::Foreign { number: 1, name: "records".to_owned() });
    }

    #[test]
    fn every_kind_of_records_has_its_table() {
        let is_made = |name: &str| {
            let begin = format!("CREATE TABLE {name} (");
            ALL.iter().any(|migration| migration.text.contains(&begin))
        };
        let missing: Vec<&str> = TreeName::all().map(TreeName::name).filter(|name| !is_made(name)).collect();
        assert_eq!(missing, [""; 0], "a new migration is to make them");
    }

    #[test]
    fn migrations_are_numbered_from_one_without_a_gap() {
        assert!((1..).zip(&ALL).all(|(number, migration)| migration.number == number));
    }
}
