//! A journal that takes its time, fails, or is down: what publishers and readers are told.

use holdline::limits::Settings;
use holdline::testing::decode::handshake::Handshake;
use holdline::testing::decode::http::{HttpPart, ResponseReader};
use holdline::testing::decode::websocket::{FIN, Frame, SocketReader, TEXT, client_frame};
use holdline::testing::dice::Dice;
use holdline::testing::driver::{BEGIN_UNIX_MS, Line, World};
use holdline::testing::sim::journal::SimJournal;

const PUBLISH: &str = "POST /channels/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";

fn world() -> (World, SimJournal) {
    let journal = SimJournal::new(BEGIN_UNIX_MS);
    (World::with_journal(Settings::default(), Box::new(journal.clone()), [7; 32]), journal)
}

/// The heads of all answers so far, and what stands in their bodies.
fn answers(world: &World, line: Line, requests: usize) -> Vec<(u16, Option<String>, String)> {
    let mut reader = ResponseReader::default();
    (0..requests).for_each(|_| reader.expect(false));
    reader.push(world.written(line));
    let mut answers = Vec::new();
    for part in reader.all().expect("proper responses") {
        match part {
            HttpPart::Head(head) => {
                let retry = head.field("Retry-After").map(str::to_owned);
                answers.push((head.status, retry, String::new()));
            }
            HttpPart::Body(bytes) => {
                answers.last_mut().expect("a head").2.push_str(&String::from_utf8_lossy(&bytes));
            }
            HttpPart::Continue | HttpPart::End | HttpPart::Switched => {}
        }
    }
    answers
}

/// Opens a WebSocket, says `text`, and lets the journal fail.
fn say_and_fail(protocol: &str, text: &str) -> Vec<Frame> {
    let (mut world, journal) = world();
    let handshake =
        Handshake { target: "/channels/a", protocols: Some(protocol), ..Handshake::default() }.request();
    let line = world.open(&handshake);
    let head = world.take_written(line);
    let behind = head.windows(4).position(|end| end == b"\r\n\r\n").expect("a whole head") + 4;
    let mut frames = SocketReader::new(None);
    frames.push(&head[behind..]);
    journal.set_prompt(false);
    world.send(line, &client_frame(FIN | TEXT, [1, 2, 3, 4], text.as_bytes()));
    world.settle();
    journal.fail(BEGIN_UNIX_MS, &mut Dice::new(1));
    world.commit();
    world.settle();
    frames.push(&world.take_written(line));
    frames.all().expect("proper frames")
}

#[test]
fn a_publish_is_answered_when_it_is_committed_and_read_no_sooner() {
    let (mut world, journal) = world();
    journal.set_prompt(false);
    let reader = world.open("GET /channels/a?wait=20 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let publisher = world.open(&(PUBLISH.to_owned() + "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert_eq!((world.written(publisher), world.written(reader)), (&b""[..], &b""[..]));
    assert_eq!(world.stats().waiting, 1);
    journal.commit(BEGIN_UNIX_MS, 1);
    world.commit();
    world.settle();
    let statuses: Vec<u16> = answers(&world, publisher, 2).iter().map(|answer| answer.0).collect();
    assert_eq!(statuses, [200, 200], "the request behind it is answered after it");
    assert!(answers(&world, reader, 1)[0].2.contains(r#""data":"hello""#));
    assert_eq!(world.stats().waiting, 0);
}

#[test]
fn a_publish_that_failed_is_503_and_may_come_all_the_same() {
    let (mut world, journal) = world();
    journal.set_prompt(false);
    let lines: Vec<Line> = (0..8).map(|_| world.open(PUBLISH)).collect();
    let deletion = world.open("DELETE /channels/b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    journal.fail(BEGIN_UNIX_MS, &mut Dice::new(1));
    world.commit();
    world.settle();
    for line in lines.into_iter().chain([deletion]) {
        let answers = answers(&world, line, 1);
        assert_eq!((answers[0].0, answers[0].1.as_deref()), (503, Some("2")));
    }
    assert_eq!(world.stats().waiting, 0);
    let published = world.stats().published;
    assert!((1..9).contains(&published), "some of them came as nobody's: {published}");
}

#[test]
fn while_the_journal_is_down_publishes_are_503_and_readers_stay() {
    let (mut world, journal) = world();
    let reader = world.open("GET /channels/a?wait=20 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    journal.set_up(false);
    let ready = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let line = world.open(&(PUBLISH.to_owned() + ready));
    let statuses: Vec<u16> = answers(&world, line, 2).iter().map(|answer| answer.0).collect();
    assert_eq!(statuses, [503, 503]);
    journal.set_up(true);
    let line = world.open(&(PUBLISH.to_owned() + ready));
    let statuses: Vec<u16> = answers(&world, line, 2).iter().map(|answer| answer.0).collect();
    assert_eq!(statuses, [200, 200]);
    assert!(answers(&world, reader, 1)[0].2.contains(r#""data":"hello""#));
}

#[test]
fn a_command_that_failed_is_an_error_reply_with_and_without_ref() {
    for reference in ["", r#","ref":7"#] {
        let publish = format!(r#"{{"type":"publish","channel":"a","data":"x"{reference}}}"#);
        let frames = say_and_fail("holdline.v1", &publish);
        let Some(Frame::Text(reply)) = frames.get(1) else { panic!("{frames:?}") };
        assert!(reply.contains(r#""status":503"#) && reply.contains(r#""type":"reply""#), "{reply}");
        assert_eq!(reply.contains(r#""ref":7"#), !reference.is_empty(), "{reply}");
    }
}

#[test]
fn a_raw_payload_that_failed_closes_with_1013() {
    let frames = say_and_fail("holdline.raw", "a payload");
    assert!(frames.iter().any(|frame| matches!(frame, Frame::Close { code: Some(1013), .. })), "{frames:?}");
}

const ASK: &str = "POST /ask/a?wait=50 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n?";

#[test]
fn an_asker_that_hung_up_while_the_journal_took_its_time_is_not_held() {
    let (mut world, journal) = world();
    journal.set_prompt(false);
    let line = world.open(ASK);
    world.end(line);
    world.settle();
    assert_eq!(world.stats().waiting, 1);
    journal.commit(BEGIN_UNIX_MS, 1);
    world.commit();
    world.settle();
    assert_eq!((world.stats().held_asks, world.stats().asks, world.stats().waiting), (0, 1, 0));
    assert!(world.is_closed(line));
}

#[test]
fn questions_that_the_journal_has_not_committed_count_too() {
    let journal = SimJournal::new(BEGIN_UNIX_MS);
    let settings = Settings { max_asks: 2, ..Settings::default() };
    let mut world = World::with_journal(settings, Box::new(journal.clone()), [7; 32]);
    journal.set_prompt(false);
    let lines = [ASK; 3].map(|request| world.open(request));
    let statuses = |world: &World| lines.map(|line| answers(world, line, 1).first().map(|answer| answer.0));
    assert_eq!(statuses(&world), [None, None, Some(503)]);
    journal.fail(BEGIN_UNIX_MS, &mut Dice::new(7));
    world.commit();
    world.settle();
    assert_eq!(statuses(&world), [Some(503); 3]);
    let open = world.stats().asks;
    journal.set_prompt(true);
    (open..2).for_each(|_| assert!(world.open(ASK) != lines[0]));
    assert_eq!(world.stats().asks, 2, "those that failed and did not come count no more");
}
