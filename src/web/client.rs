//! Who asks: the one who connects, or whom a trusted proxy names.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// What proxies write whom they speak for into, each behind those before it.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address. Read from the right as long as trusted proxies speak: what stands further left
/// was written by whoever asked.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.contains(&address.to_canonical());
    let mut speaker = peer;
    let named = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = named.flat_map(|value| value.split(',')).collect();
    for name in named.iter().rev() {
        let Some(next) = is_trusted(speaker).then(|| address(name.trim())).flatten() else { break };
        speaker = next;
    }
    speaker
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(peer: &str, forwarded: &[&str], expected: &str) {
        let trusted: Vec<IpAddr> = ["127.0.0.1", "10.0.0.2"].map(|one| one.parse().unwrap()).into();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let found = client_address(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {forwarded:?}");
    }

    #[test]
    fn only_trusted_proxies_say_who_asks() {
        check("198.51.100.7", &["192.0.2.1"], "198.51.100.7");
        check("127.0.0.1", &[], "127.0.0.1");
        check("127.0.0.1", &["192.0.2.1"], "192.0.2.1");
        check("::ffff:127.0.0.1", &["192.0.2.1:4711"], "192.0.2.1");
        check("127.0.0.1", &["[2001:db8::1]:80"], "2001:db8::1");
        check("127.0.0.1", &["203.0.113.9, 192.0.2.1, 10.0.0.2"], "192.0.2.1");
        check("127.0.0.1", &["203.0.113.9", "192.0.2.1"], "192.0.2.1");
        check("127.0.0.1", &["192.0.2.1, forged"], "127.0.0.1");
    }
}
