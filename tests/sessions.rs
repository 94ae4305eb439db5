//! Engine.IO sessions over time: heartbeats, joins and upgrades that take too long, requests that overlap, and what is
//! left of a session that is over.  Time is moved by hand.

use holdline::limits::Settings;
use holdline::testing::driver::{Line, World};

/// A client of one session.
struct Page {
    sid: String,
}

impl Page {
    fn open(world: &mut World) -> Self {
        let body = get(world, "");
        let open: serde_json::Value = serde_json::from_str(&body[1..]).expect("an open packet");
        Page { sid: open["sid"].as_str().expect("a sid").to_owned() }
    }

    /// Sends packets, and says how that was answered.
    fn post(&self, world: &mut World, packets: &str) -> String {
        let line = world.open(&format!(
            "POST /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{packets}",
            self.sid,
            packets.len(),
        ));
        body_of(world, line)
    }

    fn hold(&self, world: &mut World) -> Line {
        world.open(&request(&format!("&sid={}", self.sid)))
    }

    fn get(&self, world: &mut World) -> String {
        get(world, &format!("&sid={}", self.sid))
    }

    /// A WebSocket that has asked whether it gets through.
    fn probe(&self, world: &mut World) -> Line {
        let line = world.open(&socket_request(&format!("&sid={}", self.sid)));
        world.take_written(line);
        say(world, line, "2probe");
        assert_eq!(heard(world, line), ["3probe"]);
        line
    }
}

