//! The HTTP scenarios: their variables and matchers, and what each step does.

mod compare;
pub mod scenario;
mod variables;
