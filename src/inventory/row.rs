//! One account as a row of the sheet: each cell from what the API shows.

use super::account::address_of;
use super::columns::{Columns, From, resources_of};
use super::resources::{Bundle, Found, Holdings};
use crate::flow::{BundleId, BundleStatus, Collection, Flow, Resource};
use crate::model::{Column, Sid};
use crate::plan::{bears_tag, friendly_name, without_tag};
use std::cmp::Reverse;

/// The bundles that a row names: of each policy the one that has come furthest.
pub struct Chosen<'h> {
    pub profile: Option<&'h Bundle>,
    /// In the order of the flow.
    pub products: Vec<&'h Bundle>,
}

impl<'h> Chosen<'h> {
    pub fn of(flow: &Flow, holdings: &'h Holdings) -> Chosen<'h> {
        let best = |id: BundleId, is_linked: &dyn Fn(&Bundle) -> bool| {
            let of_it = holdings.bundles.iter().filter(|it| it.id == id);
            of_it.min_by_key(|it| (rank(it.status), !is_linked(it), Reverse(it.since())))
        };
        let names = |product: &Bundle, it: &Bundle| product.objects().any(|sid| sid == it.sid);
        let is_named = |it: &Bundle| holdings.bundles.iter().any(|product| names(product, it));
        let profile = best(flow.profile, &is_named);
        let is_linked = |it: &Bundle| profile.is_some_and(|profile| names(it, profile));
        let products = flow.products.iter().filter_map(|id| best(id, &is_linked)).collect();
        Chosen { profile, products }
    }

    pub fn bundles(&self) -> impl Iterator<Item = &'h Bundle> {
        self.profile.into_iter().chain(self.products.iter().copied())
    }
}

/// What has come furthest is what a row means.
fn rank(status: BundleStatus) -> u8 {
    match status {
        BundleStatus::TwilioApproved => 0,
        BundleStatus::InReview => 1,
        BundleStatus::PendingReview => 2,
        BundleStatus::TwilioRejected => 3,
        BundleStatus::Draft => 4,
    }
}

/// The row of an account whose profile is there; in the order of the headers.
pub fn row(
    columns: &Columns,
    account: &Sid,
    holdings: &Holdings,
    chosen: &Chosen<'_>,
    primaries: &[Sid],
) -> Vec<String> {
    let mut row = Filling { columns, cells: vec![String::new(); columns.headers.len()] };
    let Some(profile) = chosen.profile else { return row.cells };
    row.set("subaccount_sid", account.as_str());
    for bundle in chosen.bundles() {
        row.set(bundle.id.column, bundle.sid.as_str());
    }
    // Where there is one, no row has to say so.
    let linked = profile.objects().find(|sid| primaries.contains(sid));
    if let Some(primary) = linked.filter(|_| primaries.len() > 1) {
        row.set("primary_profile_sid", primary.as_str());
    }
    let products: Vec<&str> =
        chosen.products.iter().filter_map(|it| it.id.product).map(|it| it.name).collect();
    row.set("products", &products.join(", "));
    row.set("phone_numbers", &numbers(holdings, chosen).join("; "));
    // An attribute says more of its column than a parameter of the same name elsewhere.
    for is_attribute in [true, false] {
        for bundle in chosen.bundles() {
            for resource in resources_of(bundle.id) {
                if let Some(found) = found_as(resource, account, bundle, holdings) {
                    row.fill(resource, found, is_attribute);
                }
            }
        }
    }
    let business =
        columns.at(Column::BusinessName.name()).map(|at| row.cells[at].clone()).unwrap_or_default();
    row.set(Column::FriendlyName.name(), &readable_name(account, profile, &business));
    if let Some(address) = address_of_another(account, profile, holdings) {
        row.clear_the_address();
        row.set(Column::AddressSid.name(), address.as_str());
    }
    row.cells
}

struct Filling<'a> {
    columns: &'a Columns,
    cells: Vec<String>,
}

impl Filling<'_> {
    fn set(&mut self, column: &str, text: &str) {
        if let Some(at) = self.columns.at(column) {
            self.cells[at] = text.to_owned();
        }
    }

    fn fill(&mut self, resource: &'static Resource, found: &Found, is_attribute: bool) {
        let places = self.columns.of(resource).iter();
        for place in places.filter(|it| matches!(it.from, From::Attribute(_)) == is_attribute) {
            if let Some(at) = self.columns.at(place.column.name()).filter(|at| self.cells[*at].is_empty()) {
                self.cells[at] = place.value(found);
            }
        }
    }

    fn clear_the_address(&mut self) {
        use Column::{City, IsoCountry, PostalCode, Region, Street, StreetSecondary};
        for column in [Street, StreetSecondary, City, Region, PostalCode, IsoCountry] {
            self.set(column.name(), "");
        }
    }
}

