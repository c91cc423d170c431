//! What webhooks are sent: JSON of our own, a message for Slack, a card for Teams; and the mail to the owner of one
//! that is no longer told anything.
//!
//! Source text is hostile here as well: in messages it is plain text, no link and nobody's name.

use askama::Template;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::filters;
use super::link::SafeLink;
use super::rendered::{RenderError, Rendered};
use super::when::{day, on_page};
use crate::domain::change::{Change, Evidence, FieldChange};
use crate::domain::deadline::Deadline;
use crate::domain::entry::LINKS;
use crate::domain::mail_kind::MailKind;
use crate::domain::text::{boundary_before, one_line, shorten};
use crate::domain::webhook::{EventKind, HookFormat, Webhook};

/// Of a field as much is sent; the page has all of it.
const MAX_FIELD_BYTES: usize = 16 * 1024;

/// Of a field as much stands in a message.
const MAX_SHOWN_CHARS: usize = 300;

/// Fields in a message.
const MAX_SHOWN_FIELDS: usize = 3;

/// A longer title is cut in a message.
const MAX_TITLE_CHARS: usize = 200;

/// What is told.
#[derive(Debug)]
pub struct HookMessage<'a> {
    /// What happened.
    pub kind: EventKind,
    /// To which change; none where it is a test.
    pub change: Option<&'a Change>,
    /// The companies concerned: id and what readers call them.
    pub companies: Vec<(String, String)>,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// The change's page.
    pub page: Option<String>,
    /// Who runs the service.
    pub service: &'a str,
}

impl HookMessage<'_> {
    /// The message in a form. The same message gives the same bytes.
    #[must_use]
    pub fn body(&self, format: HookFormat) -> Vec<u8> {
        let value = match format {
            HookFormat::Standard => self.standard(),
            HookFormat::Slack => self.slack(),
            HookFormat::Teams => self.teams(),
        };
        value.to_string().into_bytes()
    }

    fn standard(&self) -> Value {
        let companies: Vec<Value> =
            self.companies.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
        let data = match self.change {
            Some(change) => json!({
                "change": change_json(change),
                "companies": companies,
                "page": self.page,
            }),
            None => json!({ "message": self.headline() }),
        };
        json!({ "type": self.kind.word(), "timestamp": moment(self.happened_at), "data": data })
    }

    /// What happened, in a line.
    fn headline(&self) -> String {
        let Some(change) = self.change else {
            return format!("{} can tell you by this webhook.", one_line(self.service));
        };
        let names: Vec<&str> = self.companies.iter().map(|(_, name)| name.as_str()).collect();
        let whom = if names.is_empty() { String::new() } else { format!("{}: ", names.join(", ")) };
        let place = one_line(&change.source_title);
        let what = match self.kind {
            EventKind::Retracted => format!("taken back, it was not so ({} on {place})", change.entry.kind),
            EventKind::Concerns => format!("concerned by an entry {} on {place}", change.entry.kind),
            EventKind::Found | EventKind::Test => format!("{} on {place}", change.entry.happened()),
        };
        format!("{whom}{what}")
    }

    /// What is known of it, in a few words each.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let Some(change) = self.change else { return Vec::new() };
        let mut facts = vec![("Entry", shorten(&one_line(&change.entry.title), MAX_TITLE_CHARS))];
        if let Some(date) = change.entry.date {
            facts.push(("Date", day(date.day())));
        }
        let due = Deadline::all_of(change).into_iter();
        facts.extend(due.map(|due| {
            (if due.what == "takes effect" { "Takes effect" } else { "Comments close" }, day(due.date))
        }));
        if self.kind != EventKind::Retracted {
            let fields = change.entry.fields.iter().filter(|field| field.name != LINKS);
            facts.extend(fields.take(MAX_SHOWN_FIELDS).map(|field| ("Changed", difference(field))));
        }
        facts.push(("Found", on_page(change.found_at)));
        facts
    }

    /// Where more of it stands: words and address.
    fn links(&self) -> Vec<(&'static str, String)> {
        let source = self.change.and_then(|change| change.entry.url.as_deref()).and_then(SafeLink::of);
        let page = self.page.iter().map(|page| ("The change and its proof", page.clone()));
        page.chain(source.map(|link| ("The source", link.href))).collect()
    }

    fn slack(&self) -> Value {
        let headline = self.headline();
        let mrkdwn = |text: String| json!({ "type": "mrkdwn", "text": text, "verbatim": true });
        let mut blocks =
            vec![json!({ "type": "section", "text": mrkdwn(format!("*{}*", slack_text(&headline))) })];
        let facts: Vec<String> =
            self.facts().iter().map(|(name, text)| format!("*{name}:* {}", slack_text(text))).collect();
        if !facts.is_empty() {
            blocks.push(json!({ "type": "section", "text": mrkdwn(facts.join("\n")) }));
        }
        let links: Vec<String> = self
            .links()
            .iter()
            .map(|(words, address)| format!("<{}|{words}>", slack_text(address)))
            .collect();
        if !links.is_empty() {
            blocks.push(json!({ "type": "section", "text": mrkdwn(links.join(" · ")) }));
        }
        blocks.push(json!({ "type": "context", "elements": [mrkdwn(slack_text(&one_line(self.service)))] }));
        json!({ "text": slack_text(&headline), "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
    }

    fn teams(&self) -> Value {
        // Rich text knows no markup, so that nothing in a source's text can be any.
        let run = |text: &str, weight: &str| json!({ "type": "TextRun", "text": text, "weight": weight });
        let block = |runs: Vec<Value>| json!({ "type": "RichTextBlock", "inlines": runs });
        let mut body = vec![block(vec![run(&self.headline(), "Bolder")])];
        body.extend(
            self.facts()
                .iter()
                .map(|(name, text)| block(vec![run(&format!("{name}: "), "Bolder"), run(text, "Default")])),
        );
        body.push(block(vec![run(&one_line(self.service), "Lighter")]));
        let actions: Vec<Value> = self
            .links()
            .iter()
            .map(|(words, address)| json!({ "type": "Action.OpenUrl", "title": words, "url": address }))
            .collect();
        json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": body,
                    "actions": actions,
                },
            }],
        })
    }
}

