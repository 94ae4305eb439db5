//! Channels that are deleted, added and refused.

use super::*;

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
fn a_command_with_very_many_names_is_refused_without_comparing_each_to_all() {
    let mut bench = Bench::new(Limits { max_channels: 3, max_subscriptions: 1_000_000, ..ROOMY });
    let names: Vec<String> = (0..200_000).map(|n| format!("n{n}")).collect();
    let reader = bench.subscribe("a", Start::Now);
    // Each compared to all before it, these are twenty thousand million comparisons.
    assert_eq!(bench.add(reader, &names.join(" "), None), Err(SubscribeError::ChannelLimit));
    assert_eq!((bench.0.channel_total(), bench.0.subscription_total()), (1, 1));
}
