//! Engine.IO sessions over time: heartbeats, joins and upgrades that take too long, requests that overlap, and what is
//! left of a session that is over.  Time is moved by hand.

mod bounds;
mod carrying;
mod namespaces;
mod page;
mod storm;
mod time;
