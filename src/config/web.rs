//! The table `[web]`: the addresses that mail leads to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use url::{Host, Url};

use super::node::{Keys, Node, Table};
use super::settings::WebSettings;
use super::{section, value};

pub(super) const WEB: Keys = Keys {
    heading: "[web]",
    names: &["listen", "base_url", "trusted_proxies", "client_rate", "total_rate", "max_connections"],
};

/// Where the server listens unless told otherwise: nobody but this machine reaches it.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// With a link's own 60 characters it still fits a header's line many times over.
const MAX_BASE_BYTES: usize = 200;

/// Reads the table; without it there is no server, and mail bears no links of ours.
pub(super) fn web(section: &Node<'_>) -> Option<WebSettings> {
    let table = section.table(&WEB)?;
    let listen = table.or("listen", LISTEN, |node| node.parse(listening));
    let base_url = base_url(&table);
    let trusted_proxies = table.or("trusted_proxies", Vec::new(), section::addresses);
    let client_rate = table.or("client_rate", 30, |node| node.number(1..=100_000));
    let total_rate = table.or("total_rate", 600, |node| node.number(1..=100_000));
    let max_connections = table.or("max_connections", 256, |node| node.number(1..=10_000));
    Some(WebSettings {
        listen: listen?,
        base_url: base_url?,
        trusted_proxies: trusted_proxies?,
        client_rate: client_rate?,
        total_rate: total_rate?,
        max_connections: max_connections? as usize,
    })
}

fn listening(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("found {text:?}, expected an address and a port such as \"127.0.0.1:8080\" or \"[::1]:8080\"")
    })
}

fn base_url(table: &Table<'_>) -> Option<Url> {
    let expected =
        "the https address under which people reach the server, such as \"https://tracker.example\"";
    table.require("base_url", expected)?.parse(base)
}

/// An address that others stand below. Links in mail are secrets of their readers: in the clear only on
/// this machine.
fn base(text: &str) -> Result<Url, String> {
    let expected = "expected an https address such as \"https://tracker.example\"";
    let mut url = value::page_url(text).map_err(|_| format!("is not an address of a server, {expected}"))?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !is_loopback {
        return Err(format!("found {text:?}, {expected}; http only for this machine itself"));
    }
    if url.query().is_some() || url.fragment().is_some() || url.as_str().len() > MAX_BASE_BYTES {
        return Err(format!(
            "found {text:?}, {expected} without ? and #, of at most {MAX_BASE_BYTES} characters"
        ));
    }
    let path = format!("{}/", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}
