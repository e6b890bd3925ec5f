//! What was acknowledged survives: kills at any moment, restarts under load, first starts, a full disk.

#[path = "crash/acknowledged.rs"]
mod acknowledged;
#[path = "crash/first_start.rs"]
mod first_start;
#[path = "crash/full_disk.rs"]
mod full_disk;
#[path = "crash/providers.rs"]
mod providers;
