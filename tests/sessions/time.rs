//! Deadlines of sessions: heartbeats, joins and upgrades that take too long, the grace, the end of the server.

use crate::page::{Page, UNKNOWN, body_of, heard, is_empty, say, socket_request, world};
use holdline::limits::Settings;
use holdline::testing::driver::World;

#[test]
fn a_session_without_a_pong_is_dead_at_the_very_millisecond() {
    for (ms, answer) in [(4_999, "2"), (5_000, UNKNOWN)] {
        let mut world = world();
        let page = Page::open(&mut world);
        world.advance(ms);
        assert_eq!(page.get(&mut world), answer, "after {ms} ms, whether or not a timer has fired");
    }
}

#[test]
fn a_session_that_answers_its_pings_lives_on() {
    let mut world = world();
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    page.get(&mut world);
    for _ in 0..10 {
        let held = page.hold(&mut world);
        world.pass(3_050);
        assert_eq!(body_of(&mut world, held), "2");
        assert_eq!(page.post(&mut world, "3"), "ok");
    }
    world.pass(5_100);
    assert_eq!(page.get(&mut world), UNKNOWN);
    is_empty(&mut world);
}

#[test]
fn pings_come_over_a_websocket_and_who_does_not_answer_is_closed() {
    let mut world = world();
    let line = world.open(&socket_request(""));
    world.take_written(line);
    say(&mut world, line, "40");
    assert_eq!(heard(&mut world, line).len(), 1, "it has joined");
    for _ in 0..3 {
        world.pass(3_050);
        assert_eq!(heard(&mut world, line), ["2"]);
        say(&mut world, line, "3");
    }
    world.pass(5_100);
    assert_eq!(heard(&mut world, line), ["2", "!1000"]);
    is_empty(&mut world);
}

#[test]
fn who_joins_no_namespace_is_closed_in_time_though_it_answers() {
    let mut world = world();
    let line = world.open(&socket_request(""));
    for _ in 0..14 {
        world.pass(3_100);
        say(&mut world, line, "3");
    }
    assert!(!world.is_write_closed(line), "43.4 s");
    world.take_written(line);
    world.pass(2_000);
    assert!(heard(&mut world, line).contains(&"!1000".to_owned()));
}

#[test]
fn a_websocket_that_does_not_take_over_in_time_ends_alone() {
    let mut world = World::new(Settings::default());
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    let line = page.probe(&mut world);
    let joined = page.get(&mut world);
    assert!(joined.starts_with("40{"), "{joined}");
    world.pass(9_900);
    assert_eq!(heard(&mut world, line).len(), 0);
    world.pass(200);
    assert_eq!(heard(&mut world, line), ["!1000"]);
    assert_eq!(page.post(&mut world, "42[\"n\"]"), "ok", "the session goes on");
}

#[test]
fn a_session_is_forgotten_with_its_grace() {
    for (away_ms, is_known) in [(59_000, true), (61_000, false)] {
        let mut world = World::new(Settings { ping_interval_ms: 600_000, ..Settings::default() });
        let page = Page::open(&mut world);
        page.post(&mut world, "40");
        let joined = page.get(&mut world);
        let joined: serde_json::Value = serde_json::from_str(&joined[2..]).expect("JSON");
        page.post(&mut world, "1");
        world.pass(away_ms);
        let page = Page::open(&mut world);
        page.post(&mut world, &format!("40{{\"pid\":{}}}", joined["pid"]));
        let again = page.get(&mut world);
        let again: serde_json::Value = serde_json::from_str(&again[2..]).expect("JSON");
        assert_eq!(again["sid"], joined["sid"], "the client is the same");
        assert_eq!(again["pid"] == joined["pid"], is_known, "after {away_ms} ms");
    }
}

#[test]
fn the_end_of_the_server_is_told_by_both_transports() {
    let mut world = world();
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    page.get(&mut world);
    let held = page.hold(&mut world);
    let socket = world.open(&socket_request(""));
    world.take_written(socket);
    say(&mut world, socket, "40/a,");
    heard(&mut world, socket);
    world.drain();
    world.settle();
    let body = body_of(&mut world, held);
    let (notice, close) = body.split_once('\u{1e}').expect("two packets");
    assert!(notice.starts_with("42[\"holdline:shutdown\",{\"reconnect_ms\":") && close == "1", "{body}");
    let said = heard(&mut world, socket);
    assert!(said[0].starts_with("42/a,[\"holdline:shutdown\",") && said[1] == "!1001", "{said:?}");
}
