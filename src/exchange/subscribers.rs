//! Subscribers as CSV, a subscription a row: for moving house, and for the record of consent.
//!
//! What goes out comes back. Of a row that comes in only the address and the company must be there;
//! but whoever is to get mail must have agreed at some moment, and the row must say when.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ::csv::{Position, ReaderBuilder, StringRecord, Writer};
use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};

use super::CsvError;
use super::formula::{restored, safe};
use crate::domain::email::EmailAddress;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::subscription::{
    Filter, Preference, Preferences, Subscriber, Subscription, SubscriptionState,
};
use crate::domain::topic::Topic;

/// The columns, in the order in which they go out; the first two must be there.
const COLUMNS: [&str; 15] = [
    "address",
    "company",
    "state",
    "only",
    "requested",
    "confirmed",
    "channel",
    "agreed_to",
    "paused",
    "cadence",
    "timezone",
    "quiet",
    "attestation",
    "paused_until",
    "events",
];

/// By what channel a subscription came of which the file does not say it.
const IMPORT: &str = "import";

/// What a file may name.
#[derive(Debug)]
pub struct KnownTopics<'a> {
    /// The companies that are tracked.
    pub companies: BTreeSet<&'a CompanyId>,
    /// The sources that are watched.
    pub sources: BTreeSet<&'a SourceId>,
}

/// A field that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    /// The line on which its row begins, from 1.
    pub line: u64,
    /// The number of its column, from 1.
    pub column: usize,
    /// What was found and what was expected.
    pub message: String,
}

impl fmt::Display for CellFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// Reads subscribers, each once, in the order of their addresses. A row that does not say when
/// something was asked for was asked for `now`.
///
/// # Errors
/// Every field that is at fault; then nobody may be taken.
pub fn parse(
    text: &str,
    names: &KnownTopics<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Subscriber>, Vec<CellFault>> {
    let mut reader =
        ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let whole_row = |line, message| CellFault { line, column: 1, message };
    let headers = reader.headers().map_err(|error| vec![whole_row(1, error.to_string())])?;
    let places = places(headers).map_err(|fault| vec![fault])?;
    let mut subscribers: BTreeMap<EmailAddress, Subscriber> = BTreeMap::new();
    let mut faults = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.push(whole_row(error.position().map_or(0, Position::line), error.to_string()));
                continue;
            }
        };
        let mut row = PersonRow { record: &record, places: &places, faults: &mut faults };
        let Some((address, subscription, how)) = row.read(names, now) else { continue };
        let is_known = |known: &Subscription| known.topic == subscription.topic;
        let subscriber = subscribers.entry(address.clone()).or_insert_with(|| Subscriber {
            paused_since: how.paused_since,
            paused_until: how.paused_until,
            preferences: how.preferences,
            ..Subscriber::new(address)
        });
        if subscriber.subscriptions.iter().any(is_known) {
            row.fault(
                "company",
                format!("{} follows {} already, in a row above", subscriber.address, subscription.topic),
            );
        } else {
            subscriber.subscriptions.push(subscription);
        }
    }
    if faults.is_empty() { Ok(subscribers.into_values().collect()) } else { Err(faults) }
}

/// Where each column stands.
fn places(headers: &StringRecord) -> Result<[Option<usize>; COLUMNS.len()], CellFault> {
    let at_fault = |column: usize, message| CellFault { line: 1, column, message };
    for (index, header) in headers.iter().enumerate() {
        if !COLUMNS.contains(&header.trim()) {
            let message = format!("found the column {header:?}, expected {}", COLUMNS.join(", "));
            return Err(at_fault(index + 1, message));
        }
    }
    let places = COLUMNS.map(|name| headers.iter().position(|header| header.trim() == name));
    match COLUMNS.iter().zip(places).take(2).find(|(_, place)| place.is_none()) {
        Some((name, _)) => Err(at_fault(1, format!("has no column {name:?}, expected one"))),
        None => Ok(places),
    }
}

/// How mail is wanted, which is said in every row of a subscriber and taken from the first.
struct How {
    paused_since: Option<DateTime<Utc>>,
    paused_until: Option<DateTime<Utc>>,
    preferences: Preferences,
}

/// A field is at fault, and that is noted.
struct FieldFaultNoted;

