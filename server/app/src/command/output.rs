//! Results as people and programs read them: aligned columns, JSON, YAML.

use std::io::{ErrorKind, IsTerminal as _, Write};

use clap::ValueEnum;
use serde::Serialize;

use super::Failure;

/// How results are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    #[default]
    Table,
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// A colour of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warn,
    Bad,
}

/// A text and its colour.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: &(impl ToString + ?Sized)) -> Self {
        Self { text: text.to_string(), tone: Tone::Plain }
    }

    /// A text in a colour.
    pub(crate) fn toned(text: &str, tone: Tone) -> Self {
        Self { text: text.to_owned(), tone }
    }

    /// `yes` or `no`, the second as something bad.
    pub(crate) fn flag(value: bool) -> Self {
        let (text, tone) = if value { ("yes", Tone::Good) } else { ("no", Tone::Bad) };
        Self { text: text.to_owned(), tone }
    }
}

/// Columns with a head.
#[derive(Debug)]
pub(crate) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(head: impl Into<Vec<&'static str>>) -> Self {
        Self { head: head.into(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    fn render(&self, colours: bool) -> String {
        let width = |column: usize| {
            let cells =
                self.rows.iter().filter_map(|row| row.get(column)).map(|cell| visible(&cell.text).chars().count());
            cells.chain([self.head[column].len()]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let head: Vec<Cell> = self.head.iter().map(|name| Cell::new(*name)).collect();
        let mut out = String::new();
        for row in std::iter::once(&head).chain(&self.rows) {
            for (column, cell) in row.iter().enumerate() {
                let text = visible(&cell.text);
                let padding = widths[column] - text.chars().count();
                out.push_str(&coloured(&text, cell.tone, colours));
                if column + 1 < row.len() {
                    out.extend(std::iter::repeat_n(' ', padding + 2));
                }
            }
            out.push('\n');
        }
        out
    }
}

/// What a server says must not move the cursor or change colours.
fn visible(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

fn coloured(text: &str, tone: Tone, colours: bool) -> String {
    let start = match tone {
        Tone::Good => "\x1b[32m",
        Tone::Warn => "\x1b[33m",
        Tone::Bad => "\x1b[31m",
        Tone::Plain => return text.to_owned(),
    };
    if colours { format!("{start}{text}\x1b[0m") } else { text.to_owned() }
}

/// Colours are for terminals of people who have not declined them.
fn colours() -> bool {
    let declined = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal() && !declined
}

/// Prints a result: `table` for people, `value` for programs.
pub(crate) fn show(format: Format, value: &impl Serialize, table: impl FnOnce() -> Table) -> Result<(), Failure> {
    let text = match format {
        Format::Table => table().render(colours()),
        Format::Json => serde_json::to_string_pretty(value).map_err(Failure::internal)? + "\n",
        Format::Yaml => serde_saphyr::to_string(value).map_err(Failure::internal)?,
    };
    print(text.as_bytes()).map(drop)
}

/// Prints one line of JSON; false when nobody reads any more.
pub(crate) fn line(value: &impl Serialize) -> Result<bool, Failure> {
    let mut text = serde_json::to_vec(value).map_err(Failure::internal)?;
    text.push(b'\n');
    print(&text)
}

/// Prints bytes as they are; false when nobody reads any more, which is how a pipe ends.
pub(crate) fn print(bytes: &[u8]) -> Result<bool, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["NAME", "HEALTHY"]);
        table.row([Cell::new("größe"), Cell::flag(true)]);
        table.row([Cell::new("b\x1b[31m"), Cell::flag(false)]);
        table
    }

    #[test]
    fn columns_are_aligned_and_tame() {
        let text = table().render(false);
        assert_eq!(text, "NAME    HEALTHY\ngröße   yes\nb\u{fffd}[31m  no\n");
    }

    #[test]
    fn colours_do_not_count_as_width() {
        let text = table().render(true);
        assert!(text.contains("größe   \x1b[32myes\x1b[0m\n"), "{text:?}");
        assert!(!text.contains("b\x1b"), "{text:?}");
    }
}
