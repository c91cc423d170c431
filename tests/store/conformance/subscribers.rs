//! Who is told, and the installation's key.

use regwatch::domain::email::EmailAddress;
use regwatch::domain::id::BodyHash;
use regwatch::domain::inbound::Purpose;
use regwatch::domain::keyed_link::LinkKey;
use regwatch::domain::subscription::{Filter, SubscriptionState, Wish};
use regwatch::domain::topic::Topic;
use regwatch::store::{InboundCommit, KnownPerson, Store};

use super::Home;
use crate::fixture::{at, changed, keep, page, source, topic};

fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

#[tokio::test]
async fn subscribers_follow_leave_and_come_back() {
    let home = Home::new();
    let store = home.open();
    let (ann, bob) = (address("ann@example.org"), address("bob@example.org"));
    let both = [topic("zte"), topic("hytera")];
    let states = |subscriber: &regwatch::domain::subscription::Subscriber| -> Vec<SubscriptionState> {
        subscriber.subscriptions.iter().map(|subscription| subscription.state).collect()
    };
    assert_eq!(store.leave(&ann, None, at(0)).await.unwrap(), 0);

    let asked = store.follow(&bob, &both, false, "mail", at(0)).await.unwrap();
    assert_eq!(states(&asked), [SubscriptionState::Pending, SubscriptionState::Pending]);
    store.follow(&ann, &both[..1], true, "cli", at(1)).await.unwrap();
    let confirmed = store.follow(&bob, &both[1..], true, "mail", at(2)).await.unwrap();
    assert_eq!(states(&confirmed), [SubscriptionState::Pending, SubscriptionState::Active]);
    let asked_again = store.follow(&bob, &both, false, "mail", at(3)).await.unwrap();
    assert_eq!(asked_again, confirmed);

    let store = home.reopen(store).await;
    let all = store.subscribers().await.unwrap();
    assert_eq!(all.iter().map(|one| &one.address).collect::<Vec<_>>(), [&ann, &bob]);
    assert_eq!(all[1], confirmed);

    assert_eq!(store.leave(&bob, Some(&both[1]), at(3)).await.unwrap(), 1);
    assert_eq!(store.leave(&bob, Some(&both[1]), at(3)).await.unwrap(), 0);
    assert_eq!(store.leave(&bob, None, at(3)).await.unwrap(), 1);
    let store = home.reopen(store).await;
    let all = store.subscribers().await.unwrap();
    assert_eq!(states(&all[0]), [SubscriptionState::Active]);
    assert_eq!(states(&all[1]), [SubscriptionState::Unsubscribed, SubscriptionState::Unsubscribed]);
    let back = store.follow(&bob, &both[..1], true, "mail", at(4)).await.unwrap();
    assert_eq!(states(&back), [SubscriptionState::Active, SubscriptionState::Unsubscribed]);
}

#[tokio::test]
async fn someone_may_follow_more_than_fits_one_record() {
    let home = Home::new();
    let store = home.open();
    let topics: Vec<_> = (0..300).map(|number| topic(&format!("company-{number}"))).collect();
    // The longest address there may be.
    let host = ["a".repeat(63), "b".repeat(63), "c".repeat(57)].join(".");
    let ann = address(&format!("{}@{host}.org", "x".repeat(64)));
    assert_eq!(ann.as_str().len(), 254);
    let noted = store.follow(&ann, &topics, true, "cli", at(0)).await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.subscribers().await.unwrap(), [noted]);
}

#[tokio::test]
async fn the_installations_key_is_made_up_once() {
    let home = Home::new();
    let store = home.open();
    assert_eq!(store.instance_key([1; 32]).await.unwrap(), [1; 32]);
    assert_eq!(store.instance_key([2; 32]).await.unwrap(), [1; 32]);
    let store = home.reopen(store).await;
    assert_eq!(store.instance_key([3; 32]).await.unwrap(), [1; 32]);
}

