//! Handing out what is due, without two workers getting into each other's way.
//!
//! A row of a queue is claimed by a statement of its own, which passes over what others are just claiming and goes by
//! the server's clock. Only who has claimed it takes it further, in a step that says what becomes of it. A claim whose
//! step never came ends by itself.

use std::time::Duration;

use super::Postgres;
use super::fault::ServerFault;
use super::link::ServerLink;
use super::statements::sql;
use crate::store::error::StoreError;
use crate::store::kept::trees::TreeName;

impl Postgres {
    /// Claims the first keys of a queue before one, at most `limit`, but for those of these ids, for so long.
    pub(in crate::store) async fn claim(
        &self,
        queue: TreeName,
        before: Vec<u8>,
        limit: usize,
        but: Vec<Vec<u8>>,
        lasting: Duration,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let link = std::sync::Arc::clone(&self.link);
        self.link.blocking(move || claim(&link, queue, (&before, limit), &but, lasting)).await
    }
}

fn claim(
    link: &ServerLink,
    queue: TreeName,
    (before, limit): (&[u8], usize),
    but: &[Vec<u8>],
    lasting: Duration,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let Some(text) = &sql(queue).claim else { return Ok(Vec::new()) };
    let client = link.client()?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let (lasting, adopted) = (lasting.as_secs_f64(), link.fingerprint());
    let rows = link.block_on(async {
        let statement = client.prepare_cached(text).await?;
        client.query(&statement, &[&before, &limit, &but, &lasting, &adopted]).await
    });
    let rows = rows.map_err(|error| StoreError::from(ServerFault::of(&error)))?;
    let mut keys: Vec<Vec<u8>> = rows.iter().map(|row| row.get(0)).collect();
    keys.sort_unstable();
    Ok(keys)
}
