//! What the hub promises, a sentence each. Ids are `MS-0` here and written as `MS`.

use super::*;
use crate::channel_name::ChannelName;
use crate::limits::{EMPTY_CHANNEL_BYTES, RECORD_BYTES, UNRETAINED_MS};
use crate::message::{ClientId, RepeatKey};

pub(super) const ROOMY: Limits = Limits {
    retain_messages: 1000,
    retain_bytes: 1 << 20,
    retain_age_ms: 3_600_000,
    retain_total: 1 << 30,
    max_channels: 1000,
    max_subscriptions: 100,
};

pub(super) fn name(text: &str) -> ChannelName {
    ChannelName::parse(text).expect("a test's channel name")
}

fn names(text: &str) -> Vec<ChannelName> {
    text.split_whitespace().map(name).collect()
}

pub(super) fn draft(channel: &str) -> Draft {
    Draft::new(name(channel))
}

fn at(ms: u64) -> MessageId {
    MessageId::new(ms, 0)
}

pub(super) fn entry(commands: Vec<(MessageId, Command)>) -> Entry {
    Entry { ticket: None, commands, repeat: None }
}

/// A hub whose clock is the newest id, unless a test says otherwise.
struct Bench(Hub);

impl Bench {
    fn new(limits: Limits) -> Self {
        Bench(Hub::new(limits, MessageId::ZERO))
    }

    fn publish(&mut self, ms: u64, draft: Draft) -> Applied {
        self.0.apply(entry(vec![(at(ms), Command::Publish(draft))]))
    }

    /// `"1a 2b"`: message 1 in `a`, message 2 in `b`.
    fn publish_all(&mut self, text: &str) {
        for word in text.split_whitespace() {
            let split = word.find(|c: char| !c.is_ascii_digit()).expect("an id and a channel");
            self.publish(word[..split].parse().expect("an id"), draft(&word[split..]));
        }
    }

    fn delete(&mut self, ms: u64, channel: &str) {
        self.0.apply(entry(vec![(at(ms), Command::Delete(name(channel)))]));
    }

    fn try_subscribe(&mut self, channels: &str, start: Start) -> Result<ReaderId, SubscribeError> {
        let now = self.0.newest().ms;
        self.0.subscribe(7, Some(ClientId([1; 12])), &names(channels), start, now)
    }

    fn subscribe(&mut self, channels: &str, start: Start) -> ReaderId {
        self.try_subscribe(channels, start).expect("within the limits")
    }

    fn add(&mut self, reader: ReaderId, channels: &str, since: Option<u64>) -> Result<u64, SubscribeError> {
        let now = self.0.newest().ms;
        self.0.add(reader, &names(channels), since.map(at), now).map(|cursor| cursor.ms)
    }

    /// One step, committed: `1a`, `gap a 0-3`, `closed a`, `end 9`; `+1a` in a replay; `None` when idle.
    fn step(&mut self, reader: ReaderId, now: u64) -> Option<String> {
        let cursor = self.0.cursor(reader);
        let next = self.0.next(reader, cursor, now);
        let told = next.told();
        let (text, to) = match next {
            Next::Gap { channel, after, resumes, .. } => {
                (format!("gap {channel} {}-{}", after.ms, resumes.ms), cursor)
            }
            Next::Closed { channel, .. } => (format!("closed {channel}"), cursor),
            Next::ReplayEnd { cursor: end } => (format!("end {}", end.ms), cursor),
            Next::Idle => {
                self.0.advance(reader, self.0.newest());
                return None;
            }
            Next::Run(run) => {
                let plus = if run.replay { "+" } else { "" };
                let words: Vec<_> =
                    run.messages.iter().map(|m| format!("{plus}{}{}", m.id.ms, run.name)).collect();
                assert_eq!(words.len(), run.messages.len());
                (words.join(" "), run.messages.last().expect("a run is not empty").id)
            }
        };
        self.0.advance(reader, to);
        told.into_iter().for_each(|told| self.0.acknowledge(reader, told));
        Some(text)
    }

    fn read_at(&mut self, reader: ReaderId, now: u64) -> String {
        let steps: Vec<_> = core::iter::from_fn(|| self.step(reader, now)).collect();
        steps.join(", ")
    }

    fn read(&mut self, reader: ReaderId) -> String {
        self.read_at(reader, self.0.newest().ms)
    }

