//! outq
