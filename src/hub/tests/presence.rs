//! Who is present, who is told of it, and what is remembered, a sentence each.

use super::*;
use crate::base::time::Millis;
use crate::limits::{CLIENT_READERS_MAX, COMINGS_MAX};

fn client(number: u8) -> ClientId {
    ClientId([number; 12])
}

/// A hub in which clients have numbers, and time is both clocks.
struct House {
    hub: Hub,
    now: u64,
}

impl House {
    fn new() -> Self {
        Self::with(ROOMY)
    }

    fn with(limits: Limits) -> Self {
        House { hub: Hub::new(limits, MessageId::ZERO), now: 1000 }
    }

    fn enter(&mut self, number: u8, channels: &str, guest: Guest<'_>) -> ReaderId {
        let reader = self.hub.subscribe(0, Some(client(number)), &names(channels), Start::Now, self.now);
        let reader = reader.expect("within the limits");
        self.hub.introduce(reader, guest, self.now);
        reader
    }

    fn come(&mut self, number: u8, channels: &str) -> ReaderId {
        self.enter(number, channels, Guest::default())
    }

    fn watch(&mut self, number: u8, channels: &str) -> ReaderId {
        self.enter(number, channels, Guest { watches: true, ..Guest::default() })
    }

    fn lose(&mut self, reader: ReaderId) {
        self.hub.lose(reader, Millis(self.now));
    }

    fn pass(&mut self, ms: u64) {
        self.now += ms;
        self.hub.let_go(Millis(self.now));
    }

    /// `1@1000:5`: client 1 since 1000, with the tag 5; then how many there are.
    fn present(&self, channel: &str) -> String {
        let (list, count) = self.hub.present(channel, 100);
        let one = |p: &Present<'_>| format!("{}@{}:{}", p.client.0[0], p.since_ms, p.tag);
        let list: Vec<_> = list.iter().map(one).collect();
        assert_eq!(list.len(), count);
        list.join(" ")
    }

    /// `+1a`: client 1 came to `a`; `-1a`: it left; `?a`: look anew.
    fn news(&mut self, reader: ReaderId) -> String {
        while self.hub.poll_dirty().is_some() {}
        let one = |news: &News<'_>| match news {
            News::Changed(channel) => format!("?{channel}"),
            News::Coming(Coming { channel, client, name, is_join }) => {
                let sign = if *is_join { '+' } else { '-' };
                format!("{sign}{}{channel}{}", client.0[0], name.as_deref().unwrap_or_default())
            }
        };
        let told: Vec<_> = self.hub.news(reader, 100).iter().map(one).collect();
        self.hub.take_news(reader);
        told.join(" ")
    }
}

#[test]
fn a_client_is_listed_once_with_its_newest_transport_since_it_came() {
    let mut house = House::new();
    assert_eq!(house.present("a"), "");
    let first = house.enter(1, "a b", Guest { tag: 5, ..Guest::default() });
    house.now += 10;
    let second = house.enter(1, "a", Guest { tag: 6, ..Guest::default() });
    house.come(2, "a");
    assert_eq!(house.present("a"), "1@1000:6 2@1010:0");
    assert_eq!(house.present("b"), "1@1000:5");
    house.lose(first);
    assert_eq!(house.present("a"), "1@1000:6 2@1010:0", "it is there by its other reader");
    house.lose(second);
    assert_eq!(house.present("a"), "2@1010:0 1@1000:6", "it may come back");
    house.pass(10_000);
    assert_eq!((house.present("a"), house.present("b")), ("2@1010:0".to_owned(), String::new()));
}

#[test]
fn a_reconnect_within_the_grace_is_neither_leave_nor_join() {
    let mut house = House::new();
    let watcher = house.watch(9, "a");
    let mut reader = house.come(1, "a");
    assert_eq!(house.news(watcher), "+1a");
    for _ in 0..5 {
        house.lose(reader);
        house.pass(9_999);
        reader = house.come(1, "a");
        assert_eq!(house.news(watcher), "");
    }
    assert_eq!(house.present("a"), "9@1000:0 1@1000:0");
}

