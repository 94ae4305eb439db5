//! System calls: how many the server makes for a burst of messages to many readers, and for WebSocket messages that
//! come in one read.  `cargo bench --bench syscalls [-- --readers N]`

mod kit;

use kit::crowd::{Crowd, Wire};
use kit::process::{Process, Requests, post};
use kit::strace::{Counts, Strace};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

const BURST: usize = 100;
const ECHOES: usize = 16;
const SETTLE: Duration = Duration::from_millis(300);

fn main() -> ExitCode {
    if !kit::is_wanted() {
        return ExitCode::SUCCESS;
    }
    println!("{}", kit::machine::describe());
    let readers = kit::option("--readers", 1000);
    match measure(readers) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("system calls were not counted: {sentence}");
            ExitCode::FAILURE
        }
    }
}

fn measure(readers: usize) -> Result<(), String> {
    println!("\nSystem calls of the server, {readers} readers\n");
    println!("| what happens | writes a reader | calls |");
    println!("| --- | ---: | --- |");
    for wire in [Wire::Sse, Wire::WebSocket, Wire::Ndjson, Wire::Iframe] {
        let one = format!("{}: {BURST} messages in one `POST /publish`", wire.name());
        count_burst(wire, readers, &one, |publisher| {
            publisher.send(post("/publish", &kit::lines(BURST)).as_bytes());
            1
        })?;
        let many = format!("{}: {BURST} `POST`s, pipelined in one write", wire.name());
        count_burst(wire, readers, &many, |publisher| {
            let posts: String = (0..BURST).map(|n| post("/channels/bench", &kit::payload(n))).collect();
            publisher.send(posts.as_bytes());
            BURST
        })?;
    }
    count_echoes()
}

/// `publish` sends a burst and says how many answers there will be.
fn count_burst(
    wire: Wire,
    readers: usize,
    what: &str,
    publish: impl Fn(&mut Requests) -> usize,
) -> Result<(), String> {
    let server = Process::holdline(&[]);
    let mut crowd = Crowd::new();
    crowd.join(server.address, wire, readers);
    let mut publisher = server.connect();
    publisher.publish("/channels/bench", &kit::payload(0));
    crowd.read_each(1);
    let strace = Strace::attach(server.id())?;
    crowd.read_for(SETTLE);
    let answers = publish(&mut publisher);
    crowd.read_each(BURST);
    publisher.answers(answers);
    tell(what, &strace.counts(), readers);
    Ok(())
}

fn count_echoes() -> Result<(), String> {
    let server = Process::holdline(&["--echo"]);
    let mut stream = TcpStream::connect(server.address).expect("it listens");
    stream.set_read_timeout(Some(kit::HANG)).expect("a timeout above 0");
    let request = format!(
        "GET /echo HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut buffer = [0; 4096];
    let n = stream.read(&mut buffer).expect("a handshake");
    assert!(buffer[..n].starts_with(b"HTTP/1.1 101 "));

    let strace = Strace::attach(server.id())?;
    std::thread::sleep(SETTLE);
    // A masked text frame, with a mask of zeros.
    let frames = b"\x81\x85\0\0\0\0hello".repeat(ECHOES);
    stream.write_all(&frames).expect("it reads");
    stream.read_exact(&mut buffer[..ECHOES * 7]).expect("echoes");
    assert_eq!(buffer[..ECHOES * 7], b"\x81\x05hello".repeat(ECHOES));
    tell(&format!("WebSocket: {ECHOES} messages to `/echo` in one write"), &strace.counts(), 1);
    Ok(())
}

fn tell(what: &str, counts: &Counts, readers: usize) {
    let writes: u64 = counts.iter().filter(|(name, _)| is_write(name)).map(|(_, calls)| calls).sum();
    let calls: Vec<_> = counts.iter().map(|(name, calls)| format!("{name} {calls}")).collect();
    println!("| {what} | {:.2} | {} |", writes as f64 / readers as f64, calls.join(", "));
}

fn is_write(name: &str) -> bool {
    ["write", "writev", "sendto", "sendmsg"].contains(&name)
}
