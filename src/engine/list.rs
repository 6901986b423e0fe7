//! Whole lists, page by page.

use super::exchange::{As, Fresh, Reply};
use super::row::{Row, Stop};
use crate::plan::{Call, Item, Key};
use crate::twilio::Answer;
use serde::Deserialize;

/// The most pages that are followed: a million resources of one kind in one subaccount would be a
/// server that runs in circles.
const PAGES_MAX: usize = 1_000;

/// A page of either API [spec]. Which array there is depends on the kind.
#[derive(Deserialize)]
struct Page {
    results: Option<Vec<Item>>,
    addresses: Option<Vec<Item>>,
    incoming_phone_numbers: Option<Vec<Item>>,
    meta: Option<Meta>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    next_page_url: Option<String>,
}

impl Row<'_> {
    /// Everything in a list, or the answer that was no list.
    pub(super) async fn list(&mut self, key: Key, call: Call) -> Result<Result<Vec<Item>, Reply>, Stop> {
        let mut items = vec![];
        let mut call = call;
        for _ in 0..PAGES_MAX {
            let answer = match self.call(key, &call, As::Subaccount, Fresh::Perhaps).await? {
                Reply::Yes(answer) => answer,
                other => return Ok(Err(other)),
            };
            let (page, next) = self.page(key, &answer)?;
            for item in &page {
                self.check_landing(key, item, answer.request_id.clone()).await?;
            }
            items.extend(page);
            let next = next.and_then(|address| self.run.client.next_page(&call, &address));
            match next {
                Some(next) if next.path != call.path => call = next,
                _ => return Ok(Ok(items)),
            }
        }
        Err(Stop::Lost(key))
    }

    fn page(&self, key: Key, answer: &Answer) -> Result<(Vec<Item>, Option<String>), Stop> {
        let page: Page = self.parse(key, answer)?;
        let next = page.meta.and_then(|meta| meta.next_page_url).or(page.next_page_uri);
        match page.results.or(page.addresses).or(page.incoming_phone_numbers) {
            Some(items) => Ok((items, next)),
            None => Err(Stop::Lost(key)),
        }
    }
}
