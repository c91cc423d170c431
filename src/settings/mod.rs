//! What the operator decided, as plain types: whoever needs a setting takes it from here and does not see how it was
//! read.
//!
//! [`crate::config`] makes them of the configuration's files and checks them: what is valid there works here.

mod daemon;
mod dkim;
mod fetch;
mod inbox;
mod mail;
mod monitor;
mod password;
mod store;
mod web;

pub use daemon::{DaemonSettings, EvidenceSettings, OperatorSettings, WorkerRole, WorkerRoles};
pub use dkim::DkimKey;
pub use fetch::{Authorities, BrowserSettings, FetchSettings};
pub use inbox::{ImapSecurity, ImapSettings, InboxSettings, LmtpListen, WaysInSettings};
pub use mail::{
    DkimSettings, MailSettings, Pace, Sender, SmtpCredentials, SmtpSecurity, SmtpSettings, TransportSettings,
};
pub use monitor::{MetricsSettings, PingSettings};
pub use password::PasswordHash;
pub use store::{DatabaseUrl, Retention, StoreRules, StoreSettings};
pub use web::{OpenSection, OperatorLogin, ProxyLogin, Role, WebSettings};
