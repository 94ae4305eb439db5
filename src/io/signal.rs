//! Signals as events of the loop: SIGTERM and SIGINT ask for an end.

use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io;

/// The signals that ask the server to end.
pub struct Signals {
    inner: signal_hook_mio::v1_0::Signals,
}

impl Signals {
    /// Takes SIGTERM and SIGINT over and tells `registry` to wake for them.
    pub fn register(registry: &Registry, token: Token) -> io::Result<Self> {
        let mut inner = signal_hook_mio::v1_0::Signals::new([SIGTERM, SIGINT])?;
        registry.register(&mut inner, token, Interest::READABLE)?;
        Ok(Signals { inner })
    }

    /// How many came since the last call. Two of one kind at the same moment count once.
    pub fn take(&mut self) -> usize {
        self.inner.pending().count()
    }
}
