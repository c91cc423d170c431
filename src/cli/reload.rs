//! `regwatch reload`: have the daemon take over what the files say.

use super::Context;
use super::exit::Exit;
use crate::app::Backend;
use crate::config::Config;
use crate::control::{ProgressReporter, command};
use crate::domain::id::SourceId;
use crate::domain::text::counted;
use crate::reload::TakenOver;

pub(super) async fn run(context: &Context) -> anyhow::Result<Exit> {
    let config = context.config()?;
    let socket = config.daemon.socket.display().to_string();
    let Some(taken) = take_over(config).await? else {
        anyhow::bail!(
            "the configuration is valid; no daemon listens on {socket}, so the next start reads it. A daemon that was \
             started with another store.url or daemon.socket reads it on SIGHUP"
        );
    };
    let output = context.output;
    if output.json {
        output.object(&taken)?;
        return Ok(Exit::Done);
    }
    let sources = counted(taken.sources, "source", "sources");
    let companies = counted(taken.companies, "company", "companies");
    output.line(format!("in force: {sources}, {companies}"))?;
    for (what, ids) in [
        ("newly watched", &taken.added),
        ("no longer watched", &taken.removed),
        ("watched otherwise", &taken.changed),
    ] {
        if !ids.is_empty() {
            let ids: Vec<&str> = ids.iter().map(SourceId::as_str).collect();
            output.line(format!("{what}: {}", ids.join(", ")))?;
        }
    }
    if !taken.needs_restart.is_empty() {
        output.line(format!("a restart is needed for: {}", taken.needs_restart.join(", ")))?;
    }
    Ok(Exit::Done)
}

/// Has the daemon of a configuration take over what the files say; `None` where none runs.
pub(super) async fn take_over(config: Config) -> anyhow::Result<Option<TakenOver>> {
    match Backend::of_daemon(&config).await? {
        Some(client) => {
            let progress = ProgressReporter::unheard();
            Ok(Some(client.execute(command::TakeOver {}, &progress).await?))
        }
        None => Ok(None),
    }
}
