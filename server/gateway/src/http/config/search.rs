//! Searching configs by name, application, labels and type.

use std::ops::Range;

use nacre_config::{ConfigKey, Found, Listed};
use serde::Serialize;

use super::{namespace, no_page, refuse};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::failure::Failure;

/// Rows of one page at most; each row carries its content.
const LARGEST_PAGE: usize = 500;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    total_count: usize,
    page_number: usize,
    pages_available: usize,
    page_items: Vec<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    data_id: String,
    group: String,
    content: String,
    md5: Option<()>,
    encrypted_data_key: String,
    tenant: String,
    app_name: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// What a search looks for.
pub(super) struct Wanted {
    data_id: String,
    group: String,
    app_name: Option<String>,
    tags: Vec<String>,
    kinds: Vec<String>,
    has_wildcards: bool,
}

impl Wanted {
    pub(super) fn of(call: &Call, has_wildcards: bool) -> Result<Self, Failure> {
        let list = |name: &str| {
            let text = call.filled(name).unwrap_or_default();
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        Ok(Self {
            data_id: call.present("dataId")?.into_owned(),
            group: call.present("group")?.into_owned(),
            app_name: call.filled("appName").map(std::borrow::Cow::into_owned),
            tags: list("config_tags"),
            kinds: if has_wildcards { list("types") } else { Vec::new() },
            has_wildcards,
        })
    }

    /// The configs that an export asks for by their names, each of which may be missing.
    pub(super) fn of_export(call: &Call) -> Self {
        let text = |name: &str| call.filled(name).unwrap_or_default().into_owned();
        Self {
            data_id: text("dataId"),
            group: text("group"),
            app_name: call.filled("appName").map(std::borrow::Cow::into_owned),
            tags: Vec::new(),
            kinds: Vec::new(),
            has_wildcards: true,
        }
    }

    fn is_all(&self) -> bool {
        let is_any =
            |pattern: &str| pattern.is_empty() || (self.has_wildcards && pattern.bytes().all(|byte| byte == b'*'));
        is_any(&self.data_id)
            && is_any(&self.group)
            && self.app_name.is_none()
            && self.tags.is_empty()
            && self.kinds.is_empty()
    }

    pub(super) fn takes(&self, row: Listed<'_>) -> bool {
        let is_app = self.app_name.as_deref().is_none_or(|name| row.app_name() == Some(name));
        let is_kind = self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == row.config_type().name());
        self.names(&self.data_id, row.key().data_id())
            && self.names(&self.group, row.key().group())
            && is_app
            && is_kind
            && self.has_tag(row)
    }

    fn names(&self, pattern: &str, name: &str) -> bool {
        pattern.is_empty() || pattern == name || (self.has_wildcards && is_like(pattern, name))
    }

    fn has_tag(&self, row: Listed<'_>) -> bool {
        let tags = row.tags().unwrap_or_default();
        let is_one =
            |wanted: &String| tags.split(',').any(|tag| tag == wanted || (self.has_wildcards && is_like(wanted, tag)));
        self.tags.is_empty() || self.tags.iter().any(is_one)
    }
}

/// Whether `name` fits `pattern`, in which `*` stands for any text.
fn is_like(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// As [`search`], and also by content.
pub(in crate::http) async fn search_detail(call: &Call) -> Result<Answer, Failure> {
    let has_wildcards = call.get("search").as_deref() != Some("accurate");
    let text = call.present("config_detail")?;
    search(call, has_wildcards, Some(&*text).filter(|text| !text.is_empty())).await
}

/// A page of the configs of a namespace that fit, in the order of their names. A search by content reads all that fit
/// otherwise.
pub(super) async fn search(call: &Call, has_wildcards: bool, content: Option<&str>) -> Result<Answer, Failure> {
    let wanted = Wanted::of(call, has_wildcards)?;
    let number = |name| call.number::<i64>(name)?.ok_or(Failure::Missing { name, kind: "int" });
    let (page, size) = (number("pageNo")?, number("pageSize")?);
    let (Ok(page), Ok(size)) = (usize::try_from(page), usize::try_from(size)) else { return Err(no_page()) };
    if page == 0 || size == 0 {
        return Err(no_page());
    }
    let size = size.min(LARGEST_PAGE);
    let config = &call.state.config;
    let named = call.filled("tenant").unwrap_or_else(|| namespace(call));
    let first = (page - 1).saturating_mul(size);
    let shown = first..first.saturating_add(size);
    let found = match content {
        Some(text) => {
            let fit = config.find(&named, |row| wanted.takes(row), 0..usize::MAX).await;
            with_content(call, &wanted, fit.keys, text, shown).await?
        }
        None if wanted.is_all() => config.page(&named, shown),
        None => config.find(&named, |row| wanted.takes(row), shown).await,
    };
    let mut page_items = Vec::new();
    for key in &found.keys {
        // A row that went away meanwhile is left out.
        page_items.extend(item(call, key).await?);
    }
    Ok(Answer::bare(Page {
        total_count: found.total,
        page_number: page,
        pages_available: found.total.div_ceil(size),
        page_items,
    }))
}

/// Those of `keys` whose content fits, and a page of them.
async fn with_content(
    call: &Call,
    wanted: &Wanted,
    keys: Vec<ConfigKey>,
    text: &str,
    page: Range<usize>,
) -> Result<Found, Failure> {
    let mut found = Found::default();
    for key in keys {
        let detail = call.state.config.detail(&key).await.map_err(|error| refuse(&error))?;
        if detail.is_some_and(|detail| wanted.names(text, &detail.content)) {
            if page.contains(&found.total) {
                found.keys.push(key);
            }
            found.total += 1;
        }
    }
    Ok(found)
}

async fn item(call: &Call, key: &ConfigKey) -> Result<Option<Item>, Failure> {
    let detail = call.state.config.detail(key).await.map_err(|error| refuse(&error))?;
    Ok(detail.map(|detail| Item {
        id: detail.id.to_string(),
        data_id: key.data_id().to_owned(),
        group: key.group().to_owned(),
        content: detail.content.to_string(),
        md5: None,
        encrypted_data_key: detail.encrypted_data_key.as_deref().unwrap_or_default().to_owned(),
        tenant: key.namespace().to_owned(),
        app_name: detail.app_name.unwrap_or_default(),
        kind: detail.config_type.name(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, name) in
            [("*", ""), ("*et*", "beta"), ("a*c", "abc"), ("a*b*c", "aXbYc"), ("x", "x"), ("*a", "aa")]
        {
            assert!(is_like(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("alpha", "alpha-1"), ("a*a", "a"), ("*b", "ba"), ("%", "x"), ("a*b*b", "ab")] {
            assert!(!is_like(pattern, name), "{pattern} {name}");
        }
    }
}
