//! Which commands are deeds, and how they stand in the audit log.

use super::command::Command;
use crate::store::MailAction;

/// Who gives commands: whoever may open the control socket or the store, which the system knows and we do not.
pub(super) const WHO: &str = "command line";

impl Command {
    /// What is done, to what, and what else is worth knowing; `None` of what only looks. No address stands there in
    /// full.
    pub(super) fn deed(&self) -> Option<(&'static str, String, String)> {
        let about = |act, about: &dyn ToString| Some((act, about.to_string(), String::new()));
        let with = |act, about: &dyn ToString, detail: String| Some((act, about.to_string(), detail));
        match self {
            Self::Accept(ask) => about(if ask.untold { "accept-untold" } else { "accept" }, &ask.id),
            Self::Reject(ask) => about("reject", &ask.id),
            Self::Decide(ask) => about(if ask.is_meant { "meant" } else { "not-meant" }, &ask.id),
            Self::Retract(ask) => with("retract", &ask.id, ask.reason.clone().unwrap_or_default()),
            Self::Reload(_) | Self::TakeOver(_) => about("reload", &""),
            Self::PauseSource(ask) => {
                let until = ask.until.map(|day| format!("until {day}")).unwrap_or_default();
                with("pause-source", &ask.id, until)
            }
            Self::ResumeSource(ask) => about("resume-source", &ask.id),
            Self::Tidy(_) => about("tidy", &""),
            Self::NoteBackup(ask) => about("backup", &ask.path.display()),
            Self::AddStandingList(ask) => with("screen-add", &ask.id, format!("{} names", ask.names.len())),
            Self::Backfill(ask) => {
                with("backfill", &ask.first.source, format!("{} states", ask.states.len()))
            }
            Self::RemoveStandingList(ask) => about("screen-remove", &ask.id),
            // Whatever is known of people leaves with it.
            Self::Export(_) => about("export", &""),
            Self::Subscribe(ask) => {
                let topics: Vec<String> = ask.topics.iter().map(ToString::to_string).collect();
                with("subscribe", &ask.address.redacted(), topics.join(", "))
            }
            Self::ImportSubscribers(ask) if ask.dry_run => None,
            Self::ImportSubscribers(ask) => {
                with("import", &"", format!("{} subscribers", ask.subscribers.len()))
            }
            Self::ConfirmSubscriber(ask) => about("confirm", &ask.address.redacted()),
            Self::PauseSubscriber(ask) => {
                about(if ask.paused { "pause" } else { "resume" }, &ask.address.redacted())
            }
            Self::Prefer(ask) => about("prefer", &ask.address.redacted()),
            Self::Erase(ask) => about("erase", &ask.address.redacted()),
            Self::Unsubscribe(ask) => about("unsubscribe", &ask.address.redacted()),
            Self::RetryMails(ask) => about("retry", &ask.id.as_deref().unwrap_or("all")),
            Self::HandleMail(ask) => about(
                match ask.deed {
                    MailAction::Hold => "hold",
                    MailAction::Release => "release",
                    MailAction::Drop => "drop",
                },
                &ask.id,
            ),
            Self::Suppress(ask) => about("suppress", &ask.address.redacted()),
            Self::Unsuppress(ask) => about("unsuppress", &ask.address.redacted()),
            Self::TestMail(ask) => about("test-mail", &ask.address.redacted()),
            Self::AddToken(ask) => {
                let scopes: Vec<String> = ask.scopes.iter().map(ToString::to_string).collect();
                with("add-token", &ask.name, scopes.join(", "))
            }
            Self::RevokeToken(ask) => about("revoke-token", &ask.id),
            Self::AddWebhook(ask) => {
                let host = ask.url.host_str().unwrap_or_default();
                let (name, only) = (ask.name.as_deref(), ask.only.words().unwrap_or_default());
                with("add-webhook", &name.unwrap_or(host), [host, &only].join(" ").trim_end().to_owned())
            }
            Self::TestWebhook(ask) => about("test-webhook", &ask.id),
            Self::Redeliver(ask) => about("redeliver", &ask.id),
            Self::PauseWebhook(ask) => {
                about(if ask.paused { "pause-webhook" } else { "resume-webhook" }, &ask.id)
            }
            Self::RemoveWebhook(ask) => about("remove-webhook", &ask.id),
            Self::Check(_)
            | Self::CountRequest(_)
            | Self::ListSources(_)
            | Self::ListCoverage(_)
            | Self::ListTimings(_)
            | Self::ShowStats(_)
            | Self::TakeBackup(_)
            | Self::LastBackup(_)
            | Self::ForgetExport(_)
            | Self::ExportEvidence(_)
            | Self::ForgetEvidence(_)
            | Self::ListEntries(_)
            | Self::ShowSource(_)
            | Self::ShowHeldBody(_)
            | Self::ListReviews(_)
            | Self::ShowReview(_)
            | Self::ListIncidents(_)
            | Self::ShowStatus(_)
            | Self::Replay(_)
            | Self::ScreenNames(_)
            | Self::ListStandingLists(_)
            | Self::FirstState(_)
            | Self::ListChanges(_)
            | Self::ShowChange(_)
            | Self::ListTies(_)
            | Self::ListWishes(_)
            | Self::ShowSubscriber(_)
            | Self::ListSubscribers(_)
            | Self::ListMails(_)
            | Self::ShowMail(_)
            | Self::ListSuppressions(_)
            | Self::ListTokens(_)
            | Self::ListWebhooks(_)
            | Self::ShowHookLog(_)
            | Self::Ingest(_) => None,
        }
    }
}
