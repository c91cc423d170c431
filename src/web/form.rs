//! What a button on the page of what is followed asks for.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use url::form_urlencoded;

use crate::domain::change::ChangeKind;
use crate::domain::subscription::{Preference, day};
use crate::domain::topic::Topic;

/// A change of what somebody follows, or of how their mail comes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FormChange {
    Leave(Topic),
    LeaveAll,
    /// Be asked by mail whether to follow one more.
    Add(Topic),
    Undo,
    Pause(Option<NaiveDate>),
    Resume,
    Prefer(Vec<Preference>),
    /// Be told these kinds of changes of what is followed; all where there are none.
    Refine(Topic, BTreeSet<ChangeKind>),
}

/// The kinds of changes that can be chosen: value, kind, words.
pub(super) const KINDS: [(&str, ChangeKind, &str); 3] = [
    ("added", ChangeKind::Added, "entries that are added"),
    ("removed", ChangeKind::Removed, "entries that are removed"),
    ("amended", ChangeKind::Amended, "entries that are amended"),
];

/// Why nothing is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FormFault {
    /// It is no form of ours.
    Form,
    Zone,
    Quiet,
    /// A pause ends on a day to come.
    Day,
}

impl FormFault {
    /// What its reader is told, which holds nothing of what they sent.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Form => "Nothing was changed.",
            Self::Day => "Nothing was changed: a pause must end on a future day, or on none.",
            Self::Zone => "Nothing was changed: the time zone is unknown; an example is Europe/Berlin.",
            Self::Quiet => {
                "Nothing was changed: quiet hours need two different times, such as 22:00 and 07:00, or none."
            }
        }
    }
}

impl FormChange {
    /// Reads a form's fields; of a field that stands there twice the first counts.
    pub(super) fn of(body: &[u8]) -> Result<Self, FormFault> {
        let field = |name: &str| {
            let found = form_urlencoded::parse(body).find(|(known, _)| known == name);
            found.map(|(_, value)| value.trim().to_owned())
        };
        match field("action").as_deref() {
            Some("leave") => {
                field("company").and_then(|id| id.parse().ok()).map(Self::Leave).ok_or(FormFault::Form)
            }
            Some("leave-all") => Ok(Self::LeaveAll),
            Some("add") => {
                field("company").and_then(|id| id.parse().ok()).map(Self::Add).ok_or(FormFault::Form)
            }
            Some("undo") => Ok(Self::Undo),
            Some("pause") => match field("until").filter(|until| !until.is_empty()) {
                Some(until) => day(&until).map(|day| Self::Pause(Some(day))).ok_or(FormFault::Day),
                None => Ok(Self::Pause(None)),
            },
            Some("resume") => Ok(Self::Resume),
            Some("refine") => {
                let chosen = |name: &str| {
                    form_urlencoded::parse(body).any(|(field, value)| field == "kind" && value == name)
                };
                let kinds: BTreeSet<ChangeKind> =
                    KINDS.iter().filter(|(name, ..)| chosen(name)).map(|(_, kind, _)| *kind).collect();
                // All of them are everything, what was there already as well.
                let kinds = if kinds.len() == KINDS.len() { BTreeSet::new() } else { kinds };
                let company = field("company").and_then(|id| id.parse().ok());
                company.map(|company| Self::Refine(company, kinds)).ok_or(FormFault::Form)
            }
            Some("prefer") => wishes(field).map(Self::Prefer),
            _ => Err(FormFault::Form),
        }
    }
}

