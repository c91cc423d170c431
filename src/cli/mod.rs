//! The command line: one file a verb.
//!
//! A verb parses its arguments, asks through the [`Backend`] and prints the reply;
//! it decides nothing. What can be asked without the store is answered from the
//! configuration alone.

mod arguments;
mod backfill;
mod backtest;
mod changes;
mod check;
mod company;
mod config;
mod daemon;
mod demo;
mod doctor;
mod eval;
mod evidence;
mod exit;
mod explain;
mod export;
mod incident;
mod init;
mod mail;
mod manual;
mod outbox;
mod output;
mod problems;
mod progress;
mod reload;
mod replay;
mod review;
mod screen;
mod source;
mod status;
mod store;
mod sub;
mod suppression;
mod token;
mod web;
mod webhook;
mod word;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser};

use crate::app::{self, Backend};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::control::{Ask, ProgressReporter};
use crate::domain::meter::Meter;

use arguments::{Arguments, Verb};
use exit::Exit;
use output::Output;
use progress::WaitingSign;

/// More threads than this have nothing to do: what takes long waits for hosts.
const MAX_WORKERS: usize = 4;

/// Names are looked up, bodies read and the store asked in so many threads at once, each with a stack and memory of
/// its own. Bodies take as many as there are cores, so that a name that is not answered keeps nobody waiting long.
const MAX_BLOCKING: usize = 12;

/// Parses the command line, does what it says and tells how it went.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let output = Output::new(arguments.json);
    let outcome = start(&arguments).and_then(|runtime| runtime.block_on(execute(arguments, output)));
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) if output::is_broken_pipe(&error) => Exit::Done.into(),
        Err(error) => {
            output.error(&error);
            Exit::Error.into()
        }
    }
}

/// Ends a run whose command line was not understood, or that only asked for help.
fn usage(error: &clap::Error) -> ExitCode {
    let is_json = std::env::args_os().any(|argument| argument == "--json");
    if is_json && error.use_stderr() {
        let said = error.render().to_string();
        let said = said.trim().trim_start_matches("error: ");
        Output::new(true).object(&serde_json::json!({ "error": said })).unwrap_or(());
    }
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn start(arguments: &Arguments) -> anyhow::Result<tokio::runtime::Runtime> {
    let is_daemon = matches!(arguments.verb, Verb::Daemon(_));
    let filter = arguments.log.as_deref().unwrap_or(if is_daemon { "info" } else { "error" });
    crate::store::take_room();
    app::start_log(filter, arguments.log_format, output::has_colour(&std::io::stderr()))?;
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.min(MAX_WORKERS))
        .max_blocking_threads(MAX_BLOCKING)
        .enable_all()
        .build()?)
}

async fn execute(arguments: Arguments, output: Output) -> anyhow::Result<Exit> {
    let context = Context { config: arguments.config, output };
    match arguments.verb {
        Verb::Init(verb) => init::run(&verb, output),
        Verb::Check(verb) => Box::pin(check::run(verb, &context)).await,
        Verb::Daemon(verb) => Box::pin(daemon::run(&verb, &context)).await,
        Verb::Demo(verb) => demo::run(verb, output).await,
        Verb::Doctor => doctor::run(&context).await,
        Verb::Completions(verb) => manual::completions(&verb, Arguments::command(), output),
        Verb::Man(verb) => manual::man(&verb, Arguments::command(), output),
        Verb::Reload => reload::run(&context).await,
        Verb::Status(verb) => status::run(&verb, &context).await,
        Verb::Source(verb) => source::run(verb, &context).await,
        Verb::Company(verb) => company::run(verb, &context).await,
        Verb::Eval(verb) => eval::run(&verb, &context),
        Verb::Evidence(verb) => evidence::run(verb, &context).await,
        Verb::Review(verb) => review::run(verb, &context).await,
        Verb::Incident(verb) => incident::run(&verb, &context).await,
        Verb::Screen(verb) => screen::run(verb, &context).await,
        Verb::Backfill(verb) => Box::pin(backfill::run(verb, &context)).await,
        Verb::Backtest(verb) => Box::pin(backtest::run(verb, &context)).await,
        Verb::Replay(verb) => replay::run(verb, &context).await,
        Verb::Export(verb) => export::run(verb, &context).await,
        Verb::Changes(verb) => changes::run(verb, &context).await,
        Verb::Sub(verb) => sub::run(verb, &context).await,
        Verb::Outbox(verb) => outbox::run(verb, &context).await,
        Verb::Suppression(verb) => suppression::run(verb, &context).await,
        Verb::Mail(verb) => mail::run(verb, &context).await,
        Verb::Config(verb) => config::run(&verb, &context),
        Verb::Token(verb) => token::run(verb, &context).await,
        Verb::Webhook(verb) => webhook::run(verb, &context).await,
        Verb::Web(verb) => web::run(&verb, output),
        Verb::Store(verb) => store::run(&verb, &context).await,
    }
}

/// What every verb has at hand.
struct Context {
    config: PathBuf,
    output: Output,
}

impl Context {
    fn config(&self) -> anyhow::Result<Config> {
        Ok(crate::config::load(&self.config)?)
    }

    /// Has a command executed that tells nothing on the way.
    async fn ask<A: Ask>(&self, ask: A) -> anyhow::Result<A::Reply> {
        self.ask_with(self.config()?, ask).await
    }

    /// The same with a configuration that is loaded already.
    async fn ask_with<A: Ask>(&self, config: Config, ask: A) -> anyhow::Result<A::Reply> {
        self.ask_metered(config, ask, &Meter::default()).await
    }

    /// The same of one that says on the way how far it has come.
    async fn ask_metered<A: Ask>(&self, config: Config, ask: A, meter: &Meter) -> anyhow::Result<A::Reply> {
        let progress = ProgressReporter::on(meter);
        // Every verb's future holds this one: on the heap, so that none is large.
        let answer = Box::pin(async { open(config).await?.execute(ask, progress).await });
        WaitingSign::for_long("working", answer).await
    }
}

async fn open(config: Config) -> anyhow::Result<Backend> {
    let place = config.store.place();
    let door = Backend::open(config, Arc::new(SystemClock)).await?;
    if let Backend::Here(app) = &door
        && app.has_new_store()
    {
        output::print_note(&format!(
            "there was no store in {place}: this is a first start with an empty store"
        ));
    }
    Ok(door)
}