/// One row, and where its faults go.
struct PersonRow<'a> {
    record: &'a StringRecord,
    places: &'a [Option<usize>; COLUMNS.len()],
    faults: &'a mut Vec<CellFault>,
}

impl PersonRow<'_> {
    fn place(&self, name: &str) -> Option<usize> {
        COLUMNS.iter().zip(self.places).find(|(known, _)| **known == name).and_then(|(_, place)| *place)
    }

    fn text(&self, name: &str) -> &str {
        restored(self.place(name).and_then(|place| self.record.get(place)).unwrap_or_default().trim())
    }

    fn fault(&mut self, name: &str, message: impl fmt::Display) {
        let line = self.record.position().map_or(0, Position::line);
        let column = self.place(name).map_or(1, |place| place + 1);
        self.faults.push(CellFault { line, column, message: format!("{name}: {message}") });
    }

    /// The field as `read` understands it; nothing where it is blank.
    fn optional<T, E: fmt::Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, FieldFaultNoted> {
        if self.text(name).is_empty() {
            return Ok(None);
        }
        match read(self.text(name)) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                self.fault(name, error);
                Err(FieldFaultNoted)
            }
        }
    }

    fn required<T, E: fmt::Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.optional(name, read).ok()?;
        if value.is_none() {
            self.fault(name, "is blank, expected a value");
        }
        value
    }

    /// All that the row says; every fault of it is told.
    fn read(
        &mut self,
        names: &KnownTopics<'_>,
        now: DateTime<Utc>,
    ) -> Option<(EmailAddress, Subscription, How)> {
        let address = self.required("address", str::parse::<EmailAddress>);
        let topic = self.required("company", |text| topic(text, names));
        let confirmed_at = self.optional("confirmed", moment);
        let state = self.optional("state", state);
        let requested_at = self.optional("requested", moment);
        let only = self.optional("only", |text| filter(text, names));
        let how = self.how(now);
        let (confirmed_at, state) = (confirmed_at.ok()?, state.ok()?);
        let state = state.unwrap_or(if confirmed_at.is_some() {
            SubscriptionState::Active
        } else {
            SubscriptionState::Pending
        });
        if state == SubscriptionState::Active && confirmed_at.is_none() {
            self.fault(
                "confirmed",
                "is blank, expected when the person agreed: nobody is written to who did not",
            );
            return None;
        }
        let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let subscription = Subscription {
            topic: topic?,
            state,
            requested_at: requested_at.ok()?.or(confirmed_at).unwrap_or(now),
            confirmed_at,
            channel: own(self.text("channel")).unwrap_or_else(|| IMPORT.to_owned()),
            only: only.ok()?.unwrap_or_default(),
            agreed_to: own(self.text("agreed_to")),
            ended_at: None,
        };
        Some((address?, subscription, how?))
    }

    /// Silence is attested from now on: what was watched before was watched elsewhere.
    fn how(&mut self, now: DateTime<Utc>) -> Option<How> {
        let paused_since = self.optional("paused", moment);
        let paused_until = self.optional("paused_until", moment);
        let cadence = self.optional("cadence", str::parse);
        let zone = self.optional("timezone", |text| {
            text.parse::<chrono_tz::Tz>()
                .map_err(|_| format!("found {text:?}, expected a zone such as \"Europe/Vienna\""))
        });
        let quiet = self.optional("quiet", str::parse);
        let is_attested = self.optional("attestation", attestation);
        let is_told_once = self.optional("events", events);
        let preferences = Preferences {
            cadence: cadence.ok()?.unwrap_or_default(),
            zone: zone.ok()?.unwrap_or(chrono_tz::UTC),
            quiet: quiet.ok()?,
            attested_until: is_attested.ok()?.unwrap_or_default().then_some(now),
            is_told_once: is_told_once.ok()?.unwrap_or_default(),
        };
        Some(How { paused_since: paused_since.ok()?, paused_until: paused_until.ok()?, preferences })
    }
}

fn topic(text: &str, names: &KnownTopics<'_>) -> Result<Topic, String> {
    let topic = text.parse::<Topic>().map_err(|error| error.to_string())?;
    let is_known = match &topic {
        Topic::Company(company) => names.companies.contains(company),
        Topic::Source(source) => names.sources.contains(source),
    };
    if is_known {
        Ok(topic)
    } else {
        Err(format!(
            "found {text:?}, expected the id of a company that is tracked, or source: and the id of a source that is watched"
        ))
    }
}

