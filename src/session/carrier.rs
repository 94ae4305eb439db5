//! Which connections carry a session: one GET that is held and one POST under way at a time, or a WebSocket; and the
//! WebSocket that wants to take over (Engine.IO protocol: Transports, Upgrade).  Law: a second GET or POST beside the
//! first is an overlap, which ends the session; of two WebSockets only the first may take over.
//!
//! ```text
//! Polling --probe--> Polling and a probe --upgrade--> WebSocket
//!                       '--it ends, or takes too long--> Polling
//! ```

use crate::base::time::Millis;

/// What carries a session. `C` names a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier<C> {
    /// Requests.
    Polling {
        /// The GET that is held until there is something to say.
        get: Option<C>,
        /// The POST whose body is on its way.
        post: Option<C>,
        /// The WebSocket that wants to take over.
        probe: Option<Probe<C>>,
    },
    /// Frames.
    WebSocket(C),
}

/// A WebSocket that wants to take a session over.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Probe<C> {
    /// Which.
    pub conn: C,
    /// It was asked whether it gets through, and answered: from then on GETs are let go, one at this time.
    pub release_at: Option<Millis>,
    /// Until then it must have taken over.
    pub until: Millis,
}

/// Two requests of one kind at a time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Overlap;

/// Milliseconds between two GETs that are let go for one upgrade.
const RELEASE_MS: u64 = 100;

impl<C: Copy + PartialEq> Carrier<C> {
    /// Requests, none under way.
    pub fn polling() -> Self {
        Carrier::Polling { get: None, post: None, probe: None }
    }

    /// Is it carried by requests?
    pub fn is_polling(&self) -> bool {
        matches!(self, Carrier::Polling { .. })
    }

    /// A GET is there.
    ///
    /// # Errors
    /// Another is held.
    pub fn begin_get(&mut self, conn: C) -> Result<(), Overlap> {
        match self {
            Carrier::Polling { get: get @ None, .. } => *get = Some(conn),
            Carrier::Polling { .. } | Carrier::WebSocket(_) => return Err(Overlap),
        }
        Ok(())
    }

    /// A POST is there, and its body is on its way.
    ///
    /// # Errors
    /// Another is under way.
    pub fn begin_post(&mut self, conn: C) -> Result<(), Overlap> {
        match self {
            Carrier::Polling { post: post @ None, .. } => *post = Some(conn),
            Carrier::Polling { .. } | Carrier::WebSocket(_) => return Err(Overlap),
        }
        Ok(())
    }

    /// The held GET is answered: which it is.
    pub fn end_get(&mut self) -> Option<C> {
        match self {
            Carrier::Polling { get, .. } => get.take(),
            Carrier::WebSocket(_) => None,
        }
    }

    /// The body of the POST is there.
    pub fn end_post(&mut self) {
        if let Carrier::Polling { post, .. } = self {
            *post = None;
        }
    }

    /// The GET that is held.
    pub fn held(&self) -> Option<C> {
        match self {
            Carrier::Polling { get, .. } => *get,
            Carrier::WebSocket(_) => None,
        }
    }

    /// The WebSocket that wants to take over.
    pub fn probe(&self) -> Option<Probe<C>> {
        match self {
            Carrier::Polling { probe, .. } => *probe,
            Carrier::WebSocket(_) => None,
        }
    }

    /// A WebSocket wants to take over, and has until then.
    ///
    /// # Errors
    /// Another one is at it, or has done it.
    pub fn begin_probe(&mut self, conn: C, until: Millis) -> Result<(), Overlap> {
        match self {
            Carrier::Polling { probe: probe @ None, .. } => {
                *probe = Some(Probe { conn, release_at: None, until });
                Ok(())
            }
            Carrier::Polling { .. } | Carrier::WebSocket(_) => Err(Overlap),
        }
    }

    /// The probing WebSocket has got through: GETs are let go from `now` on.
    pub fn has_probed(&mut self, now: Millis) {
        if let Carrier::Polling { probe: Some(probe), .. } = self {
            probe.release_at = Some(now);
        }
    }

