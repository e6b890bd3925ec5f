//! The client for Python: conversion only, everything else is in `nacre-bindings`.
//!
//! The package `nacre` calls it. No thread of the library ever enters the interpreter: Python's pump asks by `poll`.

#![deny(missing_docs)]

mod codec;
mod engine;

/// The native half of the package `nacre`.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::codec::decode;
    #[pymodule_export]
    use crate::codec::encode;
    #[pymodule_export]
    use crate::engine::Engine;
    #[pymodule_export]
    use crate::engine::version;
}
