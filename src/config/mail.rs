//! The table `[mail]`.

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use url::Host;

use super::node::{AllowedKeys, ConfigNode, ConfigTable, FaultNoted};
use super::section::length;
use super::{dkim, secret, value};
use crate::domain::email::EmailAddress;
use crate::domain::outbox::Doubt;
use crate::domain::spelling::none_of;
use crate::settings::{
    MailSettings, Pace, Sender, SmtpCredentials, SmtpSecurity, SmtpSettings, TransportSettings,
};

pub(super) const MAIL: AllowedKeys = AllowedKeys {
    heading: "[mail]",
    names: &[
        "from",
        "name",
        "transport",
        "password_file",
        "tls",
        "postal_address",
        "help_address",
        "group_within",
        "deadline_within",
        "concurrency",
        "dkim",
        "rate_per_minute",
        "domain_concurrency",
        "domain_rate_per_minute",
        "on_in_doubt",
    ],
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads the table; `from_environment` is the password that the environment holds.
pub(super) fn mail(
    root: &ConfigTable<'_>,
    folder: &Path,
    from_environment: Option<SecretString>,
) -> Option<MailSettings> {
    let table = root.require("mail", "a table that at least names the sender")?.table(&MAIL)?;
    let from = table
        .require("from", "a sender such as \"regwatch <alerts@example.org>\"")
        .and_then(|node| node.parse(sender));
    let name = table.optional("name", |node| node.line().map(|name| name.trim().to_owned()));
    let transport = transport(&table, folder, from_environment);
    let postal_address = table.optional("postal_address", |node| postal(node));
    let help_address = table.optional("help_address", |node| node.parse(str::parse::<EmailAddress>));
    let group_within = table.or("group_within", Duration::from_secs(5 * 60), length(Duration::ZERO, DAY));
    let deadline_within = table.or("deadline_within", 7 * DAY, length(Duration::ZERO, 90 * DAY));
    let concurrency = table.or("concurrency", 2, |node| node.number(1..=32));
    let dkim =
        table.optional("dkim", |node| dkim::dkim(node, folder, from.as_ref().map(|from| &from.address)));
    let pace = pace(&table);
    let on_in_doubt = table.optional("on_in_doubt", |node| {
        node.parse(|text| match text {
            "resend" => Ok(Doubt::Resend),
            "hold" => Ok(Doubt::Hold),
            other => Err(none_of(other, &["resend", "hold"])),
        })
    });
    let (from, name) = (from?, name.ok()?);
    let from = Sender { name: name.or(from.name), ..from };
    Some(MailSettings {
        help_address: help_address.ok()?.unwrap_or_else(|| from.address.clone()),
        from,
        transport: transport?,
        postal_address: postal_address.ok()?,
        group_within: group_within?,
        deadline_within: deadline_within?,
        concurrency: concurrency? as usize,
        dkim: dkim.ok()?,
        pace: pace?,
        on_in_doubt: on_in_doubt.ok()?.unwrap_or_default(),
    })
}

/// How fast mail leaves, in all and to one domain.
fn pace(table: &ConfigTable<'_>) -> Option<Pace> {
    let per_minute = |node: &ConfigNode<'_>| node.number(1..=1_000_000);
    let rate = table.optional("rate_per_minute", per_minute);
    let domain_rate = table.optional("domain_rate_per_minute", per_minute);
    let domain_concurrency = table.optional("domain_concurrency", |node| node.number(1..=32));
    Some(Pace {
        rate_per_minute: rate.ok()?,
        domain_rate_per_minute: domain_rate.ok()?,
        domain_concurrency: domain_concurrency.ok()?.map(|count| count as usize),
    })
}

/// `name <address>` or the address alone.
fn sender(text: &str) -> Result<Sender, String> {
    let expected = "expected a sender such as \"regwatch <alerts@example.org>\"";
    if text.chars().any(char::is_control) {
        return Err(format!("found {text:?}, {expected} on one line"));
    }
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (name.trim(), address),
        None => ("", text),
    };
    let unquoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name).trim();
    let address = address.parse().map_err(|error| format!("{error}; {expected}"))?;
    Ok(Sender { name: (!unquoted.is_empty()).then(|| unquoted.to_owned()), address })
}

fn postal(node: &ConfigNode<'_>) -> Option<String> {
    let text = node.text()?;
    if text.trim().is_empty() {
        node.fault("is blank, expected a postal address");
        return None;
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        node.fault("holds control characters, expected a postal address in one or more lines");
        return None;
    }
    Some(text.trim().to_owned())
}