/// What a bundle has in the place of a resource that a product's table would create.
fn found_as<'h>(
    resource: &'static Resource,
    account: &Sid,
    bundle: &'h Bundle,
    holdings: &'h Holdings,
) -> Option<&'h Found> {
    let assigned = || bundle.objects().filter_map(|sid| holdings.resources.get(&sid));
    match resource.collection {
        Collection::CustomerProfiles | Collection::TrustProducts => Some(&bundle.found),
        Collection::Addresses => {
            assigned().filter_map(address_of).find_map(|sid| holdings.resources.get(&sid))
        }
        Collection::EndUsers | Collection::SupportingDocuments => {
            let kind = resource.fixed.iter().find(|it| it.0 == "Type")?.1;
            let of_the_kind = || assigned().filter(|it| crate::flow::Item::is(&it.item.kind, kind));
            let is_ours = |it: &&Found| {
                bears_tag(it.item.friendly_name.as_deref().unwrap_or_default(), account, resource.tag)
            };
            of_the_kind().find(is_ours).or_else(|| of_the_kind().next())
        }
    }
}

/// The address of a profile of ours that its row has named: everything that we make bears our tag.
fn address_of_another(account: &Sid, profile: &Bundle, holdings: &Holdings) -> Option<Sid> {
    let is_ours = |found: &Found, collection: Collection| {
        let name = found.item.friendly_name.as_deref().unwrap_or_default();
        let mut tags = resources_of(profile.id).filter(|it| it.collection == collection).map(|it| it.tag);
        tags.any(|tag| bears_tag(name, account, tag))
    };
    let documents = profile.objects().filter_map(|sid| holdings.resources.get(&sid));
    let address = documents.filter_map(address_of).find_map(|sid| holdings.resources.get(&sid))?;
    let is_named = is_ours(&profile.found, profile.id.collection) && !is_ours(address, Collection::Addresses);
    address.item.sid().filter(|_| is_named)
}

/// The name of the profile without our tag; empty where it is the one that an empty cell stands for.
fn readable_name(account: &Sid, profile: &Bundle, business: &str) -> String {
    let name = profile.found.item.friendly_name.as_deref().unwrap_or_default();
    let tags = || resources_of(profile.id).map(|it| it.tag);
    if name == business || tags().any(|tag| name == friendly_name(business, account, tag)) {
        return String::new();
    }
    let mut shorter = tags().map(|tag| without_tag(name, account, tag)).filter(|it| it.len() < name.len());
    shorter.next().unwrap_or(name).to_owned()
}

/// Names the numbers of a row that are meant by their SIDs.
pub fn name_by_sid(columns: &Columns, owned: &[Number], row: &mut [String], is_meant: impl Fn(&str) -> bool) {
    let Some(at) = columns.at(Column::PhoneNumbers.name()) else { return };
    let named = |part: &str| {
        let found = owned.iter().filter(|_| is_meant(part)).find(|it| it.digits == part);
        found.map_or_else(|| part.to_owned(), |it| it.sid.to_string())
    };
    row[at] = row[at].split("; ").map(named).collect::<Vec<_>>().join("; ");
}

/// A number that an account owns.
pub struct Number {
    pub sid: Sid,
    /// As the API shows it, such as `+16175550150`.
    pub digits: String,
}

/// The numbers that an account owns.
pub fn owned_numbers(holdings: &Holdings) -> Vec<Number> {
    let of =
        |found: &Found| Some(Number { sid: found.item.sid()?, digits: found.item.phone_number.clone()? });
    holdings.owned.iter().filter_map(of).collect()
}

/// The numbers that are on a bundle of the row and belong to the account, each once, in the order in which they were
/// put there: as digits where the account's list has them.
fn numbers(holdings: &Holdings, chosen: &Chosen<'_>) -> Vec<String> {
    let mut sids: Vec<Sid> = vec![];
    for bundle in chosen.bundles() {
        // Lists begin with the newest.
        let mut assigned: Vec<&Found> = bundle.numbers.iter().rev().collect();
        assigned.sort_by(|one, other| one.date_created.cmp(&other.date_created));
        let numbers = assigned.into_iter().filter_map(|it| Found::names(&it.item.channel_endpoint_sid));
        for number in numbers.filter(|it| holdings.owns(it)) {
            if !sids.contains(&number) {
                sids.push(number);
            }
        }
    }
    let spelled = |sid: &Sid| {
        let found = holdings.owned.iter().find(|it| it.item.sid().as_ref() == Some(sid));
        let digits = found.and_then(|it| it.item.phone_number.clone());
        digits.filter(|it| is_e164(it)).unwrap_or_else(|| sid.to_string())
    };
    sids.iter().map(spelled).collect()
}

/// A plus sign and digits: anything else is named by its SID.
fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    matches!(digits.len(), 8..=15) && digits.bytes().all(|it| it.is_ascii_digit())
}
