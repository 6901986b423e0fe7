//! Whole lists, page by page: everything that is there, each once, or no list at all.

use super::exchange::{As, Fresh, Reply};
use super::row::{Row, Stop};
use crate::flow::{Call, Item, Key};
use crate::model::Sid;
use crate::plan::Ending;
use crate::twilio::{Answer, next_page};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// The most pages that are followed: a million resources of one kind in one subaccount would be a
/// server that makes them up.
const PAGES_MAX: usize = 1_000;

/// So many pages in a row that bring nothing new and promise more are a circle. One can be a page that
/// moved up as something came before it.
const NOTHING_NEW_MAX: u32 = 3;

/// A list of several pages that brings something new this often is not read: too much comes and goes.
const READINGS_MAX: u32 = 5;

/// As many on a page as the API allows, and how many another reading asks for, so that it cuts the list
/// elsewhere: what slipped through one cut does not slip through the other.
const PAGE_SIZE: &str = "PageSize=1000";
const OTHER_PAGE_SIZE: &str = "PageSize=997";

/// A page of either API [spec]. Which array there is depends on the kind.
#[derive(Deserialize)]
pub(super) struct Page {
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

/// Why pages do not make a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoList {
    /// A page without an array, an item without a SID, an address that leads to no page of the list.
    Broken,
    /// The pages lead back to where they were.
    Circle,
    /// It does not end.
    Endless,
}

impl NoList {
    pub fn in_words(&self) -> &'static str {
        match self {
            NoList::Broken => "a list is cut off: the address of its next page leads nowhere",
            NoList::Circle => "a list goes in circles: its pages lead back to where they were",
            NoList::Endless => "a list does not end",
        }
    }
}

/// What is listed so far: each SID once, as it was seen last.
#[derive(Default)]
pub(super) struct Listing {
    items: Vec<Item>,
    places: HashMap<Sid, usize>,
    reading: Reading,
}

/// What one reading from the first page on has met.
#[derive(Default)]
struct Reading {
    asked: HashSet<String>,
    seen: HashSet<Sid>,
    nothing_new: u32,
}

impl Listing {
    /// Takes a page in, and gives the request for the next one.
    pub fn take(&mut self, call: &Call, page: Page) -> Result<Option<Call>, NoList> {
        self.reading.asked.insert(call.path.clone());
        let items = page.results.or(page.addresses).or(page.incoming_phone_numbers).ok_or(NoList::Broken)?;
        let before = self.reading.seen.len();
        for item in items {
            let sid = item.sid().ok_or(NoList::Broken)?;
            self.reading.seen.insert(sid.clone());
            match self.places.get(&sid) {
                Some(place) => self.items[*place] = item,
                None => {
                    self.places.insert(sid, self.items.len());
                    self.items.push(item);
                }
            }
        }
        let address = page.meta.and_then(|meta| meta.next_page_url).or(page.next_page_uri);
        // Older parts of the API say "" where newer ones say null.
        let Some(address) = address.filter(|it| !it.is_empty()) else { return Ok(None) };
        let next = next_page(call, &address).ok_or(NoList::Broken)?;
        let reading = &mut self.reading;
        reading.nothing_new = if reading.seen.len() == before { reading.nothing_new + 1 } else { 0 };
        match () {
            () if reading.asked.contains(&next.path) || reading.nothing_new == NOTHING_NEW_MAX => {
                Err(NoList::Circle)
            }
            () if reading.asked.len() == PAGES_MAX => Err(NoList::Endless),
            () => Ok(Some(next)),
        }
    }

    /// Begins at the first page again, and says how many pages there were.
    fn read_again(&mut self) -> usize {
        std::mem::take(&mut self.reading).asked.len()
    }

    pub fn items(self) -> Vec<Item> {
        self.items
    }
}