fn transport(
    table: &ConfigTable<'_>,
    folder: &Path,
    from_environment: Option<SecretString>,
) -> Option<TransportSettings> {
    let default = TransportSettings::Maildir { path: value::path_from(folder, "../state/mail") };
    let password = password(table, folder);
    let tls = table.optional("tls", |node| {
        node.parse(|text| match text {
            "none" => Ok(SmtpSecurity::None),
            "starttls" => Ok(SmtpSecurity::StartTls),
            "opportunistic" => Ok(SmtpSecurity::Opportunistic),
            other => Err(none_of(other, &["starttls", "opportunistic", "none"])),
        })
    });
    let transport = table.or("transport", default, |node| {
        let text = node.text()?;
        match value::scheme_path(text, "maildir") {
            Some(path) => Some(TransportSettings::Maildir { path: value::path_from(folder, path) }),
            None => node.parse(relay).map(TransportSettings::Smtp),
        }
    });
    let (password, tls) = (password.ok()?, tls.ok()?);
    match transport? {
        TransportSettings::Smtp(relay) => {
            let node = table.get("transport")?;
            let relay = secured(relay, tls, table)?;
            let relay = with_password(relay, password, from_environment, table, &node)?;
            Some(TransportSettings::Smtp(relay))
        }
        maildir @ TransportSettings::Maildir { .. } => {
            let strays: Vec<_> = ["password_file", "tls"].iter().filter_map(|name| table.get(name)).collect();
            for node in &strays {
                node.fault("belongs to an SMTP relay, expected none for a Maildir");
            }
            strays.is_empty().then_some(maildir)
        }
    }
}

fn password(table: &ConfigTable<'_>, folder: &Path) -> Result<Option<SecretString>, FaultNoted> {
    table.optional("password_file", |node| {
        let path = value::path_from(folder, node.line()?);
        secret::read_file(&path).map_err(|error| node.fault(error)).ok()
    })
}

/// `smtp://user@relay:587`; the user is kept with an empty password until that is known.
fn relay(text: &str) -> Result<SmtpSettings, String> {
    let expected = "expected \"maildir:../state/mail\", \"smtp://user@relay.example:587\" or \"smtps://user@relay.example\"";
    // What was found is never repeated: it may hold a password.
    let refuse = |what: &str| format!("{what}, {expected}");
    let (scheme, rest) = text.split_once("://").ok_or_else(|| refuse("is not a transport"))?;
    let (security, default_port) = match scheme {
        "smtp" => (SmtpSecurity::StartTls, 587),
        "smtps" => (SmtpSecurity::Tls, 465),
        _ => return Err(refuse("is not a transport")),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    // A user is often a mail address itself: the last @ is the one that parts.
    let (user, machine) = rest.rsplit_once('@').map_or((None, rest), |(user, machine)| (Some(user), machine));
    if user.is_some_and(|user| user.contains(':')) {
        return Err(format!(
            "holds a password, expected it in a file of its own, named by password_file, or in {}",
            secret::MAIL_PASSWORD_VARIABLE
        ));
    }
    let is_plain =
        |user: &str| !user.is_empty() && !user.contains(['%', '/']) && !user.contains(char::is_control);
    if user.is_some_and(|user| !is_plain(user)) {
        return Err(refuse("holds a user that cannot be, written as it is and not percent-encoded"));
    }
    let (host, port) = value::host_and_port(machine).ok_or_else(|| refuse("does not name a relay"))?;
    let is_loopback = match &host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let is_open = is_loopback && security == SmtpSecurity::StartTls;
    let host = match host {
        Host::Ipv6(address) => address.to_string(),
        other => other.to_string(),
    };
    let credentials =
        user.map(|user| SmtpCredentials { user: user.to_owned(), password: SecretString::default() });
    let security = if is_open { SmtpSecurity::None } else { security };
    Ok(SmtpSettings { host, port: port.unwrap_or(default_port), security, credentials })
}

fn secured(
    mut relay: SmtpSettings,
    tls: Option<SmtpSecurity>,
    table: &ConfigTable<'_>,
) -> Option<SmtpSettings> {
    let Some(tls) = tls else { return Some(relay) };
    let node = table.get("tls")?;
    if relay.security == SmtpSecurity::Tls {
        node.fault("contradicts \"smtps://\", expected it only beside \"smtp://\"");
        return None;
    }
    let is_loopback = relay.security == SmtpSecurity::None;
    if tls == SmtpSecurity::None && relay.credentials.is_some() && !is_loopback {
        node.fault("would send the password in the clear, expected TLS wherever a user logs in");
        return None;
    }
    if tls == SmtpSecurity::Opportunistic && relay.credentials.is_some() {
        node.fault(
            "would reveal the password to any server that answers, expected \"starttls\" wherever a user logs in",
        );
        return None;
    }
    relay.security = tls;
    Some(relay)
}

fn with_password(
    mut relay: SmtpSettings,
    from_file: Option<SecretString>,
    from_environment: Option<SecretString>,
    table: &ConfigTable<'_>,
    transport: &ConfigNode<'_>,
) -> Option<SmtpSettings> {
    match (&mut relay.credentials, from_file) {
        (None, None) => {}
        (None, Some(_)) => {
            let node = table.get("password_file")?;
            node.fault(
                "is given for a relay without a user, expected one such as \"smtp://user@relay.example\"",
            );
            return None;
        }
        (Some(credentials), from_file) => {
            let Some(password) = from_file.or(from_environment) else {
                transport.fault(format_args!(
                    "names a user, expected a password in password_file or in {}",
                    secret::MAIL_PASSWORD_VARIABLE
                ));
                return None;
            };
            credentials.password = password;
        }
    }
    Some(relay)
}
