//! The requests that a plan asks for, as plain data, and how an answer is recognised as ours.

use super::facts::{Callback, Digest, Facts, Surplus, UNKNOWN};
use super::step::{Assignments, Bundle, Key, Object, Part, Step, StepId, Verb, from_hex};
use super::{Plan, Task, mark};
use crate::model::{Address, PhoneNumber, PhoneNumbers, Sid, SidKind};
use crate::products::{self, Place};
use serde::Deserialize;

/// Form fields in the order in which they go out. Names are Twilio's, in PascalCase.
pub type Form = Vec<(&'static str, String)>;

/// One request in the account of one customer.
pub struct Call {
    pub method: Method,
    pub host: Host,
    /// With the query, as it goes over the wire. It holds SIDs only, so that it may be logged.
    pub path: String,
    /// Empty for everything but POST.
    pub form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Host {
    /// api.twilio.com
    Api,
    /// trusthub.twilio.com
    TrustHub,
}

impl Call {
    pub fn get(host: Host, path: String) -> Call {
        Call { method: Method::Get, host, path, form: vec![] }
    }
}

/// The fields of any resource that decide whether it is the one that was meant. Which of them are
/// there depends on the kind.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Item {
    pub sid: Option<String>,
    pub account_sid: Option<String>,
    pub friendly_name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub policy_sid: Option<String>,
    pub status: Option<String>,
    pub object_sid: Option<String>,
    pub channel_endpoint_sid: Option<String>,
    /// The bundle of an assignment: a profile or a product.
    pub customer_profile_sid: Option<String>,
    pub trust_product_sid: Option<String>,
    pub phone_number: Option<String>,
    pub iso_country: Option<String>,
    pub owner_account_sid: Option<String>,
    // The content, by which an answer proves what was sent.
    pub email: Option<String>,
    pub status_callback: Option<String>,
    pub customer_name: Option<String>,
    pub street: Option<String>,
    pub street_secondary: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
    /// Why a bundle was rejected; often null although it was [public code].
    pub errors: Option<Vec<ItemError>>,
}

/// One reason of a rejection.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct ItemError {
    pub code: Option<u32>,
}

impl Item {
    /// Its SID, if it has one that is a SID.
    pub fn sid(&self) -> Option<Sid> {
        Sid::parse(self.sid.as_deref()?)
    }

    /// The codes of a rejection.
    pub fn codes(&self) -> Vec<u32> {
        self.errors.iter().flatten().filter_map(|it| it.code).collect()
    }

    /// The value of a parameter as the answer shows it; `None` where it has no such field.
    pub fn field(&self, parameter: &str) -> Option<&str> {
        let field = match parameter {
            "FriendlyName" => &self.friendly_name,
            "Email" => &self.email,
            "StatusCallback" => &self.status_callback,
            "CustomerName" => &self.customer_name,
            "Street" => &self.street,
            "StreetSecondary" => &self.street_secondary,
            "City" => &self.city,
            "Region" => &self.region,
            "PostalCode" => &self.postal_code,
            _ => return None,
        };
        field.as_deref()
    }

    fn is(field: &Option<String>, value: &str) -> bool {
        field.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(value))
    }
}

/// Where all resources of a kind are listed: as many on a page as the API allows [docs, 20007].
const PAGE: &str = "PageSize=1000";

