//! Which addresses may be connected to.
//!
//! A redirect or a name in somebody else's DNS must not lead into the network
//! this service runs in. Three checks are needed, since none sees everything:
//! the host as typed (the client never asks its resolver about an IP literal,
//! however it is spelled), the names as resolved, and the peer that answered.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::error::{FetchError, ReadPhase, root_cause};

/// A name that takes longer to be looked up leads nowhere.
const LOOKED_UP_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

/// Decides about addresses; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct AddressGuard {
    allowed: Arc<BTreeSet<IpAddr>>,
    /// Why no other address may be asked, not even a public one.
    only_here: Option<Arc<str>>,
}

/// A name that leads to no public address.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves only to {0}, which is not allowed")]
pub(super) struct OnlyPrivate(pub IpAddr);

impl AddressGuard {
    /// Refuses every address that is not public, except the listed ones.
    pub(super) fn allowing(allowed: &[IpAddr]) -> Self {
        Self { allowed: Arc::new(allowed.iter().copied().map(canonical).collect()), only_here: None }
    }

    /// Refuses all but the listed ones, where a reason is given.
    pub(super) fn only_here(self, why: Option<&str>) -> Self {
        Self { only_here: why.map(Arc::from), ..self }
    }

    fn permits(&self, address: IpAddr) -> bool {
        (is_public(address) && self.only_here.is_none()) || self.allowed.contains(&canonical(address))
    }

    /// Why an address may not be asked.
    pub(super) fn refusal(&self, url: &Url, address: IpAddr) -> FetchError {
        match &self.only_here {
            Some(why) if is_public(address) => Self::nameless(url, why),
            _ => FetchError::PrivateAddress { url: url.to_string(), address },
        }
    }

    fn nameless(url: &Url, why: &str) -> FetchError {
        FetchError::Nameless { url: url.to_string(), why: why.to_owned() }
    }

    /// Checks a name that a proxy will look up: where it leads is not known here.
    pub(super) fn check_unseen(&self, url: &Url) -> Result<(), FetchError> {
        match (&self.only_here, url.host()) {
            (Some(why), Some(Host::Domain(name))) if !is_this_machine(name) => Err(Self::nameless(url, why)),
            _ => Ok(()),
        }
    }

    /// Checks whether an address leads to somebody who may not be asked, as far as that can be found out.
    pub(super) async fn check_leads_here(&self, url: &Url) -> Result<(), FetchError> {
        let Some(why) = &self.only_here else { return Ok(()) };
        let Some(Host::Domain(name)) = url.host() else { return self.check_typed(url) };
        let host = Host::Domain(name.to_owned());
        let found = tokio::time::timeout(LOOKED_UP_WITHIN, self.addresses_of(&host, 0)).await;
        match found {
            Ok(Ok(Ok(_))) => Ok(()),
            // A name of this machine, or of a private network, is told apart when it is read.
            Ok(Ok(Err(OnlyPrivate(address)))) if !is_public(address) => Ok(()),
            _ => Err(Self::nameless(url, why)),
        }
    }

    /// Checks a host written as a number; `url` has already unified its spellings.
    pub(super) fn check_typed(&self, url: &Url) -> Result<(), FetchError> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        self.check(url, address)
    }

    /// Checks who answered.
    pub(super) fn check_peer(&self, url: &Url, peer: Option<SocketAddr>) -> Result<(), FetchError> {
        peer.map_or(Ok(()), |peer| self.check(url, peer.ip()))
    }

    fn check(&self, url: &Url, address: IpAddr) -> Result<(), FetchError> {
        if self.permits(address) { Ok(()) } else { Err(self.refusal(url, address)) }
    }
}

impl AddressGuard {
    /// The addresses of a host that may be connected to, a number or a name.
    pub(super) async fn addresses_of(
        &self,
        host: &Host,
        port: u16,
    ) -> io::Result<Result<Vec<SocketAddr>, OnlyPrivate>> {
        let found = match host {
            Host::Ipv4(address) => vec![SocketAddr::new((*address).into(), port)],
            Host::Ipv6(address) => vec![SocketAddr::new((*address).into(), port)],
            Host::Domain(name) => tokio::net::lookup_host((name.as_str(), port)).await?.collect(),
        };
        Ok(self.permitted(&found))
    }

    fn permitted(&self, found: &[SocketAddr]) -> Result<Vec<SocketAddr>, OnlyPrivate> {
        let permitted: Vec<SocketAddr> =
            found.iter().copied().filter(|address| self.permits(address.ip())).collect();
        match found.first() {
            Some(refused) if permitted.is_empty() => Err(OnlyPrivate(refused.ip())),
            _ => Ok(permitted),
        }
    }
}

impl Resolve for AddressGuard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let host = Host::Domain(name.as_str().to_owned());
            let permitted = guard.addresses_of(&host, 0).await??;
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

fn is_this_machine(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// An IPv4 address that hides in an IPv6 one is judged as what it is.
fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let octets = v6.octets();
    let segments = v6.segments();
    // NAT64 (RFC 6052), IPv4-compatible and 6to4 addresses embed the real destination.
    let embedded = match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some([octets[12], octets[13], octets[14], octets[15]]),
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => Some([octets[12], octets[13], octets[14], octets[15]]),
        [0x2002, ..] => Some([octets[2], octets[3], octets[4], octets[5]]),
        _ => None,
    };
    embedded.map_or_else(|| address.to_canonical(), |octets| IpAddr::V4(octets.into()))
}

