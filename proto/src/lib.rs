//! The wire of Nacos 2.x: payloads, typed requests and responses, their JSON rules, error codes.

mod catalogue;
pub mod cluster;
pub mod code;
pub mod config;
pub mod internal;
pub mod json;
pub mod lock;
mod message;
pub mod naming;
pub mod payload;

pub use catalogue::RequestType;
pub use json::BodyError;
pub use message::{Headers, Message, Object, Request, Response};
pub use payload::{Metadata, Payload};
