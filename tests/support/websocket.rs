//! WebSocket through an independent client (tungstenite), speaking `holdline.v1` in JSON.

use super::HANG;
use super::process::Server;
use serde_json::Value;
use std::net::TcpStream;
use tungstenite::client::{ClientRequestBuilder, client};
use tungstenite::handshake::HandshakeError;
use tungstenite::{Error, Message, WebSocket};

/// An open WebSocket.
pub struct Ws {
    pub socket: WebSocket<TcpStream>,
    /// The subprotocol the server chose.
    pub protocol: Option<String>,
}

impl Ws {
    /// Opens `target` and reads the welcome.
    #[track_caller]
    pub fn open(server: &Server, target: &str) -> (Ws, Value) {
        let mut ws = Ws::connect(server, target, &[]);
        let welcome = ws.json();
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (ws, welcome)
    }

    /// Opens `target` asking for these subprotocols.
    #[track_caller]
    pub fn connect(server: &Server, target: &str, protocols: &[&str]) -> Ws {
        let stream = TcpStream::connect(server.address()).expect("the server accepts");
        Ws::connect_over(stream, server, target, protocols)
    }

    /// Opens `target` over a stream made by the test.
    #[track_caller]
    pub fn connect_over(stream: TcpStream, server: &Server, target: &str, protocols: &[&str]) -> Ws {
        stream.set_read_timeout(Some(HANG)).expect("sockets have timeouts");
        stream.set_nodelay(true).expect("a TCP socket has TCP_NODELAY");
        let url = format!("ws://{}{target}", server.host()).parse().expect("a proper URL");
        let request = ClientRequestBuilder::new(url);
        let request = protocols.iter().fold(request, |r, p| r.with_sub_protocol(*p));
        match client(request, stream) {
            Ok((socket, response)) => {
                let protocol = response.headers().get("Sec-WebSocket-Protocol");
                let protocol = protocol.map(|p| p.to_str().expect("a token").to_owned());
                Ws { socket, protocol }
            }
            Err(HandshakeError::Failure(error)) => panic!("{target}: {error}"),
            Err(HandshakeError::Interrupted(_)) => panic!("{target}: no handshake within {HANG:?}"),
        }
    }

    /// Sends a command.
    #[track_caller]
    pub fn send(&mut self, command: Value) {
        self.send_message(Message::text(command.to_string()));
    }

    /// Sends a message.
    #[track_caller]
    pub fn send_message(&mut self, message: Message) {
        self.socket.send(message).expect("the server takes what it is sent");
    }

    /// The next message; pings and pongs are passed over.
    #[track_caller]
    pub fn message(&mut self) -> Message {
        loop {
            match self.socket.read() {
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(message) => return message,
                Err(error) => panic!("no message: {error}"),
            }
        }
    }

    /// The next message, which must be a JSON text.
    #[track_caller]
    pub fn json(&mut self) -> Value {
        match self.message() {
            Message::Text(text) => serde_json::from_str(text.as_str()).expect("a JSON text"),
            other => panic!("expected JSON, got {other:?}"),
        }
    }

    /// The next `message`.
    #[track_caller]
    pub fn envelope(&mut self) -> Value {
        let envelope = self.json();
        assert_eq!(envelope["type"], "message", "{envelope}");
        envelope
    }

    /// Sends a command and returns its reply, which must be what comes next.
    #[track_caller]
    pub fn ask(&mut self, command: Value) -> Value {
        let wanted = command["ref"].clone();
        self.send(command);
        let reply = self.json();
        assert_eq!(reply["type"], "reply", "{reply}");
        assert_eq!(reply["ref"], wanted, "{reply}");
        reply
    }

    /// Reads on to the close frame; its code, and that the connection ends behind it.
    #[track_caller]
    pub fn close_code(&mut self) -> Option<u16> {
        let code = loop {
            match self.socket.read() {
                Ok(Message::Close(close)) => break close.map(|frame| u16::from(frame.code)),
                Ok(_) => {}
                Err(error) => panic!("no close frame: {error}"),
            }
        };
        let behind = self.socket.read();
        assert!(
            matches!(behind, Err(Error::ConnectionClosed)),
            "not an end behind the close frame: {behind:?}"
        );
        code
    }

    /// Cuts the connection off, with a reset.
    pub fn cut(self) {
        super::socket::Socket::Tcp(self.socket.into_inner()).reset();
    }
}