/// Whether an address belongs to the public network, by what it leads to.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match canonical(address) {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// The special-purpose registry of IANA (RFC 6890).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_relay = a == 192 && b == 88 && c == 99;
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_reserved = a >= 240 || a == 0;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || is_shared
        || is_relay
        || is_benchmark
        || is_protocol
        || is_reserved)
}

/// Global unicast without its special blocks.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_global_unicast = first & 0xe000 == 0x2000;
    let is_documentation = (first == 0x2001 && second == 0x0db8) || first == 0x3fff;
    let is_protocol = first == 0x2001 && second < 0x0200;
    // Of a tunnel that begins in the network it leads into (RFC 5214).
    let is_isatap = matches!(address.segments(), [_, _, _, _, 0 | 0x0200, 0x5efe, ..]);
    is_global_unicast && !is_documentation && !is_protocol && !is_isatap
}

impl FetchError {
    /// Sorts what the client reports while a request is under way.
    pub(super) fn request(
        url: &Url,
        source: &reqwest::Error,
        connect_timeout: std::time::Duration,
        guard: &AddressGuard,
    ) -> Self {
        if let Some(refused) = private_address_of(source) {
            return guard.refusal(url, refused);
        }
        if source.is_timeout() {
            Self::Timeout { phase: ReadPhase::Connect, url: url.to_string(), after: connect_timeout }
        } else {
            Self::Unreachable { url: url.to_string(), reason: root_cause(source) }
        }
    }
}

/// The guarded resolver's refusal, wherever it stands in the client's chain of causes.
fn private_address_of(error: &reqwest::Error) -> Option<IpAddr> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(OnlyPrivate(address)) = error.downcast_ref() {
            return Some(*address);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, is_refused: bool) {
        let url = Url::parse(&format!("http://{host}/")).unwrap();
        let guard = AddressGuard::allowing(&["10.1.2.3".parse().unwrap()]);
        assert_eq!(guard.check_typed(&url).is_err(), is_refused, "{host}");
    }

    #[test]
    fn private_addresses_are_refused_however_they_are_spelled() {
        for host in [
            // This machine, in the spellings that `inet_aton` and browsers take.
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "0x7f000001",
            "0x7f.1",
            "2130706433",
            "017700000001",
            "0177.0.0.1",
            "%31%32%37.0.0.1",
            "①②⑦.０.０.１",
            "127。0。0。1",
            "0.0.0.0",
            "0",
            "[::]",
            "[::1]",
            "[0:0:0:0:0:0:0:1]",
            // IPv4 within IPv6: mapped, translated, compatible, NAT64, 6to4, Teredo, ISATAP.
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:0:127.0.0.1]",
            "[::127.0.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[64:ff9b::a9fe:a9fe]",
            "[64:ff9b:1::10.0.0.1]",
            "[2002:a00:1::]",
            "[2002:7f00:1::1]",
            "[2001:0:53aa:64c:0:0:80ff:fffe]",
            "[2606:4700::5efe:10.0.0.1]",
            // Private, shared, link-local and cloud metadata.
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.100.100.200",
            "169.254.169.254",
            "0xa9fea9fe",
            "169.254.170.2",
            "[fe80::1]",
            "[fe80::a9fe:a9fe]",
            "[fec0::1]",
            "[fd00::1]",
            "[fd00:ec2::254]",
            // Nobody's: documentation, benchmarks, protocols, multicast, reserved.
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[2001:db8::1]",
            "[3fff::1]",
            "[5f00::1]",
            "[ff02::1]",
            "[100::1]",
        ] {
            check(host, true);
        }
    }

    #[test]
    fn while_nobody_is_named_nobody_else_is_asked() {
        let guard = AddressGuard::allowing(&["10.1.2.3".parse().unwrap(), "127.0.0.1".parse().unwrap()])
            .only_here(Some("fetch.contact is a placeholder"));
        let check = |url: &str| guard.check_typed(&Url::parse(url).unwrap());
        assert!(check("http://127.0.0.1/").is_ok() && check("http://10.1.2.3/").is_ok());
        let refused = check("https://23.1.2.3/list").unwrap_err().to_string();
        assert!(refused.contains("fetch.contact is a placeholder"), "{refused}");
        assert!(matches!(check("http://10.0.0.1/"), Err(FetchError::PrivateAddress { .. })));
        let named = |url: &str| guard.check_unseen(&Url::parse(url).unwrap());
        assert!(named("http://localhost/").is_ok() && named("https://agency.gov/").is_err());
    }

    #[test]
    fn public_and_allowed_addresses_pass() {
        for host in [
            "192.0.66.233",
            "23.1.2.3",
            "172.32.0.1",
            "100.128.0.1",
            "[2606:4700::1111]",
            "[64:ff9b::23.1.2.3]",
            "10.1.2.3",
            "[::ffff:10.1.2.3]",
            "fcc.gov",
        ] {
            check(host, false);
        }
    }
}