    /// Is a GET to be let go though there is nothing to say? The client may have sent another before it heard that its
    /// WebSocket gets through, so it is done again; but not at once, for some clients poll on and never take over.
    pub fn take_release(&mut self, now: Millis) -> bool {
        match self {
            Carrier::Polling { probe: Some(Probe { release_at: Some(at), .. }), .. } if *at <= now => {
                *at = now + RELEASE_MS;
                true
            }
            Carrier::Polling { .. } | Carrier::WebSocket(_) => false,
        }
    }

    /// When the held GET is to be let go.
    pub fn release_at(&self) -> Option<Millis> {
        match self {
            Carrier::Polling { get: Some(_), probe: Some(probe), .. } => probe.release_at,
            Carrier::Polling { .. } | Carrier::WebSocket(_) => None,
        }
    }

    /// The probing WebSocket takes over: which GET is to be let go.
    pub fn upgrade(&mut self) -> Option<C> {
        match *self {
            Carrier::Polling { get, probe: Some(probe), .. } => {
                *self = Carrier::WebSocket(probe.conn);
                get
            }
            Carrier::Polling { .. } | Carrier::WebSocket(_) => None,
        }
    }

    /// A connection is gone. Is the session over with it? It is not if that only wanted to take over.
    pub fn is_over_without(&mut self, conn: C) -> bool {
        match self {
            Carrier::Polling { probe, .. } if probe.is_some_and(|probe| probe.conn == conn) => {
                *probe = None;
                false
            }
            Carrier::Polling { get, post, .. } => *get == Some(conn) || *post == Some(conn),
            Carrier::WebSocket(own) => *own == conn,
        }
    }

    /// All connections that it has.
    pub fn connections(&self) -> impl Iterator<Item = C> {
        let all = match *self {
            Carrier::Polling { get, post, probe } => [get, post, probe.map(|probe| probe.conn)],
            Carrier::WebSocket(conn) => [Some(conn), None, None],
        };
        all.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_get_and_one_post_at_a_time() {
        let mut carrier = Carrier::polling();
        assert_eq!((carrier.begin_get(1), carrier.begin_post(2)), (Ok(()), Ok(())));
        assert_eq!((carrier.begin_get(3), carrier.begin_post(4)), (Err(Overlap), Err(Overlap)));
        assert_eq!((carrier.held(), carrier.end_get(), carrier.held()), (Some(1), Some(1), None));
        carrier.end_post();
        assert_eq!((carrier.begin_get(3), carrier.begin_post(4)), (Ok(()), Ok(())));
        assert!(carrier.is_over_without(3) && carrier.is_over_without(4));
        assert!(!carrier.is_over_without(1), "it was answered");
    }

    #[test]
    fn a_websocket_takes_over_from_requests() {
        let mut carrier = Carrier::polling();
        assert_eq!(carrier.begin_get(1), Ok(()));
        assert_eq!(carrier.begin_probe(5, Millis(9)), Ok(()));
        assert_eq!(carrier.begin_probe(6, Millis(9)), Err(Overlap));
        assert!(!carrier.take_release(Millis(3)), "it does not get through yet");
        carrier.has_probed(Millis(3));
        assert_eq!(carrier.release_at(), Some(Millis(3)));
        assert!(carrier.take_release(Millis(3)) && !carrier.take_release(Millis(102)));
        assert_eq!(carrier.release_at(), Some(Millis(103)));
        assert!(carrier.take_release(Millis(103)));
        assert_eq!(carrier.connections().collect::<Vec<_>>(), [1, 5]);
        assert_eq!(carrier.upgrade(), Some(1));
        assert_eq!(carrier, Carrier::WebSocket(5));
        assert_eq!((carrier.begin_get(7), carrier.begin_probe(8, Millis(9))), (Err(Overlap), Err(Overlap)));
        assert!(!carrier.is_over_without(1) && carrier.is_over_without(5));
    }

    #[test]
    fn a_probe_that_ends_leaves_the_session_as_it_was() {
        let mut carrier = Carrier::polling();
        assert_eq!(carrier.begin_get(1), Ok(()));
        assert_eq!(carrier.begin_probe(5, Millis(9)), Ok(()));
        assert!(!carrier.is_over_without(5));
        assert_eq!(carrier, Carrier::Polling { get: Some(1), post: None, probe: None });
        assert_eq!(carrier.upgrade(), None);
        assert_eq!(carrier.begin_probe(6, Millis(9)), Ok(()));
    }
}
