//! The gRPC scenarios: their values and matchers, and what each step does.

pub mod matcher;
pub mod scenario;
mod value;

pub use value::Environment;