    /// What a new reader gets.
    fn look(&mut self, channels: &str, start: Start) -> String {
        let reader = self.subscribe(channels, start);
        let text = self.read(reader);
        self.0.leave(reader);
        text
    }
}

#[test]
fn a_reader_begins_where_it_says() {
    let mut bench = Bench::new(ROOMY);
    bench.publish_all("1a 2b 3a 4a 5b");
    let cases = [
        ("a b", Start::Now, ""),
        ("a b", Start::Beginning, "1a, 2b, 3a 4a, 5b"),
        ("b a a b", Start::Beginning, "1a, 2b, 3a 4a, 5b"),
        ("a", Start::Beginning, "1a 3a 4a"),
        ("a b", Start::After(at(2)), "3a 4a, 5b"),
        ("a b", Start::After(MessageId::new(2, 9)), "3a 4a, 5b"),
        ("a b", Start::After(at(5)), ""),
        ("a b", Start::After(at(6)), "gap a 0-0, gap b 0-0, 1a, 2b, 3a 4a, 5b"),
        ("a", Start::Lost, "gap a 0-0, 1a 3a 4a"),
        ("a b", Start::Last(3), "3a 4a, 5b"),
        ("a b", Start::Last(9), "1a, 2b, 3a 4a, 5b"),
        ("b", Start::Last(1), "5b"),
        ("b", Start::Last(0), ""),
        ("c", Start::Last(1), ""),
        ("a b", Start::Time(4), "4a, 5b"),
        ("a b", Start::Time(99), ""),
        ("a b", Start::Time(0), "1a, 2b, 3a 4a, 5b"),
    ];
    for (channels, start, expected) in cases {
        assert_eq!(bench.look(channels, start), expected, "{channels} {start:?}");
    }
    assert_eq!((bench.0.channel_total(), bench.0.reader_total(), bench.0.subscription_total()), (2, 0, 0));
}

#[test]
fn the_cursor_of_history_lies_as_late_as_it_can() {
    let mut bench = Bench::new(Limits { retain_messages: 2, ..ROOMY });
    bench.publish_all("1a 2a 3a 4a 5b");
    for (channels, start, expected) in [
        ("a", Start::Beginning, at(3).predecessor()),
        ("a", Start::Last(1), at(4).predecessor()),
        ("c", Start::Beginning, at(5)),
        ("a b", Start::Last(1), at(5).predecessor()),
        ("a", Start::Lost, at(3).predecessor()),
        ("a", Start::Time(50), at(5)),
    ] {
        let reader = bench.subscribe(channels, start);
        assert_eq!(bench.0.cursor(reader), expected, "{channels} {start:?}");
    }
}

#[test]
fn a_reader_that_is_behind_is_told_a_gap_once_and_gets_what_is_retained() {
    let mut bench = Bench::new(Limits { retain_messages: 3, ..ROOMY });
    let (behind, both) = (bench.subscribe("a", Start::Now), bench.subscribe("b a", Start::Now));
    bench.publish_all("1a 2a 3b 4a 5a 6a");
    assert_eq!(bench.read(behind), "gap a 0-2, 4a 5a 6a");
    assert_eq!(bench.read(both), "gap a 0-2, 3b, 4a 5a 6a");
    bench.publish_all("7a 8a 9a");
    assert_eq!(bench.read(behind), "7a 8a 9a", "the floor is 6, and the reader has 6");
    for (cursor, expected) in [(5, "gap a 5-6, 7a 8a 9a"), (6, "7a 8a 9a"), (8, "9a"), (9, "")] {
        assert_eq!(bench.look("a", Start::After(at(cursor))), expected, "{cursor}");
    }
    assert_eq!(bench.look("a", Start::Beginning), "7a 8a 9a", "not a cursor, so no gap");
    assert_eq!(bench.look("a", Start::Last(9)), "7a 8a 9a");
    assert_eq!(bench.look("a", Start::Lost), "gap a 0-6, 7a 8a 9a");
}

#[test]
fn a_gap_that_opens_while_history_is_read_is_told() {
    let mut bench = Bench::new(Limits { retain_messages: 2, ..ROOMY });
    bench.publish_all("1a 2a");
    let reader = bench.subscribe("a", Start::Beginning);
    assert_eq!(bench.0.cursor(reader), at(1).predecessor());
    bench.0.advance(reader, at(1));
    bench.publish_all("3a 4a 5a");
    assert_eq!(bench.read(reader), "gap a 1-3, 4a 5a");
}

