//! Watches of patterns of services, which 3.x servers offer.

use crate::message::{object, request, response};

/// Type of [`NamingFuzzyWatchRequest`]: begins a watch, or confirms it.
pub const WATCH: &str = "WATCH";
/// Type of [`NamingFuzzyWatchRequest`]: ends a watch.
pub const CANCEL_WATCH: &str = "CANCEL_WATCH";
/// Type of [`NamingFuzzyWatchSyncRequest`]: all that was there when the watch began was told.
pub const FINISH_INIT: &str = "FINISH_FUZZY_WATCH_INIT_NOTIFY";
/// Change of a service: its first publisher is there.
pub const ADD_SERVICE: &str = "ADD_SERVICE";
/// Change of a service: its last publisher is gone.
pub const DELETE_SERVICE: &str = "DELETE_SERVICE";

request! {
    /// Begins, confirms or ends the watch of a pattern.
    pub struct NamingFuzzyWatchRequest("naming") -> NamingFuzzyWatchResponse {
        /// Namespace of the client.
        namespace: Option<String> = "namespace",
        /// `namespace>>group pattern>>service pattern`.
        group_key_pattern: Option<String> = "groupKeyPattern",
        /// The services that the client knows, `namespace@@group@@service` each; not null.
        received_group_keys: Option<Vec<String>> = "receivedGroupKeys",
        /// [`WATCH`] or [`CANCEL_WATCH`].
        watch_type: Option<String> = "watchType",
        /// Whether the client waits for the end of the first list.
        initializing: bool = "initializing",
    }
}

response! {
    /// The watch is there, or gone.
    pub struct NamingFuzzyWatchResponse {}
}

object! {
    /// A service and what became of it.
    pub struct FuzzyWatchContext {
        /// `namespace@@group@@service`.
        service_key: Option<String> = "serviceKey",
        /// [`ADD_SERVICE`] or [`DELETE_SERVICE`].
        changed_type: Option<String> = "changedType",
    }
}

request! {
    /// Push: services of which the client knows too little or too much. Clients answer it with the response of
    /// [`NamingFuzzyWatchChangeNotifyRequest`].
    pub struct NamingFuzzyWatchSyncRequest("naming") -> NamingFuzzyWatchChangeNotifyResponse {
        /// First list, later difference, or [`FINISH_INIT`].
        sync_type: Option<String> = "syncType",
        /// The pattern.
        group_key_pattern: Option<String> = "groupKeyPattern",
        /// The services; empty at the end of the first list.
        contexts: Option<Vec<FuzzyWatchContext>> = "contexts",
        /// Number of pushes that belong together.
        total_batch: i32 = "totalBatch",
        /// Which of them this is, from 1; they may come in any order.
        current_batch: i32 = "currentBatch",
    }
}

request! {
    /// Push: one service that some pattern of the client matches appeared or is gone.
    pub struct NamingFuzzyWatchChangeNotifyRequest("naming") -> NamingFuzzyWatchChangeNotifyResponse {
        /// Always a change of one resource.
        sync_type: Option<String> = "syncType",
        /// `namespace@@group@@service`.
        service_key: Option<String> = "serviceKey",
        /// [`ADD_SERVICE`] or [`DELETE_SERVICE`].
        changed_type: Option<String> = "changedType",
    }
}

response! {
    /// The client knows.
    pub struct NamingFuzzyWatchChangeNotifyResponse {}
}
