//! The configuration centre against a server: operations, listens, files, and what odd servers answer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod captured;
mod files;
mod listens;
mod odd;
mod operations;
mod support;
