//! What a row asks for, for the verdict of a rehearsal. Written down once more here, from the columns of the row,
//! and not taken from the tables of the products or from the plan, so that a mistake there shows.

use crate::flow::BundleId;
use crate::model::{Address, Customer, Product, Representative};
use crate::products::FLOW;
use crate::sandbox::{Kind, Resource, Seed, end_users_of};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What an approved customer must have at the API, by kind and type, and what it must say.
#[derive(Debug)]
pub struct Expected {
    pub(super) account: String,
    made: BTreeMap<(Kind, String), usize>,
    content: Vec<Content>,
    /// The SIDs of the numbers that belong on each bundle.
    numbers: Vec<String>,
    /// The bundles that must be approved, by their names in the results.
    pub(super) bundles: Vec<&'static str>,
}

/// What one resource must say.
#[derive(Debug)]
struct Content {
    kind: Kind,
    /// The type of an end user or a document; empty for the other kinds.
    of: &'static str,
    /// By the API's names: keys of the attributes, or fields of the resource. What is not there is empty.
    fields: Vec<(&'static str, String)>,
}

impl Expected {
    /// What a row asks for, with the numbers that its account has in the seed. Bundles that the row names
    /// are there, approved, and only get its numbers.
    pub fn of(customer: &Customer, seed: &Seed) -> Expected {
        let account = customer.subaccount.to_string();
        let own = seed.accounts.iter().find(|it| it.sid == account);
        let mut made = BTreeMap::new();
        let mut expect = |kind, of: &str| {
            *made.entry((kind, of.to_owned())).or_insert(0) += 1;
        };
        if customer.customer_profile.is_none() {
            expect(Kind::CustomerProfile, "");
            let second = customer.representative_2.as_ref().map(|_| "authorized_representative_2");
            let types = ["customer_profile_business_information", "authorized_representative_1"];
            for of in types.into_iter().chain(second) {
                expect(Kind::EndUser, of);
                expect(Kind::EntityAssignment, of);
            }
            expect(Kind::SupportingDocument, "customer_profile_address");
            expect(Kind::EntityAssignment, "customer_profile_address");
            expect(Kind::EntityAssignment, "primary_customer_profile_type_business");
            if let Address::New { .. } = customer.address {
                expect(Kind::Address, "");
            }
        }
        for product in products_to_make(customer) {
            expect(Kind::TrustProduct, "");
            for of in end_users_of(product.policy_sid) {
                expect(Kind::EndUser, of);
                expect(Kind::EntityAssignment, of);
            }
            expect(Kind::EntityAssignment, "secondary_customer_profile_type_business");
        }
        // Every number is on the profile and on each product that takes it.
        let takes =
            |product: &&Product, e164: &str| product.numbers.as_ref().is_none_or(|it| (it.takes)(e164));
        for (_, e164) in own.iter().flat_map(|it| &it.phone_numbers) {
            let products = customer.products.iter().filter(|product| takes(product, e164)).count();
            (0..=products).for_each(|_| expect(Kind::ChannelEndpointAssignment, ""));
        }
        let numbers = own.map(|it| it.phone_numbers.iter().map(|(sid, _)| sid.clone()).collect());
        let content = content_of(customer);
        let bundles = FLOW.bundles_of(customer).into_iter().map(|it| it.name).collect();
        Expected { account, made, content, numbers: numbers.unwrap_or_default(), bundles }
    }

    /// One of each, whatever it says.
    #[cfg(test)]
    pub(super) fn counting(account: &str, made: impl Iterator<Item = (Kind, String)>) -> Expected {
        let made = made.map(|what| (what, 1)).collect();
        let bundles = vec!["customer_profile", "trust_product"];
        Expected { account: account.to_owned(), made, content: vec![], numbers: vec![], bundles }
    }