#[test]
fn who_does_not_come_back_has_left_when_the_grace_is_over() {
    let mut house = House::new();
    let watcher = house.watch(9, "a");
    let reader = house.enter(1, "a b", Guest { name: Some("Ann"), ..Guest::default() });
    assert_eq!(house.news(watcher), "+1aAnn");
    house.lose(reader);
    assert_eq!(house.hub.next_departure(), Some(Millis(11_000)));
    house.pass(9_999);
    assert_eq!(house.news(watcher), "");
    house.pass(1);
    assert_eq!(house.news(watcher), "-1aAnn", "its name is remembered");
    house.come(1, "a");
    assert_eq!(house.news(watcher), "+1aAnn", "longer than its place");
}

#[test]
fn an_explicit_end_is_a_leave_at_once() {
    let mut house = House::new();
    let watcher = house.watch(9, "a b c");
    let reader = house.come(1, "a b c");
    assert_eq!(house.news(watcher), "+1a +1b +1c");
    house.hub.remove(reader, "b");
    assert_eq!(house.news(watcher), "-1b");
    let again = house.come(1, "b");
    assert_eq!(house.news(watcher), "+1b");
    house.lose(reader);
    house.hub.leave(again);
    assert_eq!(house.news(watcher), "-1b", "the others have their grace");
    assert_eq!(house.present("c"), "9@1000:0 1@1000:0");
}

#[test]
fn channels_that_are_added_are_joined_and_watched() {
    let mut house = House::new();
    house.come(1, "b");
    let watcher = house.watch(9, "a");
    house.hub.add(watcher, &names("a b"), None, house.now).expect("within the limits");
    assert_eq!(house.news(watcher), "", "who was there before is no news");
    house.come(2, "b");
    assert_eq!(house.news(watcher), "+2b");
    assert_eq!(house.present("b"), "1@1000:0 9@1000:0 2@1000:0");
    house.hub.remove(watcher, "b");
    house.come(3, "b");
    assert_eq!(house.news(watcher), "");
}

#[test]
fn nobody_is_told_of_itself_and_nobody_is_woken_who_does_not_watch() {
    let mut house = House::new();
    let watcher = house.watch(1, "a");
    let other = house.come(2, "a");
    house.come(1, "a");
    assert_eq!(house.news(watcher), "+2a");
    house.come(3, "a");
    let woken: Vec<_> = core::iter::from_fn(|| house.hub.poll_dirty()).collect();
    assert_eq!(woken, [watcher]);
    assert!(house.hub.has_news(watcher) && !house.hub.has_news(other));
}

#[test]
fn a_reader_that_is_not_introduced_is_nobodys() {
    let mut house = House::new();
    let reader = house.hub.subscribe(0, Some(client(1)), &names("a"), Start::Now, 0).expect("in limits");
    assert_eq!((house.present("a"), house.hub.client_total()), (String::new(), 0));
    house.lose(reader);
    assert_eq!((house.hub.next_departure(), house.hub.reader_total()), (None, 0));
}

#[test]
fn a_deleted_channel_is_left_by_whoever_was_told() {
    let mut house = House::new();
    let (watcher, reader) = (house.watch(9, "a b"), house.come(1, "a b"));
    assert_eq!(house.news(watcher), "+1a +1b");
    house.hub.apply(entry(vec![(at(2000), Command::Delete(name("a")))]));
    let cursor = house.hub.cursor(reader);
    let told = house.hub.next(reader, cursor, 2000).told().expect("it is closed");
    house.hub.acknowledge(reader, told);
    assert_eq!(house.present("a"), "9@1000:0");
    assert_eq!(house.news(watcher), "-1a");
    house.come(2, "a b");
    assert_eq!(house.present("a"), "9@1000:0", "nobody comes to what is closed");
}

