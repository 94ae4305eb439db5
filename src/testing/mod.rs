//! What tests share.  Law: nothing here is part of the server.

pub mod laws;
