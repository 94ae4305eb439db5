//! Who gets a message and who does not.

use super::*;

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
