//! Taking over what the configuration's files say now.
//!
//! The company registry alone is replaced in place ([`Reloader`]), so that a company can be added while reads
//! are under way. Everything else is taken over together: the daemon puts its parts together anew over the same
//! open store ([`TakenOver`] says what became different). A file that would be refused at a start is refused
//! here, and what is in force stays.

mod taken_over;

use std::path::PathBuf;

use crate::config::{Config, ConfigError, load, show};
use crate::domain::matching::{Watchlist, WatchlistError};
use crate::domain::scoring::Thresholds;
use crate::registry::Registry;

pub use taken_over::{TakenOver, Takeover, keep_what_needs_a_restart};

/// Why nothing was taken over.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The files are not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Names that cannot be looked for.
    #[error(transparent)]
    Watchlist(#[from] WatchlistError),
    /// The work ended abruptly.
    #[error("loading the configuration panicked")]
    Ended(#[from] tokio::task::JoinError),
}

/// What was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reloaded {
    /// How many companies are tracked now.
    pub companies: usize,
    /// Whether other settings differ from those in force.
    pub needs_restart: bool,
}

/// Takes over what the files say.
#[derive(Debug)]
pub struct Reloader {
    path: PathBuf,
    /// The settings in force, without what a reload takes over.
    in_force: Config,
    registry: Registry,
}

impl Reloader {
    /// Replaces what is in `registry`; `config` is what is in force.
    #[must_use]
    pub fn new(config: &Config, registry: Registry) -> Self {
        Self { path: config.path.clone(), in_force: without_companies(config), registry }
    }

    /// Reads the files and puts their companies in force.
    ///
    /// # Errors
    /// What a start would be refused for; then the registry in force stays.
    pub async fn reload(&self) -> Result<Reloaded, ReloadError> {
        let path = self.path.clone();
        // Files are read and an automaton is built: neither belongs on the runtime's own threads.
        let read = tokio::task::spawn_blocking(move || {
            let config = load(&path)?;
            let watchlist = watchlist(&config)?;
            Ok::<_, ReloadError>((config, watchlist))
        });
        let (config, watchlist) = read.await??;
        self.registry.replace(watchlist);
        tracing::info!(companies = config.companies.len(), "reloaded {} companies", config.companies.len());
        let needs_restart = show(&without_companies(&config)) != show(&self.in_force);
        Ok(Reloaded { companies: config.companies.len(), needs_restart })
    }
}

/// Every tracked company, ready to be looked for.
///
/// # Errors
/// A company whose names cannot be looked for.
pub fn watchlist(config: &Config) -> Result<Watchlist, WatchlistError> {
    let watchlist = Watchlist::with(config.companies.clone(), config.categories.clone(), config.matching)?;
    Ok(watchlist.watching(config.sources.iter().map(|source| (source.id.clone(), source.title.clone()))))
}

/// What a reload of the companies leaves as it is.
fn without_companies(config: &Config) -> Config {
    let matching = Thresholds::default();
    Config { companies: Vec::new(), categories: Vec::new(), matching, ..config.clone() }
}
