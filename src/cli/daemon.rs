//! `regwatch daemon`: read on schedule until stopped.

use std::sync::Arc;

use super::Context;
use super::exit::Exit;
use crate::app::run_daemon;
use crate::clock::SystemClock;

pub(super) async fn run(context: &Context) -> anyhow::Result<Exit> {
    Box::pin(run_daemon(context.config()?, Arc::new(SystemClock))).await?;
    Ok(Exit::Done)
}
