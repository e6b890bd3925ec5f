//! The list of servers.