#[test]
fn a_watcher_that_comes_back_is_told_what_happened_meanwhile() {
    let mut house = House::new();
    let watcher = house.watch(9, "a");
    house.lose(watcher);
    house.come(1, "a");
    house.pass(1000);
    let watcher = house.watch(9, "a");
    assert_eq!(house.news(watcher), "+1a");
    house.lose(watcher);
    let watcher = house.watch(9, "a");
    assert_eq!(house.news(watcher), "", "each once");
    house.come(2, "a");
    house.lose(watcher);
    let watcher = house.watch(9, "a");
    assert_eq!(house.news(watcher), "+2a", "what it was not told before it was lost");
    house.lose(watcher);
    house.pass(60_000);
    house.come(3, "a");
    let watcher = house.watch(9, "a");
    assert_eq!(house.news(watcher), "", "after the grace of its session it is a new client");
}

#[test]
fn what_is_too_much_to_tell_is_told_in_one() {
    let mut house = House::new();
    let watcher = house.watch(200, "a b");
    (0..100).for_each(|n| {
        house.come(n, "a");
    });
    assert_eq!(house.news(watcher).split(' ').count(), 100);
    (100..200).for_each(|n| {
        house.come(n, "a");
    });
    house.come(201, "b");
    assert_eq!(house.news(watcher), "?a ?b");
    assert_eq!(house.news(watcher), "");
}

#[test]
fn a_watcher_behind_the_log_is_told_to_look_anew() {
    let mut house = House::new();
    let (watcher, other) = (house.watch(9, "a"), house.watch(8, "b"));
    house.come(1, "a");
    while house.hub.poll_dirty().is_some() {}
    for _ in 0..COMINGS_MAX / 2 {
        let reader = house.come(2, "b");
        house.hub.leave(reader);
    }
    assert_eq!(house.news(watcher), "?a");
    assert_eq!(house.news(other), "?b");
    house.come(3, "a");
    assert_eq!(house.news(watcher), "+3a");
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut house = House::with(Limits { max_remembered: 2, ..ROOMY });
    let watcher = house.watch(9, "a");
    for number in 1..=3 {
        let reader = house.come(number, "a");
        house.lose(reader);
        house.now += 1;
    }
    assert_eq!(house.news(watcher), "+1a +2a +3a -1a", "who would leave first leaves early");
    assert_eq!(house.present("a"), "9@1000:0 2@1001:0 3@1002:0");
    assert!(!house.hub.knows(client(1)) && house.hub.knows(client(3)));
}

#[test]
fn without_a_grace_everybody_leaves_at_once() {
    let mut house = House::with(Limits { presence_grace_ms: 0, session_grace_ms: 0, ..ROOMY });
    let watcher = house.watch(9, "a");
    let reader = house.enter(1, "a", Guest { name: Some("Ann"), ..Guest::default() });
    house.lose(reader);
    assert_eq!(house.news(watcher), "+1aAnn -1aAnn");
    assert_eq!((house.hub.knows(client(1)), house.hub.client_total()), (false, 1));
}

#[test]
fn clients_are_listed_in_order_and_may_be_paged() {
    let mut house = House::new();
    house.enter(3, "b", Guest { tag: 4, name: Some("Cid"), ..Guest::default() });
    house.now += 5;
    house.enter(3, "a b", Guest { tag: 6, ..Guest::default() });
    let gone = house.enter(1, "a", Guest { tag: 2, ..Guest::default() });
    house.lose(gone);
    house.come(2, "a");
    let numbers = |house: &House, after: Option<u8>, most| {
        house.hub.clients(after.map(client), most).iter().map(|k| k.client.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&house, None, 9), [1, 2, 3]);
    assert_eq!(numbers(&house, None, 2), [1, 2]);
    assert_eq!(numbers(&house, Some(2), 9), [3]);
    assert_eq!(house.hub.client_total(), 3);
    let list = house.hub.clients(None, 9);
    assert_eq!((list[0].tag, list[0].owner, list[0].since_ms), (2, None, Some(1005)), "gone");
    let Known { name, tag, channels, since_ms, .. } = &list[2];
    assert_eq!((*name, *tag, *since_ms), (Some("Cid"), 6, Some(1000)));
    assert_eq!(channels, &["a", "b"]);
}