#[test]
fn retention_keeps_count_bytes_and_age() {
    let record = |bytes: usize| RECORD_BYTES + bytes;
    let cases = [
        ("count", Limits { retain_messages: 2, ..ROOMY }, "4a 5a", 3),
        ("no count", Limits { retain_messages: 0, ..ROOMY }, "5a", 4),
        ("bytes", Limits { retain_bytes: 3 * record(10), ..ROOMY }, "3a 4a 5a", 2),
        ("one byte less", Limits { retain_bytes: 3 * record(10) - 1, ..ROOMY }, "4a 5a", 3),
        ("larger than all", Limits { retain_bytes: 1, ..ROOMY }, "5a", 4),
        ("age", Limits { retain_age_ms: 3, ..ROOMY }, "3a 4a 5a", 2),
    ];
    for (what, limits, expected, floor) in cases {
        let mut bench = Bench::new(limits);
        for ms in 1..=5 {
            bench.publish(ms, Draft { data: [0; 10].into(), ..draft("a") });
        }
        assert_eq!(bench.look("a", Start::Beginning), expected, "{what}");
        let resumes = format!("gap a 0-{floor}, {expected}");
        assert_eq!(bench.look("a", Start::After(at(0))), resumes, "{what}");
        assert_eq!(bench.look("a", Start::After(at(floor))), expected, "{what}");
    }
}

#[test]
fn age_is_kept_without_entries_and_the_floor_outlives_the_channel() {
    let mut bench = Bench::new(Limits { retain_age_ms: 100, ..ROOMY });
    bench.publish_all("1a 50a");
    assert_eq!(bench.0.next_expiry(), Some(101));
    bench.0.tick(100);
    assert_eq!(bench.look("a", Start::Beginning), "1a 50a");
    bench.0.tick(101);
    assert_eq!((bench.look("a", Start::Beginning), bench.0.next_expiry()), ("50a".into(), Some(150)));
    bench.0.tick(90);
    bench.0.tick(150);
    assert_eq!((bench.0.channel_total(), bench.0.retained_bytes(), bench.0.next_expiry()), (0, 0, None));
    assert_eq!(bench.look("a", Start::After(at(49))), "gap a 49-50");
    assert_eq!(bench.look("a", Start::After(at(50))), "");
}

#[test]
fn beyond_the_total_the_oldest_of_the_largest_channel_goes() {
    let empty = EMPTY_CHANNEL_BYTES + 1;
    let limits = Limits { retain_total: 3 * empty + 5 * RECORD_BYTES, ..ROOMY };
    let mut bench = Bench::new(limits);
    bench.publish_all("1a 2b 3b 4c 5c");
    assert_eq!(bench.0.retained_bytes(), 3 * empty + 5 * RECORD_BYTES);
    bench.publish_all("6a");
    assert_eq!(
        bench.look("a b c", Start::After(at(0))),
        "gap a 0-1, 2b 3b, 4c 5c, 6a",
        "of equals the oldest"
    );
    bench.publish(7, Draft { data: vec![0; 9 * RECORD_BYTES].into(), ..draft("c") });
    assert_eq!(bench.look("a b c", Start::Beginning), "7c", "the one just published is spared");
    bench.publish_all("8c");
    assert_eq!(bench.look("a b c", Start::Beginning), "8c");
}

#[test]
fn a_message_past_its_ttl_reaches_nobody_and_is_no_gap() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a", Start::Now);
    bench.publish(1000, Draft { ttl_s: Some(2), ..draft("a") });
    bench.publish(1001, draft("a"));
    let early = bench.subscribe("a", Start::Beginning);
    assert_eq!(bench.read_at(early, 2999), "1000a 1001a");
    assert_eq!(bench.0.next_expiry(), Some(3000));
    assert_eq!(bench.read_at(reader, 3000), "1001a", "hidden before it is freed");
    bench.0.tick(3000);
    let one = EMPTY_CHANNEL_BYTES + 1 + RECORD_BYTES;
    assert_eq!(bench.0.retained_bytes(), one);
    assert_eq!(bench.look("a", Start::After(at(0))), "1001a");
}

