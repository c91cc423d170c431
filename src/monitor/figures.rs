//! How all stands, as gauges of Prometheus.

use std::fs;

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, Gauge, GaugeVec, Opts, Registry, TextEncoder};

use crate::status::{StatusFacts, overview};
use crate::store::StoreError;

/// Why the figures cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum FiguresError {
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A figure that cannot be made.
    #[error("failed to register a metric")]
    Metric(#[from] prometheus::Error),
}

/// The gauges of one moment.
struct Gauges {
    registry: Registry,
}

impl Gauges {
    fn set(&self, name: &str, help: &str, value: f64) -> Result<(), prometheus::Error> {
        let gauge = Gauge::new(name, help)?;
        gauge.set(value);
        self.register(gauge)
    }

    fn set_all<'a>(
        &self,
        (name, help): (&str, &str),
        label: &str,
        values: impl IntoIterator<Item = (&'a str, f64)>,
    ) -> Result<(), prometheus::Error> {
        let gauges = GaugeVec::new(Opts::new(name, help), &[label])?;
        for (of, value) in values {
            gauges.with_label_values(&[of]).set(value);
        }
        self.register(gauges)
    }

    fn register(&self, collector: impl Collector + 'static) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(collector))
    }
}

/// Returns how all stands.
///
/// # Errors
/// A metric that cannot be made, which only a fault in this file causes.
pub(super) fn gather(facts: &StatusFacts) -> Result<Vec<MetricFamily>, FiguresError> {
    let gauges = Gauges { registry: Registry::new() };
    of_sources(&gauges, facts)?;
    of_mails(&gauges, facts)?;
    of_the_rest(&gauges, facts)?;
    Ok(gauges.registry.gather())
}

#[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
fn of_sources(gauges: &Gauges, facts: &StatusFacts) -> Result<(), prometheus::Error> {
    let figures = overview(facts).figures.sources;
    let states = [
        ("in_time", figures.in_time),
        ("attention", figures.attention),
        ("failing", figures.failing),
        ("quarantined", figures.quarantined),
        ("paused", figures.paused),
    ];
    let states = states.map(|(state, count)| (state, count as f64));
    gauges.set("regwatch_sources", "Sources that are configured.", figures.total as f64)?;
    let of_states =
        ("regwatch_sources_by_state", "Sources by how they stand; one may be counted more than once.");
    gauges.set_all(of_states, "state", states)?;
    let sources = || facts.sources.iter().filter(|source| !source.is_paused);
    let good = sources().filter_map(|source| {
        let at = source.state.as_ref()?.last_good_at?;
        Some((source.id.as_str(), (facts.now - at).num_seconds().max(0) as f64))
    });
    let last_good = ("regwatch_source_last_good_read_seconds", "Since the last good read of a source.");
    gauges.set_all(last_good, "source", good)?;
    let late = sources().map(|source| {
        let late = source.lateness(facts.now).map_or(0, |late| late.num_seconds());
        (source.id.as_str(), late as f64)
    });
    let lateness = (
        "regwatch_source_lateness_seconds",
        "By how much a read of a source is late; 0 while it is in time.",
    );
    gauges.set_all(lateness, "source", late)?;
    let failures = sources().map(|source| {
        (source.id.as_str(), source.state.as_ref().map_or(0.0, |state| f64::from(state.failures)))
    });
    gauges.set_all(
        ("regwatch_source_failures", "Reads of a source in a row that were not good."),
        "source",
        failures,
    )?;
    let held = sources().filter_map(|source| {
        let since = source.quarantined_since.filter(|_| source.is_quarantined())?;
        Some((source.id.as_str(), (facts.now - since).num_seconds().max(0) as f64))
    });
    let quarantined =
        ("regwatch_quarantined_age_seconds", "Since when a suspect read of a source waits for a person.");
    gauges.set_all(quarantined, "source", held)?;
    gauges.set("regwatch_quarantined", "Suspect reads that wait for a person.", figures.quarantined as f64)
}

#[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
fn of_mails(gauges: &Gauges, facts: &StatusFacts) -> Result<(), prometheus::Error> {
    let figures = overview(facts).figures.mails;
    gauges.set("regwatch_outbox_depth", "Mails that wait.", figures.waiting as f64)?;
    gauges.set(
        "regwatch_outbox_age_seconds",
        "Since the oldest waiting mail was queued.",
        figures.oldest_s as f64,
    )?;
    gauges.set("regwatch_mails_undelivered", "Failed mails that need attention.", figures.attention as f64)
}

#[expect(clippy::cast_precision_loss, reason = "a size is told well enough in 52 bits")]
fn of_the_rest(gauges: &Gauges, facts: &StatusFacts) -> Result<(), prometheus::Error> {
    gauges.set("regwatch_store_bytes", "The store's files.", facts.store.bytes as f64)?;
    gauges.set(
        "regwatch_store_reclaimable_bytes",
        "What compacting the store would give back.",
        facts.store.reclaimable as f64,
    )?;
    if let Some(backup) = &facts.backup {
        let age = (facts.now - backup.at).num_seconds().max(0);
        gauges.set("regwatch_backup_age_seconds", "Since the last backup of the store.", age as f64)?;
    }
    let open = facts.incidents.len();
    gauges.set("regwatch_incidents_open", "Incidents that are open.", open as f64)?;
    if let Some(bytes) = resident_bytes() {
        gauges.set("regwatch_memory_bytes", "The memory that this process has.", bytes as f64)?;
    }
    Ok(())
}

/// The memory that this process has; nothing where the system does not say.
fn resident_bytes() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// All of it in Prometheus's text format.
///
/// # Errors
/// The encoder's.
pub(super) fn encode(families: impl Iterator<Item = MetricFamily>) -> Result<String, prometheus::Error> {
    // A family without samples has no form in the text.
    let families: Vec<MetricFamily> = families.filter(|family| !family.get_metric().is_empty()).collect();
    let mut bytes = Vec::new();
    TextEncoder::new().encode(&families, &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
