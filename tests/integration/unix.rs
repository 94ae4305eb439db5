//! `--listen unix:PATH`.

use crate::static_files::Scratch;
use crate::support::client::Client;
use crate::support::process::Server;
use crate::support::socket::Socket;
use crate::support::sse;

#[test]
fn a_unix_socket_serves_what_a_port_serves() {
    let scratch = Scratch::new();
    let path = scratch.0.join("socket");
    let place = format!("unix:{}", path.display());
    let mut server = Server::listening_on(&["127.0.0.1:0", &place], &["--open"]);
    assert_eq!(server.listeners()[1], place);
    let connect = || Client::over(Socket::unix(&path), "localhost");
    let (_, mut stream) = connect().stream("/channels/a", &[("Accept", "text/event-stream")]);
    sse::opening(&mut stream);
    let by_port = server.publish("a", "by port");
    let by_path = connect().publish("a", "by path");
    for id in [by_port, by_path] {
        assert_eq!(sse::event(&mut stream).id, Some(id));
    }
    let mut poll = connect();
    poll.begin("GET", "/channels/a?wait=40", &[], b"");
    server.await_figure("parked", |parked| parked == 1);
    drop(poll);
    server.await_figure("parked", |parked| parked == 0);
    connect().ask("POST", "/channels/a", &[("Origin", "https://evil.example")], b"x").problem(403);
    server.signal("TERM");
    assert!(sse::event(&mut stream).is_notice("shutdown"));
    while sse::block(&mut stream).is_some() {}
    drop(stream);
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn a_unix_socket_alone_is_enough() {
    let scratch = Scratch::new();
    let path = scratch.0.join("socket");
    let _server = Server::listening_on(&[&format!("unix:{}", path.display())], &["--open"]);
    let mut client = Client::over(Socket::unix(&path), "any.name.example");
    client.publish("a", "x");
    assert_eq!(client.json("/channels/a?since=start")["messages"][0]["data"], "x");
}
