//! What was acknowledged survives: kills at any moment, restarts under load, first starts, a full disk.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "crash/acknowledged.rs"]
mod acknowledged;
#[path = "crash/first_start.rs"]
mod first_start;
#[path = "crash/full_disk.rs"]
mod full_disk;
#[path = "crash/providers.rs"]
mod providers;
