//! A blocking socket of either family whose reads cannot hang a test.

use super::HANG;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// A connected stream socket.
pub enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Connects over TCP. Small writes leave at once: tests that send byte by byte mean it.
    pub fn tcp(address: SocketAddr) -> Socket {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_nodelay(true).expect("a TCP socket has TCP_NODELAY");
        Socket::Tcp(stream).guarded()
    }

    /// Connects with a receive buffer of `bytes`, so that a reader that does not read is soon blocked.
    pub fn tcp_with_receive_buffer(address: SocketAddr, bytes: usize) -> Socket {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)
            .expect("a descriptor is free");
        socket.set_recv_buffer_size(bytes).expect("a socket has SO_RCVBUF");
        socket.connect(&address.into()).expect("the server accepts");
        Socket::Tcp(socket.into()).guarded()
    }

    /// Connects to a unix socket.
    pub fn unix(path: &Path) -> Socket {
        Socket::Unix(UnixStream::connect(path).expect("the server accepts")).guarded()
    }

    /// Sets the timeouts that guard against hanging.
    pub fn guarded(self) -> Socket {
        let set = match &self {
            Socket::Tcp(s) => s.set_read_timeout(Some(HANG)).and(s.set_write_timeout(Some(HANG))),
            Socket::Unix(s) => s.set_read_timeout(Some(HANG)).and(s.set_write_timeout(Some(HANG))),
        };
        set.expect("sockets have timeouts");
        self
    }

    /// Ends the connection with a reset, as a phone that loses its network does in the end.
    pub fn reset(self) {
        if let Socket::Tcp(stream) = self {
            let socket = socket2::Socket::from(stream);
            socket.set_linger(Some(std::time::Duration::ZERO)).expect("a TCP socket lingers");
        }
    }

    /// Says that nothing more will be sent.
    pub fn finish(&self) {
        let _ = match self {
            Socket::Tcp(s) => s.shutdown(Shutdown::Write),
            Socket::Unix(s) => s.shutdown(Shutdown::Write),
        };
    }
}

impl Read for Socket {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match self {
            Socket::Tcp(s) => s.read(into),
            Socket::Unix(s) => s.read(into),
        };
        if read.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock) {
            panic!("nothing came within {HANG:?}");
        }
        read
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(s) => s.write(bytes),
            Socket::Unix(s) => s.write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
