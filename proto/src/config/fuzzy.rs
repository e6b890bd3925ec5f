//! Watches of patterns of configs, which 3.x servers offer.

use crate::message::{object, request, response};

/// Type of [`ConfigFuzzyWatchRequest`]: begins a watch, or confirms it.
pub const WATCH: &str = "WATCH";
/// Type of [`ConfigFuzzyWatchRequest`]: ends a watch.
pub const CANCEL_WATCH: &str = "CANCEL_WATCH";
/// Type of [`ConfigFuzzyWatchSyncRequest`]: all that was there when the watch began was told.
pub const FINISH_INIT: &str = "FINISH_FUZZY_WATCH_INIT_NOTIFY";
/// Change of a key: it is there.
pub const ADD_CONFIG: &str = "ADD_CONFIG";
/// Change of a key: it is there, told alone.
pub const CONFIG_CHANGED: &str = "CONFIG_CHANGED";
/// Change of a key: it is gone.
pub const DELETE_CONFIG: &str = "DELETE_CONFIG";

request! {
    /// Begins, confirms or ends the watch of a pattern.
    pub struct ConfigFuzzyWatchRequest("config") -> ConfigFuzzyWatchResponse {
        /// `namespace>>group pattern>>data id pattern`.
        group_key_pattern: Option<String> = "groupKeyPattern",
        /// The keys that the client knows, `dataId+group+tenant` each.
        received_group_keys: Option<Vec<String>> = "receivedGroupKeys",
        /// [`WATCH`] or [`CANCEL_WATCH`].
        watch_type: Option<String> = "watchType",
        /// Whether the client waits for the end of the first list.
        initializing: bool = "initializing",
    }
}

response! {
    /// The watch is there, or gone.
    pub struct ConfigFuzzyWatchResponse {}
}

object! {
    /// A key and what became of it.
    pub struct FuzzyWatchContext {
        /// `dataId+group+tenant`.
        group_key: Option<String> = "groupKey",
        /// [`ADD_CONFIG`] or [`DELETE_CONFIG`].
        changed_type: Option<String> = "changedType",
    }
}

request! {
    /// Push: keys of which the client knows too little or too much.
    pub struct ConfigFuzzyWatchSyncRequest("config") -> ConfigFuzzyWatchSyncResponse {
        /// The pattern.
        group_key_pattern: Option<String> = "groupKeyPattern",
        /// The keys; absent at the end of the first list.
        contexts: Option<Vec<FuzzyWatchContext>> = "contexts",
        /// First list, later difference, or [`FINISH_INIT`].
        sync_type: Option<String> = "syncType",
        /// Number of pushes that belong together.
        total_batch: i32 = "totalBatch",
        /// Which of them this is, from 1.
        current_batch: i32 = "currentBatch",
    }
}

response! {
    /// The client knows.
    pub struct ConfigFuzzyWatchSyncResponse {}
}

request! {
    /// Push: one key that some pattern of the client matches appeared or is gone.
    pub struct ConfigFuzzyWatchChangeNotifyRequest("config") -> ConfigFuzzyWatchChangeNotifyResponse {
        /// `dataId+group+tenant`.
        group_key: Option<String> = "groupKey",
        /// [`CONFIG_CHANGED`] or [`DELETE_CONFIG`].
        change_type: Option<String> = "changeType",
    }
}

response! {
    /// The client knows.
    pub struct ConfigFuzzyWatchChangeNotifyResponse {}
}
