//! Gaps: told, never hidden; and never told where nothing was lost.

use crate::support::client::Client;
use crate::support::process::Server;
use crate::support::websocket::Ws;
use crate::support::{sse, until};
use serde_json::{Value, json};

fn poll(client: &mut Client, query: &str) -> Value {
    client.json(&format!("/channels/a?{query}"))
}

fn count(batch: &Value) -> usize {
    batch["messages"].as_array().expect("a list").len()
}

#[test]
fn a_cursor_below_the_floor_has_one_and_the_floor_itself_has_none() {
    let server = Server::start(&["--retain-messages", "3"]);
    let mut client = server.connect();
    let ids: Vec<String> = (0..10).map(|n| client.publish("a", n.to_string())).collect();
    for cursor in &ids[..6] {
        let batch = poll(&mut client, &format!("since={cursor}"));
        assert_eq!(batch["gap"], true);
        let gap = json!([{"notice": "gap", "channel": "a", "after": cursor, "resumes": ids[6]}]);
        assert_eq!(batch["notices"], gap);
        assert_eq!(count(&batch), 3, "then all that is retained");
    }
    for (cursor, left) in ids[6..].iter().zip([3, 2, 1, 0]) {
        let batch = poll(&mut client, &format!("since={cursor}"));
        assert_eq!((&batch["gap"], count(&batch)), (&json!(false), left));
    }
    for query in ["since=start", "last=10", "since=now"] {
        assert_eq!(poll(&mut client, query)["gap"], false, "{query} is no cursor");
    }
}

#[test]
fn every_retention_limit_leaves_a_floor() {
    let payload = "x".repeat(1000);
    for flags in [
        ["--retain-messages", "2"],
        ["--retain-bytes", "3K"],
        ["--retain-total", "3K"],
        ["--retain-age", "1s"],
    ] {
        let server = Server::start(&flags);
        let mut client = server.connect();
        let cursor = client.cursor("a");
        for _ in 0..6 {
            client.publish("a", &payload);
        }
        until(&format!("{flags:?} bites"), || count(&poll(&mut client, "since=start")) < 6);
        let batch = poll(&mut client, &format!("since={cursor}"));
        assert_eq!(batch["gap"], true, "{flags:?}");
    }
}

#[test]
fn the_oldest_of_the_channel_that_holds_most_goes_first() {
    let server = Server::start(&["--retain-total", "12K"]);
    let mut client = server.connect();
    let cursor = client.cursor("quiet");
    client.publish("quiet", "small");
    for _ in 0..40 {
        client.publish("loud", "x".repeat(1000));
    }
    let quiet = client.json(&format!("/channels/quiet?since={cursor}"));
    assert_eq!((&quiet["gap"], count(&quiet)), (&json!(false), 1));
    assert_eq!(client.json(&format!("/channels/loud?since={cursor}"))["gap"], true);
}

#[test]
fn floors_outlive_their_channels() {
    let server = Server::start(&["--retain-age", "1s"]);
    let mut client = server.connect();
    let cursor = client.cursor("a");
    client.publish("a", "soon gone");
    until("the channel is gone", || client.figure("channels") == 0);
    let batch = poll(&mut client, &format!("since={cursor}"));
    assert_eq!((&batch["gap"], count(&batch)), (&json!(true), 0));
    let next = batch["next"].as_str().expect("a cursor");
    assert_eq!(poll(&mut client, &format!("since={next}"))["gap"], false, "told once");
}

#[test]
fn a_cursor_from_before_the_start_or_beyond_the_newest_is_one_in_every_channel() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.publish("a", "1");
    client.publish("b", "2");
    for cursor in ["1-0", "0-0", "99999999999999-0"] {
        let batch = client.json(&format!("/channels?channel=a&channel=b&channel=never&since={cursor}"));
        let mut channels: Vec<&str> = batch["notices"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|n| n["channel"].as_str())
            .collect();
        channels.sort_unstable();
        assert_eq!(channels, ["a", "b", "never"], "{cursor}");
        assert_eq!((&batch["gap"], count(&batch)), (&json!(true), 2), "{cursor}");
    }
}

#[test]
fn a_malformed_last_event_id_is_a_gap_and_never_an_error() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.publish("a", "1");
    for value in ["x", "1-", "abc-def", "1-0-0", "%F0%9F%A6%80"] {
        for name in ["lastEventId", "lastEventID", "last_event_id", "Last-Event-ID"] {
            let batch = poll(&mut client, &format!("{name}={value}&since=now"));
            assert_eq!((&batch["gap"], count(&batch)), (&json!(true), 1), "{name}={value}");
        }
        let (_, mut stream) = server
            .connect()
            .stream("/channels/a", &[("Accept", "text/event-stream"), ("Last-Event-ID", value)]);
        sse::opening(&mut stream);
        assert!(sse::event(&mut stream).is_notice("gap"));
        assert_eq!(sse::event(&mut stream).data.as_deref(), Some("1"));
    }
}

#[test]
fn each_transport_tells_it_once_and_goes_on() {
    let server = Server::start(&["--retain-messages", "2"]);
    let mut client = server.connect();
    let cursor = client.cursor("a");
    let ids: Vec<String> = (0..5).map(|n| client.publish("a", n.to_string())).collect();
    let wanted = json!({"notice": "gap", "channel": "a", "after": cursor, "resumes": ids[2]});
    use crate::support::reader::{Reader, Told, Via};
    for via in Via::ALL {
        let mut reader = Reader::open(&server, via, "a", &cursor);
        let mut told = || loop {
            match reader.next() {
                Told::Position(_) => {}
                other => return other,
            }
        };
        let Told::Notice(gap) = told() else { panic!("{via:?} begins with the gap") };
        for name in ["channel", "after", "resumes"] {
            assert_eq!(gap[name], wanted[name], "{via:?}: {gap}");
        }
        for n in [3, 4] {
            assert_eq!(told(), Told::Message { id: ids[n].clone(), data: n.to_string() }, "{via:?}");
        }
    }
    let mut raw = Ws::connect(&server, &format!("/channels/a?since={cursor}"), &["holdline.raw"]);
    assert_eq!(raw.close_code(), Some(4010));
}
