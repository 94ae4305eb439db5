//! The command line, the start, and the end.

use crate::support::process::{Finished, Server, run};
use crate::support::script::posted;
use crate::support::sse;
use crate::support::websocket::Ws;
use serde_json::Value;

#[test]
fn bad_flags_are_a_sentence_and_exit_2() {
    let cases: [(&[&str], &str); 13] = [
        (&["--no-such-flag"], "--no-such-flag"),
        (&["dance"], "dance"),
        (&["--listen", "nonsense"], "--listen"),
        (&["--listen", "127.0.0.1:99999"], "--listen"),
        (&["--listen", "127.0.0.1"], "--listen"),
        (&["--listen"], "--listen"),
        (&["--retain-messages", "many"], "--retain-messages"),
        (&["--retain-messages", "-1"], "retain-messages"),
        (&["--retain-bytes", "4Q"], "--retain-bytes"),
        (&["--heartbeat", "soon"], "--heartbeat"),
        (&["--heartbeat", "99999999999999999999s"], "--heartbeat"),
        (&["--allow-origin", "app.example/path"], "--allow-origin"),
        (&["--host", "not a host"], "--host"),
    ];
    for (flags, named) in cases {
        let Finished { code, stdout, stderr } = run(flags);
        assert_eq!(code, Some(2), "{flags:?}: {stderr}");
        assert!(stderr.contains(named), "{flags:?} names which: {stderr}");
        assert!(!stderr.contains("panicked") && stdout.is_empty(), "{flags:?}: {stdout}{stderr}");
    }
}

#[test]
fn a_port_that_is_taken_is_a_sentence_and_exit_1() {
    let server = Server::start(&[]);
    let address = server.host();
    let Finished { code, stderr, .. } = run(&["--listen", &address]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&address), "it says which: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn an_address_that_is_not_loopback_wants_open() {
    for listen in ["0.0.0.0:0", "[::]:0", "unix:/nonexistent/socket"] {
        let Finished { code, stdout, stderr } = run(&["--listen", listen]);
        assert!(matches!(code, Some(1 | 2)), "{listen}: {stderr}");
        assert!(stderr.contains("--open"), "{listen}: it says what would help: {stderr}");
        assert!(!stdout.contains("listening"), "{stdout}");
    }
    let server = Server::listening_on(&["0.0.0.0:0"], &["--open"]);
    let port = server.listeners()[0].rsplit(':').next().expect("a port");
    let port: u16 = port.trim_end_matches('/').parse().expect("a port");
    let socket = crate::support::socket::Socket::tcp(([127, 0, 0, 1], port).into());
    crate::support::client::Client::over(socket, "any.example").get("/livez").expect(200);
}

#[test]
fn help_says_what_a_newcomer_needs() {
    for flags in [&["--help"][..], &["serve", "--help"]] {
        let Finished { code, stdout, .. } = run(flags);
        assert_eq!(code, Some(0));
        for flag in
            ["--listen", "--public", "--echo", "--retain-messages", "--allow-origin", "--open", "--heartbeat"]
        {
            assert!(stdout.contains(flag), "{flag} is missing in {flags:?}");
        }
    }
    let Finished { code, stdout, .. } = run(&["--version"]);
    assert_eq!((code, stdout.trim()), (Some(0), concat!("holdline ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn several_listeners_serve_the_same_channels() {
    let server = Server::listening_on(&["127.0.0.1:0", "[::1]:0", "127.0.0.1:0"], &[]);
    assert_eq!(server.listeners().len(), 3);
    let mut cursor = None;
    for index in 0..3 {
        let address = server.address_of(index);
        let socket = crate::support::socket::Socket::tcp(address);
        let mut client = crate::support::client::Client::over(socket, &address.to_string());
        if index == 0 {
            cursor = Some(client.publish("a", "x"));
        }
        let batch = client.json("/channels/a?since=start");
        assert_eq!(batch["messages"][0]["id"].as_str(), cursor.as_deref());
    }
}

#[test]
fn a_signal_ends_it_cleanly_and_everyone_is_told() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start(&[]);
        let (_, mut events) = server.connect().stream("/channels/a", &[("Accept", "text/event-stream")]);
        sse::opening(&mut events);
        let (_, mut lines) = server.connect().stream("/channels/a", &[("Accept", "application/x-ndjson")]);
        lines.line().expect("the position");
        let page = format!("/channels/a?transport=iframe&origin={}", server.origin());
        let (_, mut page) = server.connect().stream(&page, &[]);
        page.through("</script>").expect("the opening");
        let (mut ws, _) = Ws::open(&server, "/channels/a");
        let mut raw = Ws::connect(&server, "/channels/a", &["holdline.raw"]);
        let mut poll = server.connect();
        poll.begin("GET", "/channels/a?wait=40", &[], b"");
        let mut idle = server.connect();
        idle.get("/livez").expect(200);
        server.await_figure("parked", |parked| parked == 1);
        server.await_figure("readers", |readers| readers == 6);

        server.signal(signal);
        let shutdown = sse::event(&mut events);
        assert!(shutdown.is_notice("shutdown"), "{shutdown:?}");
        assert!(shutdown.json()["reconnect_ms"].is_u64(), "{shutdown:?}");
        while sse::block(&mut events).is_some() {}
        let told: Vec<Value> = lines.rest().lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
        assert!(told.iter().any(|notice| notice["notice"] == "shutdown"), "{told:?}");
        let mut told = std::iter::from_fn(|| posted(&mut page));
        assert!(told.any(|value| value["notice"] == "shutdown"), "the page is told");
        let shutdown = ws.json();
        assert_eq!(
            (&shutdown["type"], &shutdown["notice"]),
            (&"notice".into(), &"shutdown".into()),
            "{shutdown}"
        );
        assert_eq!(ws.close_code(), Some(1001));
        assert_eq!(raw.close_code(), Some(1001));
        let answer = poll.response().expect(200);
        assert!(answer.head.lists("Connection", "close"), "{:?}", answer.head);
        assert!(poll.is_ended() && idle.is_ended());
        drop((events, ws, raw, poll, idle));
        assert_eq!(server.exit_code(), Some(0), "{}", server.log());
    }
}

#[test]
fn during_the_drain_delay_it_serves_on_and_a_second_signal_ends_it() {
    let mut server = Server::start(&["--drain-delay", "10m"]);
    let mut client = server.connect();
    client.get("/readyz").expect(200);
    server.signal("TERM");
    crate::support::until("it is not ready", || server.connect().get("/readyz").status() == 503);
    server.publish("a", "still served");
    client.get("/livez").expect(200);
    assert!(server.is_alive());
    server.signal("TERM");
    server.exit_code();
}

#[test]
fn a_peer_that_does_not_read_does_not_hold_up_the_end() {
    let mut server = Server::start(&["--drain-timeout", "500ms"]);
    let mut blocked = server.connect();
    blocked.begin("GET", "/channels/a?since=start", &[("Accept", "text/event-stream")], b"");
    server.await_figure("readers", |readers| readers == 1);
    let mut client = server.connect();
    for _ in 0..20 {
        client.publish("a", "x".repeat(1_000_000));
    }
    let mut half = server.connect();
    half.send("POST /channels/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
    server.signal("TERM");
    assert_eq!(server.exit_code(), Some(0), "{}", server.log());
}
