//! What this process has done since it began, counted for whoever watches it.
//!
//! The use cases count into [`Counts`]; the listener (`monitor`) shows them together with how all stands. Nothing
//! is decided by a count, and none survives the process: what must be known tomorrow is in the store.

use chrono::{DateTime, Utc};
use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry};

use crate::domain::outbox::MailState;
use crate::domain::verdict::Verdict;

/// A metric that cannot be made; its name is at fault.
#[derive(Debug, thiserror::Error)]
#[error("failed to register a metric")]
pub struct MetricsError(#[from] prometheus::Error);

/// From a minute to two days.
const SECONDS: [f64; 10] =
    [60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 43_200.0, 86_400.0, 172_800.0];

/// The counts. Clones are the same.
#[derive(Debug, Clone)]
pub struct Counts {
    registry: Registry,
    reads: IntCounterVec,
    mails: IntCounterVec,
    bounces: IntCounter,
    publication_to_mail: Histogram,
}

impl Counts {
    /// All at 0.
    ///
    /// # Errors
    /// [`MetricsError`], which only a fault in this file causes.
    pub fn new() -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let reads = Opts::new("regwatch_reads_total", "Reads of sources by what they were found to be.");
        let mails =
            Opts::new("regwatch_mails_total", "Attempts to deliver mails by how the mail stood afterwards.");
        let told = HistogramOpts::new(
            "regwatch_publication_to_mail_seconds",
            "From the moment that a source gives a change, or else from the read that found it, until a mail told it.",
        );
        let counts = Self {
            reads: register(&registry, IntCounterVec::new(reads, &["verdict"])?)?,
            mails: register(&registry, IntCounterVec::new(mails, &["outcome"])?)?,
            bounces: register(
                &registry,
                IntCounter::new("regwatch_bounces_total", "Bounces and complaints.")?,
            )?,
            publication_to_mail: register(&registry, Histogram::with_opts(told.buckets(SECONDS.to_vec()))?)?,
            registry,
        };
        // What has not happened yet is 0, and not missing.
        for verdict in [Verdict::Good, Verdict::NotModified, Verdict::Suspect, Verdict::Failed] {
            counts.reads.with_label_values(&[&verdict.to_string()]);
        }
        for state in [MailState::Sent, MailState::Deferred, MailState::Failed] {
            counts.mails.with_label_values(&[&state.to_string()]);
        }
        Ok(counts)
    }

    /// Counts a read.
    pub fn read(&self, verdict: Verdict) {
        self.reads.with_label_values(&[&verdict.to_string()]).inc();
    }

    /// Counts an attempt to deliver a mail.
    pub fn mail(&self, state: MailState) {
        self.mails.with_label_values(&[&state.to_string()]).inc();
    }

    /// Counts a report that a mail came back.
    pub fn bounce(&self) {
        self.bounces.inc();
    }

    /// Notes that a change was told which was published at one moment.
    pub fn told(&self, published_at: DateTime<Utc>, sent_at: DateTime<Utc>) {
        let waited = (sent_at - published_at).to_std().unwrap_or_default();
        self.publication_to_mail.observe(waited.as_secs_f64());
    }

    /// Returns how all counts stand.
    #[must_use]
    pub fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }
}

fn register<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C, MetricsError> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}
