//! Lists cut into pages, in both generations of the API. A page token names the row at which a page
//! begins or ends, so that rows which come meanwhile shift nothing.

use super::answers::{Json, Refused};
use super::call::{Call, Parameters};
use super::sid::Sid;

const PAGE_SIZE_DEFAULT: usize = 50;
/// Above this the API answers 20007.
const PAGE_SIZE_MAX: usize = 1_000;
/// A page that follows the row named in its token, and one that ends before it.
const AFTER: &str = "PA";
const BEFORE: &str = "PB";

/// One page of a list.
pub struct Page<'i, T> {
    pub items: &'i [T],
    start: usize,
    page_size: usize,
    page: usize,
    token: Option<String>,
    next_token: Option<String>,
    previous_token: Option<String>,
}

/// Cuts the page that the query asks for out of a list.
pub fn page<'i, T>(
    items: &'i [T],
    sid: impl Fn(&T) -> Sid,
    query: &Parameters,
) -> Result<Page<'i, T>, Refused> {
    let page_size = match query.get("PageSize") {
        None => PAGE_SIZE_DEFAULT,
        Some(text) => match text.parse::<usize>() {
            Ok(size) if size > PAGE_SIZE_MAX => {
                return Err(Refused::new(400, 20007, "Page size must be less than or equal to 1000"));
            }
            Ok(size) if size > 0 => size,
            _ => return Err(Refused::invalid("PageSize", "it is not a number from 1 to 1000")),
        },
    };
    let bad_token = || Refused::new(400, 21481, "Invalid PageToken");
    let page = query.get("Page").map_or(Ok(0), |text| {
        text.parse::<usize>().map_err(|_| Refused::invalid("Page", "it is not a number from 0"))
    })?;
    let token = query.get("PageToken").filter(|token| !token.is_empty());
    let start = match token {
        // The number of a page alone says nothing: pages are reached by following the URLs.
        None if page > 0 => return Err(bad_token()),
        None => 0,
        Some(token) => {
            let (side, row) = token.split_at_checked(2).ok_or_else(bad_token)?;
            let at = items.iter().position(|item| sid(item).as_str() == row).ok_or_else(bad_token)?;
            match side {
                AFTER => at + 1,
                BEFORE => at.saturating_sub(page_size),
                _ => return Err(bad_token()),
            }
        }
    };
    let end = (start + page_size).min(items.len());
    let next_token = (end < items.len()).then(|| format!("{AFTER}{}", sid(&items[end - 1])));
    let previous_token =
        (start > 0 && start < items.len()).then(|| format!("{BEFORE}{}", sid(&items[start])));
    Ok(Page {
        items: &items[start..end],
        start,
        page_size,
        page,
        token: token.map(str::to_owned),
        next_token,
        previous_token,
    })
}

impl<T> Page<'_, T> {
    /// The body of a Trust Hub list: rows under `key`, absolute URLs under `meta`.
    pub fn trust_hub(
        &self,
        call: &Call,
        filters: &[&str],
        key: &str,
        rows: impl Iterator<Item = Json>,
    ) -> Json {
        let url =
            |page, token: Option<&str>| format!("{}{}", call.base_url, self.uri(call, filters, page, token));
        let mut meta = Json::object();
        meta.number("page", self.page as u64)
            .number("page_size", self.page_size as u64)
            .text("first_page_url", &url(0, None))
            .text_or_null(
                "previous_page_url",
                self.previous().map(|(page, token)| url(page, Some(token))).as_deref(),
            )
            .text("url", &url(self.page, self.token.as_deref()))
            .text_or_null("next_page_url", self.next().map(|(page, token)| url(page, Some(token))).as_deref())
            .text("key", key);
        let mut json = Json::object();
        json.list(key, rows).child("meta", meta);
        json
    }

    /// The body of a list of the 2010 API: rows under `key`, relative URIs beside them.
    pub fn api_2010(
        &self,
        call: &Call,
        filters: &[&str],
        key: &str,
        rows: impl Iterator<Item = Json>,
    ) -> Json {
        let uri = |page, token: Option<&str>| self.uri(call, filters, page, token);
        let last = (self.start + self.items.len()).saturating_sub(1);
        let mut json = Json::object();
        json.text("first_page_uri", &uri(0, None))
            .number("end", last as u64)
            .text_or_null(
                "previous_page_uri",
                self.previous().map(|(page, token)| uri(page, Some(token))).as_deref(),
            )
            .list(key, rows)
            .text("uri", &uri(self.page, self.token.as_deref()))
            .number("page_size", self.page_size as u64)
            .number("start", self.start as u64)
            .text_or_null("next_page_uri", self.next().map(|(page, token)| uri(page, Some(token))).as_deref())
            .number("page", self.page as u64);
        json
    }

    fn next(&self) -> Option<(usize, &str)> {
        self.next_token.as_deref().map(|token| (self.page + 1, token))
    }

    fn previous(&self) -> Option<(usize, &str)> {
        self.previous_token.as_deref().map(|token| (self.page.saturating_sub(1), token))
    }

    /// Path and query of a page; the filters of the request come back in it.
    fn uri(&self, call: &Call, filters: &[&str], page: usize, token: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for filter in filters {
            if let Some(value) = call.query.get(filter) {
                query.append_pair(filter, value);
            }
        }
        query.append_pair("PageSize", &self.page_size.to_string());
        query.append_pair("Page", &page.to_string());
        if let Some(token) = token {
            query.append_pair("PageToken", token);
        }
        format!("{}?{}", call.path, query.finish())
    }
}
