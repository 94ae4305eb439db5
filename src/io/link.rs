//! What carries one connection's bytes.  Law: a call never waits; `WouldBlock` says that it would have to.

use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token, event::Source};
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;

/// Both directions of one connection.
pub trait Link {
    /// Reads into `buffer`; 0 is the end of what the peer sends, and stays so.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes from the front of `slices`, in one system call; how many bytes were taken.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Ends what we send, after all that was written.
    fn close_write(&mut self) -> io::Result<()>;
}

/// A plain socket.
pub enum Socket {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a unix socket.
    Unix(UnixStream),
}

impl Socket {
    /// Asks for events on this socket, once in its life.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let source: &mut dyn Source = match self {
            Socket::Tcp(stream) => stream,
            Socket::Unix(stream) => stream,
        };
        source.register(registry, token, Interest::READABLE | Interest::WRITABLE)
    }
}

impl Link for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.read(buffer),
            Socket::Unix(stream) => stream.read(buffer),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        // For one slice, which is the usual case, the kernel's way from `send` to the socket is shorter.
        match (self, slices) {
            (Socket::Tcp(stream), [slice]) => stream.write(slice),
            (Socket::Unix(stream), [slice]) => stream.write(slice),
            (Socket::Tcp(stream), slices) => stream.write_vectored(slices),
            (Socket::Unix(stream), slices) => stream.write_vectored(slices),
        }
    }

    fn close_write(&mut self) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Socket::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}
