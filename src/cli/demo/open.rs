//! The demonstration that keeps running: the daemon with its pages, and keys and buttons that change what is watched.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::letter::DemoMail;
use super::origin::{Deed, DemoWish, Origin};
use crate::app::{Backend, run_daemon};
use crate::check::ReadOptions;
use crate::cli::check;
use crate::cli::output::Output;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::control::{Client, ProgressReporter, command};
use crate::domain::text::one_line;
use crate::settings::WorkerRoles;

/// The daemon is asked so often whether it is there.
const ATTEMPTS: u32 = 200;
const BETWEEN: Duration = Duration::from_millis(50);

/// Wishes that wait.
const WAITING: usize = 8;

/// Keeps the service running until somebody types `q` or ends the process.
pub(super) async fn keep_open(
    config: &Config,
    origin: &Origin,
    folder: &Path,
    output: Output,
) -> anyhow::Result<()> {
    let mut daemon = Box::pin(run_daemon(config.clone(), Arc::new(SystemClock), WorkerRoles::default()));
    let following = Box::pin(follow_wishes(config, origin, folder, output));
    tokio::select! {
        // A signal ended it: nobody wishes anything any more.
        ended = &mut daemon => ended,
        followed = following => {
            followed?;
            daemon.await
        }
    }
}

async fn follow_wishes(
    config: &Config,
    origin: &Origin,
    folder: &Path,
    output: Output,
) -> anyhow::Result<()> {
    let pages = config.web.as_ref().map(|web| web.base_url.to_string()).unwrap_or_default();
    let (sender, mut wishes) = mpsc::channel(WAITING);
    origin.open_panel(pages.clone(), sender.clone());
    let client = daemon(config).await?;
    let mut hangups = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    output.line("\nIT KEEPS RUNNING. Type a letter and Enter, or press the buttons.\n")?;
    output.line(format!("Pages    {pages}\nButtons  {}/\n", origin.address()))?;
    for (key, _, words) in Deed::ALL {
        output.line(format!("  {key}  {words}"))?;
    }
    output.line("  q  end")?;
    listen_to_keys(sender);
    loop {
        // A person who closes the terminal ends the demonstration too.
        let wish = tokio::select! {
            wish = wishes.recv() => wish,
            _ = hangups.recv() => None,
        };
        let Some(DemoWish::Do(deed)) = wish else { break };
        origin.act(deed);
        let outcome = read_again(&client, config, folder, output).await;
        if let Err(error) = outcome {
            crate::cli::output::print_error(&error);
        }
    }
    // As anybody would end the daemon.
    kill_process(getpid(), Signal::TERM).context("failed to stop the daemon")
}

/// The daemon, as soon as it answers.
async fn daemon(config: &Config) -> anyhow::Result<Client> {
    for _ in 0..ATTEMPTS {
        if let Ok(Some(client)) = Backend::of_daemon(config).await {
            return Ok(client);
        }
        tokio::time::sleep(BETWEEN).await;
    }
    anyhow::bail!("the daemon of the demonstration does not answer")
}

/// Has the daemon read what was changed, and shows what came of it.
async fn read_again(client: &Client, config: &Config, folder: &Path, output: Output) -> anyhow::Result<()> {
    let list = config.sources.iter().take(1).map(|source| source.id.clone()).collect();
    let progress = ProgressReporter::unheard();
    let before = DemoMail::read_all(&folder.join("state/mail"))?.len();
    let ask = command::Check { sources: list, options: ReadOptions::default() };
    let checked = client.execute(ask, &progress).await?;
    output.line("")?;
    check::show(&checked, &config.companies, output)?;
    let letters = DemoMail::read_all(&folder.join("state/mail"))?;
    super::keep_pages(&letters, folder)?;
    for letter in letters.iter().skip(before) {
        output.line(format!("mail     {}", one_line(&letter.subject)))?;
    }
    Ok(())
}

/// Hears keys in a thread of its own, which ends with the process: nothing else waits for a person.
fn listen_to_keys(wishes: mpsc::Sender<DemoWish>) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if let Some(wish) = DemoWish::of_key(line.trim())
                && wishes.blocking_send(wish).is_err()
            {
                return;
            }
        }
    });
}
