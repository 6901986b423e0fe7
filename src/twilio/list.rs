//! Whole lists, page by page: everything that is there, each once, or no list at all.

use super::client::next_page;
use crate::flow::{Call, Item};
use crate::model::Sid;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// As many on a page as the API allows (error 20007 beyond), and how many another reading asks for, so that it cuts
/// the list elsewhere: what slipped through one cut does not slip through the other.
pub const PAGE_SIZES: [u32; 2] = [1000, 997];

/// A list of several pages that brings something new this often is not read: too much comes and goes.
const READINGS_MAX: usize = 5;

/// The most pages that are followed: a million resources of one kind in one subaccount would be a
/// server that makes them up.
const PAGES_MAX: usize = 1_000;

/// So many pages in a row that bring nothing new and promise more are a circle. One can be a page that
/// moved up as something came before it.
const NOTHING_NEW_MAX: u32 = 3;

/// Something that a list holds.
pub trait Listed {
    /// Its SID, if it has one that is a SID.
    fn sid(&self) -> Option<Sid>;
}

impl Listed for Item {
    fn sid(&self) -> Option<Sid> {
        Item::sid(self)
    }
}

/// A page of either API [spec]. Which array there is depends on the kind.
#[derive(Deserialize)]
pub struct Page<T = Item> {
    results: Option<Vec<T>>,
    addresses: Option<Vec<T>>,
    incoming_phone_numbers: Option<Vec<T>>,
    accounts: Option<Vec<T>>,
    meta: Option<Meta>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    next_page_url: Option<String>,
}

/// Why pages do not make a list.
#[derive(Debug, PartialEq, Eq)]
pub enum NoList {
    /// A page without an array, an item without a SID, an address that leads to no page of the list.
    Broken,
    /// The pages lead back to where they were.
    Circle,
    /// It does not end.
    Endless,
    /// Every reading brings something new.
    Restless,
}

impl<T> Page<T> {
    /// What is on the page, whatever the array is called.
    pub fn items(&self) -> impl Iterator<Item = &T> {
        let arrays = [&self.results, &self.addresses, &self.incoming_phone_numbers, &self.accounts];
        arrays.into_iter().flatten().flatten()
    }

    fn into_items(self) -> Option<Vec<T>> {
        self.results.or(self.addresses).or(self.incoming_phone_numbers).or(self.accounts)
    }
}

impl NoList {
    pub fn in_words(&self) -> &'static str {
        match self {
            NoList::Broken => "a list is cut off: the address of its next page leads nowhere",
            NoList::Circle => "a list goes in circles: its pages lead back to where they were",
            NoList::Endless => "a list does not end",
            NoList::Restless => "a list changes with every reading",
        }
    }
}

/// A list that is read until it is whole: what moves from one page to another between two requests can slip through.
/// So one of several pages is read until a reading brings nothing new; one of a single page costs one request.
pub struct WholeList<T = Item> {
    list: Call,
    page_sizes: [u32; 2],
    readings: usize,
    readings_min: usize,
    known: usize,
    listing: Listing<T>,
}

impl<T: Listed> WholeList<T> {
    /// `list` asks for no page size.
    pub fn of(list: Call) -> WholeList<T> {
        let listing = Listing::default();
        WholeList { list, page_sizes: PAGE_SIZES, readings: 0, readings_min: 1, known: 0, listing }
    }

    /// The same list, for which the first reading asks for pages of the other size.
    pub fn cut_elsewhere(mut self) -> WholeList<T> {
        self.page_sizes.reverse();
        self
    }

    /// The same list, of which a single page is read twice as well.
    pub fn twice(mut self) -> WholeList<T> {
        self.readings_min = 2;
        self
    }

    /// The request for the first page of the next reading.
    pub fn first(&self) -> Call {
        let Call { host, path, .. } = &self.list;
        let joint = if path.contains('?') { '&' } else { '?' };
        let size = self.page_sizes[self.readings % 2];
        Call::get(*host, format!("{path}{joint}PageSize={size}"))
    }

