//! `DELETE /channels/{channel}`: subscribers are told, what was retained goes, and who comes later hears of it.

use crate::support::process::Server;
use crate::support::sse;
use crate::support::websocket::Ws;
use crate::support::wire::HANDSHAKE;
use serde_json::json;

fn delete(server: &Server, channel: &str) {
    let answer = server.connect().ask("DELETE", &format!("/channels/{channel}"), &[], b"").expect(204);
    assert_eq!(answer.field("Content-Length"), None, "a 204 has no length");
}

#[test]
fn deleting_what_is_not_there_is_204_too() {
    let server = Server::start(&[]);
    delete(&server, "never-was");
    server.connect().ask("DELETE", "/channels/a%20b", &[], b"").problem(400);
    server.connect().ask("DELETE", "/channels", &[], b"").problem(405);
}

#[test]
fn streams_end_when_none_of_their_channels_is_left() {
    let server = Server::start(&[]);
    let accept = [("Accept", "text/event-stream")];
    let (_, mut one) = server.connect().stream("/channels/a", &accept);
    let (_, mut two) = server.connect().stream("/channels?channel=a&channel=b", &accept);
    sse::opening(&mut one);
    sse::opening(&mut two);
    delete(&server, "a");
    for stream in [&mut one, &mut two] {
        let closed = sse::event(stream);
        assert!(closed.is_notice("closed") && closed.id.is_none(), "{closed:?}");
        assert_eq!(closed.json()["channel"], "a");
    }
    assert_eq!(sse::block(&mut one), None);
    server.publish("b", "still here");
    assert_eq!(sse::event(&mut two).json()["data"], "still here");
    delete(&server, "b");
    assert!(sse::event(&mut two).is_notice("closed"));
    assert_eq!(sse::block(&mut two), None);
}

#[test]
fn ndjson_and_iframes_end_too() {
    let server = Server::start(&[]);
    let (_, mut lines) = server.connect().stream("/channels/a", &[("Accept", "application/x-ndjson")]);
    let page = format!("/channels/a?transport=iframe&origin={}", server.origin());
    let (_, mut page) = server.connect().stream(&page, &[]);
    lines.line().expect("the position");
    page.through("</script>").expect("the opening");
    server.await_figure("readers", |readers| readers == 2);
    delete(&server, "a");
    let rest = lines.rest();
    assert!(rest.contains("\"notice\":\"closed\""), "{rest}");
    assert!(page.rest().contains("\"notice\":\"closed\""));
}

#[test]
fn a_held_poll_is_answered() {
    let server = Server::start(&[]);
    let mut poll = server.connect();
    poll.begin("GET", "/channels/a?wait=40", &[], b"");
    server.await_figure("parked", |parked| parked == 1);
    delete(&server, "a");
    let batch = poll.response().expect(200).json();
    assert_eq!(batch["notices"], json!([{"notice": "closed", "channel": "a"}]));
}

#[test]
fn a_websocket_stays_open() {
    let server = Server::start(&[]);
    let (mut ws, _) = Ws::open(&server, "/channels/a");
    delete(&server, "a");
    let closed = ws.json();
    assert_eq!(
        (&closed["type"], &closed["notice"], &closed["channel"]),
        (&json!("notice"), &json!("closed"), &json!("a"))
    );
    assert_eq!(ws.ask(json!({"type": "subscribe", "channels": ["b"], "ref": 1}))["channels"], json!(["b"]));
    server.publish("b", "x");
    assert_eq!(ws.envelope()["data"], "x");
    let mut raw = Ws::connect(&server, "/channels/b", &["holdline.raw"]);
    delete(&server, "b");
    assert_eq!(raw.close_code(), Some(4004));
}

#[test]
fn who_subscribes_to_closed_channels_only_is_told_to_stop() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let cursor = client.publish("a", "lost");
    delete(&server, "a");
    delete(&server, "b");
    for target in ["/channels/a", "/channels?channel=a&channel=b"] {
        for accept in ["text/event-stream", "application/x-ndjson"] {
            client.ask("GET", target, &[("Accept", accept)], b"").expect(204);
        }
        let join = if target.contains('?') { '&' } else { '?' };
        let page = format!("{target}{join}transport=iframe&origin={}", server.origin());
        client.get(&page).expect(204);
        client.get(target).problem(410);
        client.get(&format!("{target}{join}wait=40")).problem(410);
        server.connect().ask("GET", target, &HANDSHAKE, b"").problem(410);
    }
    let mixed = client.json("/channels?channel=a&channel=open");
    assert_eq!(mixed["notices"], json!([{"notice": "closed", "channel": "a"}]));

    let id = client.publish("a", "again");
    let batch = client.json(&format!("/channels/a?since={cursor}"));
    assert_eq!(batch["messages"][0]["id"], id.as_str(), "a publish opens it again");
    assert_eq!(client.json("/channels/a?since=start")["messages"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_a_deletion_lost_is_a_gap() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let before = client.cursor("a");
    let lost = client.publish("a", "lost");
    delete(&server, "a");
    client.publish("a", "new");
    let batch = client.json(&format!("/channels/a?since={before}"));
    assert_eq!(batch["gap"], true, "{batch}");
    assert_eq!(
        batch["notices"],
        json!([{"notice": "gap", "channel": "a", "after": before, "resumes": lost}])
    );
    assert_eq!(client.json(&format!("/channels/a?since={lost}"))["gap"], false);
}
