//! What an operator asks of sources, reads and changes.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::check::{self, QuarantineReview, ReadOptions};
use crate::control::ask::{Ask, ProgressReporter};
use crate::control::reply::{
    CompanyOnSource, DecidedChange, InForce, Paused, RetractedRead, Reviews, SourceDetail, SourceStatus,
};
use crate::control::service::{CommandError, CommandService, SHOWN_POSSIBLE};
use crate::domain::change::Change;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::incident::Incident;
use crate::domain::outbox::MailState;
use crate::domain::report::CheckReport;
use crate::domain::snapshot::QuarantinedRead;
use crate::domain::source::{CountedRequest, Quota};
use crate::domain::timing::{Timing, timings};
use crate::reload::TakenOver;
use crate::status::Overview;
use crate::store::ChangeQuery;
use crate::view::TiedChange;

/// Read sources now and tell what was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Check {
    /// Which; all where empty.
    pub sources: Vec<SourceId>,
    /// How.
    pub options: ReadOptions,
}

impl Ask for Check {
    type Reply = CheckReport;

    async fn answer(
        self,
        service: &CommandService,
        progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.check(&self.sources, self.options, progress).await
    }
}

/// Count a request to a host whose API allows only so many, before it is sent. Answered with `None` if it is counted, or
/// else with how long it takes until it is allowed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CountRequest {
    /// The host, with its port where that is another than usual.
    pub host: String,
    /// How many requests it allows.
    pub requests: u32,
    /// In how long.
    pub within: Duration,
    /// Whether the request is sent whatever the quota says.
    pub at_any_rate: bool,
}

impl From<CountedRequest> for CountRequest {
    fn from(request: CountedRequest) -> Self {
        let CountedRequest { host, quota: Quota { requests, within }, at_any_rate } = request;
        Self { host, requests, within, at_any_rate }
    }
}

impl Ask for CountRequest {
    type Reply = Option<Duration>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let Self { host, requests, within, at_any_rate } = self;
        let request = CountedRequest { host, quota: Quota { requests, within }, at_any_rate };
        Ok(service.0.store.count_request(request, service.0.clock.now()).await?)
    }
}

/// How every source stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListSources {}

impl Ask for ListSources {
    type Reply = Vec<SourceStatus>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.statuses().await
    }
}

/// What the watched sources show of a company.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListCoverage {
    /// Whose.
    pub company: CompanyId,
}

impl Ask for ListCoverage {
    type Reply = Vec<CompanyOnSource>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.coverage(&self.company).await
    }
}

/// How long it took from publication to mail, source by source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListTimings {
    /// Of changes found then or later.
    pub since: DateTime<Utc>,
}

/// So many changes and mails are looked at, the newest.
const TIMED: usize = 20_000;

impl Ask for ListTimings {
    type Reply = Vec<Timing>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let query = ChangeQuery { since: Some(self.since), limit: TIMED, ..ChangeQuery::default() };
        let changes = service.0.store.changes(query).await?;
        let mails = service.0.store.mails(Some(MailState::Sent), TIMED).await?;
        Ok(timings(&changes, &mails))
    }
}

/// All about one source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowSource {
    /// Which.
    pub id: SourceId,
}

impl Ask for ShowSource {
    type Reply = SourceDetail;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.detail(&self.id).await
    }
}

/// The body held back as suspect, as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowHeldBody {
    /// Whose.
    pub id: SourceId,
}

impl Ask for ShowHeldBody {
    type Reply = Option<Vec<u8>>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.held_body(&self.id).await
    }
}

/// Everything that waits for a person's word.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListReviews {}

impl Ask for ListReviews {
    type Reply = Reviews;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let query = ChangeQuery { is_possible: true, limit: SHOWN_POSSIBLE, ..ChangeQuery::default() };
        let held = service.held_reads().await?;
        Ok(Reviews { held, possible: service.0.store.changes(query).await? })
    }
}

/// What of a source is held back, and what would change if it were accepted; answered with `None` if nothing is held.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowReview {
    /// Whose.
    pub id: SourceId,
}

