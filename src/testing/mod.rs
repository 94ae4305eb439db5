//! What tests share.  Law: nothing here is part of the server.

pub mod decode;
pub mod dice;
pub mod driver;
pub mod fuzz;
pub mod laws;
pub mod naive_log;
pub mod sim;
