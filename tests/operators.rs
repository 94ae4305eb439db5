//! What operators see of a server: its numbers, its channels, the clock of `--demo`. Time is moved by hand.

use holdline::limits::Settings;
use holdline::server::ByTransport;
use holdline::testing::driver::{Line, World};
use serde_json::{Value, json};

fn open(world: &mut World, request: &str) -> Line {
    let line = world.connect();
    world.send(line, request.as_bytes());
    world.settle();
    line
}

fn get(world: &mut World, target: &str) -> Line {
    open(world, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
}

fn publish(world: &mut World, channel: &str, data: &str) {
    let length = data.len();
    open(
        world,
        &format!(
            "POST /channels/{channel} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{data}"
        ),
    );
}

fn socket(world: &mut World, target: &str, protocol: &str) -> Line {
    open(
        world,
        &format!(
            "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {protocol}\r\n\r\n"
        ),
    )
}

fn text(world: &World, line: Line) -> String {
    String::from_utf8_lossy(world.written(line)).into_owned()
}

/// The JSON that a request is answered with.
fn json_of(world: &mut World, target: &str) -> Value {
    let line = get(world, target);
    let text = text(world, line);
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
    assert!(head.starts_with("HTTP/1.1 200 "), "{target}: {head}");
    serde_json::from_str(body).expect("the body is JSON")
}

#[test]
fn readers_are_counted_by_what_they_read_with() {
    let mut world = World::new(Settings { echo: true, ..Settings::default() });
    let jsonp = "GET /channels/a?callback=f&wait=9 HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\r\n";
    let lines = [
        socket(&mut world, "/channels/a", "holdline.v1"),
        socket(&mut world, "/channels/a", "holdline.raw"),
        socket(&mut world, "/echo", "any"),
        get(&mut world, "/channels/a?transport=sse"),
        get(&mut world, "/channels/a?transport=sse"),
        get(&mut world, "/channels/a?transport=ndjson"),
        get(&mut world, "/channels/a?transport=iframe&origin=http://localhost"),
        get(&mut world, "/channels/a?wait=9"),
        open(&mut world, jsonp),
    ];
    get(&mut world, "/channels/a");
    let all = ByTransport {
        websocket: 1,
        sse: 2,
        ndjson: 1,
        iframe: 1,
        long_poll: 1,
        poll: 0,
        jsonp: 1,
        raw: 1,
        socket_io: 0,
    };
    assert_eq!(world.stats().by_transport, all);
    let told = json_of(&mut world, "/stats");
    let named = json!({
        "websocket": 1, "sse": 2, "ndjson": 1, "iframe": 1, "long-poll": 1, "poll": 0, "jsonp": 1, "raw": 1, "socket.io": 0
    });
    assert_eq!(told["by_transport"], named);
    publish(&mut world, "a", "ends the polls");
    assert_eq!(world.stats().by_transport, ByTransport { long_poll: 0, jsonp: 0, ..all });
    for line in lines {
        world.end(line);
        world.settle();
    }
    assert_eq!(world.stats().by_transport, ByTransport::default());
}

#[test]
fn messages_are_counted_once_for_each_reader_and_bytes_as_they_pass() {
    let mut world = World::new(Settings::default());
    let streams = [
        get(&mut world, "/channels/a?transport=sse"),
        get(&mut world, "/channels/a?transport=ndjson"),
        socket(&mut world, "/channels/a", "holdline.v1"),
    ];
    publish(&mut world, "a", "one");
    publish(&mut world, "a", "two");
    publish(&mut world, "b", "for nobody");
    assert_eq!((world.stats().messages_in, world.stats().messages_out), (3, 6));
    get(&mut world, "/channels/a?since=start");
    assert_eq!(world.stats().messages_out, 8);
    let before = world.stats();
    world.send(streams[2], b"\x89\x80\0\0\0\0");
    world.settle();
    let after = world.stats();
    assert_eq!(
        (after.bytes_in - before.bytes_in, after.bytes_out - before.bytes_out),
        (6, 2),
        "a ping, a pong"
    );
}

#[test]
fn a_message_that_leaves_in_pieces_is_counted_once() {
    let mut world = World::new(Settings::default());
    let line = get(&mut world, "/channels/a?transport=ndjson");
    world.narrow(line, Some(7));
    for text in ["one", "two", "three"] {
        publish(&mut world, "a", text);
    }
    world.settle();
    assert_eq!(world.stats().messages_out, 3);
    assert!(text(&world, line).contains("three"));
}

#[test]
fn a_reader_is_slow_while_it_takes_nothing() {
    let mut world = World::new(Settings::default());
    let line = get(&mut world, "/channels/a?transport=sse");
    let other = get(&mut world, "/channels/a?transport=sse");
    for line in [line, other] {
        world.narrow(line, Some(0));
    }
    publish(&mut world, "a", "waits");
    assert_eq!(world.stats().slow_readers, 2);
    world.narrow(line, None);
    world.settle();
    assert_eq!(world.stats().slow_readers, 1);
    world.reset(other);
    assert_eq!(world.stats().slow_readers, 0);
}

#[test]
fn gaps_are_counted_as_they_are_told() {
    let mut world = World::new(Settings { retain_messages: 1, ..Settings::default() });
    for text in ["one", "two", "three"] {
        publish(&mut world, "a", text);
    }
    assert_eq!(world.stats().gaps, 0, "nobody was told of one");
    for target in ["/channels/a?since=1-0", "/channels/a?since=1-0&transport=sse", "/channels/a?since=start"]
    {
        get(&mut world, target);
    }
    socket(&mut world, "/channels/a?since=1-0", "holdline.raw");
    assert_eq!(world.stats().gaps, 3, "since=start is no cursor");
}

#[test]
fn the_time_since_the_start_is_told_in_seconds() {
    let mut world = World::new(Settings::default());
    world.advance(61_500);
    let told = json_of(&mut world, "/stats");
    assert_eq!((&told["uptime_s"], &told["version"]), (&json!(61), &json!(env!("CARGO_PKG_VERSION"))));
    assert_eq!(told["loop_us"], json!({ "p50": 0, "p99": 0, "max": 0 }), "this world has no loop");
}

#[test]
fn channels_are_listed_in_pages() {
    let mut world = World::new(Settings::default());
    for channel in ["b", "a/2", "a/1"] {
        publish(&mut world, channel, "x");
    }
    get(&mut world, "/channels/c%2Bd?transport=sse");
    let told = json_of(&mut world, "/stats/channels?limit=2");
    assert_eq!((&told["total"], &told["more"]), (&json!(4), &json!(true)));
    let first = &told["channels"][0];
    assert_eq!(
        (&first["channel"], &first["messages"], &first["subscribers"], &first["closed"]),
        (&json!("a/1"), &json!(1), &json!(0), &json!(false))
    );
    assert!(
        first["newest"].is_string() && first["floor"].is_string() && first["bytes"] == json!(129),
        "{first}"
    );
    let names = |told: Value| -> Vec<String> {
        let channels = told["channels"].as_array().expect("a list").iter();
        channels.filter_map(|channel| channel["channel"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(names(json_of(&mut world, "/stats/channels?limit=2&after=a/2")), ["b", "c+d"]);
    assert_eq!(names(json_of(&mut world, "/stats/channels?prefix=a/&after=")), ["a/1", "a/2"]);
    for wrong in ["limit=0", "limit=1001", "limit=x", "limit=%2B1", "prefix=%ff"] {
        let line = get(&mut world, &format!("/stats/channels?{wrong}"));
        assert!(text(&world, line).starts_with("HTTP/1.1 400 "), "{wrong}");
    }
    let line = open(&mut world, "DELETE /stats/channels HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(text(&world, line).starts_with("HTTP/1.1 405 "));
}

/// How often the clock has ticked for this reader.
fn ticks(world: &World, line: Line) -> usize {
    text(world, line).matches("event: tick\n").count()
}

/// `ms` milliseconds pass, with everything that is due meanwhile.
fn pass(world: &mut World, ms: u64) {
    let end = world.now().at + ms;
    while world.next_deadline().is_some_and(|due| due <= end) {
        world.advance_to_deadline();
        world.settle();
    }
    world.advance(end.since(world.now().at));
}

#[test]
fn the_demo_clock_ticks_with_the_seconds() {
    let mut world = World::new(Settings { demo: true, ..Settings::default() });
    let line = get(&mut world, "/channels/demo/clock?transport=sse");
    pass(&mut world, 999);
    assert_eq!(ticks(&world, line), 0);
    pass(&mut world, 1);
    assert!(
        text(&world, line).contains("event: tick\ndata: 2023-11-14T22:13:21Z\n"),
        "{}",
        text(&world, line)
    );
    pass(&mut world, 2_999);
    assert_eq!(ticks(&world, line), 3);
    world.advance(10_500);
    world.settle();
    assert_eq!(ticks(&world, line), 4, "what was missed is skipped");
    pass(&mut world, 501);
    assert!(text(&world, line).ends_with("data: 2023-11-14T22:13:35Z\n\n\r\n"), "{}", text(&world, line));
}

#[test]
fn few_ticks_are_kept_and_none_that_went_is_a_gap() {
    let mut world = World::new(Settings { demo: true, ..Settings::default() });
    let first = json_of(&mut world, "/channels/demo/clock")["next"].as_str().map(str::to_owned);
    pass(&mut world, 60_000);
    let told = json_of(&mut world, &format!("/channels/demo/clock?since={}", first.expect("a cursor")));
    let count = told["messages"].as_array().map(Vec::len);
    assert_eq!((count, &told["gap"]), (Some(10), &json!(false)), "{told}");
}

#[test]
fn the_demo_clock_stands_still_without_its_flag_and_when_the_server_ends() {
    let mut world = World::new(Settings::default());
    let line = get(&mut world, "/channels/demo/clock?transport=sse");
    pass(&mut world, 5_000);
    assert_eq!(ticks(&world, line), 0);
    let mut world = World::new(Settings { demo: true, ..Settings::default() });
    let busy = get(&mut world, "/livez");
    world.narrow(busy, Some(0));
    world.send(busy, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    world.settle();
    world.drain();
    world.settle();
    let published = world.stats().published;
    pass(&mut world, 5_000);
    assert_eq!(world.stats().published, published);
}

#[test]
fn a_poll_that_was_answered_is_no_slow_reader_though_its_client_takes_nothing() {
    let mut world = World::new(Settings::default());
    let line = world.connect();
    world.narrow(line, Some(0));
    world.send(line, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    world.send(line, b"GET /channels/a?wait=20 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    world.pieces_per_turn = 2;
    world.settle();
    assert_eq!((world.stats().parked, world.stats().slow_readers), (1, 1));
    world.drain();
    world.settle();
    assert_eq!((world.stats().parked, world.stats().slow_readers), (0, 0));
}
