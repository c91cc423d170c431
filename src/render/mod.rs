//! What people are shown: a mail's subject, text and HTML, and a change on a terminal.
//!
//! Between finding and sending: use cases put together a [`Notice`], this module
//! turns it into words, `mail` wraps the words in MIME. Everything here is a pure
//! function of its arguments, so that a mail can be looked at, compared with a
//! snapshot and rendered again without touching the world.
//!
//! Source text is hostile. It is stripped of control, bidirectional and
//! zero-width characters, escaped where it becomes HTML, cut to a budget, and
//! never made into a link other than the http(s) address whose host is shown.
//!
//! Deliberately absent: MIME and headers (`mail::compose`), tables and JSON for
//! the command line (`cli`), and any wording that depends on the time of day.

mod addressed;
mod alert;
mod alert_views;
mod answer;
mod attached;
mod attestation;
mod calendar;
mod change_view;
mod difference;
mod example;
mod explanation;
mod face;
mod feed;
mod field_view;
mod filters;
mod flow;
mod foot;
mod headline;
mod health;
mod hook;
mod incident;
mod lead;
mod letter;
mod link;
mod notice;
mod page;
mod rendered;
mod retraction;
mod screening;
mod screening_news;
mod subject;
mod terminal;
mod tied;
mod view;
mod welcome;
mod when;

pub use addressed::{Addressed, paused, promise};
pub use alert::notice;
pub use alert_views::AlertViews;
pub use answer::{answer, confirm_address, followed, name as company_name, wishes};
pub use attestation::{Attestation, SeenChanges, attestation};
pub use calendar::{CalendarDay, calendar};
pub use example::{AlertAbout, example, example_alert};
pub use face::{Face, SourceWords};
pub use feed::{Feed, FeedItem, page_of};
pub use foot::MailFoot;
pub use hook::{HookMessage, hook_disabled};
pub use incident::incidents;
pub use link::SafeLink;
pub use notice::{Notice, ReportedChange};
pub use page::{ChangePage, ChangeReader, ConcernView, EvidencePage, FieldPage, line, with_lines};
pub use rendered::{Attachment, RenderError, Rendered};
pub use retraction::{Withdrawal, retraction};
pub use screening::{FindingView, GroupView, ListView, NameView, ScreeningView, screening_report};
pub use screening_news::screening_news;
pub use terminal::{differences_for_terminal, for_terminal, match_for_terminal};
pub use when::{day, exact_on_page, exact_on_terminal, moment, on_page, on_terminal};

#[cfg(test)]
mod mails;
#[cfg(test)]
mod tests;
