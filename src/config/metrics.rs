//! The table `[metrics]`: health, metrics, and the dead-man's switch.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::node::{AllowedKeys, ConfigNode};
use super::{section, value, web};
use crate::settings::{MetricsSettings, PingSettings};

pub(super) const METRICS: AllowedKeys =
    AllowedKeys { heading: "[metrics]", names: &["listen", "ping", "ping_every"] };

/// Where the listener is unless told otherwise: nobody but this machine reaches it.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

const MINUTE: Duration = Duration::from_secs(60);

/// Reads the table; without it nothing is listened for, and nobody is pinged.
pub(super) fn metrics(section: &ConfigNode<'_>) -> Option<MetricsSettings> {
    let table = section.table(&METRICS)?;
    let listen = table.or("listen", LISTEN, |node| node.parse(web::listening));
    let url = table.optional("ping", |node| node.parse(value::page_url));
    let second = Duration::from_secs(1);
    let every = table.or("ping_every", MINUTE, section::length(second, MINUTE * 60));
    let (url, every) = (url.ok()?, every?);
    Some(MetricsSettings { listen: listen?, ping: url.map(|url| PingSettings { url, every }) })
}
