//! The network: sources, the DNS records of mail, the relay, and the clock as servers see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use mail_auth::MessageAuthenticator;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, timeout, timeout_at};

use super::{DoctorFinding, WITHIN};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::placeholder;
use crate::domain::source::Source;
use crate::domain::text::{counted, error_chain, one_line, shorten};
use crate::fetch::{FetchError, Fetcher};
use crate::mail::{DnsRecord, dns_records};
use crate::settings::{MailSettings, SmtpSettings, TransportSettings};
use crate::status::kind_of_reason;

/// Sources asked at once.
const AT_ONCE: usize = 16;

/// For one answer of the DNS, or one connection.
const FOR_ONE: Duration = Duration::from_secs(10);

/// Clocks may differ by this.
const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(2);

/// So many sources of a kind are named.
const MAX_NAMED: usize = 3;

/// What asking a source came to.
enum SourceContact {
    /// It answered, and its server's clock shows this.
    Answered(Option<DateTime<Utc>>),
    /// It is not asked in this configuration, or not for now.
    LeftAlone,
    /// It cannot be read.
    Unread(String),
}

/// Whether every source can be reached. Those that fail for one reason are one finding.
pub(super) async fn sources(config: &Config, clock: &Arc<dyn Clock>) -> Vec<DoctorFinding> {
    let deadline = Instant::now() + WITHIN;
    let fetcher = Arc::new(Fetcher::new(config.fetch.clone()));
    let slots = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let mut asking = JoinSet::new();
    for source in config.sources.iter().cloned() {
        let (fetcher, slots, now) = (Arc::clone(&fetcher), Arc::clone(&slots), clock.now());
        asking.spawn(async move {
            let _slot = slots.acquire_owned().await;
            (source.id.clone(), ask(&fetcher, &source, now).await)
        });
    }
    let (mut unread, mut times) = (BTreeMap::<String, Vec<(String, String)>>::new(), Vec::new());
    let mut answered = 0;
    while let Ok(Some(ended)) = timeout_at(deadline, asking.join_next()).await {
        let Ok((id, asked)) = ended else { continue };
        answered += 1;
        match asked {
            SourceContact::Answered(date) => times.extend(date.map(|date| date - clock.now())),
            SourceContact::LeftAlone => {}
            SourceContact::Unread(reason) => {
                unread.entry(kind_of_reason(&reason)).or_default().push((id.to_string(), reason));
            }
        }
    }
    let mut findings: Vec<DoctorFinding> = unread.into_values().map(|alike| of_sources(&alike)).collect();
    let left = config.sources.len() - answered;
    if left > 0 {
        let what = format!(
            "{left} of {} did not answer within {} s",
            counted(config.sources.len(), "source", "sources"),
            WITHIN.as_secs()
        );
        findings.push(DoctorFinding::new(
            "sources",
            what,
            "check the network of this machine; regwatch source test ID reads one source",
        ));
    }
    findings.extend(clock_of(times));
    findings
}

async fn ask(fetcher: &Fetcher, source: &Source, now: DateTime<Utc>) -> SourceContact {
    // Where requests are counted, a look would take one from the reads.
    if source.request.quota.is_some() || fetcher.may_ask(source).await.is_err() {
        return SourceContact::LeftAlone;
    }
    match fetcher.read(source, None, now).await {
        Ok(answer) if answer.status < 400 => {
            let date = answer.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
            SourceContact::Answered(date.map(DateTime::from))
        }
        Ok(answer) => SourceContact::Unread(format!("answered {}", answer.status)),
        Err(FetchError::Paused { .. }) => SourceContact::LeftAlone,
        Err(error) => SourceContact::Unread(error_chain(&error)),
    }
}