impl Row<'_> {
    /// Everything in a list, or the answer that was no list.
    ///
    /// What moves from one page to another between two requests can slip through. So a list of several
    /// pages is read until a reading brings nothing new; one of a single page costs one request.
    pub(super) async fn list(
        &mut self,
        key: Key,
        call: Call,
    ) -> Result<Result<Vec<Item>, Reply<Page>>, Stop> {
        let mut listing = Listing::default();
        for reading in 1..=READINGS_MAX {
            let known = listing.items.len();
            let page_size = if reading % 2 == 1 { PAGE_SIZE } else { OTHER_PAGE_SIZE };
            let mut next = Some(Call::get(call.host, call.path.replace(PAGE_SIZE, page_size)));
            while let Some(call) = next {
                let answer = match self.call(key, &call, As::Subaccount, Fresh::Perhaps).await? {
                    Reply::Yes(answer) => answer,
                    other => return Ok(Err(other)),
                };
                self.check_landings(key, &answer).await?;
                next = listing.take(&call, answer.value).map_err(|why| self.no_list(key, &why))?;
            }
            let pages = listing.read_again();
            let has_grown = reading == 1 || listing.items.len() > known;
            if !has_grown || (reading == 1 && pages == 1) {
                return Ok(Ok(listing.items()));
            }
        }
        Err(Stop::Lost(key))
    }

    async fn check_landings(&mut self, key: Key, answer: &Answer<Page>) -> Result<(), Stop> {
        let page = &answer.value;
        let arrays = [&page.results, &page.addresses, &page.incoming_phone_numbers];
        for item in arrays.into_iter().flatten().flatten() {
            self.check_landing(key, item, answer.request_id.clone()).await?;
        }
        Ok(())
    }

    fn no_list(&mut self, key: Key, why: &NoList) -> Stop {
        self.messages.push((key, why.in_words().to_owned()));
        match why {
            // It may be better the next time.
            NoList::Broken | NoList::Circle => Stop::Lost(key),
            // A thousand requests are enough for this run.
            NoList::Endless => Stop::Over(Ending::Unfinished(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Host;

    fn sid(n: usize) -> String {
        format!("IT{n:032x}")
    }

    fn page(sids: &[usize], next: Option<&str>) -> Page {
        let results: Vec<_> = sids.iter().map(|n| serde_json::json!({ "sid": sid(*n) })).collect();
        let body = serde_json::json!({ "results": results, "meta": { "next_page_url": next } });
        serde_json::from_value(body).unwrap()
    }

    fn at(query: &str) -> Call {
        Call::get(Host::TrustHub, format!("/v1/EndUsers?{query}"))
    }

    fn url(query: &str) -> String {
        format!("https://trusthub.twilio.com/v1/EndUsers?{query}")
    }

    #[test]
    fn each_item_counts_once_as_it_was_seen_last() {
        let mut listing = Listing::default();
        let next = listing.take(&at("PageSize=2"), page(&[1, 2], Some(&url("Page=1")))).unwrap().unwrap();
        assert_eq!(next.path, "/v1/EndUsers?Page=1");
        let mut last = page(&[2, 3], None);
        last.results.as_mut().unwrap()[0].status = Some("draft".to_owned());
        assert_eq!(listing.take(&next, last).unwrap().map(|it| it.path), None);
        let items = listing.items();
        assert_eq!(items.iter().map(|it| it.sid.clone().unwrap()).collect::<Vec<_>>(), [1, 2, 3].map(sid));
        assert_eq!(items[1].status.as_deref(), Some("draft"));
    }

    #[test]
    fn an_address_that_leads_to_no_page_of_the_list_makes_it_no_list() {
        let foreign = url("Page=1").replace("EndUsers", "SupportingDocuments");
        for address in ["nonsense", "/v1/EndUsers", "https://", "null", foreign.as_str(), "?Page=1"] {
            let taken = Listing::default().take(&at("PageSize=2"), page(&[1, 2], Some(address)));
            assert_eq!(taken.err(), Some(NoList::Broken), "{address:?}");
        }
        for end in [None, Some("")] {
            assert!(Listing::default().take(&at("PageSize=2"), page(&[1], end)).unwrap().is_none());
        }
    }

    #[test]
    fn a_page_without_a_list_or_an_item_without_a_sid_makes_it_no_list() {
        for body in
            [r#"{"meta":{}}"#, r#"{"results":[{"friendly_name":"a"}]}"#, r#"{"results":[{"sid":"?"}]}"#]
        {
            let taken = Listing::default().take(&at("PageSize=2"), serde_json::from_str(body).unwrap());
            assert_eq!(taken.err(), Some(NoList::Broken), "{body}");
        }
    }

    /// Follows pages that a function makes, and says why they ended and after how many.
    fn follow(of: impl Fn(usize) -> (Vec<usize>, String)) -> (Option<NoList>, usize) {
        let (mut listing, mut call) = (Listing::default(), at("PageSize=1000"));
        for n in 1.. {
            let (sids, next) = of(n);
            match listing.take(&call, page(&sids, Some(&url(&next)))) {
                Ok(Some(next)) => call = next,
                Ok(None) => return (None, n),
                Err(why) => return (Some(why), n),
            }
        }
        unreachable!()
    }

    #[test]
    fn pages_that_lead_back_or_never_end_are_left_soon() {
        assert_eq!(follow(|_| (vec![1], "PageSize=1000".to_owned())), (Some(NoList::Circle), 1));
        assert_eq!(follow(|n| (vec![n % 2], format!("Page={}", n % 2))), (Some(NoList::Circle), 3));
        // Ever new addresses of the same page, or of an empty one.
        assert_eq!(follow(|n| (vec![1], format!("Page={n}"))), (Some(NoList::Circle), 4));
        assert_eq!(follow(|n| (vec![], format!("Page={n}"))), (Some(NoList::Circle), 3));
        assert_eq!(follow(|n| (vec![n], format!("Page={n}"))), (Some(NoList::Endless), PAGES_MAX));
    }
}