fn state(text: &str) -> Result<SubscriptionState, String> {
    let known = [SubscriptionState::Pending, SubscriptionState::Active, SubscriptionState::Unsubscribed];
    known
        .into_iter()
        .find(|state| state.to_string() == text)
        .ok_or_else(|| format!("found {text:?}, expected pending, active or unsubscribed"))
}

/// Whether silence is attested, in the words of a mail that asks for it.
fn attestation(text: &str) -> Result<bool, String> {
    match Preference::of("attestation", text) {
        Some(Preference::Attestation(is_attested)) => Ok(is_attested),
        _ => Err(format!("found {text:?}, expected weekly, or nothing")),
    }
}

/// Whether there is one mail for an event, in the words of a mail that asks for it.
fn events(text: &str) -> Result<bool, String> {
    match Preference::of("events", text) {
        Some(Preference::Once(is_once)) => Ok(is_once),
        _ => Err(format!("found {text:?}, expected once, or nothing")),
    }
}

/// A moment, or a day, which then begins in UTC.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = |text: &str| text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.to_utc())
        .or_else(|_| day(text))
        .map_err(|_| format!("found {text:?}, expected a moment such as 2026-11-24T08:00:00Z, or a day"))
}

/// Kinds of changes and of docket entries, and ids of sources, parted by blanks.
fn filter(text: &str, names: &KnownTopics<'_>) -> Result<Filter, String> {
    let mut filter = Filter::default();
    for word in text.split_whitespace() {
        if filter.take_kind(&word.to_lowercase()) {
            continue;
        }
        let source = word.parse::<SourceId>().ok().filter(|id| names.sources.contains(id));
        let expected = "expected kinds such as removed or order, and ids of sources, parted by blanks";
        filter.sources.insert(source.ok_or_else(|| format!("found {word:?}, {expected}"))?);
    }
    Ok(filter)
}

