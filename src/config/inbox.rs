//! The table `[inbox]`: where people write to.

use std::path::Path;

use secrecy::SecretString;

use super::node::{AllowedKeys, ConfigNode, ConfigTable};
use super::way_in::ways_in;
use crate::domain::email::EmailAddress;
use crate::settings::{InboxSettings, TransportSettings, WaysInSettings};

pub(super) const INBOX: AllowedKeys =
    AllowedKeys { heading: "[inbox]", names: &["address", "authserv_id", "maildir", "imap", "lmtp"] };

/// Parts the address of a mailbox from what a mail to it is about.
const DELIMITER: char = '+';

/// Reads the table; without it nobody can subscribe by mail. `from_environment` is the mailbox's
/// password that the environment holds, `transport` the way out, where that is known.
pub(super) fn inbox(
    section: &ConfigNode<'_>,
    folder: &Path,
    from_environment: Option<SecretString>,
    transport: Option<&TransportSettings>,
) -> Option<(InboxSettings, WaysInSettings)> {
    let table = section.table(&INBOX)?;
    let address = address(&table);
    let authserv_id = table.optional("authserv_id", |node| {
        node.parse(|text| {
            let is_one_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';');
            let expected = "expected the name that the receiving server writes into Authentication-Results, such as \"mx.tracker.example\"";
            if is_one_word { Ok(text.to_owned()) } else { Err(format!("found {text:?}, {expected}")) }
        })
    });
    let ways_in = ways_in(&table, folder, from_environment, transport);
    Some((InboxSettings { address: address?, authserv_id: authserv_id.ok()? }, ways_in?))
}

fn address(table: &ConfigTable<'_>) -> Option<EmailAddress> {
    let node =
        table.require("address", "the address to which people write, such as \"watch@tracker.example\"")?;
    let address = node.parse(str::parse::<EmailAddress>)?;
    if address.local().contains(DELIMITER) {
        node.fault("holds a \"+\", expected the plain address: the part after it is a command");
        return None;
    }
    Some(address)
}
