//! Addresses as they are typed: what may be connected to is global by the standard library's book too.

#![no_main]
#![feature(ip)]

use std::net::IpAddr;

use libfuzzer_sys::fuzz_target;
use regwatch::fetch::is_public;
use url::{Host, Url};

fuzz_target!(|host: &str| {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else { return };
    let address: IpAddr = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        _ => return,
    };
    assert!(!is_public(address) || address.to_canonical().is_global() || is_embedding(address), "{address}");
});

/// Addresses that the library takes for somebody else's network and that lead to an IPv4 address within
/// them; that one is looked at.
fn is_embedding(address: IpAddr) -> bool {
    let IpAddr::V6(address) = address else { return false };
    matches!(address.segments(), [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0x2002, ..] | [0, 0, 0, 0, 0, 0, ..])
}