/// A change as it stays: without what a person decides on afterwards.
fn change_json(change: &Change) -> Value {
    let entry = &change.entry;
    let fields: Vec<Value> = entry
        .fields
        .iter()
        .map(|field| {
            json!({
                "name": field.name,
                "before": field.before.as_deref().map(cut),
                "after": field.after.as_deref().map(cut),
            })
        })
        .collect();
    json!({
        "id": change.id,
        "source": change.source,
        "source_title": change.source_title,
        "kind": entry.kind,
        "happened": entry.happened(),
        "key": entry.key,
        "title": entry.title,
        "date": entry.date,
        "url": entry.url,
        "fields": fields,
        "found_at": moment(change.found_at),
        "evidence": evidence_json(&change.evidence),
        "previous": evidence_json(&change.previous),
    })
}

fn evidence_json(evidence: &Evidence) -> Value {
    json!({
        "url": evidence.url,
        "read_at": moment(evidence.read_at),
        "status": evidence.status,
        "sha256": evidence.sha256,
    })
}

fn cut(text: &str) -> String {
    let end = boundary_before(text, text.len().min(MAX_FIELD_BYTES));
    if end < text.len() { format!("{} […]", &text[..end]) } else { text.to_owned() }
}

/// A field before and after, in a line.
fn difference(field: &FieldChange) -> String {
    let shown = |text: &Option<String>| text.as_deref().map(|text| shorten(&one_line(text), MAX_SHOWN_CHARS));
    let name = shorten(&one_line(&field.name), 40);
    match (shown(&field.before), shown(&field.after)) {
        (Some(before), Some(after)) => format!("{name}: “{before}” → “{after}”"),
        (None, Some(after)) => format!("{name}: “{after}” (new)"),
        (Some(before), None) => format!("{name}: “{before}” (gone)"),
        (None, None) => name,
    }
}

/// A text that is nothing but text to Slack.
fn slack_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[derive(Template)]
#[template(path = "hook/disabled.txt")]
struct DisabledText<'a> {
    id: &'a str,
    name: &'a str,
    host: &'a str,
    reason: &'a str,
    service: &'a str,
    waiting: bool,
}

#[derive(Template)]
#[template(path = "hook/disabled.html")]
struct DisabledHtml<'a> {
    subject: &'a str,
    id: &'a str,
    name: &'a str,
    host: &'a str,
    reason: &'a str,
    service: &'a str,
    waiting: bool,
}

