//! Names with a `*` at their ends, as watches of 3.x servers understand them.

/// Whether a name fits: `*` alone is any name, `*x` an ending, `x*` a beginning, `*x*` any part, and all else the name
/// itself. Any other place of a `*` fits nothing.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(rest), Some(_)) => {
            let middle = rest.strip_suffix('*').unwrap_or_default();
            !middle.contains('*') && name.contains(middle)
        }
        (Some(end), None) => !end.contains('*') && name.ends_with(end),
        (None, Some(start)) => !start.contains('*') && name.starts_with(start),
        (None, None) => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_at_the_ends() {
        for (pattern, name, wanted) in [
            ("*", "anything", true),
            ("orders", "orders", true),
            ("orders", "orders-2", false),
            ("order*", "orders", true),
            ("app*", "my-app", false),
            ("*ers", "orders", true),
            ("*app", "my-app", true),
            ("*rde*", "orders", true),
            ("*app*", "my-app-a", true),
            ("*x*", "orders", false),
            ("or*rs", "orders", false),
            ("o*d*", "orders", false),
            (".*", "orders", false),
            ("**", "orders", true),
        ] {
            assert_eq!(fits(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
