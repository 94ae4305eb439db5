//! Opening the addresses that the server listens on, TCP and unix.
//! Law: a unix socket's file is replaced only if nobody answers on it, and is gone after a clean end.

use super::link::Socket;
use crate::limits::Listen;
#[cfg(any(target_os = "linux", target_os = "android"))]
use crate::limits::UNSENT_BYTES_MAX;
use crate::server::ListenerInfo;
use core::net::{IpAddr, SocketAddr};
use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, SockAddr, Type};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Connections the kernel keeps for us between two turns. With the usual 128 a burst overflows the queue, and
/// each connection that is lost there waits a second for its next try.
const BACKLOG: i32 = 4096;

/// A listening socket.
pub enum Listener {
    /// On a TCP address.
    Tcp(TcpListener),
    /// On a unix socket; its file goes when this goes.
    Unix(UnixListener, SocketFile),
}

impl Listener {
    /// Listens on `listen`. The error is a sentence for the operator.
    pub fn open(listen: &Listen) -> Result<Self, String> {
        match listen {
            Listen::Tcp(address) => {
                open_tcp(*address).map(Listener::Tcp).map_err(|error| explain_tcp(*address, &error))
            }
            Listen::Unix(path) => open_unix(path),
        }
    }

    /// The next connection that waits, with the peer's address if it has one.
    pub fn accept(&self) -> io::Result<(Socket, Option<IpAddr>)> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                // An answer never waits for the acknowledgement of the one before it (Nagle's algorithm). Failing
                // means that the peer is gone, which the first read will tell.
                let _ = stream.set_nodelay(true);
                Ok((Socket::Tcp(stream), Some(peer.ip().to_canonical())))
            }
            Listener::Unix(listener, _) => {
                let (stream, _) = listener.accept()?;
                Ok((Socket::Unix(stream), None))
            }
        }
    }

    /// Asks for an event when somebody waits.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => registry.register(listener, token, Interest::READABLE),
            Listener::Unix(listener, _) => registry.register(listener, token, Interest::READABLE),
        }
    }

    /// How it is told to operators and to the server, with the port that the kernel chose.
    pub fn info(&self) -> io::Result<ListenerInfo> {
        Ok(match self {
            Listener::Tcp(listener) => {
                let address = listener.local_addr()?;
                ListenerInfo {
                    loopback: address.ip().to_canonical().is_loopback(),
                    description: format!("http://{address}"),
                }
            }
            Listener::Unix(_, file) => {
                ListenerInfo { loopback: false, description: format!("unix:{}", file.path.display()) }
            }
        })
    }
}

fn open_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait until the connections of the last run are forgotten.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // `[::]` is IPv6 only, so that `0.0.0.0` beside it is no clash and no peer looks like `::ffff:…`.
        socket.set_only_v6(true)?;
    }
    limit_unsent(&socket);
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(TcpListener::from_std(socket.into()))
}

/// Connections have this bound from their listener, without a system call of their own. Where the kernel does not know
/// it, slow readers cost it more.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn limit_unsent(socket: &socket2::Socket) {
    if let Err(error) = socket.set_tcp_notsent_lowat(UNSENT_BYTES_MAX) {
        log::debug!("the kernel does not bound what is not sent yet: {error}");
    }
}

/// Only Linux lets a listener pass it on.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn limit_unsent(_: &socket2::Socket) {}

fn explain_tcp(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "cannot listen on {address}: the port is taken; end what listens there or choose another with --listen {}",
            SocketAddr::new(address.ip(), 0)
        ),
        ErrorKind::AddrNotAvailable => {
            format!("cannot listen on {address}: this machine has no such address")
        }
        ErrorKind::PermissionDenied => {
            format!("cannot listen on {address}: permission denied; ports below 1024 need privileges")
        }
        _ => format!("cannot listen on {address}: {error}"),
    }
}

fn open_unix(path: &Path) -> Result<Listener, String> {
    let explain = |error: io::Error| format!("cannot listen on unix:{}: {error}", path.display());
    remove_stale(path)?;
    let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None).map_err(explain)?;
    let address = SockAddr::unix(path).map_err(explain)?;
    socket.bind(&address).map_err(explain)?;
    let file = SocketFile::of(path).map_err(explain)?;
    socket.listen(BACKLOG).map_err(explain)?;
    socket.set_nonblocking(true).map_err(explain)?;
    Ok(Listener::Unix(UnixListener::from_std(socket.into()), file))
}

/// Makes room for a socket at `path` if what stands there is a socket that nobody answers on.
fn remove_stale(path: &Path) -> Result<(), String> {
    let shown = path.display();
    let Ok(there) = fs::symlink_metadata(path) else { return Ok(()) };
    if !there.file_type().is_socket() {
        return Err(format!("cannot listen on unix:{shown}: there is a file of that name that is no socket"));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|error| format!("cannot replace the stale socket {shown}: {error}"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(format!("cannot listen on unix:{shown}: there is a socket that may not be tried: {error}"))
        }
        // It answers, or its queue is full: either way somebody is there.
        Ok(_) | Err(_) => Err(format!(
            "cannot listen on unix:{shown}: another program listens there; end it or choose another path"
        )),
    }
}

/// The file of a unix socket: removed with this, if it is still the one that was made.
pub struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        let made = fs::symlink_metadata(path)?;
        // Absolute, so that it is found again whatever happens to the working directory.
        Ok(SocketFile { path: std::path::absolute(path)?, device: made.dev(), inode: made.ino() })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let Ok(there) = fs::symlink_metadata(&self.path) else { return };
        if (there.dev(), there.ino()) == (self.device, self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
