//! The service registry against a real server, and where that cannot be had, against a scripted one.

mod support;

mod cancel;
mod captured;
mod files;
mod follow;
mod outage;
mod pool;
mod register;
mod scripted;
mod services;
