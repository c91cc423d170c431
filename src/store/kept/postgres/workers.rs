//! The daemons that work on a database, and the configuration that they go by.

use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::Client;
use tokio_postgres::Row;

use super::Postgres;
use super::fault::ServerFault;
use super::link::ServerLink;
use super::statements;
use crate::store::boundary::{AdoptedConfig, Enrolment, FellowWorker};
use crate::store::error::StoreError;

/// One step of adopting a configuration at a time.
const ONE_ADOPTION: &str = "SELECT pg_advisory_xact_lock(7166920443)";

/// What a daemon is to the others.
#[derive(Debug, Clone)]
pub(super) struct Enrolled {
    enrolment: Enrolment,
    /// Whether it was said that its configuration is not the one in force.
    is_warned: bool,
}

fn moment(milliseconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(milliseconds)
}

fn id_of(opening: i64) -> String {
    format!("{opening:016x}")
}

fn opening_of(id: &str) -> Option<i64> {
    u64::from_str_radix(id, 16).ok().map(u64::cast_signed)
}

fn generation_of(row: &Row, ours: &str) -> AdoptedConfig {
    AdoptedConfig {
        number: row.get::<_, i32>(0).unsigned_abs(),
        is_ours: row.get::<_, &str>(1) == ours,
        since: moment(row.get(2)),
    }
}

/// Fails if a configuration is not the one in force.
///
/// # Errors
/// [`StoreError::NotAdopted`].
pub(super) fn require_adopted(ours: &str, in_force: &Row) -> Result<(), StoreError> {
    let generation = generation_of(in_force, ours);
    if generation.is_ours {
        return Ok(());
    }
    Err(StoreError::NotAdopted { generation: generation.number })
}

#[expect(clippy::needless_pass_by_value, reason = "errors are mapped by it")]
fn of(error: tokio_postgres::Error) -> ServerFault {
    ServerFault::of(&error)
}

