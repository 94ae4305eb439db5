//! Where a reader begins, which transport answers, and what is malformed.

use crate::support::client::{Client, Fields};
use crate::support::process::Server;
use serde_json::Value;

/// The data a request is answered with, joined.
fn data(client: &mut Client, query: &str, fields: Fields) -> String {
    let batch =
        client.ask("GET", &format!("/channels?channel=a&channel=b&{query}"), fields, b"").expect(200).json();
    let messages = batch["messages"].as_array().expect("a list");
    messages.iter().filter_map(|m| m["data"].as_str()).collect()
}

/// `1` to `6`, published to `a` and `b` in turn; their ids.
fn six(client: &mut Client) -> Vec<String> {
    (1..=6).map(|n| client.publish(["b", "a"][n % 2], n.to_string())).collect()
}

#[test]
fn since_and_last_say_where_to_begin() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let before = client.cursor("a");
    let ids = six(&mut client);
    let cases = [
        (format!("since={before}"), "123456"),
        (format!("since={}", ids[2]), "456"),
        (format!("since={}", ids[5]), ""),
        ("since=start".into(), "123456"),
        ("since=now".into(), ""),
        ("last=2".into(), "56"),
        ("last=1000".into(), "123456"),
        (String::new(), ""),
        ("since=&last=1".into(), "6"),
        ("lastEventId=&since=&last=1".into(), "6"),
        (format!("since={}&last=1", ids[2]), "456"),
        (format!("lastEventId={}&since=start", ids[3]), "56"),
        (format!("lastEventID={}&since=start", ids[3]), "56"),
        (format!("last_event_id={}&since=start", ids[3]), "56"),
        (format!("Last-Event-ID={}&since=start", ids[3]), "56"),
        ("since=0".into(), "123456"),
        ("since=2001-02-03T04:05:06Z".into(), "123456"),
        ("since=2001-02-03T04:05:06.789%2B01:00".into(), "123456"),
        ("since=2999-01-01T00:00:00Z".into(), ""),
    ];
    for (query, expected) in cases {
        assert_eq!(data(&mut client, &query, &[]), expected, "{query}");
    }
    let tag = format!("\"{}\"", ids[1]);
    let fields = [("Last-Event-ID", &*ids[4]), ("If-None-Match", &tag)];
    assert_eq!(data(&mut client, "since=start&last=3", &fields), "6", "the field wins over all");
    assert_eq!(data(&mut client, "last=3", &fields[1..]), "456", "last wins over the tag");
    assert_eq!(data(&mut client, "", &fields[1..]), "3456");
    assert_eq!(data(&mut client, "last=1", &[("Last-Event-ID", "")]), "6", "empty counts as absent");
}

#[test]
fn a_time_begins_at_its_messages() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let first = client.publish("a", "1");
    let (ms, _) = crate::support::id(&first);
    let later = loop {
        let id = client.publish("b", "2");
        if crate::support::id(&id).0 > ms {
            break crate::support::id(&id).0;
        }
    };
    let all = data(&mut client, &format!("since={ms}"), &[]);
    assert!(all.starts_with('1'), "at or after the time: {all}");
    assert_eq!(data(&mut client, &format!("since={later}"), &[]), "2");
}

#[test]
fn several_channels_come_in_one_order() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let names: Vec<String> = (0..64).map(|n| format!("c{n}")).collect();
    let published: Vec<Value> = (0..200).map(|n| client.publish(&names[n * 37 % 64], "x").into()).collect();
    let query: Vec<String> = names.iter().map(|name| format!("channel={name}")).collect();
    let query = query.join("&");
    let batch = client.json(&format!("/channels?{query}&since=start&limit=1000"));
    let ids: Vec<Value> =
        batch["messages"].as_array().expect("a list").iter().map(|m| m["id"].clone()).collect();
    assert_eq!(ids, published);
    client.get(&format!("/channels?{query}&channel=c64")).problem(400);
    let twice = client.json("/channels?channel=c0&channel=c0&since=start");
    let once = client.json("/channels/c0?since=start");
    assert_eq!(twice["messages"], once["messages"], "a channel named twice counts once");
}

#[test]
fn malformed_parameters_are_400() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let origin = server.origin();
    let bad = [
        "since=x",
        "since=1-",
        "since=-1-0",
        "since=1-0-0",
        "since=later",
        "since=18446744073709551616-0",
        "since=2001-02-30T00:00:00Z",
        "since=2001-02-03",
        "last=0",
        "last=-1",
        "last=x",
        "last=1001",
        "limit=0",
        "limit=x",
        "limit=-1",
        "wait=x",
        "transport=telegraph",
        "envelope=2",
    ];
    for query in bad {
        let accept = if query.starts_with("envelope") { "text/event-stream" } else { "*/*" };
        client.ask("GET", &format!("/channels/a?{query}"), &[("Accept", accept)], b"").problem(400);
    }
    for transport in ["sse", "ndjson", "poll"] {
        client.get(&format!("/channels/a?transport={transport}&since=x")).problem(400);
    }
    client.get(&format!("/channels/a?transport=iframe&origin={origin}&since=x")).problem(400);
    client.get("/channels/a?transport=websocket").problem(426);
    client.get("/livez").expect(200);
}

#[test]
fn the_first_that_fits_answers() {
    let server = Server::start(&[]);
    let (sse, lines, json) = ("text/event-stream", "application/x-ndjson", "application/json");
    let origin = server.origin();
    let cases = [
        ("", "*/*", json),
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", json),
        ("", sse, sse),
        ("", "text/html, text/event-stream;q=0.5", sse),
        ("", "Text/Event-Stream", sse),
        ("", "text/event-stream;q=0", json),
        ("", "text/*", json),
        ("", lines, lines),
        ("", "application/x-ndjson, text/event-stream", sse),
        ("transport=sse", "*/*", sse),
        ("transport=ndjson", sse, lines),
        ("transport=poll", sse, json),
        ("wait=1", sse, sse),
        ("callback=f", sse, "text/javascript"),
        ("callback=f&transport=ndjson", sse, lines),
        ("transport=iframe&origin=ORIGIN", sse, "text/html"),
        ("transport=long-poll&wait=1", sse, json),
    ];
    for (query, accept, media_type) in cases {
        let mut client = server.connect();
        let query = query.replace("ORIGIN", &origin);
        let fields = [("Accept", accept), ("Sec-Fetch-Site", "same-origin")];
        client.begin("GET", &format!("/channels/a?{query}"), &fields, b"");
        assert_eq!(client.head().media_type(), media_type, "{query} with {accept}");
    }
    let mut client = server.connect();
    let upgrade =
        [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")];
    client.ask("GET", "/channels/a", &upgrade, b"").expect(200);
    client.get("/livez").expect(200);
}