#[tokio::test]
async fn a_subscriber_is_found_by_the_key_in_their_links_whenever_they_were_written() {
    let home = Home::new();
    let store = home.open();
    let (ann, bob, cid) =
        (address("ann@example.org"), address("bob@example.org"), address("cid@example.org"));
    // Written before there was a key, as by an older program.
    store.follow(&ann, &[topic("zte")], true, "operator", at(0)).await.unwrap();
    let key = LinkKey::new(store.instance_key([1; 32]).await.unwrap());
    store.follow(&bob, &[topic("zte")], true, "operator", at(1)).await.unwrap();
    let KnownPerson { mut state, version } = store.conversation(&cid).await.unwrap();
    state.subscriber.follow(wish(&topic("zte")), at(2));
    let message = BodyHash::of(b"confirm");
    let exchange = InboundCommit {
        message,
        at: at(2),
        state: Some((state, version)),
        mails: Vec::new(),
        wishes: Vec::new(),
    };
    store.converse(exchange).await.unwrap();

    let store = home.reopen(store).await;
    for person in [&ann, &bob, &cid] {
        let found = store.subscriber_by(&key.subscriber(person)).await.unwrap();
        assert_eq!(found.map(|found| found.address).as_ref(), Some(person));
    }
    let stranger = key.subscriber(&address("dora@example.org"));
    assert_eq!(store.subscriber_by(&stranger).await.unwrap(), None);
}

fn wish(topic: &Topic) -> Wish<'_> {
    Wish { topic, only: Filter::default(), confirmed: true, channel: "web", agreed_to: None }
}

#[tokio::test]
async fn what_was_found_in_a_pause_that_an_older_program_began_is_collected_once() {
    let home = Home::new();
    let store = home.open();
    let ann = address("ann@example.org");
    store.follow(&ann, &[topic("zte")], true, "operator", at(0)).await.unwrap();
    store.pause(&ann, true, None, at(1)).await.unwrap();
    keep(&store, changed(&source("fcc"), 2, page(1, 100), &["hytera", "zte"])).await.unwrap();
    keep(&store, changed(&source("old"), 0, page(1, 100), &["zte"])).await.unwrap();
    let waits = async |store: &Store| store.waiting(vec![ann.clone()]).await.unwrap().readers.remove(0).items;
    assert_eq!(waits(&store).await, []);
    store.instance_key([1; 32]).await.unwrap();
    let items = waits(&store).await;
    assert_eq!((items.len(), &items[0].topic), (1, &topic("zte")), "what was found since it began");
    keep(&store, changed(&source("un"), 3, page(1, 100), &["zte"])).await.unwrap();
    let store = home.reopen(store).await;
    store.instance_key([2; 32]).await.unwrap();
    assert_eq!(waits(&store).await, items, "from then on alerts are spread to who pauses");
}

#[tokio::test]
async fn leaving_ends_the_questions_that_stand_open() {
    let home = Home::new();
    let store = home.open();
    store.instance_key([1; 32]).await.unwrap();
    let bob = address("bob@example.org");
    let KnownPerson { mut state, version } = store.conversation(&bob).await.unwrap();
    let token = state.correspondence.ask(Purpose::List, 7, at(0)).unwrap().hash();
    let (message, mails) = (BodyHash::of(b"ask"), Vec::new());
    let wishes = Vec::new();
    store
        .converse(InboundCommit { message, at: at(0), state: Some((state, version)), mails, wishes })
        .await
        .unwrap();
    assert_eq!(store.leave(&bob, None, at(1)).await.unwrap(), 0);
    let store = home.reopen(store).await;
    let state = store.conversation(&bob).await.unwrap().state;
    assert_eq!(state.correspondence.question(&token, at(2)), Some((&Purpose::List, false)));
}

#[tokio::test]
async fn readers_are_found_by_a_company_for_as_long_as_they_may_be_told_of_it() {
    let home = Home::new();
    let store = home.open();
    let (ann, bob) = (address("ann@example.org"), address("bob@example.org"));
    store.follow(&ann, &[topic("zte"), topic("dahua")], true, "operator", at(0)).await.unwrap();
    store.follow(&bob, &[topic("zte")], false, "operator", at(0)).await.unwrap();
    let readers = async |store: &Store, id: &str| {
        let page = store.readers_of(vec![topic(id)], None, 10).await.unwrap();
        page.readers.into_iter().map(|reader| reader.address).collect::<Vec<_>>()
    };
    assert_eq!(readers(&store, "zte").await, std::slice::from_ref(&ann), "bob has not confirmed");
    store.confirm(&bob, "mail", at(1)).await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(readers(&store, "zte").await, [ann.clone(), bob.clone()]);
    store.leave(&ann, Some(&topic("zte")), at(2)).await.unwrap();
    assert!(readers(&store, "zte").await.contains(&ann), "that can be taken back");
    store.instance_key([1; 32]).await.unwrap();
    store.erase(&ann, at(3)).await.unwrap();
    assert_eq!(readers(&store, "zte").await, [bob]);
    assert_eq!(readers(&store, "dahua").await, []);
    assert_eq!(readers(&store, "hytera").await, []);
}