#[test]
fn of_one_key_and_audience_only_the_newest_is_retained() {
    let mut bench = Bench::new(Limits { retain_messages: 4, ..ROOMY });
    let reader = bench.subscribe("a", Start::Now);
    let keyed = |key: &str, except| Draft { key: Some(key.into()), except, ..draft("a") };
    bench.publish(1, keyed("x", None));
    bench.publish(2, keyed("y", None));
    bench.publish(3, keyed("x", Some(ClientId([9; 12]))));
    bench.publish(4, keyed("x", None));
    bench.publish(5, keyed("x", None));
    assert_eq!(bench.read(reader), "2a 3a 5a", "a replaced message is no gap");
    bench.publish_all("6a 7a");
    assert_eq!(bench.look("a", Start::After(at(0))), "gap a 0-2, 3a 5a 6a 7a");
    bench.publish(8, keyed("y", None));
    assert_eq!(bench.look("a", Start::Beginning), "5a 6a 7a 8a", "a lost key replaces nothing");
}

#[test]
fn the_one_excepted_skips_the_message() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a b", Start::Now);
    let except = |byte| Draft { except: Some(ClientId([byte; 12])), ..draft("a") };
    bench.publish_all("1a");
    bench.publish(2, except(1));
    bench.publish(3, except(2));
    bench.publish_all("4b");
    assert_eq!(bench.read(reader), "1a, 3a, 4b", "a run ends where this reader may not see");
    let nobody = bench.0.subscribe(1, None, &names("a"), Start::Beginning, 4).expect("room");
    assert_eq!(bench.read(nobody), "1a 2a 3a");
    assert_eq!(bench.look("a", Start::Last(2)), "1a, 3a");
}

#[test]
fn an_unretained_message_is_for_those_who_listen() {
    let mut bench = Bench::new(Limits { retain_messages: 2, ..ROOMY });
    let live = Draft { retain: false, ..draft("a") };
    bench.publish_all("1a");
    bench.publish(2, live.clone());
    bench.publish_all("3a");
    assert_eq!(bench.look("a", Start::Beginning), "1a, 3a");
    assert_eq!(bench.look("a", Start::Last(2)), "1a, 3a");
    assert_eq!(bench.look("a", Start::After(at(1))), "2a 3a", "between two polls");
    bench.publish_all("4a 5a");
    assert_eq!(bench.look("a", Start::After(at(1))), "gap a 1-3, 2a 4a 5a", "it stays while older ones go");
    let history = bench.subscribe("a", Start::Beginning);
    bench.publish(6, live);
    assert_eq!(bench.read(history), "4a 5a 6a", "it listens from here on");
    bench.0.tick(2 + UNRETAINED_MS);
    assert_eq!(bench.look("a", Start::After(at(3))), "4a 5a 6a");
    bench.0.tick(6 + UNRETAINED_MS);
    assert_eq!(bench.look("a", Start::After(at(3))), "4a 5a", "and no gap");
}

#[test]
fn a_deleted_channel_closes_its_readers_until_someone_publishes() {
    let mut bench = Bench::new(Limits { retain_age_ms: 100, ..ROOMY });
    bench.publish_all("1a 2b");
    let (read, unread) = (bench.subscribe("a", Start::Now), bench.subscribe("a b", Start::After(at(0))));
    bench.delete(3, "a");
    bench.publish_all("4b");
    assert_eq!(bench.read(read), "closed a");
    assert_eq!(bench.0.channel_count(read), 0);
    assert_eq!(bench.read(unread), "gap a 0-1, closed a, 2b 4b");
    assert_eq!(bench.0.channels(unread).collect::<Vec<_>>(), ["b"]);
    assert_eq!(bench.try_subscribe("a", Start::Now), Err(SubscribeError::AllClosed));
    assert_eq!(bench.look("b a", Start::Now), "closed a");
    assert_eq!(bench.add(read, "a", None), Err(SubscribeError::AllClosed));
    bench.publish_all("5a");
    assert_eq!(bench.look("a", Start::After(at(0))), "gap a 0-1, 5a");
    bench.delete(6, "never");
    assert_eq!(bench.try_subscribe("never", Start::Now), Err(SubscribeError::AllClosed));
    bench.0.tick(106);
    assert_eq!(bench.look("never", Start::After(at(1))), "", "nothing was lost, and the mark is too old");
}

