"""Versions."""

VERSION = "0.1.0"
"""Of this package."""
ENGINE = f"{VERSION}/1"
"""Of the engine, with the number of the encoding."""
