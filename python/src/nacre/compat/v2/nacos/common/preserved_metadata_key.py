"""Keys of metadata that servers understand."""

from __future__ import annotations


class PreservedMetadataKeys:
    """Keys of metadata that servers understand."""

    REGISTER_SOURCE = "preserved.register.source"
    HEART_BEAT_TIMEOUT = "preserved.heart.beat.timeout"
    IP_DELETE_TIMEOUT = "preserved.ip.delete.timeout"
    HEART_BEAT_INTERVAL = "preserved.heart.beat.interval"
    INSTANCE_ID_GENERATOR = "preserved.instance.id.generator"