#[test]
fn what_comes_after_a_deletion_is_not_for_those_it_closed() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a", Start::Now);
    bench.delete(1, "a");
    bench.publish_all("2a");
    assert_eq!(bench.read(reader), "closed a");
    assert_eq!(bench.add(reader, "a", Some(1)), Ok(1));
    assert_eq!(bench.read(reader), "+2a, end 2");
}

#[test]
fn a_channel_added_begins_at_the_readers_position() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a", Start::Now);
    bench.publish_all("1b 2b 3b");
    assert_eq!(bench.add(reader, "b", None), Ok(3), "it has read everything up to 3");
    bench.publish_all("4b 5a 6b");
    assert_eq!(bench.add(reader, "b a", Some(1)), Ok(3), "it has them already");
    assert_eq!(bench.read(reader), "4b, 5a, 6b");
    bench.publish_all("7c 8a 9c");
    assert_eq!(bench.0.add(reader, &names("c"), None, 9), Ok(at(8).predecessor()), "8 is yet to be read");
    assert_eq!(bench.read(reader), "8a, 9c");
    bench.publish_all("10a 11d 12d 13d");
    assert_eq!(bench.add(reader, "d", Some(12)), Ok(12), "it has 11 and 12 from elsewhere");
    assert_eq!(bench.read(reader), "10a, 13d");
    assert!(bench.0.remove(reader, "d") && !bench.0.remove(reader, "d"));
    bench.publish_all("14d 15a");
    assert_eq!(bench.read(reader), "15a");
}

#[test]
fn a_backlog_is_replayed_before_anything_else() {
    let mut bench = Bench::new(Limits { retain_messages: 3, ..ROOMY });
    let reader = bench.subscribe("a", Start::Now);
    bench.publish_all("1b 2b 3c 4b 5c 6b");
    assert_eq!(bench.read(reader), "");
    assert_eq!(bench.add(reader, "b c", Some(0)), Ok(0));
    bench.publish_all("7a 8b 9c");
    assert_eq!(bench.step(reader, 9).as_deref(), Some("gap b 0-2"));
    assert_eq!(bench.step(reader, 9).as_deref(), Some("+3c"));
    assert_eq!(bench.add(reader, "d", Some(2)), Ok(2), "another joins the replay");
    assert_eq!(bench.read(reader), "+4b, +5c, +6b, end 6, 7a, 8b, 9c");
    bench.publish_all("10c");
    assert_eq!(bench.add(reader, "e", Some(1)), Ok(1));
    assert_eq!(bench.read(reader), "end 9, 10c", "the end is told also when there was nothing");
    assert_eq!(bench.0.add(reader, &names("f"), Some(at(99)), 10), Ok(at(10)));
    assert_eq!(bench.read(reader), "gap f 0-0, end 10");
}

#[test]
fn limits_refuse_whole_and_change_nothing() {
    let mut bench = Bench::new(Limits { max_channels: 3, max_subscriptions: 2, ..ROOMY });
    let reader = bench.subscribe("a", Start::Now);
    assert_eq!(bench.try_subscribe("a b c", Start::Now), Err(SubscribeError::SubscriptionLimit));
    assert_eq!(bench.add(reader, "b c", None), Err(SubscribeError::SubscriptionLimit));
    assert_eq!(bench.add(reader, "b a b", None), Ok(0));
    bench.publish_all("1c");
    assert_eq!(bench.try_subscribe("c d", Start::Now), Err(SubscribeError::ChannelLimit));
    assert!(bench.0.has_room_for(["a", "a"].into_iter()) && !bench.0.has_room_for(["a", "d"].into_iter()));
    assert_eq!((bench.0.channel_total(), bench.0.reader_total(), bench.0.subscription_total()), (3, 1, 2));
    bench.0.leave(reader);
    assert_eq!((bench.0.channel_total(), bench.0.owner(reader), bench.0.poll_dirty()), (1, None, None));
}

#[test]
fn a_request_sent_again_gets_its_first_answer() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a", Start::Now);
    let send = |bench: &mut Bench, ms, body| {
        let repeat = Some(RepeatKey { name: "me a k".into(), fingerprint: [body; 20] });
        let commands = vec![(at(ms), Command::Publish(draft("a")))];
        bench.0.apply(Entry { ticket: None, commands, repeat })
    };
    let ids: Box<[MessageId]> = [at(1)].into();
    assert_eq!(send(&mut bench, 1, 1), Applied::Done { ids: ids.clone(), subscribers: 1 });
    assert_eq!(send(&mut bench, 2, 1), Applied::Repeated { ids, subscribers: 1 });
    assert_eq!(send(&mut bench, 3, 2), Applied::Mismatch);
    assert_eq!(bench.0.newest(), at(3), "ids are used up all the same");
    assert_eq!(bench.read(reader), "1a");
}