#[test]
fn a_client_has_so_many_readers_and_no_more() {
    let mut house = House::new();
    for _ in 0..CLIENT_READERS_MAX {
        assert_eq!(house.hub.check_client(client(1)), Ok(()));
        house.come(1, "a");
    }
    assert_eq!(house.hub.check_client(client(1)), Err(ClientReaderLimit));
    assert_eq!(house.hub.check_client(client(2)), Ok(()));
}

#[test]
fn whoever_is_away_from_a_deleted_channel_has_left_it_at_once() {
    let mut house = House::new();
    let watcher = house.watch(9, "b");
    let readers = [house.come(1, "a b"), house.come(2, "a")];
    readers.into_iter().for_each(|reader| house.lose(reader));
    assert_eq!(house.present("a"), "1@1000:0 2@1000:0");
    house.hub.apply(entry(vec![(at(2000), Command::Delete(name("a")))]));
    assert_eq!((house.present("a"), house.present("b")), ("".into(), "9@1000:0 1@1000:0".into()));
    assert_eq!(house.news(watcher), "+1b");
    house.pass(100_000);
    assert_eq!(house.news(watcher), "-1b");
}

#[test]
fn a_client_is_found_by_its_readers_or_by_the_channels() {
    // Few readers with many channels, and many readers with few: each way is the shorter one once.
    for (others, channels) in [(0, "a b c d e f"), (20, "a")] {
        let mut house = House::new();
        (0..others).for_each(|number| _ = house.come(100 + number, "a"));
        let before = house.present("a").len();
        let first = house.come(1, channels);
        house.now += 10;
        let second = house.come(1, channels);
        assert_eq!(house.present("a")[before..].trim(), "1@1000:0");
        house.hub.leave(first);
        assert_eq!(house.present("a")[before..].trim(), "1@1000:0");
        assert!(house.hub.remove(second, "a") && !house.hub.remove(second, "a"));
        assert_eq!(house.present("a").len(), before);
    }
}

#[test]
fn own_logs_do_not_count_among_the_channels_that_there_may_be() {
    let mut house = House::with(Limits { max_channels: 2, ..ROOMY });
    let readers: Vec<_> = (1..=3).map(|number| house.come(number, "a")).collect();
    for number in 1..=3 {
        let own = ChannelName::own(client(number));
        assert!(house.hub.has_room_for([&*own].into_iter()));
        let sent = Command::Publish(Draft::new(own));
        assert!(matches!(
            house.hub.apply(entry(vec![(at(2000 + u64::from(number)), sent)])),
            Applied::Done(_)
        ));
    }
    assert_eq!(house.hub.channel_total(), 4);
    house.come(4, "b");
    assert!(!house.hub.has_room_for(["c"].into_iter()));
    readers.into_iter().for_each(|reader| house.lose(reader));
    house.pass(10_000_000);
    assert_eq!(house.hub.channel_total(), 1);
    assert!(house.hub.has_room_for(["c"].into_iter()) && !house.hub.has_room_for(["c", "d"].into_iter()));
}

#[test]
fn what_was_told_along_with_other_news_is_not_told_again() {
    let mut house = House::new();
    let watcher = house.watch(9, "a b");
    house.come(1, "a");
    while house.hub.poll_dirty().is_some() {}
    house.come(2, "b");
    assert_eq!(house.hub.news(watcher, 100).len(), 2, "told before the second wakes it");
    house.hub.take_news(watcher);
    assert_eq!(house.news(watcher), "");
    house.come(3, "b");
    assert_eq!(house.news(watcher), "+3b");
}
