//! How requests prove who sends them.