    /// Takes a page in, and gives the request for the next one; `None` where the list is whole.
    ///
    /// # Errors
    /// The pages make no list.
    pub fn take(&mut self, call: &Call, page: Page<T>) -> Result<Option<Call>, NoList> {
        if let Some(next) = self.listing.take(call, page)? {
            return Ok(Some(next));
        }
        self.readings += 1;
        let pages = self.listing.read_again();
        let known = std::mem::replace(&mut self.known, self.listing.items.len());
        let is_whole = match self.readings {
            1 => pages == 1,
            _ => self.known == known,
        };
        match self.readings {
            readings if is_whole && readings >= self.readings_min => Ok(None),
            READINGS_MAX => Err(NoList::Restless),
            _ => Ok(Some(self.first())),
        }
    }

    /// Each item once, as it was seen last.
    pub fn items(self) -> Vec<T> {
        self.listing.items
    }
}

/// What is listed so far: each SID once, as it was seen last.
struct Listing<T> {
    items: Vec<T>,
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

impl<T> Default for Listing<T> {
    fn default() -> Listing<T> {
        Listing { items: Vec::new(), places: HashMap::new(), reading: Reading::default() }
    }
}

impl<T: Listed> Listing<T> {
    /// Takes a page in, and gives the request for the next one.
    fn take(&mut self, call: &Call, mut page: Page<T>) -> Result<Option<Call>, NoList> {
        self.reading.asked.insert(call.path.clone());
        let (meta, next_page_uri) = (page.meta.take(), page.next_page_uri.take());
        let items = page.into_items().ok_or(NoList::Broken)?;
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
        let address = meta.and_then(|meta| meta.next_page_url).or(next_page_uri);
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
        let mut listing = Listing::<Item>::default();
        let next = listing.take(&at("PageSize=2"), page(&[1, 2], Some(&url("Page=1")))).unwrap().unwrap();
        assert_eq!(next.path, "/v1/EndUsers?Page=1");
        let mut last = page(&[2, 3], None);
        last.results.as_mut().unwrap()[0].status = Some("draft".to_owned());
        assert_eq!(listing.take(&next, last).unwrap().map(|it| it.path), None);
        let items = listing.items;
        assert_eq!(items.iter().map(|it| it.sid.clone().unwrap()).collect::<Vec<_>>(), [1, 2, 3].map(sid));
        assert_eq!(items[1].status.as_deref(), Some("draft"));
    }

    #[test]
    fn an_address_that_leads_to_no_page_of_the_list_makes_it_no_list() {
        let foreign = url("Page=1").replace("EndUsers", "SupportingDocuments");
        for address in ["nonsense", "/v1/EndUsers", "https://", "null", foreign.as_str(), "?Page=1"] {
            let taken = Listing::<Item>::default().take(&at("PageSize=2"), page(&[1, 2], Some(address)));
            assert_eq!(taken.err(), Some(NoList::Broken), "{address:?}");
        }
        for end in [None, Some("")] {
            assert!(Listing::<Item>::default().take(&at("PageSize=2"), page(&[1], end)).unwrap().is_none());
        }
    }

    #[test]
    fn a_page_without_a_list_or_an_item_without_a_sid_makes_it_no_list() {
        for body in
            [r#"{"meta":{}}"#, r#"{"results":[{"friendly_name":"a"}]}"#, r#"{"results":[{"sid":"?"}]}"#]
        {
            let taken =
                Listing::<Item>::default().take(&at("PageSize=2"), serde_json::from_str(body).unwrap());
            assert_eq!(taken.err(), Some(NoList::Broken), "{body}");
        }
    }

    /// Follows pages that a function makes, and says why they ended and after how many.
    fn follow(of: impl Fn(usize) -> (Vec<usize>, String)) -> (Option<NoList>, usize) {
        let (mut listing, mut call) = (Listing::<Item>::default(), at("PageSize=1000"));
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