/// How mail is wanted. A box that is not ticked sends nothing, so a form without it says no; of the others,
/// what is not there stays as it is.
fn wishes(field: impl Fn(&str) -> Option<String>) -> Result<Vec<Preference>, FormFault> {
    let wish = |name: &str, value: &str, fault| Preference::of(name, value).ok_or(fault);
    let mut wishes = vec![
        wish("digest", &field("cadence").ok_or(FormFault::Form)?, FormFault::Form)?,
        Preference::Attestation(field("attestation").is_some()),
        Preference::Once(field("events").is_some()),
    ];
    if let Some(zone) = field("zone") {
        wishes.push(wish("zone", &zone, FormFault::Zone)?);
    }
    if let (Some(from), Some(until)) = (field("quiet_from"), field("quiet_until")) {
        let is_off = from.is_empty() && until.is_empty();
        let hours = if is_off { "off".to_owned() } else { format!("{from}-{until}") };
        wishes.push(wish("quiet", &hours, FormFault::Quiet)?);
    }
    Ok(wishes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::subscription::Cadence;

    #[test]
    fn a_button_is_read_and_anything_else_is_none() {
        let zte = "zte".parse().unwrap();
        assert_eq!(FormChange::of(b"company=zte&action=leave"), Ok(FormChange::Leave(zte)));
        assert_eq!(FormChange::of(b"action=leave-all"), Ok(FormChange::LeaveAll));
        assert_eq!(FormChange::of(b"action=add&company=zte"), Ok(FormChange::Add("zte".parse().unwrap())));
        assert_eq!(FormChange::of(b"action=undo"), Ok(FormChange::Undo));
        assert_eq!(FormChange::of(b"action=pause"), Ok(FormChange::Pause(None)));
        assert_eq!(FormChange::of(b"action=pause&until="), Ok(FormChange::Pause(None)));
        let until = "2026-12-24".parse().ok();
        assert_eq!(FormChange::of(b"action=pause&until=2026-12-24"), Ok(FormChange::Pause(until)));
        assert_eq!(FormChange::of(b"action=pause&until=soon"), Err(FormFault::Day));
        assert_eq!(FormChange::of(b"action=resume"), Ok(FormChange::Resume));
        let refined = |kinds: &[ChangeKind]| {
            Ok(FormChange::Refine("source:list".parse().unwrap(), kinds.iter().copied().collect()))
        };
        let form = "action=refine&company=source:list";
        assert_eq!(FormChange::of(form.as_bytes()), refined(&[]));
        assert_eq!(
            FormChange::of(format!("{form}&kind=removed&kind=x").as_bytes()),
            refined(&[ChangeKind::Removed])
        );
        assert_eq!(
            FormChange::of(format!("{form}&kind=removed&kind=added&kind=amended").as_bytes()),
            refined(&[])
        );
        for bad in [
            &b""[..],
            b"action=prefer&cadence=hourly",
            b"action=prefer",
            b"action=leave",
            b"action=add",
            b"action=leave&company=../x",
            b"action=x",
            b"\xff=%zz&&",
        ] {
            assert_eq!(FormChange::of(bad), Err(FormFault::Form), "{bad:?}");
        }
    }

    #[track_caller]
    fn check(fields: &str, expected: Result<&[Preference], FormFault>) {
        let found = FormChange::of(format!("action=prefer&cadence=daily{fields}").as_bytes());
        let daily = Preference::Cadence(Cadence::Daily);
        let expected = expected.map(|wishes| FormChange::Prefer([&[daily], wishes].concat()));
        assert_eq!(found, expected, "{fields}");
    }

    #[test]
    fn how_mail_comes_is_wished_by_fields_and_a_wrong_one_is_told() {
        let (attested, once) = (Preference::Attestation, Preference::Once);
        check("", Ok(&[attested(false), once(false)]));
        check("&attestation=weekly", Ok(&[attested(true), once(false)]));
        check("&events=once", Ok(&[attested(false), once(true)]));
        let zone = Preference::of("zone", "Europe/Berlin").unwrap();
        check("&zone=Europe%2FBerlin", Ok(&[attested(false), once(false), zone]));
        check("&zone=europe/berlin+", Ok(&[attested(false), once(false), zone]));
        let quiet = Preference::of("quiet", "22:00-07:00").unwrap();
        check("&quiet_from=22%3A00&quiet_until=07:00", Ok(&[attested(false), once(false), quiet]));
        check("&quiet_from=&quiet_until=", Ok(&[attested(false), once(false), Preference::Quiet(None)]));
        check("&quiet_from=22:00", Ok(&[attested(false), once(false)]));
        for bad in ["&zone=", "&zone=Atlantis", "&zone=Europe/Berlin%00"] {
            check(bad, Err(FormFault::Zone));
        }
        for bad in
            ["22:00&quiet_until=", "22:00&quiet_until=22:00", "25:00&quiet_until=07:00", "off&quiet_until=x"]
        {
            check(&format!("&quiet_from={bad}"), Err(FormFault::Quiet));
        }
    }
}
