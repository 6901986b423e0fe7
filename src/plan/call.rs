//! The requests that a plan asks for, as plain data.

use super::Plan;
use crate::facts::{Callback, Facts, Surplus};
use crate::flow::{Assignments, BundleId, Call, Collection, Host, Key, Method, Verb, account_path};
use crate::model::{Address, Sid};

impl Plan<'_> {
    /// The request that carries out a step; `None` where a SID that it needs is not known, which
    /// only a wrong order of the steps could cause.
    pub fn request(&self, key: Key, facts: &Facts) -> Option<Call> {
        let bundle = key.step.bundle;
        let post = |host, path, form| Some(Call { method: Method::Post, host, path, form });
        match key.step.verb {
            Verb::CheckAccount => Some(Call::get(Host::Api, account_path(&self.customer.subaccount))),
            Verb::Discover => None,
            Verb::ResolveNumbers => Some(Call::get(
                Host::Api,
                format!("/2010-04-01/Accounts/{}/IncomingPhoneNumbers.json", self.customer.subaccount),
            )),
            Verb::CheckAddress => match &self.customer.address {
                Address::Existing(sid) => {
                    Some(Call::get(Host::Api, self.path_of(Collection::Addresses, Some(sid))))
                }
                Address::New { .. } => None,
            },
            Verb::Create(resource) => {
                let mut form = self.form(key.step, facts)?;
                form.extend(self.fixed(key.step, resource).map(|(name, value)| (name, value.to_owned())));
                post(resource.collection.host(), self.path_of(resource.collection, None), form)
            }
            Verb::Assign(object) => post(
                Host::TrustHub,
                format!("{}/EntityAssignments", self.bundle_path(bundle, facts)?),
                vec![("ObjectSid", self.object(object, facts)?.to_string())],
            ),
            Verb::AssignNumbers => post(
                Host::TrustHub,
                format!("{}/ChannelEndpointAssignments", self.bundle_path(bundle, facts)?),
                vec![
                    ("ChannelEndpointType", "phone-number".to_owned()),
                    ("ChannelEndpointSid", key.part.sid()?.to_string()),
                ],
            ),
            Verb::Evaluate => post(
                Host::TrustHub,
                format!("{}/Evaluations", self.bundle_path(bundle, facts)?),
                vec![("PolicySid", self.policy.policy_sid(bundle).to_owned())],
            ),
            // Status alone: regulatory bundles refuse it together with anything else (22204).
            Verb::Submit => post(
                Host::TrustHub,
                self.bundle_path(bundle, facts)?,
                vec![("Status", "pending-review".to_owned())],
            ),
            Verb::Review => Some(Call::get(Host::TrustHub, self.bundle_path(bundle, facts)?)),
        }
    }

    /// The request that updates a resource in place. `Attributes` goes out whole, because an update
    /// replaces it.
    pub fn update(&self, key: Key, facts: &Facts) -> Option<Call> {
        let Verb::Create(resource) = key.step.verb else { return None };
        let path = self.path_of(resource.collection, Some(facts.sid(key)?));
        let mut form = self.form(key.step, facts)?;
        // What is left out of an update stays as it was, and an empty one is against the description of the
        // API (`format: uri`): it goes out only where there is one that must go.
        if key.step.creates_its_bundle() && facts.callback(key.step.bundle) == Some(Callback::ToClear) {
            form.push(("StatusCallback", String::new()));
        }
        // A corrected address would be another one than the row's; the default is to correct it.
        if resource.collection == Collection::Addresses {
            form.push(("AutoCorrectAddress", "false".to_owned()));
        }
        Some(Call { method: Method::Post, host: resource.collection.host(), path, form })
    }

    /// The request that takes an assignment off its bundle.
    pub fn removal(&self, key: Key, facts: &Facts) -> Option<Call> {
        let collection = match key.step.verb {
            Verb::AssignNumbers => Assignments::ChannelEndpoints,
            _ => Assignments::Entities,
        };
        let sid = facts.sid(key)?.clone();
        self.taking_off(&Surplus { bundle: key.step.bundle, collection, sid }, facts)
    }

    /// The request that takes off what nothing asks for.
    pub fn taking_off(&self, surplus: &Surplus, facts: &Facts) -> Option<Call> {
        let path = self.assignment_path(surplus.bundle, surplus.collection, &surplus.sid, facts)?;
        Some(Call { method: Method::Delete, host: Host::TrustHub, path, form: vec![] })
    }

    /// Where one assignment is.
    pub fn assignment_path(
        &self,
        bundle: BundleId,
        collection: Assignments,
        sid: &Sid,
        facts: &Facts,
    ) -> Option<String> {
        Some(format!("{}/{}/{sid}", self.bundle_path(bundle, facts)?, collection.path()))
    }

    /// Where the resource is that a step made.
    pub fn resource(&self, key: Key, facts: &Facts) -> Option<Call> {
        let Verb::Create(resource) = key.step.verb else { return None };
        Some(Call::get(resource.collection.host(), self.path_of(resource.collection, Some(facts.sid(key)?))))
    }

    /// Where a request whose answer was lost would show: a list, or for a submission the bundle.
    pub fn look(&self, key: Key, facts: &Facts) -> Option<Call> {
        let trust_hub = |path| Some(Call::get(Host::TrustHub, path));
        match key.step.verb {
            Verb::Create(_) if key.step.creates_its_bundle() => Some(self.list_bundles(key.step.bundle)),
            Verb::Create(resource) => Some(self.list(resource.collection)),
            Verb::Assign(_) => self.list_assignments(key.step.bundle, Assignments::Entities, facts),
            Verb::AssignNumbers => {
                let number = key.part.sid()?;
                let bundle = self.bundle_path(key.step.bundle, facts)?;
                trust_hub(format!("{bundle}/ChannelEndpointAssignments?ChannelEndpointSid={number}"))
            }
            Verb::Submit => trust_hub(self.bundle_path(key.step.bundle, facts)?),
            _ => None,
        }
    }

    /// The list of all resources of a kind.
    pub fn list(&self, collection: Collection) -> Call {
        Call::get(collection.host(), self.path_of(collection, None))
    }

    /// The list of all bundles under the policy of this one.
    pub fn list_bundles(&self, bundle: BundleId) -> Call {
        let policy = self.policy.policy_sid(bundle);
        Call::get(Host::TrustHub, format!("{}?PolicySid={policy}", self.path_of(bundle.collection, None)))
    }

    /// The list of the objects and bundles on a bundle that has not been taken over yet.
    pub fn list_entities_of(&self, bundle: BundleId, sid: &Sid) -> Call {
        let bundle = self.path_of(bundle.collection, Some(sid));
        Call::get(Host::TrustHub, format!("{bundle}/EntityAssignments"))
    }

    /// The list of everything that is assigned to a bundle.
    pub fn list_assignments(&self, bundle: BundleId, collection: Assignments, facts: &Facts) -> Option<Call> {
        let path = format!("{}/{}", self.bundle_path(bundle, facts)?, collection.path());
        Some(Call::get(Host::TrustHub, path))
    }

    fn bundle_path(&self, bundle: BundleId, facts: &Facts) -> Option<String> {
        Some(self.path_of(bundle.collection, Some(facts.sid(bundle.made_by())?)))
    }

    pub fn path_of(&self, collection: Collection, sid: Option<&Sid>) -> String {
        collection.path(&self.customer.subaccount, sid)
    }
}
