//! Where a reader begins, and the gap it is told.

use super::*;

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
