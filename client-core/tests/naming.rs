//! The service registry against a real server, and where that cannot be had, against a scripted one.

#[path = "naming/support.rs"]
mod support;

#[path = "naming/cancel.rs"]
mod cancel;
#[path = "naming/files.rs"]
mod files;
#[path = "naming/follow.rs"]
mod follow;
#[path = "naming/growth.rs"]
mod growth;
#[path = "naming/outage.rs"]
mod outage;
#[path = "naming/pool.rs"]
mod pool;
#[path = "naming/register.rs"]
mod register;
#[path = "naming/scripted.rs"]
mod scripted;
#[path = "naming/services.rs"]
mod services;