    /// Everything that is there and does not say what the row says, field by field. Values are not told:
    /// they are personal data.
    pub(super) fn other_content(&self, world: &[&Resource]) -> Vec<String> {
        let own: Vec<&Resource> = world.iter().filter(|it| it.account_sid == self.account).copied().collect();
        let mut wrong = vec![];
        for content in &self.content {
            let is_it =
                |it: &&&Resource| it.kind == content.kind && (content.of.is_empty() || it.of == content.of);
            for resource in own.iter().filter(is_it) {
                let shown = shown(resource);
                let differs = |(name, wanted): &&(&str, String)| match *name {
                    "friendly_name" => !is_name_of(&resource.friendly_name, wanted),
                    // The SID of the one address that was made.
                    "address_sids" if wanted.is_empty() => {
                        let made =
                            |it: &&Resource| it.kind == Kind::Address && Some(&it.sid) == shown.get(*name);
                        !own.iter().copied().any(|it| made(&it))
                    }
                    name => shown.get(name).map_or("", String::as_str) != wanted,
                };
                let fields: Vec<&str> = content.fields.iter().filter(differs).map(|it| it.0).collect();
                if !fields.is_empty() {
                    let name = format!("{:?} {}", content.kind, content.of);
                    wrong.push(format!("{}: {} is not what the row says", name.trim(), fields.join(", ")));
                }
            }
        }
        wrong.extend(self.other_numbers(&own));
        wrong
    }

    fn other_numbers(&self, own: &[&Resource]) -> Option<String> {
        let wanted: BTreeSet<&str> = self.numbers.iter().map(String::as_str).collect();
        let assignments = own.iter().filter(|it| it.kind == Kind::ChannelEndpointAssignment);
        let other: BTreeSet<&str> = assignments
            .filter_map(|it| it.object_sid.as_deref())
            .filter(|sid| !wanted.contains(sid))
            .collect();
        let list: Vec<&str> = other.into_iter().collect();
        (!list.is_empty()).then(|| format!("numbers that the row does not have: {}", list.join(", ")))
    }

