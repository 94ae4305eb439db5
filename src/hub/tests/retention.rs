//! What is kept, how long, and within which bounds.

use super::*;

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
