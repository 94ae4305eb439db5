//! Whoever asks over one WebSocket, and how much it can make the server hold.

use holdline::limits::{ASKERS_OF_CONNECTION_MAX, Settings};
use holdline::testing::decode::handshake::Handshake;
use holdline::testing::decode::websocket::{FIN, Frame, SocketReader, TEXT, client_frame};
use holdline::testing::driver::{Line, World};
use serde_json::{Value, json};

/// A WebSocket of `holdline.v1` and what its client reads.
struct Socket {
    line: Line,
    reader: SocketReader,
}

impl Socket {
    fn open(world: &mut World) -> Socket {
        let line = world.open(&Handshake { target: "/channels/a", ..Handshake::default() }.request());
        let head = world.take_written(line);
        let behind = head.windows(4).position(|end| end == b"\r\n\r\n").expect("a whole head") + 4;
        let mut reader = SocketReader::new(None);
        reader.push(&head[behind..]);
        let mut socket = Socket { line, reader };
        socket.read(world);
        socket
    }

    fn say(&self, world: &mut World, command: &Value) {
        let frame = client_frame(FIN | TEXT, [1, 2, 3, 4], command.to_string().as_bytes());
        frame.chunks(32 << 10).for_each(|piece| world.send(self.line, piece));
    }

    fn read(&mut self, world: &mut World) -> Vec<Value> {
        world.settle();
        self.reader.push(&world.take_written(self.line));
        let frames = self.reader.all().expect("proper frames").into_iter();
        frames
            .map(|frame| match frame {
                Frame::Text(text) => serde_json::from_str(&text).expect("JSON"),
                Frame::Close { code, .. } => json!({"closed": code}),
                frame => panic!("{frame:?}"),
            })
            .collect()
    }

    /// Asks in its own channel: what asks, and what answers.
    fn ask(&mut self, world: &mut World, reference: u64) -> (String, String) {
        self.say(world, &json!({"type": "ask", "channel": "a", "data": "?", "wait": 50, "ref": reference}));
        let said = self.read(world);
        let one =
            |kind: &str| said.iter().find(|value| value["type"] == kind).expect("it is told")["ask"].clone();
        let [asker, ask] = ["asked", "message"].map(|kind| one(kind).as_str().expect("an id").to_owned());
        (asker, ask)
    }
}

#[test]
fn one_connection_is_held_for_so_many_questions_and_told_at_once_of_one_more() {
    let mut world = World::new(Settings::default());
    let mut socket = Socket::open(&mut world);
    let (asker, _) = socket.ask(&mut world, 0);
    for n in 1..=ASKERS_OF_CONNECTION_MAX {
        socket.say(&mut world, &json!({"type": "ask", "ask": asker, "wait": 50, "ref": n}));
    }
    let told = socket.read(&mut world);
    assert_eq!(world.stats().held_asks, ASKERS_OF_CONNECTION_MAX);
    let [reply] = &told[..] else { panic!("{told:?}") };
    assert_eq!((&reply["ref"], &reply["status"]), (&json!(ASKERS_OF_CONNECTION_MAX), &json!(202)));
}

#[test]
fn a_ref_is_short_for_it_is_held() {
    let mut world = World::new(Settings::default());
    let mut socket = Socket::open(&mut world);
    let (asker, _) = socket.ask(&mut world, 0);
    for (len, status) in [(254, None), (255, Some(400))] {
        socket.say(&mut world, &json!({"type": "ask", "ask": asker, "wait": 50, "ref": "r".repeat(len)}));
        let told = socket.read(&mut world);
        assert_eq!(told.first().and_then(|reply| reply["error"]["status"].as_u64()), status, "{told:?}");
    }
}

#[test]
fn who_does_not_read_its_answers_is_let_go() {
    let mut world = World::new(Settings { max_queue: 10_000, ..Settings::default() });
    let mut socket = Socket::open(&mut world);
    let asks: Vec<_> = (0..8).map(|n| socket.ask(&mut world, n).1).collect();
    world.narrow(socket.line, Some(0));
    for (n, ask) in asks.iter().enumerate() {
        let head = format!("POST /asks/{ask} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n");
        let answered = world.open(&(head + &"x".repeat(5000)));
        assert!(world.written(answered).starts_with(b"HTTP/1.1 200 "), "{n}");
    }
    assert_eq!(world.stats().held_asks, 0);
    world.narrow(socket.line, None);
    let told = socket.read(&mut world);
    let replies = told.iter().filter(|value| value["type"] == "reply").count();
    assert!((2..=4).contains(&replies), "{replies} replies");
    assert_eq!(told.last(), Some(&json!({"closed": 1008})), "{told:?}");
}

#[test]
fn the_type_of_an_answer_without_data_is_checked_for_it_becomes_a_field() {
    let mut world = World::new(Settings::default());
    let mut socket = Socket::open(&mut world);
    let (_, ask) = socket.ask(&mut world, 0);
    for bad in ["text/plain\r\nSet-Cookie: a=b", "no type", &("a/".to_owned() + &"b".repeat(200))] {
        socket.say(&mut world, &json!({"type": "answer", "ask": ask, "content_type": bad, "ref": 1}));
        let told = socket.read(&mut world);
        assert_eq!(told[0]["error"]["status"], 400, "{told:?}");
    }
}

#[test]
fn of_two_statuses_the_first_counts() {
    let mut world = World::new(Settings::default());
    let mut socket = Socket::open(&mut world);
    let (_, ask) = socket.ask(&mut world, 0);
    world.open(&format!("POST /asks/{ask}?status=&status=201&status=500 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"));
    let told = socket.read(&mut world);
    assert!(told.iter().any(|value| value["type"] == "reply" && value["status"] == 201), "{told:?}");
}

#[test]
fn a_repeat_needs_no_room_for_another_question() {
    let mut world = World::new(Settings { max_asks: 1, ..Settings::default() });
    let request = |key| {
        format!(
            "POST /ask/a?wait=0 HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {key}\r\nContent-Length: 1\r\n\r\n?"
        )
    };
    for (key, status) in [("k", 202), ("k", 202), ("l", 503)] {
        let line = world.open(&request(key));
        let head = String::from_utf8_lossy(world.written(line)).into_owned();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
}