fn request(query: &str) -> String {
    format!("GET /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn socket_request(query: &str) -> String {
    format!(
        "GET /socket.io/?EIO=4&transport=websocket{query} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

fn get(world: &mut World, query: &str) -> String {
    let line = world.open(&request(query));
    body_of(world, line)
}

/// The body of the answer that came, or nothing if none came yet.
fn body_of(world: &mut World, line: Line) -> String {
    let answer = String::from_utf8(world.take_written(line)).expect("UTF-8");
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}

/// Sends one masked text frame; the mask is zero, so that the text stands as it is.
fn say(world: &mut World, line: Line, text: &str) {
    let long = 0x80 | 126;
    let mut frame = match text.len() {
        len @ ..126 => vec![0x81, 0x80 | len as u8],
        len => vec![0x81, long, (len >> 8) as u8, len as u8],
    };
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    world.send(line, &frame);
    world.settle();
}

/// The text frames that came, none longer than 64 KiB; `!` and the code for a close frame.
fn heard(world: &mut World, line: Line) -> Vec<String> {
    let bytes = world.take_written(line);
    let (mut rest, mut texts) = (&bytes[..], Vec::new());
    while let [first, len, more @ ..] = rest {
        let (len, more) = match (*len, more) {
            (126, [high, low, more @ ..]) => (u16::from_be_bytes([*high, *low]), more),
            (len, more) => (u16::from(len), more),
        };
        let (payload, behind) = more.split_at(usize::from(len));
        texts.push(match first {
            0x88 => format!("!{}", u16::from_be_bytes([payload[0], payload[1]])),
            _ => String::from_utf8(payload.to_vec()).expect("UTF-8"),
        });
        rest = behind;
    }
    texts
}

fn world() -> World {
    World::new(Settings { ping_interval_ms: 3_000, ping_timeout_ms: 2_000, ..Settings::default() })
}

const UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
const BAD: &str = r#"{"code":3,"message":"Bad request"}"#;

/// Nothing is left of any session.
fn is_empty(world: &mut World) {
    let stats = world.stats();
    assert_eq!((stats.readers, stats.by_transport.socket_io, stats.waiting), (0, 0, 0));
}

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
fn a_websocket_is_closed_once_whoever_begins() {
    const CLOSE: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
    for (words, is_probe) in
        [(None, false), (Some("1"), false), (Some("9"), false), (None, true), (Some("9"), true)]
    {
        let mut world = world();
        let line = if is_probe {
            let page = Page::open(&mut world);
            page.probe(&mut world)
        } else {
            world.open(&socket_request(""))
        };
        world.take_written(line);
        if let Some(words) = words {
            say(&mut world, line, words);
        }
        world.send(line, &CLOSE);
        world.settle();
        assert_eq!(heard(&mut world, line), ["!1000"], "{words:?}, {is_probe}");
    }
}

#[test]
fn while_a_websocket_probes_gets_are_let_go_one_at_a_time() {
    let mut world = world();
    let page = Page::open(&mut world);
    let held = page.hold(&mut world);
    let socket = page.probe(&mut world);
    assert_eq!(body_of(&mut world, held), "6");
    let next = page.hold(&mut world);
    assert_eq!(body_of(&mut world, next), "", "not at once: some clients would poll without end");
    world.pass(150);
    assert_eq!(body_of(&mut world, next), "6");
    say(&mut world, socket, "5");
    assert_eq!(page.get(&mut world), BAD, "it is carried by the WebSocket");
    say(&mut world, socket, "40");
    assert_eq!(heard(&mut world, socket).len(), 1);
}

#[test]
fn what_was_said_before_the_upgrade_comes_before_what_is_said_behind_it() {
    let mut world = world();
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    let socket = page.probe(&mut world);
    page.get(&mut world);
    page.post(&mut world, "421[\"n\",1]");
    say(&mut world, socket, "5");
    say(&mut world, socket, "422[\"n\",2]");
    let said = heard(&mut world, socket);
    assert!(
        matches!(&said[..], [one, two] if one.starts_with("431[") && two.starts_with("432[")),
        "{said:?}"
    );
}

#[test]
fn a_second_get_ends_the_first_and_the_session() {
    let mut world = world();
    let page = Page::open(&mut world);
    let first = page.hold(&mut world);
    assert_eq!(page.get(&mut world), BAD);
    assert_eq!(body_of(&mut world, first), "1");
    assert_eq!(page.get(&mut world), UNKNOWN);
    is_empty(&mut world);
}

#[test]
fn a_second_post_beside_the_first_ends_the_session() {
    let mut world = world();
    let page = Page::open(&mut world);
    let half = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n40",
        page.sid
    );
    let first = world.open(&half);
    assert_eq!(page.post(&mut world, "40"), BAD);
    world.send(first, b"/a");
    world.settle();
    assert_eq!(body_of(&mut world, first), UNKNOWN);
}

#[test]
fn who_hangs_up_in_a_get_or_a_post_loses_the_session() {
    for half in [None, Some("40")] {
        let mut world = world();
        let page = Page::open(&mut world);
        page.post(&mut world, "40");
        page.get(&mut world);
        let line = match half {
            None => page.hold(&mut world),
            Some(body) => world.open(&format!(
                "POST /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{body}",
                page.sid
            )),
        };
        world.end(line);
        world.settle();
        assert_eq!(page.get(&mut world), UNKNOWN);
        is_empty(&mut world);
    }
}

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

#[test]
fn a_socket_that_comes_back_beside_itself_leaves_nothing_behind() {
    let mut world = world();
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    let joined = page.get(&mut world);
    let joined: serde_json::Value = serde_json::from_str(&joined[2..]).expect("JSON");
    assert_eq!(page.post(&mut world, &format!("40/b,{{\"pid\":{}}}", joined["pid"])), "ok");
    let beside = page.get(&mut world);
    assert!(beside.starts_with("40/b,{"), "{beside}");
    assert_eq!(page.post(&mut world, "421[\"n\"]"), "ok");
    assert!(page.get(&mut world).starts_with("431["), "it is where it was");
    page.post(&mut world, "1");
    is_empty(&mut world);
}

#[test]
fn a_held_get_is_told_what_was_said_before_the_session_ended() {
    let mut world = world();
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    page.get(&mut world);
    let held = page.hold(&mut world);
    assert_eq!(page.post(&mut world, "421[\"n\"]\u{1e}9"), BAD);
    let body = body_of(&mut world, held);
    let (ack, close) = body.split_once('\u{1e}').expect("two packets");
    assert!(ack.starts_with("431[{\"id\":") && close == "1", "{body}");
}

#[test]
fn whoever_missed_nothing_but_a_notice_is_told_that_it_is_back() {
    let mut world = World::new(Settings::default());
    let line = world.open(&socket_request(""));
    world.take_written(line);
    say(&mut world, line, "40/a,{}");
    let joined = heard(&mut world, line);
    let asking = world.open("POST /ask/a?wait=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n?");
    let answer = body_of(&mut world, asking);
    let asked: serde_json::Value = serde_json::from_str(&answer).expect("a question that is open");
    world.reset(line);
    let asker = asked["ask"].as_str().expect("its id");
    world.open(&format!("DELETE /asks/{asker} HTTP/1.1\r\nHost: localhost\r\n\r\n"));

    let line = world.open(&socket_request(""));
    world.take_written(line);
    let known: serde_json::Value = serde_json::from_str(&joined[0][5..]).expect("what it was told");
    say(&mut world, line, &format!(r#"40/a,{{"pid":{}}}"#, known["pid"]));
    let heard = heard(&mut world, line);
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0].starts_with(r#"42/a,["holdline:withdrawn""#), "{heard:?}");
    assert_eq!(heard[1], joined[0]);
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
fn a_namespace_whose_channels_are_closed_at_once_hears_of_each_before_it_is_left() {
    let mut world = world();
    let page = Page::open(&mut world);
    page.post(&mut world, "40/a,");
    page.get(&mut world);
    page.post(&mut world, "42/a,[\"holdline:subscribe\",\"b\"]");
    let socket = world.open(&socket_request(""));
    world.take_written(socket);
    say(&mut world, socket, "40/a,");
    say(&mut world, socket, "42/a,[\"holdline:subscribe\",\"b\"]");
    heard(&mut world, socket);
    for channel in ["a", "b"] {
        let request = format!("DELETE /channels/{channel} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let line = world.connect();
        world.send(line, request.as_bytes());
    }
    world.settle();
    let told =
        ["42/a,[\"holdline:closed\",{\"channel\":\"a\"}]", "42/a,[\"holdline:closed\",{\"channel\":\"b\"}]"];
    let told = told.map(str::to_owned).into_iter().chain(["41/a,".to_owned()]).collect::<Vec<_>>();
    assert_eq!(heard(&mut world, socket), told);
    assert_eq!(page.get(&mut world), told.join("\u{1e}"));
}

/// Says a packet on a new WebSocket, and what is heard before it is cut off: whatever of that the client has not read
/// is lost.
fn told_and_cut(world: &mut World, said: &[&str]) -> Vec<String> {
    let line = world.open(&socket_request(""));
    world.take_written(line);
    said.iter().for_each(|text| say(world, line, text));
    let told = heard(world, line);
    world.reset(line);
    told
}

#[test]
fn what_has_no_id_is_taken_for_heard_only_when_a_later_id_shows_it() {
    let mut world = world();
    let publish = |world: &mut World, channel: &str| {
        let line = world.connect();
        let request =
            format!("POST /channels/{channel} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx");
        world.send(line, request.as_bytes());
        world.settle();
    };
    publish(&mut world, "b");
    const JOIN: &str = "40/a,";
    const ADD: &str = r#"42/a,["holdline:subscribe",{"channels":"b","since":"1700000000000-0"}]"#;
    const SAY: &str = r#"42/a,1["message",2]"#;
    let pid = |text: &str| {
        let told: serde_json::Value = serde_json::from_str(&text["40/a,".len()..]).expect("it has joined");
        told["pid"].clone()
    };
    // The backlog of `b` is told, and may be lost on its way.
    let told = told_and_cut(&mut world, &[JOIN, ADD]);
    assert!(told[1].contains("\"replay\":true"), "{told:?}");
    let first = pid(&told[0]);
    let again = told_and_cut(&mut world, &[&format!(r#"40/a,{{"pid":{first}}}"#)]);
    let second = pid(&again[0]);
    assert_ne!(first, second, "not recovered: {again:?}");
    // Now its own words come behind it; who has their id has heard the backlog.
    let line = world.open(&socket_request(""));
    world.take_written(line);
    say(&mut world, line, &format!(r#"40/a,{{"pid":{second}}}"#));
    say(&mut world, line, ADD);
    say(&mut world, line, SAY);
    let told = heard(&mut world, line).pop().expect("an answer");
    let (_, id) = told.split_once(r#""id":"#).expect("its id");
    let id = id.trim_end_matches("}]");
    world.reset(line);
    let again = told_and_cut(&mut world, &[&format!(r#"40/a,{{"pid":{second},"offset":{id}}}"#)]);
    assert_eq!(pid(&again[0]), second, "recovered: {again:?}");
    // That `b` was closed is told as well, and may be lost.
    let line = world.open(&socket_request(""));
    world.take_written(line);
    say(&mut world, line, &format!(r#"40/a,{{"pid":{second},"offset":{id}}}"#));
    let deleter = world.connect();
    world.send(deleter, b"DELETE /channels/b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    world.settle();
    assert!(heard(&mut world, line).pop().is_some_and(|told| told.contains("holdline:closed")));
    world.reset(line);
    let again = told_and_cut(&mut world, &[&format!(r#"40/a,{{"pid":{second},"offset":{id}}}"#)]);
    assert_ne!(pid(&again[0]), second, "not recovered: {again:?}");
}
