//! The table `[web]`: the addresses that mail leads to, the pages beside them, and who may see which.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use secrecy::ExposeSecret;
use url::{Host, Url};

use super::node::{AllowedKeys, ConfigNode, ConfigTable};
use super::{operator_login, secret, section, value};
use crate::domain::spelling::none_of;
use crate::settings::{OpenSection, ProxyLogin, WebSettings};

pub(super) const WEB: AllowedKeys = AllowedKeys {
    heading: "[web]",
    names: &[
        "listen",
        "base_url",
        "trusted_proxies",
        "client_rate",
        "total_rate",
        "max_connections",
        "public",
        "operator",
        "login_header",
        "login_secret_header",
        "login_secret_file",
    ],
};

/// Where the server listens unless told otherwise: nobody but this machine reaches it.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// A shorter secret can be guessed.
const MIN_SECRET_BYTES: usize = 16;

/// With a link's own 60 characters it still fits a header's line many times over.
const MAX_BASE_BYTES: usize = 200;

/// Reads the table; without it there is no server, and mail bears no links of ours.
pub(super) fn web(section: &ConfigNode<'_>, folder: &Path) -> Option<WebSettings> {
    let table = section.table(&WEB)?;
    let listen = table.or("listen", LISTEN, |node| node.parse(listening));
    let base_url = base_url(&table);
    let trusted_proxies = table.or("trusted_proxies", Vec::new(), section::addresses);
    let client_rate = table.or("client_rate", 30, |node| node.number(1..=100_000));
    let total_rate = table.or("total_rate", 600, |node| node.number(1..=100_000));
    let max_connections = table.or("max_connections", 1024, |node| node.number(1..=10_000));
    let public = table.or("public", Vec::new(), sections);
    let operators = table.or("operator", Vec::new(), |node| operator_login::operators(node, folder));
    let proxy_login = proxy_login(&table, folder);
    Some(WebSettings {
        listen: listen?,
        base_url: base_url?,
        trusted_proxies: trusted_proxies?,
        client_rate: client_rate?,
        total_rate: total_rate?,
        max_connections: max_connections? as usize,
        public: public?,
        operators: operators?,
        proxy_login: proxy_login?,
    })
}

/// What is open to everybody.
fn sections(node: &ConfigNode<'_>) -> Option<Vec<OpenSection>> {
    let names = OpenSection::ALL.map(|(name, _)| name);
    let section = |text: &str| {
        let found = OpenSection::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, section)| *section).ok_or_else(|| none_of(text, &names))
    };
    let items = node.items("names")?;
    let sections: Vec<Option<OpenSection>> = items.iter().map(|node| node.parse(section)).collect();
    sections.into_iter().collect()
}

/// The proxy that says who asks: header and secret, or neither. The outer `None` is a fault that was noted.
#[expect(clippy::option_option, reason = "a fault, and what is not configured")]
fn proxy_login(table: &ConfigTable<'_>, folder: &Path) -> Option<Option<ProxyLogin>> {
    let header = table.optional("login_header", |node| node.parse(header_name)).ok()?;
    let secret_header =
        table.or("login_secret_header", "x-regwatch-secret".to_owned(), |node| node.parse(header_name))?;
    let secret = table.optional("login_secret_file", |node| {
        let path = value::path_from(folder, node.line()?);
        let secret = secret::read_file(&path).map_err(|error| node.fault(error)).ok()?;
        if secret.expose_secret().len() < MIN_SECRET_BYTES {
            node.fault(format_args!("is shorter than {MIN_SECRET_BYTES} characters, which can be guessed"));
            return None;
        }
        Some((secret, path))
    });
    match (header, secret.ok()?) {
        (Some(header), Some((secret, secret_file))) => {
            Some(Some(ProxyLogin { header, secret_header, secret, secret_file }))
        }
        (None, None) => Some(None),
        (Some(_), None) => {
            table.require(
                "login_secret_file",
                "a file with the secret by which the proxy of login_header is known",
            );
            None
        }
        (None, Some(_)) => {
            table.require(
                "login_header",
                "the header in which the proxy names who asks, such as \"X-Remote-User\"",
            );
            None
        }
    }
}

fn header_name(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_name {
        return Ok(text.to_ascii_lowercase());
    }
    Err(format!("found {text:?}, expected the name of a header such as \"X-Remote-User\""))
}

pub(super) fn listening(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("found {text:?}, expected an address and a port such as \"127.0.0.1:8080\" or \"[::1]:8080\"")
    })
}

fn base_url(table: &ConfigTable<'_>) -> Option<Url> {
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
