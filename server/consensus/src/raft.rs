//! The glue to openraft. Nothing of it leaves this crate.

pub(crate) mod adapter;
#[cfg(test)]
mod fuzz;
pub(crate) mod log;
pub(crate) mod network;
pub(crate) mod record;
pub(crate) mod snapshot;
#[cfg(test)]
mod suite;
pub(crate) mod types;