#[test]
fn readers_of_a_touched_channel_come_up_once() {
    let mut bench = Bench::new(ROOMY);
    let (a, both, _c) = (
        bench.subscribe("a", Start::Now),
        bench.subscribe("b a", Start::Now),
        bench.subscribe("c", Start::Now),
    );
    bench.publish_all("1a 2b 3a");
    assert_eq!(
        [bench.0.poll_dirty(), bench.0.poll_dirty(), bench.0.poll_dirty()],
        [Some(a), Some(both), None]
    );
    bench.publish_all("4b 5a");
    bench.0.leave(both);
    assert_eq!([bench.0.poll_dirty(), bench.0.poll_dirty()], [Some(a), None]);
    assert_eq!((bench.0.subscribers("a"), bench.0.owner(a)), (1, Some(7)));
}

#[test]
fn a_tentative_position_commits_nothing() {
    let mut bench = Bench::new(ROOMY);
    let reader = bench.subscribe("a b", Start::Now);
    bench.publish_all("1a 2a 3b");
    let first_id = |next: Next| match next {
        Next::Run(run) => run.messages.first().map(|m| m.id.ms),
        _ => None,
    };
    let seen = [0, 1, 2, 3].map(|from| first_id(bench.0.next(reader, at(from), 3)));
    assert_eq!(seen, [Some(1), Some(2), Some(3), None]);
    bench.0.advance(reader, at(2));
    bench.0.advance(reader, at(1));
    assert_eq!(bench.read(reader), "3b");
}

#[test]
fn a_run_is_bounded_and_skips_what_was_replaced() {
    let mut bench = Bench::new(Limits { retain_messages: 5000, ..ROOMY });
    for ms in 1..=3000 {
        let key = (ms % 2 == 0).then(|| "k".into());
        bench.publish(ms, Draft { key, ..draft("a") });
    }
    let reader = bench.subscribe("a", Start::Beginning);
    let Next::Run(run) = bench.0.next(reader, at(0), 3000) else { panic!("there is much to read") };
    assert_eq!((run.messages.len(), run.messages.iter().count()), (1024, 1024));
    assert_eq!(run.messages.iter().rev().nth(1023).map(|m| m.id), run.messages.first().map(|m| m.id));
    assert_eq!(bench.read(reader).split_whitespace().count(), 1501);
}

#[test]
fn the_dead_in_the_middle_of_a_log_are_tidied_up() {
    let mut bench = Bench::new(Limits { retain_messages: 2, retain_bytes: 2 * RECORD_BYTES, ..ROOMY });
    for (kept, dying) in [("a", true), ("b", false)] {
        let start = bench.0.newest().ms;
        bench.publish(start + 1, Draft { retain: !dying, ..draft(kept) });
        for ms in start + 2..=start + 100 {
            bench.publish(ms, Draft { retain: dying, ..draft(kept) });
            let channel = bench.0.channels.get(bench.0.names[kept]).expect("it was published to");
            assert!(channel.log.slots().len() <= 2 * 3 + 16);
        }
        let all = format!("{0}{kept} {1}{kept} {2}{kept}", start + 1, start + 99, start + 100);
        let read = bench.look(kept, Start::After(at(start)));
        assert!(read.ends_with(&all), "{read} ends with {all}");
    }
}

#[test]
fn a_command_with_very_many_names_is_refused_without_comparing_each_to_all() {
    let mut bench = Bench::new(Limits { max_channels: 3, max_subscriptions: 1_000_000, ..ROOMY });
    let names: Vec<String> = (0..200_000).map(|n| format!("n{n}")).collect();
    let reader = bench.subscribe("a", Start::Now);
    // Each compared to all before it, these are twenty thousand million comparisons.
    assert_eq!(bench.add(reader, &names.join(" "), None), Err(SubscribeError::ChannelLimit));
    assert_eq!((bench.0.channel_total(), bench.0.subscription_total()), (1, 1));
}
