//! Peers that vanish without a word: their process is stopped, so its kernel takes what comes and nobody answers.
//! WebSockets are found out by the missing pong, streams by a socket that takes nothing more.

use crate::kit::CHANNEL;
use crate::puppet::Puppet;
use crate::report::Report;
use crate::support::client::Client;
use crate::support::socket::Socket;
use crate::support::websocket::Ws;
use crate::told::payload;
use crate::trial::Trial;
use std::any::Any;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Of each kind: WebSockets on a quiet channel, event streams and ndjson streams on the busy one.
const EACH: usize = 40;
const QUIET: &str = "quiet";
const HEARTBEAT: Duration = Duration::from_secs(2);
const MESSAGE_BYTES: usize = 64 << 10;
const MEMORY_MAX: u64 = 64 << 20;

pub fn check(report: &mut Report) {
    report.tried(format_args!(
        "{EACH} WebSockets, {EACH} event streams and {EACH} ndjson streams of a process that is stopped; heartbeat \
         {HEARTBEAT:?}, write timeout 2s"
    ));
    let mut trial = Trial::start(&["--heartbeat", "2s", "--write-timeout", "2s"]);
    let target = format!("/channels?channel={CHANNEL}&channel=good");
    let (mut good, _) = Ws::open(&trial.server, &target);
    let mut puppet = Puppet::start("listeners", trial.server.address());
    puppet.await_ready();
    // As long as it runs, pongs keep it in.
    let until = Instant::now() + 4 * HEARTBEAT;
    while Instant::now() < until {
        serve(&mut trial, &mut good);
        assert_eq!(trial.figure("readers"), 1 + 3 * EACH as u64, "who answers pings stays");
    }
    report.held(format_args!("{:?} long all stayed in, for they answered", 4 * HEARTBEAT));

    puppet.stop();
    let stopped = Instant::now();
    while trial.figure("readers") > 1 + 2 * EACH as u64 {
        assert!(stopped.elapsed() < crate::HANG, "WebSockets are still there");
        serve(&mut trial, &mut good);
    }
    let took = stopped.elapsed();
    // The last pong may be one heartbeat old, and two more are waited for.
    assert!(took >= 2 * HEARTBEAT - Duration::from_millis(100), "too early: {took:?}");
    report.held(format_args!("all WebSockets were dropped after {:.1} s without pong", took.as_secs_f64()));

    let began = Instant::now();
    let mut published = 0;
    while trial.figure("readers") > 1 {
        assert!(began.elapsed() < crate::HANG, "streams are still there");
        let text = payload(published, MESSAGE_BYTES);
        trial.publish(&text);
        assert!(good.envelope()["data"] == text.as_str(), "another message than {published}");
        published += 1;
    }
    report.held(format_args!(
        "all streams were dropped after {:.1} s, in which {published} messages of 64 KiB were published; a good \
         reader got each",
        began.elapsed().as_secs_f64()
    ));
    drop(good);
    trial.await_figure("connections", 1);
    drop(puppet);
    trial.end(report, MEMORY_MAX);
}

/// A message to the good reader, which answers pings as it reads.
fn serve(trial: &mut Trial, good: &mut Ws) {
    let text = "a sign of life";
    trial.publish_to("good", text);
    assert_eq!(good.envelope()["data"], text);
    std::thread::sleep(Duration::from_millis(50));
}

/// The act of the process that is stopped.
pub fn listeners(address: SocketAddr) -> Box<dyn Any> {
    for _ in 0..EACH {
        let stream = TcpStream::connect(address).expect("it listens");
        let url = format!("ws://{address}/channels/{QUIET}");
        let (mut socket, _) = tungstenite::client(url, stream).expect("a proper handshake");
        // Pings are answered while it reads.
        std::thread::spawn(move || while socket.read().is_ok() {});
    }
    let stream = |accept: &str| {
        let socket = Socket::tcp_with_receive_buffer(address, 4096);
        Client::over(socket, &address.to_string())
            .stream(&format!("/channels/{CHANNEL}"), &[("Accept", accept)])
    };
    let kinds = ["text/event-stream", "application/x-ndjson"];
    let streams: Vec<_> = (0..EACH).flat_map(|_| kinds.map(stream)).collect();
    Box::new(streams)
}
