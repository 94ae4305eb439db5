//! What is sent to one client alone, a sentence each.

use super::*;
use crate::base::time::Millis;

fn client(number: u8) -> ClientId {
    ClientId([number; 12])
}

/// A hub whose clients have numbers.
struct Post(Bench);

impl Post {
    fn new() -> Self {
        Post(Bench::new(ROOMY))
    }

    fn come(&mut self, number: u8, channels: &str, start: Start) -> ReaderId {
        let hub = &mut self.0.0;
        let now = hub.newest().ms;
        let reader = hub.subscribe(0, Some(client(number)), &names(channels), start, now);
        let reader = reader.expect("within the limits");
        hub.introduce(reader, Guest::default(), now);
        reader
    }

    /// Sends to a client; how many readers it has.
    fn send(&mut self, ms: u64, number: u8) -> u32 {
        match self.0.publish(ms, Draft::new(ChannelName::own(client(number)))) {
            Applied::Done(receipt) => receipt.subscribers,
            other => panic!("{other:?}"),
        }
    }

    fn lose(&mut self, reader: ReaderId, at: u64) {
        self.0.0.lose(reader, Millis(at));
    }
}

#[test]
fn every_reader_of_the_client_gets_it_in_its_order_and_nobody_else_wakes() {
    let mut post = Post::new();
    let (first, second) = (post.come(1, "a", Start::Now), post.come(1, "b", Start::Now));
    let other = post.come(2, "a b", Start::Now);
    assert_eq!(post.send(10, 1), 2);
    let mut woken: Vec<_> = core::iter::from_fn(|| post.0.0.poll_dirty()).collect();
    woken.sort();
    assert_eq!(woken, [first, second]);
    post.0.publish_all("11a 12b");
    post.send(13, 1);
    assert_eq!(post.0.read(first), "10@client, 11a, 13@client");
    assert_eq!(post.0.read(second), "10@client, 12b, 13@client");
    assert_eq!(post.0.read(other), "11a, 12b");
}

#[test]
fn it_waits_for_a_client_that_comes_back() {
    let mut post = Post::new();
    let reader = post.come(1, "a", Start::Now);
    post.0.publish_all("10a");
    assert_eq!(post.0.read(reader), "10a");
    let cursor = post.0.0.cursor(reader);
    post.lose(reader, 0);
    assert_eq!(post.send(11, 1), 0);
    post.0.publish_all("12a");
    let reader = post.come(1, "a", Start::After(cursor));
    assert_eq!(post.0.read(reader), "11@client, 12a");
    let late = post.come(1, "b", Start::Beginning);
    assert_eq!(post.0.read(late), "11@client", "a connection more reads it too");
}

#[test]
fn it_is_no_channel_of_the_reader() {
    let mut post = Post::new();
    let reader = post.come(1, "a", Start::Now);
    post.send(10, 1);
    let hub = &mut post.0.0;
    assert_eq!((hub.channel_count(reader), hub.channels(reader).collect::<Vec<_>>()), (1, vec!["a"]));
    assert_eq!(hub.clients(None, 9)[0].channels, ["a"]);
    assert_eq!(hub.present(&ChannelName::own(client(1)), 9), (vec![], 0));
    hub.remove(reader, "a");
    assert_eq!(hub.channel_count(reader), 0);
    assert_eq!(post.0.read(reader), "10@client", "also of one that has no channel");
}

#[test]
fn a_gap_in_it_is_told() {
    let mut post = Post(Bench::new(Limits { retain_messages: 1, ..ROOMY }));
    let reader = post.come(1, "a", Start::Now);
    post.0.publish_all("5a");
    assert_eq!(post.0.read(reader), "5a");
    post.lose(reader, 0);
    (10..13).for_each(|ms| {
        post.send(ms, 1);
    });
    let reader = post.come(1, "a", Start::After(at(5)));
    assert_eq!(post.0.read(reader), "gap @client 5-11, 12@client");
}

#[test]
fn nothing_is_left_of_it_when_the_client_is_forgotten() {
    let mut post = Post::new();
    let reader = post.come(1, "a", Start::Now);
    post.send(10, 1);
    post.lose(reader, 100);
    assert_eq!(post.0.0.channel_total(), 1);
    post.0.0.let_go(Millis(60_099));
    assert_eq!(post.0.0.channel_total(), 1);
    post.0.0.let_go(Millis(60_100));
    assert_eq!((post.0.0.channel_total(), post.0.0.retained_bytes()), (0, 0));
    assert_eq!(post.send(11, 1), 0, "who is not known is sent nothing");
    assert_eq!(post.0.0.channel_total(), 0);
    let reader = post.come(1, "a", Start::After(at(5)));
    post.send(12, 1);
    assert_eq!(post.0.read(reader), "gap @client 5-10, 12@client", "its floor is remembered");
}

#[test]
fn an_empty_one_goes_with_its_last_reader_and_comes_again() {
    let mut post = Post::new();
    let reader = post.come(1, "a", Start::Now);
    post.0.publish(10, Draft { ttl_s: Some(1), ..Draft::new(ChannelName::own(client(1))) });
    assert_eq!(post.0.read(reader), "10@client");
    post.0.0.tick(20_000);
    post.lose(reader, 0);
    assert_eq!(post.0.0.channel_total(), 0);
    let reader = post.come(1, "a", Start::Now);
    post.send(30_000, 1);
    assert_eq!(post.0.read(reader), "30000@client");
}

#[test]
fn a_client_that_is_dismissed_has_left_and_is_forgotten() {
    let mut post = Post::new();
    let reader = post.come(1, "a", Start::Now);
    post.send(10, 1);
    post.lose(reader, 100);
    let hub = &mut post.0.0;
    assert_eq!(hub.present("a", 9).1, 1);
    hub.dismiss(client(1));
    assert_eq!((hub.present("a", 9).1, hub.knows(client(1)), hub.channel_total()), (0, false, 0));
}