fn of_sources(alike: &[(String, String)]) -> DoctorFinding {
    let reason = alike.first().map(|(_, reason)| shorten(&one_line(reason), 160)).unwrap_or_default();
    if let [(id, _)] = alike {
        return DoctorFinding::new(
            "sources",
            format!("{id}: {reason}"),
            format!("regwatch source test {id}"),
        );
    }
    let named: Vec<&str> = alike.iter().take(MAX_NAMED).map(|(id, _)| id.as_str()).collect();
    let more = if alike.len() > MAX_NAMED { ", …" } else { "" };
    DoctorFinding::new(
        "sources",
        format!("{} sources ({}{more}): {reason}", alike.len(), named.join(", ")),
        "the fault is most likely on this side: check its network, its DNS (/etc/resolv.conf) and its proxy",
    )
}

/// Whether this machine's clock differs from what most servers say.
fn clock_of(mut differences: Vec<TimeDelta>) -> Option<DoctorFinding> {
    differences.sort();
    let median = *differences.get(differences.len() / 2)?;
    (median.abs() > CLOCK_SLACK).then(|| {
        DoctorFinding::new(
            "clock",
            format!(
                "the clock of this machine differs by {} s from those of the sources' servers",
                median.num_seconds()
            ),
            "timedatectl set-ntp true",
        )
    })
}

/// Whether the records stand in the DNS without which mail is not believed. A folder needs none.
pub(super) async fn dns(mail: &MailSettings) -> Vec<DoctorFinding> {
    let is_sent = matches!(mail.transport, TransportSettings::Smtp(_));
    if !is_sent || placeholder::is_nobodys(mail.from.address.domain()) {
        return Vec::new();
    }
    let fix = "regwatch mail dns prints the records; publish them where the domain's DNS is kept";
    let Ok(resolver) = MessageAuthenticator::new_system_conf() else {
        let what = "cannot use the DNS: /etc/resolv.conf names no server";
        return vec![DoctorFinding::new("dns", what, "add one to /etc/resolv.conf")];
    };
    let looked = dns_records(mail).into_iter().map(|record| look_up(&resolver, record));
    let mut findings: Vec<DoctorFinding> = Vec::new();
    for (record, outcome) in futures_util::future::join_all(looked).await {
        let what = match outcome {
            Ok(true) => continue,
            Ok(false) => {
                format!("{} lacks the expected record: {}", record.name, shorten(&record.value, 60))
            }
            Err(reason) => format!("{}: {reason}", record.name),
        };
        findings.push(DoctorFinding::new("dns", what, fix));
    }
    findings
}

/// Whether a record of this kind stands there.
async fn look_up(resolver: &MessageAuthenticator, record: DnsRecord) -> (DnsRecord, Result<bool, String>) {
    let kind = record.value.split([' ', ';']).next().unwrap_or_default().to_owned();
    let asked = timeout(FOR_ONE, resolver.txt_raw_lookup(format!("{}.", record.name))).await;
    let outcome = match asked {
        Ok(Ok(bytes)) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            // Of a key the whole must be the same, of the others whether there is one.
            let wanted = record.value.split("p=").nth(1).filter(|_| kind == "v=DKIM1");
            Ok(wanted.map_or_else(|| text.contains(&kind), |key| text.contains(key)))
        }
        Ok(Err(mail_auth::Error::Dns(mail_auth::DnsError::RecordNotFound(_)))) => Ok(false),
        Ok(Err(error)) => Err(format!("lookup failed ({error})")),
        Err(_) => Err("lookup failed: the DNS does not answer".to_owned()),
    };
    (record, outcome)
}

/// Whether the relay can be reached.
pub(super) async fn relay(mail: &MailSettings) -> Option<DoctorFinding> {
    let TransportSettings::Smtp(relay) = &mail.transport else { return None };
    let reason = connect(relay).await.err()?;
    Some(DoctorFinding::new(
        "relay",
        format!("{}:{} cannot be reached: {reason}", relay.host, relay.port),
        "check mail.transport and firewalls on the way; then regwatch mail test ADDRESS",
    ))
}

async fn connect(relay: &SmtpSettings) -> Result<(), String> {
    match timeout(FOR_ONE, TcpStream::connect((relay.host.as_str(), relay.port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("nobody answers".to_owned()),
    }
}