    /// What there is more or less of than there should be.
    pub(super) fn differences(&self, world: &[&Resource]) -> Vec<String> {
        let mut found: BTreeMap<(Kind, String), usize> = BTreeMap::new();
        for resource in world.iter().filter(|it| it.account_sid == self.account) {
            // The policy of a bundle and the type of a number say no more than the kind does.
            let of = match resource.kind {
                Kind::EndUser | Kind::SupportingDocument | Kind::EntityAssignment => resource.of.clone(),
                _ => String::new(),
            };
            *found.entry((resource.kind, of)).or_default() += 1;
        }
        let all: HashSet<_> = self.made.keys().chain(found.keys()).collect();
        let count = |of: &BTreeMap<_, usize>, what| of.get(what).copied().unwrap_or(0);
        let mut differences: Vec<String> = all
            .into_iter()
            .filter(|what| count(&self.made, what) != count(&found, what))
            .map(|what| {
                let (kind, of) = what;
                let name = format!("{kind:?} {of}");
                format!("{}: {} instead of {}", name.trim(), count(&found, what), count(&self.made, what))
            })
            .collect();
        differences.sort();
        differences
    }
}

/// The products that the row asks for and does not name by their SIDs.
fn products_to_make(customer: &Customer) -> Vec<BundleId> {
    let to_make = |bundle: &BundleId| bundle.is_wanted_by(customer) && bundle.named_by(customer).is_none();
    FLOW.products.iter().copied().filter(to_make).collect()
}

/// What each resource of a row must say. A bundle that the row names, and an address that it names, are
/// somebody's.
fn content_of(customer: &Customer) -> Vec<Content> {
    let mut all = vec![];
    let bundle = |kind| {
        let callback = customer.status_callback.clone().unwrap_or_default();
        let name = ("friendly_name", customer.friendly_name.clone());
        let fields = vec![name, ("email", customer.email.clone()), ("status_callback", callback)];
        Content { kind, of: "", fields }
    };
    let end_user = |of, fields| Content { kind: Kind::EndUser, of, fields };
    if customer.customer_profile.is_none() {
        all.push(bundle(Kind::CustomerProfile));
        let business = &customer.business;
        let fields = vec![
            ("business_name", business.name.clone()),
            ("business_identity", business.identity.to_string()),
            ("business_type", business.kind.to_string()),
            ("business_industry", business.industry.to_string()),
            ("business_registration_identifier", business.registration_identifier.to_string()),
            ("business_registration_number", business.registration_number.clone()),
            ("business_regions_of_operation", business.regions_of_operation.join(",")),
            ("website_url", business.website_url.clone()),
            ("social_media_profile_urls", business.social_media_profile_urls.clone()),
        ];
        all.push(end_user("customer_profile_business_information", fields));
        all.push(end_user("authorized_representative_1", of_person(&customer.representative_1)));
        if let Some(second) = &customer.representative_2 {
            all.push(end_user("authorized_representative_2", of_person(second)));
        }
        let named = match &customer.address {
            Address::Existing(sid) => sid.to_string(),
            Address::New { .. } => String::new(),
        };
        let fields = vec![("address_sids", named)];
        all.push(Content { kind: Kind::SupportingDocument, of: "customer_profile_address", fields });
        if let Address::New { street, street_secondary, city, region, postal_code, iso_country } =
            &customer.address
        {
            let fields = vec![
                ("customer_name", business.name.clone()),
                ("street", street.clone()),
                ("street_secondary", street_secondary.clone()),
                ("city", city.clone()),
                ("region", region.clone()),
                ("postal_code", postal_code.clone()),
                ("iso_country", iso_country.clone()),
            ];
            all.push(Content { kind: Kind::Address, of: "", fields });
        }
    }
    if !products_to_make(customer).is_empty() {
        all.push(bundle(Kind::TrustProduct));
    }
    if customer.products.iter().any(|it| it.name == "voice_integrity") && customer.trust_product.is_none() {
        let voice = &customer.voice_integrity;
        let fields = vec![
            ("use_case", voice.use_case.to_string()),
            ("business_employee_count", voice.business_employee_count.clone()),
            ("average_business_day_call_volume", voice.average_business_day_call_volume.clone()),
            ("notes", voice.notes.clone()),
        ];
        all.push(end_user("voice_integrity_information", fields));
    }
    if customer.products.iter().any(|it| it.name == "cnam") && customer.named_in("cnam_sid").is_none() {
        all.push(end_user(
            "cnam_information",
            vec![("cnam_display_name", customer.cnam_display_name.clone())],
        ));
    }
    all
}

fn of_person(person: &Representative) -> Vec<(&'static str, String)> {
    vec![
        ("first_name", person.first_name.clone()),
        ("last_name", person.last_name.clone()),
        ("email", person.email.clone()),
        ("phone_number", person.phone_number.clone()),
        ("business_title", person.business_title.clone()),
        ("job_position", person.job_position.to_string()),
    ]
}

/// The fields of a resource by the API's names.
fn shown(resource: &Resource) -> HashMap<String, String> {
    let attributes = resource.attributes.as_deref().and_then(|it| serde_json::from_str(it).ok());
    let attributes: Map<String, Value> = attributes.unwrap_or_default();
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut fields: HashMap<String, String> =
        attributes.into_iter().map(|(name, value)| (name, text(value))).collect();
    if let Kind::CustomerProfile | Kind::TrustProduct = resource.kind {
        fields.insert("email".to_owned(), resource.email.clone().unwrap_or_default());
        fields.insert("status_callback".to_owned(), resource.status_callback.clone().unwrap_or_default());
    }
    fields
}

/// Whether a name is this one, with our tag at its end; a long one is cut to make room for that.
fn is_name_of(name: &str, wanted: &str) -> bool {
    let Some((readable, _)) = name.rsplit_once(" [tho-") else { return false };
    readable == wanted.trim()
        || (!readable.is_empty() && name.len() > 50 && wanted.trim().starts_with(readable))
}
