//! inbuf