impl Plan<'_> {
    /// The request that carries out a task; `None` where a SID that it needs is not known, which
    /// only a wrong order of the steps could cause.
    pub fn request(&self, task: Task, facts: &Facts) -> Option<Call> {
        let post = |host, path, form| Some(Call { method: Method::Post, host, path, form });
        match task.verb {
            Verb::CheckAccount => Some(Call::get(Host::Api, account_path(&self.customer.subaccount))),
            Verb::Survey => None,
            Verb::ResolveNumbers => Some(Call::get(
                Host::Api,
                format!("/2010-04-01/Accounts/{}/IncomingPhoneNumbers.json?{PAGE}", self.customer.subaccount),
            )),
            Verb::CheckAddress => match &self.customer.address {
                Address::Existing(sid) => {
                    Some(Call::get(Host::Api, self.path_of(Place::Addresses, Some(sid))))
                }
                Address::New { .. } => None,
            },
            Verb::Make(resource) => {
                let mut form = (resource.fixed)(self.policy());
                form.splice(0..0, self.content(task.key.step, facts)?);
                post(resource.place.host(), self.path_of(resource.place, None), form)
            }
            Verb::Attach(object, bundle) => post(
                Host::TrustHub,
                format!("{}/EntityAssignments", self.bundle_path(bundle, facts)?),
                vec![("ObjectSid", self.object(object, facts)?.to_string())],
            ),
            Verb::AssignNumbers(bundle) => post(
                Host::TrustHub,
                format!("{}/ChannelEndpointAssignments", self.bundle_path(bundle, facts)?),
                vec![
                    ("ChannelEndpointType", "phone-number".to_owned()),
                    ("ChannelEndpointSid", task.key.part.sid()?.to_string()),
                ],
            ),
            Verb::Evaluate(bundle) => post(
                Host::TrustHub,
                format!("{}/Evaluations", self.bundle_path(bundle, facts)?),
                vec![("PolicySid", self.policy_sid(bundle).to_string())],
            ),
            // Status alone: regulatory bundles refuse it together with anything else (22204).
            Verb::Submit(bundle) => post(
                Host::TrustHub,
                self.bundle_path(bundle, facts)?,
                vec![("Status", "pending-review".to_owned())],
            ),
            Verb::Review(bundle) => Some(Call::get(Host::TrustHub, self.bundle_path(bundle, facts)?)),
        }
    }

    /// The request that updates a resource in place. `Attributes` goes out whole, because an update
    /// replaces it.
    pub fn amendment(&self, task: Task, facts: &Facts) -> Option<Call> {
        let Verb::Make(resource) = task.verb else { return None };
        let path = self.path_of(resource.place, Some(facts.sid(task.key)?));
        let mut form = self.content(task.key.step, facts)?;
        match resource.place.bundle() {
            // What is left out of an update stays as it was, and an empty one is against the description of
            // the API [spec, format: uri]: it goes out only where there is one that must go.
            Some(bundle) if facts.callback(bundle) == Some(Callback::ToClear) => {
                form.push(("StatusCallback", String::new()));
            }
            Some(_) => (),
            // A corrected address would be another one than the row's; the default is to correct it [spec].
            None if resource.place == Place::Addresses => {
                form.push(("AutoCorrectAddress", "false".to_owned()));
            }
            None => (),
        }
        Some(Call { method: Method::Post, host: resource.place.host(), path, form })
    }

    /// The request that takes an assignment off its bundle.
    pub fn removal(&self, task: Task, facts: &Facts) -> Option<Call> {
        let collection = match task.verb {
            Verb::AssignNumbers(_) => Assignments::ChannelEndpoints,
            _ => Assignments::Entities,
        };
        let sid = facts.sid(task.key)?.clone();
        self.taking_off(&Surplus { bundle: task.bundle, collection, sid }, facts)
    }

    /// The request that takes off what nothing asks for.
    pub fn taking_off(&self, surplus: &Surplus, facts: &Facts) -> Option<Call> {
        let path = self.assignment_path(surplus.bundle, surplus.collection, &surplus.sid, facts)?;
        Some(Call { method: Method::Delete, host: Host::TrustHub, path, form: vec![] })
    }

    /// Where one assignment is.
    pub fn assignment_path(
        &self,
        bundle: Bundle,
        collection: Assignments,
        sid: &Sid,
        facts: &Facts,
    ) -> Option<String> {
        Some(format!("{}/{}/{sid}", self.bundle_path(bundle, facts)?, collection.path()))
    }

    /// Where the resource is that a step made.
    pub fn resource(&self, task: Task, facts: &Facts) -> Option<Call> {
        let Verb::Make(resource) = task.verb else { return None };
        Some(Call::get(resource.place.host(), self.path_of(resource.place, Some(facts.sid(task.key)?))))
    }

    /// Where a request whose answer was lost would show: a list, or for a submission the bundle.
    pub fn look(&self, task: Task, facts: &Facts) -> Option<Call> {
        let trust_hub = |path| Some(Call::get(Host::TrustHub, path));
        match task.verb {
            Verb::Make(resource) => Some(self.list(resource.place)),
            Verb::Attach(_, bundle) => {
                trust_hub(format!("{}/EntityAssignments?{PAGE}", self.bundle_path(bundle, facts)?))
            }
            Verb::AssignNumbers(bundle) => {
                let number = task.key.part.sid()?;
                let bundle = self.bundle_path(bundle, facts)?;
                trust_hub(format!("{bundle}/ChannelEndpointAssignments?ChannelEndpointSid={number}&{PAGE}"))
            }
            Verb::Submit(bundle) => trust_hub(self.bundle_path(bundle, facts)?),
            _ => None,
        }
    }

    /// The list of all resources of a kind; bundles under our policy only.
    pub fn list(&self, place: Place) -> Call {
        let filter = match place.bundle() {
            Some(bundle) => format!("PolicySid={}&", self.policy_sid(bundle)),
            None => String::new(),
        };
        Call::get(place.host(), format!("{}?{filter}{PAGE}", self.path_of(place, None)))
    }

    /// The list of the objects and bundles on a bundle that has not been taken over yet.
    pub fn list_entities_of(&self, bundle: Bundle, sid: &Sid) -> Call {
        Call::get(Host::TrustHub, format!("{}/{sid}/EntityAssignments?{PAGE}", bundle.path()))
    }

    /// The list of everything that is assigned to a bundle.
    pub fn list_assignments(&self, bundle: Bundle, collection: Assignments, facts: &Facts) -> Option<Call> {
        let path = format!("{}/{}?{PAGE}", self.bundle_path(bundle, facts)?, collection.path());
        Some(Call::get(Host::TrustHub, path))
    }

    /// Whether a listed resource is what this task makes: by mark and type, or by what it assigns;
    /// never by attributes, because what was made by hand may well have the same ones.
    pub fn is_ours(&self, task: Task, facts: &Facts, item: &Item) -> bool {
        if item.sid().is_some_and(|sid| facts.is_disowned(task.key.step, &sid)) {
            return false;
        }
        match task.verb {
            Verb::Make(resource) => {
                let name = item.friendly_name.as_deref().unwrap_or_default();
                item.sid().is_some_and(|sid| sid.is(resource.place.sid_kind()))
                    && self.is_of_the_kind(task, item)
                    && mark::bears_mark(name, &self.customer.subaccount, resource.mark)
            }
            Verb::Attach(object, bundle) => {
                item.sid().is_some_and(|sid| sid.is(SidKind::EntityAssignment))
                    && self.is_on(bundle, facts, item)
                    && self.object(object, facts).is_some_and(|sid| Item::is(&item.object_sid, sid.as_str()))
            }
            Verb::AssignNumbers(bundle) => {
                item.sid().is_some_and(|sid| sid.is(SidKind::ChannelEndpointAssignment))
                    && self.is_on(bundle, facts, item)
                    && task
                        .key
                        .part
                        .sid()
                        .is_some_and(|sid| Item::is(&item.channel_endpoint_sid, sid.as_str()))
            }
            _ => false,
        }
    }

    /// Whether an assignment is on this bundle, as far as it says.
    fn is_on(&self, bundle: Bundle, facts: &Facts, item: &Item) -> bool {
        let said = [&item.customer_profile_sid, &item.trust_product_sid];
        let ours = facts.sid(bundle.made_by());
        said.into_iter().flatten().all(|it| Sid::parse(it).as_ref() == ours)
    }

    /// The type of a resource that somebody else has made, if it is one that we make for this bundle,
    /// whether or not the row asks for it.
    pub fn kind_not_ours(&self, bundle: Bundle, facts: &Facts, item: &Item) -> Option<String> {
        let steps = StepId::ALL.iter().filter_map(|id| products::step(*id)).filter(|it| it.bundle == bundle);
        let task = |step: Step| Task { key: step.id.into(), verb: step.verb, bundle };
        let mut of_the_kind = steps.map(task).filter(|task| self.is_of_the_kind(*task, item)).peekable();
        of_the_kind.peek()?;
        let is_ours = of_the_kind.any(|task| self.is_ours(task, facts, item));
        if is_ours { None } else { item.kind.clone() }
    }

    /// Whether a listed resource is of the kind that this task makes, whoever made it.
    pub fn is_of_the_kind(&self, task: Task, item: &Item) -> bool {
        let Verb::Make(resource) = task.verb else { return false };
        (resource.fixed)(self.policy()).into_iter().all(|(field, value)| match field {
            "PolicySid" => Item::is(&item.policy_sid, &value),
            "Type" => Item::is(&item.kind, &value),
            "IsoCountry" => Item::is(&item.iso_country, &value),
            _ => true,
        })
    }

    /// What a step stands for: a created resource for its own content, an assignment for its
    /// object, an evaluation and a submission for the whole content of the bundle.
    pub fn digest(&self, step: StepId, facts: &Facts) -> Digest {
        let Some(verb) = self.steps().iter().find(|it| it.id == step).map(|it| it.verb) else {
            return UNKNOWN;
        };
        match verb {
            Verb::Make(_) => self
                .made
                .iter()
                .find(|it| it.0 == step)
                .map(|it| it.1)
                .or_else(|| self.content(step, facts).map(|form| self.digest_of(&form)))
                .unwrap_or(UNKNOWN),
            Verb::Attach(object, _) => self.digest_of_object(object, facts),
            Verb::CheckAddress => match &self.customer.address {
                Address::Existing(sid) => from_hex(&sid.as_str()[2..]).unwrap_or(UNKNOWN),
                Address::New { .. } => UNKNOWN,
            },
            Verb::ResolveNumbers => self.digest_of_the_numbers(),
            Verb::Evaluate(bundle) | Verb::Submit(bundle) => self.digest_of_the_bundle(bundle, facts),
            Verb::CheckAccount | Verb::Survey | Verb::AssignNumbers(_) | Verb::Review(_) => UNKNOWN,
        }
    }

    /// What an assignment stands for, whether or not the row asks for it.
    pub fn digest_of_assignment(&self, task: Task, facts: &Facts) -> Digest {
        match task.verb {
            Verb::Attach(object, _) => self.digest_of_object(object, facts),
            _ => UNKNOWN,
        }
    }

    fn digest_of_object(&self, object: Object, facts: &Facts) -> Digest {
        self.object(object, facts).and_then(|sid| from_hex(&sid.as_str()[2..])).unwrap_or(UNKNOWN)
    }

    /// The digests that the row alone decides. They are asked for at every turn of the loop.
    pub(super) fn digests_from_the_row(&self) -> Vec<(StepId, Digest)> {
        let nothing_known = Facts::default();
        let steps = self.steps().iter().filter(|step| matches!(step.verb, Verb::Make(_)));
        steps
            .filter_map(|step| {
                let form = self.content(step.id, &nothing_known)?;
                Some((step.id, self.digest_of(&form)))
            })
            .collect()
    }

    pub(super) fn digest_of(&self, form: &Form) -> Digest {
        let mut hasher = self.key.hasher();
        for (name, value) in form {
            hasher.add(name.as_bytes());
            hasher.add(value.as_bytes());
        }
        hasher.finish()
    }

    /// The order of the numbers in the cell means nothing. Earlier versions kept a digest in the order of
    /// the cell: to those, a row with several numbers looks as if it had been written otherwise.
    fn digest_of_the_numbers(&self) -> Digest {
        let mut numbers = match &self.customer.phone_numbers {
            PhoneNumbers::All => vec!["all"],
            PhoneNumbers::Listed(numbers) => numbers
                .iter()
                .map(|number| match number {
                    PhoneNumber::Sid(sid) => sid.as_str(),
                    PhoneNumber::E164(digits) => digits,
                })
                .collect(),
        };
        numbers.sort_unstable();
        self.key.digest(&numbers)
    }

    fn digest_of_the_bundle(&self, bundle: Bundle, facts: &Facts) -> Digest {
        let mut hasher = self.key.hasher();
        for step in self.steps().iter().filter(|it| it.bundle == bundle) {
            match step.verb {
                // The primary profile is not the row's content, and reports do not know it.
                Verb::Attach(Object::PrimaryProfile, _) => (),
                Verb::Make(_) | Verb::Attach(..) => hasher.add(&self.digest(step.id, facts)),
                Verb::AssignNumbers(_) => {
                    let mut numbers: Vec<Part> = self.numbers(facts);
                    numbers.retain(|part| facts.is_done(Key { step: step.id, part: *part }));
                    numbers.sort_unstable();
                    for number in numbers {
                        hasher.add(number.to_text().as_bytes());
                    }
                }
                _ => (),
            }
        }
        hasher.finish()
    }

    /// The fields that create and update have in common: the name with our mark, and the content.
    pub(super) fn content(&self, step: StepId, facts: &Facts) -> Option<Form> {
        let step = self.steps().iter().find(|it| it.id == step)?;
        let Verb::Make(resource) = step.verb else { return None };
        let name =
            mark::friendly_name(&self.customer.friendly_name, &self.customer.subaccount, resource.mark);
        let mut form = vec![("FriendlyName", name)];
        form.extend((resource.content)(self.customer, facts)?);
        Some(form)
    }

    pub(super) fn object(&self, object: Object, facts: &Facts) -> Option<Sid> {
        match object {
            Object::PrimaryProfile => self.primary().cloned(),
            Object::MadeBy(step) => facts.sid(step).cloned(),
        }
    }

    fn bundle_path(&self, bundle: Bundle, facts: &Facts) -> Option<String> {
        Some(format!("{}/{}", bundle.path(), facts.sid(bundle.made_by())?))
    }

    fn policy_sid(&self, bundle: Bundle) -> &Sid {
        match bundle {
            Bundle::CustomerProfile => &self.policy().secondary_profile_policy,
            Bundle::TrustProduct => &self.policy().voice_integrity_policy,
        }
    }

    fn path_of(&self, place: Place, sid: Option<&Sid>) -> String {
        place.path(&self.customer.subaccount, sid)
    }
}

/// Where an account is read.
pub fn account_path(account: &Sid) -> String {
    format!("/2010-04-01/Accounts/{account}.json")
}
