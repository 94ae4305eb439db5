//! What one session may cost: input that does not end, words that nobody fetches, sessions without number.

use crate::page::{BAD, Page, UNKNOWN, get, is_empty};
use holdline::limits::Settings;
use holdline::testing::driver::World;

#[test]
fn a_session_that_fetches_nothing_is_not_told_without_end() {
    let mut world = World::new(Settings { max_queue: 2_000, ..Settings::default() });
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    let mut answers = 0;
    while page.post(&mut world, "421[\"holdline:presence\"]") == "ok" {
        answers += 1;
        assert!(answers < 100, "each is answered by a hundred bytes");
    }
    assert_eq!(page.get(&mut world), UNKNOWN);
    is_empty(&mut world);
}

#[test]
fn attachments_that_do_not_come_count_as_incomplete_input() {
    let mut world = World::new(Settings { max_incoming: 3_000, ..Settings::default() });
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    let packet = format!(
        "452-[\"n\",{{\"_placeholder\":true,\"num\":0}},{{\"_placeholder\":true,\"num\":1}},\"{}\"]",
        "x".repeat(2_000)
    );
    assert_eq!(page.post(&mut world, &packet), "ok");
    assert!(world.stats().incoming_bytes >= 2_000);
    let other = Page::open(&mut world);
    other.post(&mut world, "40");
    assert_eq!(other.post(&mut world, &packet), BAD, "over --max-incoming the session is ended");
    page.post(&mut world, "1");
    assert_eq!(world.stats().incoming_bytes, 0);
}

#[test]
fn over_the_limit_no_session_begins() {
    let mut world = World::new(Settings { max_sessions: 1, ..Settings::default() });
    let page = Page::open(&mut world);
    let refused = get(&mut world, "");
    assert!(refused.contains("\"status\":503"), "{refused}");
    page.post(&mut world, "1");
    Page::open(&mut world);
}

#[test]
fn a_session_that_fetches_nothing_ends_no_other() {
    const ASKED: &str = "421[\"holdline:presence\"]";
    let asks = |most: usize| {
        let mut world = World::new(Settings { max_pinned: 10_000, ..Settings::default() });
        let hog = Page::open(&mut world);
        hog.post(&mut world, "40");
        let count = (0..most).take_while(|_| hog.post(&mut world, ASKED) == "ok").count();
        (world, hog, count)
    };
    let (.., most) = asks(usize::MAX);
    let (mut world, hog, count) = asks(most);
    assert_eq!(count, most, "this leaves room for less than one answer");
    let page = Page::open(&mut world);
    assert_eq!(page.post(&mut world, "40"), "ok");
    assert_eq!(page.post(&mut world, ASKED), "ok");
    assert!(page.get(&mut world).starts_with("40{"), "it fetches what it is told");
    assert_eq!(hog.post(&mut world, ASKED), BAD);
}

#[test]
fn the_channels_of_all_namespaces_of_a_connection_are_counted_together() {
    let mut world = World::new(Settings { max_subscriptions: 4, ..Settings::default() });
    let page = Page::open(&mut world);
    let told = |world: &mut World, packet: &str| {
        assert_eq!(page.post(world, packet), "ok", "{packet}");
        page.get(world)
    };
    assert!(told(&mut world, "40/a,").starts_with("40/a,{"));
    assert!(told(&mut world, "40/b,").starts_with("40/b,{"));
    let once = told(&mut world, r#"42/a,1["holdline:subscribe",["x","a","x","x","a"]]"#);
    assert!(once.starts_with("43/a,1[{\"since\"") && once.ends_with(r#""channels":["x","a"]}]"#), "{once}");
    let many: Vec<String> = (0..10_000).map(|n| format!("\"m{n}\"")).collect();
    for names in [many.join(","), r#""y","z""#.to_owned()] {
        let refused = told(&mut world, &format!(r#"42/b,2["holdline:subscribe",[{names}]]"#));
        assert!(refused.starts_with(r#"43/b,2[{"error":{"#) && refused.contains("429"), "{refused}");
    }
    assert!(told(&mut world, r#"42/b,3["holdline:subscribe","y"]"#).contains(r#""channels":["y"]"#));
    assert!(told(&mut world, "40/c,").starts_with("44/c,{"), "they are four");
    assert!(told(&mut world, r#"42/b,4["holdline:unsubscribe",["y","y","never"]]"#).starts_with("43/b,4[{"));
    assert!(told(&mut world, "40/c,").starts_with("40/c,{"));
    assert_eq!(world.stats().subscribers, 4);
}

#[test]
fn one_address_begins_no_more_sessions_than_it_may_have_connections() {
    let mut world = World::new(Settings { max_connections_per_address: 3, ..Settings::default() });
    let handshake = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let line = world.open(&handshake.repeat(5));
    let answers = String::from_utf8(world.take_written(line)).expect("UTF-8");
    let count = |what: &str| answers.matches(what).count();
    assert_eq!((count("HTTP/1.1 200"), count("HTTP/1.1 429")), (3, 2), "{answers}");
    world.pass(45_100);
    world.open(handshake);
    assert_eq!(world.stats().sessions, 1, "those that were abandoned do not count for long");
}

#[test]
fn whoever_joins_and_leaves_without_end_is_remembered_only_so_often() {
    let mut world = World::new(Settings { max_subscriptions: 3, ..Settings::default() });
    let page = Page::open(&mut world);
    let join_and_leave = ["40"; 4].join("\u{1e}41\u{1e}");
    assert_eq!(page.post(&mut world, &join_and_leave), "ok");
    let told = page.get(&mut world);
    assert_eq!(told.matches("40{").count(), 3, "{told}");
    assert!(told.contains("44{") && told.contains("\"status\":429"), "{told}");
    // The next ping that is answered begins another time.
    world.pass(25_050);
    assert_eq!(page.get(&mut world), "2");
    assert_eq!(page.post(&mut world, "3\u{1e}40"), "ok");
    assert!(page.get(&mut world).starts_with("40{"));
}
