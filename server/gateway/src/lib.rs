//! The doors: gRPC and HTTP, translated to the domains.

pub mod check;
mod doors;
mod grpc;
pub mod http;
mod listen;
pub mod metrics;
mod settings;

pub use doors::{Doors, Options, Sockets};
pub use grpc::{ConfigEncoder, NamingEncoder, Settings as GrpcSettings};
pub use listen::{Settings as ListenSettings, TlsMode, TlsSecret, TlsSettings, any_address};
pub use settings::Settings;