impl Postgres {
    /// Asks the server something, beside the steps; see [`ServerLink::ask`].
    async fn ask<R: Send + 'static, F: Future<Output = Result<R, ServerFault>> + Send>(
        &self,
        question: impl Fn(Client) -> F + Send + 'static,
    ) -> Result<R, StoreError> {
        let link = std::sync::Arc::clone(&self.link);
        self.link.blocking(move || link.ask(&question)).await
    }

    pub(in crate::store) async fn enrol(&self, enrolment: Enrolment) -> Result<(), StoreError> {
        self.link.enrolled().replace(Enrolled { enrolment, is_warned: false });
        let link = std::sync::Arc::clone(&self.link);
        let seen = async move { link.say_that_alive().await };
        self.link.handle().spawn(seen).await.map_err(|_| StoreError::Closed)?.map_err(StoreError::from)
    }

    pub(in crate::store) async fn propose(
        &self,
        configuration: &str,
        insists: bool,
    ) -> Result<AdoptedConfig, StoreError> {
        let configuration = configuration.to_owned();
        self.ask(move |mut client| {
            let configuration = configuration.clone();
            async move {
                let transaction = client.transaction().await.map_err(of)?;
                transaction.batch_execute(ONE_ADOPTION).await.map_err(of)?;
                let adopted = transaction.execute(statements::ADOPT, &[&configuration, &insists]).await;
                let is_adopted = adopted.map_err(of)? > 0;
                let row = transaction.query_one(statements::GENERATION, &[]).await.map_err(of)?;
                let generation = generation_of(&row, &configuration);
                transaction.commit().await.map_err(of)?;
                if is_adopted {
                    tracing::info!(
                        generation = generation.number,
                        "adopted this configuration as generation {}",
                        generation.number
                    );
                }
                Ok(generation)
            }
        })
        .await
    }

    pub(in crate::store) async fn generation(&self, ours: &str) -> Result<Option<AdoptedConfig>, StoreError> {
        let ours = ours.to_owned();
        self.ask(move |client| {
            let ours = ours.clone();
            async move {
                let row = client.query_opt(statements::GENERATION, &[]).await.map_err(of)?;
                Ok(row.map(|row| generation_of(&row, &ours)))
            }
        })
        .await
    }

    pub(in crate::store) async fn fellow_workers(&self) -> Result<Vec<FellowWorker>, StoreError> {
        self.ask(|client| async move {
            let rows = client.query(statements::WORKERS, &[]).await.map_err(of)?;
            Ok(rows.iter().filter_map(fellow).collect())
        })
        .await
    }

    pub(in crate::store) async fn departed(&self) -> Result<Vec<String>, StoreError> {
        let me = self.link.opening().number().cast_signed();
        self.ask(move |client| async move {
            let rows = client.query(statements::DEPARTED, &[&me]).await.map_err(of)?;
            Ok(rows.iter().map(|row| id_of(row.get(0))).collect())
        })
        .await
    }

    pub(in crate::store) async fn forget_claims(&self) -> Result<(), StoreError> {
        self.ask(|client| async move {
            client.execute(statements::FORGET_CLAIMS, &[]).await.map_err(of)?;
            client.execute(statements::FORGET_OLD_STEPS, &[]).await.map_err(of)?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn forget_departed(&self, ids: &[String]) -> Result<(), StoreError> {
        let openings: Vec<i64> = ids.iter().filter_map(|id| opening_of(id)).collect();
        self.ask(move |client| {
            let openings = openings.clone();
            async move {
                client.execute(statements::FREE_CLAIMS, &[&openings]).await.map_err(of)?;
                client.execute(statements::FORGET_WORKERS, &[&openings]).await.map_err(of)?;
                Ok(())
            }
        })
        .await
    }
}

fn fellow(row: &Row) -> Option<FellowWorker> {
    let enrolment: Enrolment = serde_json::from_str(row.get(1)).ok()?;
    Some(FellowWorker {
        id: id_of(row.get(0)),
        host: enrolment.host,
        pid: enrolment.pid,
        version: enrolment.version,
        roles: enrolment.roles,
        seen_at: moment(row.get(2)),
        is_alive: row.get(3),
        generation: row.get::<_, Option<i32>>(4).map(i32::unsigned_abs),
        is_current: row.get(5),
        holds: row.get::<_, Option<Vec<String>>>(6).unwrap_or_default(),
    })
}

impl ServerLink {
    /// Names the configuration of the daemon that this is; nothing of any other process.
    pub(super) fn fingerprint(&self) -> Option<String> {
        self.enrolled().as_ref().map(|enrolled| enrolled.enrolment.configuration.clone())
    }

    /// Has the others know that this daemon is alive, and warns once if its configuration is not the one in force.
    pub(super) async fn say_that_alive(&self) -> Result<(), ServerFault> {
        let Some(Enrolled { enrolment, is_warned }) = self.enrolled().clone() else { return Ok(()) };
        let client = self.client_now().await?;
        let record =
            serde_json::to_string(&enrolment).map_err(|error| ServerFault::other(error.to_string()))?;
        let me = self.opening().number().cast_signed();
        client.execute(statements::ENROL, &[&me, &record]).await.map_err(of)?;
        let row = client.query_opt(statements::GENERATION, &[]).await.map_err(of)?;
        let generation = row.map(|row| generation_of(&row, &enrolment.configuration));
        let is_current = generation.as_ref().is_none_or(|generation| generation.is_ours);
        if let Some(generation) = generation.filter(|_| is_current == is_warned) {
            let number = generation.number;
            if is_current {
                tracing::info!(
                    generation = number,
                    "this worker's configuration is in force, as generation {number}"
                );
            } else {
                tracing::warn!(
                    generation = number,
                    "this worker begins nothing: its configuration is not generation {number}, which is in force; bring \
                     its files up to date and run `regwatch reload`"
                );
            }
            if let Some(enrolled) = self.enrolled().as_mut() {
                enrolled.is_warned = !is_current;
            }
        }
        Ok(())
    }

    /// Gives back what this opening still has, forgets its steps, and has the others know if a daemon is gone.
    pub(super) async fn say_goodbye(&self) {
        let _ = self.end_claims().await;
        let was_enrolled = self.enrolled().take().is_some();
        let me = self.opening().number().cast_signed();
        let Ok(client) = self.client_now().await else { return };
        let _ = client.execute(statements::FORGET_STEPS, &[&me]).await;
        if was_enrolled {
            let _ = client.execute(statements::FORGET_WORKERS, &[&vec![me]]).await;
        }
    }
}
