//! Which channels there are.

use super::*;

fn wanted(prefix: &str, after: Option<&str>, limit: usize) -> Wanted {
    Wanted { prefix: prefix.to_owned(), after: after.map(str::to_owned), limit }
}

/// The names of a page, how many there are in all, and whether more come.
fn page(bench: &Bench, prefix: &str, after: Option<&str>, limit: usize) -> (String, usize, bool) {
    let Listing { channels, total, more } = bench.0.list(&wanted(prefix, after, limit));
    let names: Vec<&str> = channels.iter().map(|channel| &*channel.name).collect();
    (names.join(" "), total, more)
}

#[test]
fn channels_come_by_name_in_pages() {
    let mut bench = Bench::new(ROOMY);
    bench.publish_all("1b 2a/2 3c 4a 5a/10 6B");
    let cases = [
        ("", None, 100, "B a a/10 a/2 b c", 6, false),
        ("", None, 2, "B a", 6, true),
        ("", Some("a"), 2, "a/10 a/2", 6, true),
        ("", Some("a/2"), 2, "b c", 6, false),
        ("", Some("c"), 2, "", 6, false),
        ("", Some("a/11"), 1, "a/2", 6, true),
        ("a/", None, 100, "a/10 a/2", 2, false),
        ("zzz", None, 100, "", 0, false),
    ];
    for (prefix, after, limit, names, total, more) in cases {
        let expected = (names.to_owned(), total, more);
        assert_eq!(page(&bench, prefix, after, limit), expected, "{prefix:?} after {after:?}");
    }
}

#[test]
fn a_channel_is_told_with_what_it_holds_and_what_it_lost() {
    let mut bench = Bench::new(Limits { retain_messages: 2, ..ROOMY });
    bench.publish_all("1a 2a 3a");
    bench.0.subscribe(0, None, &names("a b"), Start::Now, 3).expect("there is room");
    let Listing { channels, .. } = bench.0.list(&wanted("", None, 9));
    let expected = [
        Listed {
            name: "a".into(),
            subscribers: 1,
            messages: 2,
            bytes: 2 * RECORD_BYTES,
            newest: Some(at(3)),
            floor: at(1),
            is_closed: false,
        },
        Listed {
            name: "b".into(),
            subscribers: 1,
            messages: 0,
            bytes: 0,
            newest: None,
            floor: at(0),
            is_closed: false,
        },
    ];
    assert_eq!(channels, expected);
}

#[test]
fn a_deleted_channel_says_so_until_someone_publishes() {
    let mut bench = Bench::new(ROOMY);
    bench.publish_all("1a");
    bench.0.subscribe(0, None, &names("a"), Start::Now, 1).expect("there is room");
    let is_closed = |bench: &Bench| bench.0.list(&wanted("", None, 9)).channels[0].is_closed;
    assert!(!is_closed(&bench));
    bench.0.apply(entry(vec![(at(2), Command::Delete(name("a")))]));
    assert!(is_closed(&bench));
    bench.publish_all("3a");
    assert!(!is_closed(&bench));
}
