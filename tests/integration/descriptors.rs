//! Out of file descriptors: who is in is served, who comes is closed at once, and the loop does not spin.

#![cfg(target_os = "linux")]

use crate::support::client::Client;
use crate::support::process::Server;
use std::time::Duration;

/// Time the process has used, in the kernel's ticks.
fn cpu_ticks(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).expect("it lives");
    let after_name = stat.rsplit(')').next().expect("a name in brackets");
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("ticks")).sum()
}

/// Whether a request on this connection is answered; if not, the connection must be closed.
fn is_served(client: &mut Client) -> bool {
    let request = client.request("GET", "/livez", &[], b"");
    client.try_send(request).is_ok() && client.fill() && client.response().head.status == 200
}

#[test]
fn accepting_pauses_and_resumes_and_nothing_spins() {
    let server = Server::starved(40, &["--max-connections", "1000"]);
    let mut clients: Vec<_> = (0..60).map(|_| server.connect()).collect();
    let mut served: Vec<_> =
        clients.iter_mut().filter_map(|client| is_served(client).then_some(client)).collect();
    assert!((20..40).contains(&served.len()), "{} of 60 were served with 40 descriptors", served.len());

    let before = cpu_ticks(&server);
    std::thread::sleep(Duration::from_millis(1500));
    let used = cpu_ticks(&server) - before;
    assert!(used < 50, "{used} ticks while there was nothing to do");

    for client in &mut served {
        assert!(is_served(client), "who is in stays in");
    }
    drop(clients);
    // The server sees the ends in its own time; until then a new connection may be closed, but never left waiting.
    assert!((0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        is_served(&mut server.connect())
    }));
}

#[test]
fn a_file_for_which_no_descriptor_is_left_is_for_later() {
    let public = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    let server = Server::starved(40, &["--max-connections", "1000", "--public", public]);
    let mut clients: Vec<_> = (0..60).map(|_| server.connect()).collect();
    clients.retain_mut(is_served);
    for path in ["/testing.md", "/", "/nothing"] {
        let answer = clients[0].get(path);
        assert_eq!(answer.status(), 503, "{path}");
        assert!(answer.field("Retry-After").is_some(), "{path}");
    }
    clients.truncate(1);
    // The server sees the ends in its own time.
    assert!((0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        clients[0].get("/testing.md").status() == 200
    }));
}
