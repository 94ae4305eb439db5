//! What concerns several files.
