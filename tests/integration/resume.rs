//! The promise of every transport: cut off in mid-stream and resumed by cursor, each message once and in order.

use crate::support::process::Server;
use crate::support::reader::{Reader, Told, Via};
use holdline::testing::dice::Dice;

/// How many messages are published while the subscriber comes and goes.
const MESSAGES: usize = 1000;

/// Publishes the numbers from 0 on while a subscriber is cut off again and again after a few messages, and comes
/// back with its cursor by the transport that `choose` names.
fn resumes(seed: u64, mut choose: impl FnMut(&mut Dice) -> Via) {
    let server = Server::start(&["--retain-messages", "2000"]);
    let mut random = Dice::new(seed);
    let mut cursor = server.connect().cursor("a");
    let mut received = 0;
    let mut cuts = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut publisher = server.connect();
            for n in 0..MESSAGES {
                publisher.publish("a", n.to_string());
            }
        });
        while received < MESSAGES {
            let via = choose(&mut random);
            let mut reader = Reader::open(&server, via, "a", &cursor);
            let wanted = (received + random.below(60)).min(MESSAGES);
            while received < wanted {
                match reader.next() {
                    Told::Message { id, data } => {
                        assert_eq!(data, received.to_string(), "over {via:?} after {cuts} cuts, at {cursor}");
                        received += 1;
                        cursor = id;
                    }
                    Told::Position(at) => cursor = at,
                    Told::Notice(notice) => panic!("nothing was lost, and over {via:?} came {notice}"),
                }
            }
            reader.cut();
            cuts += 1;
        }
    });
    assert!(cuts > 10, "it was cut off often enough: {cuts}");
    let mut late = Reader::open(&server, Via::Poll, "a", &cursor);
    assert!(matches!(late.next(), Told::Position(_)), "nothing is left at the end");
    server.await_figure("readers", |readers| readers == 0);
}

#[test]
fn poll() {
    resumes(1, |_| Via::Poll);
}

#[test]
fn long_poll() {
    resumes(2, |_| Via::LongPoll);
}

#[test]
fn jsonp() {
    resumes(3, |_| Via::Jsonp);
}

#[test]
fn iframe() {
    resumes(4, |_| Via::Iframe);
}

#[test]
fn sse() {
    resumes(5, |_| Via::Sse);
}

#[test]
fn ndjson() {
    resumes(6, |_| Via::Ndjson);
}

#[test]
fn websocket() {
    resumes(7, |_| Via::WebSocket);
}

#[test]
fn another_transport_at_each_reconnect() {
    let mut turn = 0;
    resumes(8, |_| {
        turn += 1;
        Via::ALL[turn % Via::ALL.len()]
    });
    resumes(9, |random| *random.pick(&Via::ALL));
}
