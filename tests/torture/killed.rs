//! 200 client processes are killed while they are in the middle of saying something, or of hearing it.

use crate::HANG;
use crate::kit::CHANNEL;
use crate::puppet::Puppet;
use crate::report::Report;
use crate::support::client::Client;
use crate::support::holds_within;
use crate::support::socket::Socket;
use crate::support::wire::{FIN, HANDSHAKE, PING, TEXT, frame};
use crate::told::payload;
use crate::trial::Trial;
use std::any::Any;
use std::net::SocketAddr;

const PROCESSES: usize = 200;
/// Connections of each process, and how many of them are readers.
const EACH: u64 = 8;
const READERS_EACH: u64 = 4;
const QUIET: &str = "quiet";
/// Far more than the sockets of a reader hold that reads nothing.
const MESSAGES: u64 = 64;
const MESSAGE_BYTES: usize = 128 << 10;
const MEMORY_MAX: u64 = 96 << 20;

pub fn check(report: &mut Report) {
    let connections = PROCESSES as u64 * EACH;
    report.tried(format_args!(
        "{PROCESSES} processes with {connections} connections, killed (SIGKILL) in the middle of a head, a body, a \
         chunk, a handshake, a frame, a message in fragments, a held poll, and a stream that is being written to"
    ));
    let long = ["--header-timeout", "--body-timeout", "--write-timeout", "--heartbeat", "--max-wait"];
    let flags = long.map(|flag| [flag, "10m"]).concat();
    let mut trial = Trial::start(&flags);
    let address = trial.server.address();
    let mut puppets: Vec<Puppet> = (0..PROCESSES).map(|_| Puppet::start("half-sayers", address)).collect();
    puppets.iter_mut().for_each(Puppet::await_ready);
    trial.await_figure("connections", 1 + connections);
    trial.await_figure("readers", PROCESSES as u64 * READERS_EACH);
    trial.await_figure("parked", PROCESSES as u64);
    (0..MESSAGES).for_each(|number| drop(trial.publish(&payload(number, MESSAGE_BYTES))));
    let came = holds_within(HANG, || trial.figure("pieces") >= PROCESSES as u64);
    assert!(came, "each stream is cut in a message");
    let held = ["incoming_bytes", "pieces"].map(|name| (name, trial.figure(name)));
    assert!(held.iter().all(|(_, figure)| *figure > 0), "{held:?}");
    report.held(format_args!("before: {connections} connections, {held:?}"));

    for (index, puppet) in puppets.iter_mut().enumerate() {
        puppet.kill();
        if index % 10 == 0 {
            trial.publish(&payload(MESSAGES + index as u64, MESSAGE_BYTES));
        }
    }
    trial.await_figure("connections", 1);
    report.held("all were noticed and let go, while messages were published");
    trial.end(report, MEMORY_MAX);
}

/// The act of a process that is killed.
pub fn half_sayers(address: SocketAddr) -> Box<dyn Any> {
    let host = address.to_string();
    let connect = || Client::over(Socket::tcp(address), &host);
    // Says nothing and is gone before the process is ready: it only knows how requests are written.
    let form = connect();
    let (busy, quiet) = (format!("/channels/{CHANNEL}"), format!("/channels/{QUIET}"));
    let mut kept: Vec<Client> = Vec::new();
    let mut say = |bytes: &[u8]| {
        let mut client = connect();
        client.send(bytes);
        kept.push(client);
    };
    let of = |bytes: Vec<u8>, share: usize| bytes[..bytes.len() * share / 100].to_vec();
    let request = |target: &str, fields: &[(&str, &str)], body: &[u8]| {
        let method = if body.is_empty() { "GET" } else { "POST" };
        form.request(method, target, fields, body)
    };
    say(&of(request(&busy, &[("Accept", "text/event-stream")], b""), 60));
    say(&of(request(&quiet, &HANDSHAKE, b""), 60));
    say(&of(request(&quiet, &[], &[b'x'; 40_000]), 50));
    say(&of(request(&quiet, &[("Transfer-Encoding", "chunked")], &chunked()), 50));
    say(&request(&format!("{quiet}?wait=600"), &[], b""));

    let half = of(frame(FIN | TEXT, &[b' '; 40_000]), 50);
    let fragments =
        [frame(TEXT, &[b' '; 20_000]), frame(FIN | PING, b"?"), of(frame(0, &[b' '; 20_000]), 50)];
    for words in [half, fragments.concat()] {
        let mut client = connect();
        client.begin("GET", &quiet, &HANDSHAKE, b"");
        assert_eq!(client.head().status, 101);
        client.send(words);
        kept.push(client);
    }
    let mut reader = Client::over(Socket::tcp_with_receive_buffer(address, 4096), &host);
    reader.begin("GET", &busy, &[("Accept", "text/event-stream")], b"");
    assert_eq!(reader.head().status, 200);
    kept.push(reader);
    Box::new(kept)
}

/// A chunked body of 40,000 bytes.
fn chunked() -> Vec<u8> {
    [&b"9c40\r\n"[..], &[b'x'; 40_000], b"\r\n0\r\n\r\n"].concat()
}