/// Tells the owner of a webhook that it is no longer told anything.
///
/// # Errors
/// A template that cannot be filled in.
pub fn hook_disabled(hook: &Webhook, reason: &str, service: &str) -> Result<Rendered, RenderError> {
    let (name, service) = (shorten(&one_line(&hook.name), 80), shorten(&one_line(service), 80));
    let reason = shorten(&one_line(reason), 300);
    let host = hook.url.host_str().unwrap_or_default();
    let subject = shorten(&format!("[regwatch] The webhook {name} is no longer told anything"), 100);
    let (id, name, reason, service, waiting) = (&*hook.id, &*name, &*reason, &*service, true);
    let text = DisabledText { id, name, host, reason, service, waiting }.render()?;
    let html = DisabledHtml { subject: &subject, id, name, host, reason, service, waiting }.render()?;
    Ok(Rendered { kind: MailKind::Incident, subject, text, html, attachment: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(title: &str) -> Change {
        let evidence = json!({ "url": "https://a.test/", "read_at": "2026-11-29T10:00:00Z", "status": 200, "sha256": "00" });
        serde_json::from_value(json!({
            "id": "0123456789abcdef0123456789abcdef", "source": "list", "source_title": "The list",
            "kind": "amended", "key": "a", "title": title, "date": "2026-11-20", "url": "https://a.test/a",
            "fields": [{ "name": "text", "before": "old", "after": "<!channel> *new* [x](https://evil.test)" }],
            "context": [["effective", "2027-01-15"]], "found_at": "2026-11-29T10:00:01Z", "matches": [],
            "evidence": evidence, "previous": evidence,
        }))
        .unwrap()
    }

    fn message(change: &Change, kind: EventKind) -> HookMessage<'_> {
        HookMessage {
            kind,
            change: Some(change),
            companies: vec![("zte".to_owned(), "ZTE".to_owned())],
            happened_at: change.found_at,
            page: Some("https://desk.example/changes/0123".to_owned()),
            service: "Desk & Co",
        }
    }

    fn sent(message: &HookMessage<'_>, format: HookFormat) -> Value {
        serde_json::from_slice(&message.body(format)).unwrap()
    }

    #[test]
    fn a_change_is_sent_with_its_proof_and_without_what_may_be_decided_later() {
        let change = change("An entry");
        let sent = sent(&message(&change, EventKind::Found), HookFormat::Standard);
        assert_eq!(
            (&sent["type"], &sent["timestamp"]),
            (&"change.found".into(), &"2026-11-29T10:00:01Z".into())
        );
        assert_eq!(sent["data"]["companies"][0]["id"], "zte");
        assert_eq!(sent["data"]["change"]["evidence"]["sha256"], "00");
        assert_eq!(sent["data"]["change"]["fields"][0]["before"], "old");
        for later in ["retracted_at", "possible", "matches"] {
            assert!(sent["data"]["change"].get(later).is_none(), "{later}");
        }
    }

    #[test]
    fn in_a_message_a_source_can_call_nobody_and_link_nowhere() {
        let change = change("<https://evil.test|click> @here");
        let slack = sent(&message(&change, EventKind::Found), HookFormat::Slack);
        assert_eq!(slack["text"], "ZTE: amended on The list");
        let text = slack["blocks"].to_string();
        assert!(text.contains("&lt;!channel&gt;") && !text.contains("<!channel>"), "{text}");
        assert!(
            !text.contains("<https://evil.test") && text.contains("<https://desk.example/changes/0123|"),
            "{text}"
        );
        assert!(text.contains("Takes effect") && text.contains("15 January 2027"), "{text}");
        let with_text =
            slack["blocks"].as_array().unwrap().iter().filter(|block| block.get("text").is_some());
        assert!(
            with_text.clone().count() > 2
                && with_text.into_iter().all(|block| block["text"]["verbatim"] == true)
        );

        let teams = sent(&message(&change, EventKind::Retracted), HookFormat::Teams);
        let card = &teams["attachments"][0]["content"];
        let kinds: Vec<&str> =
            card["body"].as_array().unwrap().iter().filter_map(|block| block["type"].as_str()).collect();
        assert!(kinds.iter().all(|kind| *kind == "RichTextBlock"), "markup means nothing there: {kinds:?}");
        assert_eq!(
            card["body"][0]["inlines"][0]["text"],
            "ZTE: taken back, it was not so (amended on The list)"
        );
        assert_eq!(card["actions"][0]["url"], "https://desk.example/changes/0123");
    }
}