impl Ask for ShowReview {
    type Reply = Option<QuarantineReview>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.checker.review(service.source(&self.id)?).await?)
    }
}

/// Take what is held of a source for its state, and tell what changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accept {
    /// Whose.
    pub id: SourceId,
    /// Whether nothing of it is told: it is the same, written otherwise.
    #[serde(default)]
    pub untold: bool,
}

impl Ask for Accept {
    type Reply = CheckReport;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.accept(&self.id, self.untold).await
    }
}

/// Let go of what is held of a source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reject {
    /// Whose.
    pub id: SourceId,
}

impl Ask for Reject {
    type Reply = QuarantinedRead;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.checker.reject(service.source(&self.id)?).await?)
    }
}

/// Say whether the names that may be meant in a change are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decide {
    /// The change's id, or the beginning of it.
    pub id: String,
    /// Whether they are.
    pub is_meant: bool,
}

impl Ask for Decide {
    type Reply = DecidedChange;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let change = service.0.store.decide(&self.id, self.is_meant, service.0.clock.now()).await?;
        Ok(DecidedChange { change, mails_queued: service.tell().await? })
    }
}

/// Say that the read which shows a change was not the source's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Retract {
    /// The change's id, or the beginning of it.
    pub id: String,
    /// Why, for those who were told.
    pub reason: Option<String>,
}

impl Ask for Retract {
    type Reply = RetractedRead;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let change = service.0.store.find_change(&self.id).await?;
        let source = service.source(&change.source)?;
        let retraction = service.0.checker.retract(source, &change, self.reason).await?;
        Ok(RetractedRead { retraction, mails_queued: service.tell().await? })
    }
}

/// Trouble with reading, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListIncidents {
    /// Those that are over too.
    pub all: bool,
}

impl Ask for ListIncidents {
    type Reply = Vec<Incident>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.incidents(self.all).await
    }
}

/// Read the stored bodies of a source again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Replay {
    /// Whose.
    pub id: SourceId,
    /// Only states read then or later.
    pub since: Option<DateTime<Utc>>,
}

impl Ask for Replay {
    type Reply = check::ReplayReport;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.checker.replay(service.source(&self.id)?, self.since).await?)
    }
}

/// Changes, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListChanges {
    /// Which.
    pub query: ChangeQuery,
}

impl Ask for ListChanges {
    type Reply = Vec<Change>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.changes(self.query).await?)
    }
}

/// One change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowChange {
    /// Its id, or the beginning of it.
    pub id: String,
}

impl Ask for ShowChange {
    type Reply = Change;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.find_change(&self.id).await?)
    }
}

/// What other sources tell of the same as a change, and what speaks of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListTies {
    /// The change's id, or the beginning of it.
    pub id: String,
}

impl Ask for ListTies {
    type Reply = Vec<TiedChange>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let store = &service.0.store;
        let change = store.find_change(&self.id).await?;
        Ok(store.ties(&change).await?.iter().map(|tie| TiedChange::of(&change, tie)).collect())
    }
}

/// Take over the company registry as the files have it, and tell what stands already.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reload {}

impl Ask for Reload {
    type Reply = InForce;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.reload().await
    }
}

/// How all stands, and what needs a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowStatus {}

impl Ask for ShowStatus {
    type Reply = Overview;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.status.overview().await?)
    }
}

/// Leave a source alone for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PauseSource {
    /// Which.
    pub id: SourceId,
    /// The day on which it is read again, where the source is; `None` until it is resumed.
    pub until: Option<NaiveDate>,
}

impl Ask for PauseSource {
    type Reply = Paused;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.pause(&self.id, self.until).await
    }
}

/// Read a paused source again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResumeSource {
    /// Which.
    pub id: SourceId,
}

impl Ask for ResumeSource {
    type Reply = Paused;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.resume(&self.id).await
    }
}

/// Take over all that the files say now; only a daemon can.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TakeOver {}

impl Ask for TakeOver {
    type Reply = TakenOver;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.take_over().await
    }
}
