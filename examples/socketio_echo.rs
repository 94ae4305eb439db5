//! An application of its own on holdline's connections: the echo that the public test suites of Engine.IO 4 and
//! Socket.IO 5 expect, at `/engine.io/` and `/socket.io/`.
//!
//! ```sh
//! cargo run --example socketio_echo -- 127.0.0.1:3000
//! ```

#![forbid(unsafe_code)]

use holdline::handler::{Arguments, Echo, Event, Handlers, NamespaceHandler, Refusal, Socket};
use holdline::limits::{Listen, Settings};
use serde_json::value::RawValue;
use std::process::ExitCode;

/// Tells a client what it gave on connecting, and sends back what it says.
struct SocketEcho;

impl NamespaceHandler for SocketEcho {
    fn connect(&mut self, socket: &mut Socket<'_>, auth: &RawValue) -> Result<(), Refusal> {
        socket.emit("auth", Arguments::default().raw(auth));
        Ok(())
    }

    fn event(&mut self, socket: &mut Socket<'_>, event: Event<'_>) {
        match (event.name, event.ack) {
            ("message", _) => socket.emit("message-back", event.arguments),
            ("message-with-ack", Some(ack)) => socket.acknowledge(ack, event.arguments),
            _ => {}
        }
    }
}

fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let Ok(address) = address.parse() else {
        eprintln!("socketio_echo: {address} is no address; write one such as 127.0.0.1:3000");
        return ExitCode::from(2);
    };
    let settings = Settings {
        listen: vec![Listen::Tcp(address)],
        ping_interval_ms: 300,
        ping_timeout_ms: 200,
        max_message: 1_000_000,
        ..Settings::default()
    };
    let handlers = Handlers::default()
        .engine("/engine.io/", Echo)
        .namespace("/socket.io/", "/", SocketEcho)
        .namespace("/socket.io/", "/custom", SocketEcho);
    match holdline::io::run_with(settings, None, handlers) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("socketio_echo: {sentence}");
            ExitCode::FAILURE
        }
    }
}
