//! `regwatch daemon`: read on schedule until stopped.

use std::sync::Arc;

use clap::Args;

use super::Context;
use super::exit::Exit;
use crate::app::run_daemon;
use crate::clock::SystemClock;
use crate::settings::{WorkerRole, WorkerRoles};

#[derive(Debug, Args)]
pub(super) struct Daemon {
    /// What this daemon does, where several share a store in PostgreSQL: read, tell, send, web, inbox [default: all].
    #[arg(long = "role", value_name = "ROLES", value_delimiter = ',')]
    roles: Vec<WorkerRole>,
}

pub(super) async fn run(daemon: &Daemon, context: &Context) -> anyhow::Result<Exit> {
    let roles = WorkerRoles::of(&daemon.roles);
    Box::pin(run_daemon(context.config()?, Arc::new(SystemClock), roles)).await?;
    Ok(Exit::Done)
}
