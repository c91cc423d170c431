//! Everything that was read, as one.

use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::category::Category;
use crate::domain::company::Company;
use crate::domain::id::SourceId;
use crate::domain::scoring::Thresholds;
use crate::domain::source::Source;
use crate::settings::{
    DaemonSettings, EvidenceSettings, FetchSettings, InboxSettings, MailSettings, MetricsSettings,
    OperatorSettings, StoreRules, StoreSettings, WaysInSettings, WebSettings,
};

/// Everything the operator decided. Every path is absolute, every reference resolved.
#[derive(Debug, Clone)]
pub struct Config {
    /// The main file it was read from.
    pub path: PathBuf,
    /// Where state is kept.
    pub store: StoreSettings,
    /// What must be so of it.
    pub store_rules: StoreRules,
    /// How mail leaves.
    pub mail: MailSettings,
    /// Where people write to; without it nobody subscribes by mail.
    pub inbox: Option<InboxSettings>,
    /// By which ways mail to it comes in, besides `regwatch mail ingest`.
    pub ways_in: WaysInSettings,
    /// The web server to which mail's links lead; without it mail has none.
    pub web: Option<WebSettings>,
    /// Where health and metrics are shown; without it nowhere.
    pub metrics: Option<MetricsSettings>,
    /// Who puts a time to what was read.
    pub evidence: EvidenceSettings,
    /// How pages are asked for.
    pub fetch: FetchSettings,
    /// From which score on a name of a list counts.
    pub matching: Thresholds,
    /// How the daemon behaves.
    pub daemon: DaemonSettings,
    /// Who is told when something goes wrong.
    pub operator: OperatorSettings,
    /// The groups of sources that are switched on.
    pub groups: Vec<String>,
    /// What is watched, in the order of the files.
    pub sources: Arc<[Arc<Source>]>,
    /// What could be: sources whose groups are switched off, or that are off themselves.
    pub dormant: Arc<[Arc<Source>]>,
    /// Who is tracked, in the order of the files.
    pub companies: Vec<Company>,
    /// What rules cover without naming anybody, in the order of the files.
    pub categories: Vec<Category>,
}

impl Config {
    /// What is watched and what could be.
    pub fn all_sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().chain(&*self.dormant).map(Arc::as_ref)
    }

    /// A source that is watched, by its id.
    #[must_use]
    pub fn source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == *id).map(Arc::as_ref)
    }
}