/// Puts subscribers into a text, a row for each subscription.
///
/// # Errors
/// Only what the library refuses, which it does for no text.
pub fn write(subscribers: &[Subscriber]) -> Result<String, CsvError> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for subscriber in subscribers {
        for subscription in &subscriber.subscriptions {
            writer.write_record(row(subscriber, subscription).map(|cell| safe(&cell)))?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| ::csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn row(subscriber: &Subscriber, subscription: &Subscription) -> [String; COLUMNS.len()] {
    let at = |moment: Option<DateTime<Utc>>| {
        moment.map(|moment| moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)).unwrap_or_default()
    };
    let preferences = &subscriber.preferences;
    [
        subscriber.address.to_string(),
        subscription.topic.to_string(),
        subscription.state.to_string(),
        wishes(&subscription.only),
        at(Some(subscription.requested_at)),
        at(subscription.confirmed_at),
        subscription.channel.clone(),
        subscription.agreed_to.clone().unwrap_or_default(),
        at(subscriber.paused_since),
        preferences.cadence.to_string(),
        preferences.zone.to_string(),
        preferences.quiet.map(|quiet| quiet.to_string()).unwrap_or_default(),
        preferences.attested_until.map(|_| "weekly".to_owned()).unwrap_or_default(),
        at(subscriber.paused_until),
        if preferences.is_told_once { "once".to_owned() } else { String::new() },
    ]
}

fn wishes(only: &Filter) -> String {
    let changes = only.changes.iter().map(ToString::to_string);
    let sources = only.sources.iter().map(ToString::to_string);
    changes.chain(only.entries.iter().cloned()).chain(sources).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &str) -> Result<Vec<Subscriber>, Vec<String>> {
        let companies: Vec<CompanyId> = ["hikvision", "zte"].map(|id| id.parse().unwrap()).to_vec();
        let sources: Vec<SourceId> = vec!["fcc-list".parse().unwrap()];
        let names = KnownTopics { companies: companies.iter().collect(), sources: sources.iter().collect() };
        parse(rows, &names, DateTime::UNIX_EPOCH)
            .map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    const FULL: &str = "address,company,state,only,requested,confirmed,channel,agreed_to,paused,cadence,timezone,quiet,attestation,paused_until,events\n\
         ann@example.org,hikvision,active,removed order fcc-list,2026-01-02T03:04:05Z,2026-01-03T00:00:00Z,mail,\"yes, \"\"all\"\"\",,daily,Europe/Vienna,22:00-07:00,weekly,,once\n\
         ann@example.org,zte,unsubscribed,,2026-01-02T03:04:05Z,,mail,,,daily,Europe/Vienna,22:00-07:00,weekly,,once\n\
         bea@example.org,zte,pending,,2026-01-02T03:04:05Z,,web,,2026-02-01T00:00:00Z,immediate,UTC,,,2026-03-01T00:00:00Z,\n";

    #[test]
    fn what_goes_out_comes_back() {
        let subscribers = read(FULL).unwrap();
        assert_eq!(subscribers.len(), 2);
        assert_eq!(subscribers[0].subscriptions[0].agreed_to.as_deref(), Some("yes, \"all\""));
        let attested = subscribers.iter().map(|subscriber| subscriber.preferences.attested_until);
        assert_eq!(attested.collect::<Vec<_>>(), [Some(DateTime::UNIX_EPOCH), None]);
        let text = write(&subscribers).unwrap();
        assert_eq!(text, FULL);
        assert_eq!(read(&text).unwrap(), subscribers);
    }

    #[test]
    fn an_address_and_a_company_are_enough_for_a_wish_and_not_for_mail() {
        let subscribers = read("company,address\nzte,ann@example.org\n").unwrap();
        let subscription = &subscribers[0].subscriptions[0];
        assert_eq!((subscription.state, subscription.channel.as_str()), (SubscriptionState::Pending, IMPORT));
        let subscribers = read("address,company,confirmed\nann@example.org,zte,2026-05-06\n").unwrap();
        assert_eq!(subscribers[0].subscriptions[0].state, SubscriptionState::Active);
        let fault =
            "2:1: confirmed: is blank, expected when the person agreed: nobody is written to who did not";
        assert_eq!(read("address,company,state\nann@example.org,zte,active\n").unwrap_err(), [fault]);
    }

    #[test]
    fn a_source_that_is_followed_as_such_goes_out_and_comes_back() {
        let rows = "address,company\nann@example.org,source:fcc-list\n";
        let subscribers = read(rows).unwrap();
        let followed: Vec<_> =
            subscribers[0].subscriptions.iter().map(|known| known.topic.to_string()).collect();
        assert_eq!(followed, ["source:fcc-list"]);
        assert_eq!(read(&write(&subscribers).unwrap()).unwrap(), subscribers);
        let unknown = read("address,company\nann@example.org,source:zte\n").unwrap_err();
        assert!(unknown[0].contains("source: and the id of a source that is watched"), "{unknown:?}");
    }

    #[test]
    fn every_fault_is_told_by_its_line_and_column() {
        let faults = read(
            "company,address,confirmed,only\nhik,ann@example,yesterday,\n\"zte\",ann@example.org,,colours\n\
             zte,bea@example.org,,\nzte,bea@example.org,,\n,,,\n",
        );
        let unknown = read("address,company,attestation\nann@example.org,zte,hourly\n").unwrap_err();
        assert_eq!(unknown, ["2:3: attestation: found \"hourly\", expected weekly, or nothing"]);
        let expected = [
            "2:2: address: \"ann@example\" is not a usable mail address",
            "2:1: company: found \"hik\", expected the id of a company",
            "2:3: confirmed: found \"yesterday\", expected a moment",
            "3:4: only: found \"colours\", expected kinds",
            "5:1: company: bea@example.org follows zte already",
            "6:2: address: is blank",
            "6:1: company: is blank",
        ];
        let faults = faults.unwrap_err();
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, words) in faults.iter().zip(expected) {
            assert!(fault.starts_with(words), "{fault}");
        }
    }

    #[test]
    fn a_file_with_other_columns_is_refused() {
        for (header, words) in [
            ("address,name\n", "1:2: found the column \"name\", expected address, company"),
            ("address\n", "1:1: has no column \"company\""),
            ("", "1:1: has no column \"address\""),
        ] {
            let faults = read(header).unwrap_err();
            assert!(faults[0].starts_with(words), "{faults:?}");
        }
    }
}
