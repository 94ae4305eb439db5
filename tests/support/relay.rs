//! Something between a client and the server that passes bytes on, and fails when it is told to.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Its thread ends with the test's process.
pub struct Relay {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Where the server is; connections end at once where there is none.
    server: Option<SocketAddr>,
    /// Bytes of an answer that get through, for each connection to come.
    shares: Vec<usize>,
    open: Vec<TcpStream>,
}

impl Relay {
    /// A way to `server`.
    pub fn to(server: SocketAddr) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(Mutex::new(State { server: Some(server), ..State::default() }));
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = shared.clone();
                thread::spawn(move || pass(client, &shared));
            }
        });
        Relay { address, state }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads there from here on, or nowhere; what is open is cut.
    pub fn lead_to(&self, server: Option<SocketAddr>) {
        let mut state = self.state.lock().expect("nobody panics with it");
        state.server = server;
        for stream in state.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// The next connections get so many bytes of their answers, one after the other; those behind them get all.
    pub fn cut_after(&self, mut shares: Vec<usize>) {
        shares.reverse();
        self.state.lock().expect("nobody panics with it").shares = shares;
    }

    /// Connections that are still to be cut.
    pub fn cuts_left(&self) -> usize {
        self.state.lock().expect("nobody panics with it").shares.len()
    }
}

fn pass(client: TcpStream, shared: &Mutex<State>) -> Option<()> {
    let (server, share) = {
        let mut state = shared.lock().expect("nobody panics with it");
        let server = TcpStream::connect(state.server?).ok()?;
        state.open.extend([client.try_clone().ok()?, server.try_clone().ok()?]);
        (server, state.shares.pop().unwrap_or(usize::MAX))
    };
    let (from, to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    let up = thread::spawn(move || copy(from, to, usize::MAX));
    copy(server, client, share);
    up.join().ok()
}

/// Passes bytes on to the end or to the bound, and ends both.
fn copy(mut from: TcpStream, mut to: TcpStream, mut left: usize) {
    let mut room = [0; 16 << 10];
    while let Ok(n @ 1..) = from.read(&mut room) {
        let n = n.min(left);
        left -= n;
        if to.write_all(&room[..n]).is_err() || left == 0 {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
