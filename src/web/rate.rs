//! How much is asked: by one client, and by all of them together.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::inbound::TokenHash;
use crate::domain::keyed_link::SubscriberKey;
use crate::domain::token_bucket::{BucketRate, TokenBucket};

/// Who asks, as far as they are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum CountedClient {
    /// Somebody at an address.
    Address(IpAddr),
    /// Whoever holds a link that was made here. A mail provider presses the buttons of all its users
    /// from a few addresses, and none of them may keep the others from leaving.
    Holder(SubscriberKey),
    /// Whoever holds the token of a question that was mailed.
    Asked(TokenHash),
}

impl CountedClient {
    /// Who asks from an address. One subscriber line has a whole IPv6 network of 64 bits.
    pub(super) fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// The accounts of all. Those who hold something that was mailed have one of their own: however much others
/// ask, a mail provider's one click is taken.
#[derive(Debug)]
pub(super) struct Rates {
    strangers: RateAccount,
    holders: RateAccount,
}

impl Rates {
    /// Both rates are requests in a minute, at least one.
    pub(super) fn new(client_rate: u32, total_rate: u32, now: Instant) -> Self {
        let account = || RateAccount {
            begun: now,
            client: BucketRate::per_minute(client_rate),
            all: BucketRate::per_minute(total_rate),
            total: TokenBucket::default(),
            clients: HashMap::new(),
        };
        Self { strangers: account(), holders: account() }
    }

    /// Notes one more request.
    ///
    /// # Errors
    /// How long the client has to wait; then nothing is noted, so that who is refused takes nothing away
    /// from the others.
    pub(super) fn take(&mut self, client: CountedClient, now: Instant) -> Result<(), Duration> {
        match client {
            CountedClient::Address(_) => self.strangers.take(client, now),
            CountedClient::Holder(_) | CountedClient::Asked(_) => self.holders.take(client, now),
        }
    }
}

/// The buckets of some, and the one that they share.
#[derive(Debug)]
struct RateAccount {
    begun: Instant,
    client: BucketRate,
    all: BucketRate,
    total: TokenBucket,
    clients: HashMap<CountedClient, TokenBucket>,
}

impl RateAccount {
    fn take(&mut self, client: CountedClient, now: Instant) -> Result<(), Duration> {
        let now = now.saturating_duration_since(self.begun);
        let mut bucket = self.clients.get(&client).copied().unwrap_or_default();
        let free_at = bucket.free_at(self.client, now).max(self.total.free_at(self.all, now));
        if free_at > now {
            return Err(free_at.saturating_sub(now));
        }
        bucket.take(self.client, 1, now);
        self.total.take(self.all, 1, now);
        self.forget_idle(now);
        self.clients.insert(client, bucket);
        Ok(())
    }

    /// A bucket is full again after a minute, and no more clients than two minutes' requests can have
    /// one that is not: more are never remembered.
    fn forget_idle(&mut self, now: Duration) {
        if self.clients.len() >= 2 * self.all.burst as usize {
            self.clients.retain(|_, bucket| !bucket.is_full(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inbound::ConfirmToken;
    use crate::domain::keyed_link::LinkKey;

    fn client(address: &str) -> CountedClient {
        CountedClient::at(address.parse().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn one_client_is_told_to_wait_and_the_others_are_not() {
        let start = Instant::now();
        let mut rates = Rates::new(3, 100, start);
        for _ in 0..3 {
            assert_eq!(rates.take(client("192.0.2.1"), start), Ok(()));
        }
        assert_eq!(rates.take(client("192.0.2.1"), start), Err(Duration::from_secs(20)));
        assert_eq!(rates.take(client("192.0.2.2"), start), Ok(()));
        assert_eq!(rates.take(client("192.0.2.1"), start + Duration::from_secs(20)), Ok(()));
        assert!(rates.take(client("192.0.2.1"), start + Duration::from_secs(20)).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn all_together_have_a_limit_that_refusals_do_not_use_up() {
        let start = Instant::now();
        let mut rates = Rates::new(1, 2, start);
        assert_eq!(rates.take(client("192.0.2.1"), start), Ok(()));
        for _ in 0..10 {
            assert!(rates.take(client("192.0.2.1"), start).is_err());
        }
        assert_eq!(rates.take(client("192.0.2.2"), start), Ok(()));
        assert_eq!(rates.take(client("192.0.2.3"), start), Err(Duration::from_secs(30)));
    }

    #[tokio::test(start_paused = true)]
    async fn however_many_ask_few_are_remembered() {
        let start = Instant::now();
        let mut rates = Rates::new(5, 60, start);
        for second in 0..10_000_u32 {
            let address = IpAddr::V4(std::net::Ipv4Addr::from_bits(second));
            assert_eq!(
                rates.take(CountedClient::at(address), start + Duration::from_secs(second.into())),
                Ok(())
            );
        }
        assert!(rates.strangers.clients.len() <= 120, "{}", rates.strangers.clients.len());
    }

    #[tokio::test(start_paused = true)]
    async fn however_much_strangers_ask_whoever_holds_what_was_mailed_is_heard() {
        let start = Instant::now();
        let mut rates = Rates::new(5, 600, start);
        let refused = (0..1_000_u32).filter(|number| {
            let address = IpAddr::V4(std::net::Ipv4Addr::from_bits(*number));
            rates.take(CountedClient::at(address), start).is_err()
        });
        assert_eq!(refused.count(), 400);
        let key = LinkKey::new([7; 32]).subscriber(&"ann@example.org".parse().unwrap());
        assert_eq!(rates.take(CountedClient::Holder(key), start), Ok(()));
        assert_eq!(rates.take(CountedClient::Asked(ConfirmToken::of(1).hash()), start), Ok(()));
    }

    #[test]
    fn a_network_of_one_line_is_one_client() {
        assert_eq!(client("2001:db8:1:2:3::4"), client("2001:db8:1:2::"));
        assert_ne!(client("2001:db8:1:2::"), client("2001:db8:1:3::"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
    }
}
