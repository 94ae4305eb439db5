//! Limits: whoever is over one is told so, and the others do not notice.

use crate::support::client::Client;
use crate::support::process::Server;
use crate::support::socket::Socket;
use crate::support::{find, until};

#[test]
fn over_a_limit_of_the_server_is_503_with_retry_after() {
    let server = Server::start(&["--max-parked", "1", "--max-channels", "2"]);
    let mut held = server.connect();
    held.begin("GET", "/channels/a?wait=40", &[], b"");
    server.await_figure("parked", |parked| parked == 1);
    let refused = server.connect().get("/channels/a?wait=40");
    assert!(refused.field("Retry-After").is_some(), "{:?}", refused.head);
    refused.problem(503);
    server.connect().get("/channels/a").expect(200);

    let mut client = server.connect();
    client.publish("b", "x");
    let refused = client.ask("POST", "/channels/c", &[], b"x");
    assert!(refused.field("Retry-After").is_some(), "{:?}", refused.head);
    refused.problem(503);
    client.publish("b", "still");
}

#[test]
fn over_a_limit_of_one_client_is_429_with_retry_after() {
    let server = Server::start(&["--max-subscriptions", "2"]);
    let mut client = server.connect();
    client.get("/channels?channel=a&channel=b&channel=a").expect(200);
    let refused = client.get("/channels?channel=a&channel=b&channel=c");
    assert!(refused.field("Retry-After").is_some(), "{:?}", refused.head);
    refused.problem(429);
}

#[test]
fn an_event_source_is_never_told_by_status_what_waiting_would_mend() {
    let server = Server::start(&["--max-subscriptions", "1"]);
    let accept = [("Accept", "text/event-stream")];
    let (head, body) = server.connect().stream("/channels?channel=a&channel=b", &accept);
    assert_eq!(head.media_type(), "text/event-stream");
    let text = body.rest();
    assert!(text.starts_with("retry:"), "{text}");
    assert!(text.contains("\n: 429 "), "the reason stands in a comment: {text}");
}

#[test]
fn connections_over_the_limit_are_closed_and_others_go_on() {
    let server = Server::start(&["--max-connections", "4"]);
    let mut first = server.connect();
    first.get("/livez").expect(200);
    let mut others: Vec<_> = (0..8).map(|_| server.connect()).collect();
    let closed = others.iter_mut().skip(4).filter_map(|c| c.is_ended().then_some(())).count();
    assert_eq!(closed, 4, "the last ones find no room");
    first.get("/livez").expect(200);
    drop(others);
    until("there is room again", || {
        let mut client = server.connect();
        let request = client.request("GET", "/livez", &[], b"");
        client.try_send(request).is_ok() && client.fill()
    });
}

#[test]
fn channels_without_reader_and_message_are_forgotten() {
    let server = Server::start(&[]);
    let (_, stream) = server.connect().stream("/channels/passing", &[("Accept", "text/event-stream")]);
    server.await_figure("channels", |channels| channels == 1);
    drop(stream);
    server.await_figure("channels", |channels| channels == 0);
    server.await_figure("subscribers", |subscribers| subscribers == 0);
}

#[test]
fn who_holds_too_much_behind_a_held_poll_leaves_nothing_behind() {
    let server = Server::start(&["--max-incoming", "64K"]);
    let mut polls: Vec<_> = (1..=2)
        .map(|count| {
            let mut client = server.connect();
            let request = client.request("GET", "/channels/a?wait=40", &[], b"");
            client.send([request, vec![b'x'; 40_000]].concat());
            if count == 1 {
                server.await_figure("incoming_bytes", |bytes| bytes >= 40_000);
            }
            client
        })
        .collect();
    assert!(polls[1].is_ended(), "the one that brought it over the bound is dropped");
    server.await_figure("parked", |parked| parked == 1);
    server.await_figure("readers", |readers| readers == 1);
    polls.clear();
    server.await_figure("readers", |readers| readers == 0);
    server.await_figure("incoming_bytes", |bytes| bytes == 0);
}

#[test]
fn what_comes_behind_the_request_of_a_stream_is_not_kept() {
    let server = Server::start(&["--max-incoming", "64K"]);
    for _ in 0..2 {
        let mut client = server.connect();
        let request = client.request("GET", "/channels/a", &[("Accept", "text/event-stream")], b"");
        client.send([request, vec![b'x'; 40_000]].concat());
        client.head();
        server.publish("a", "still whole");
        while find(client.reader.unread(), b"data: still whole\n\n").is_none() {
            assert!(client.fill(), "the stream goes on");
        }
        assert!(
            find(client.reader.unread(), b"HTTP/1.1 503").is_none(),
            "no other answer stands in its middle"
        );
        server.await_figure("incoming_bytes", |bytes| bytes == 0);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_kernel_takes_little_for_a_reader_that_reads_nothing() {
    const LARGE: usize = 16 << 10;
    let server = Server::start(&["--retain-messages", "1"]);
    let socket = Socket::tcp_with_receive_buffer(server.address(), 4096);
    let client = Client::over(socket, &server.host());
    let (_, mut body) = client.stream("/channels/a", &[("Accept", "application/x-ndjson")]);
    let mut publisher = server.connect();
    (0..200).for_each(|_| drop(publisher.publish("a", "x".repeat(LARGE))));
    let mut taken = 0;
    while let Some(line) = body.line().filter(|line| !line.contains("\"notice\":\"gap\"")) {
        taken += line.len();
    }
    assert!((LARGE..256 << 10).contains(&taken), "{taken} bytes before the gap");
}
