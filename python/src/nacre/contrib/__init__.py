"""Small helpers for frameworks. Each module needs the framework that it is named after, and nothing else does."""
