//! The whole world as plain data, for tests and verdicts.

use super::policies::BundleKind;
use super::review;
use super::shapes;
use super::world::{Birth, World};

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    CustomerProfile,
    TrustProduct,
    EndUser,
    SupportingDocument,
    Address,
    EntityAssignment,
    ChannelEndpointAssignment,
    Evaluation,
}

/// One resource. Accounts and phone numbers are not among them: no client of this API makes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub kind: Kind,
    pub sid: String,
    pub account_sid: String,
    /// Empty for assignments and evaluations.
    pub friendly_name: String,
    /// Policy SID of a bundle or an evaluation, type of an end user or a document, for an assignment
    /// the type of what it assigns; empty for addresses.
    pub of: String,
    /// The bundle that an assignment or an evaluation belongs to.
    pub bundle_sid: Option<String>,
    /// What an assignment assigns.
    pub object_sid: Option<String>,
    /// Status of a bundle now, or of an evaluation.
    pub status: Option<String>,
    /// JSON text: attributes of an end user or a document, the whole body of an address or an evaluation.
    pub attributes: Option<String>,
    /// The e-mail address of a bundle.
    pub email: Option<String>,
    /// Where a bundle's status is reported to; `None` where it is empty.
    pub status_callback: Option<String>,
    /// It was there from the beginning, or made by [`super::Sandbox::edit`]: no request made it.
    pub seeded: bool,
    /// Unix milliseconds.
    pub created_ms: u64,
}

/// Everything, in the order of creation.
pub fn resources(world: &World, now_ms: u64) -> Vec<Resource> {
    let mut all: Vec<(u64, Resource)> = Vec::new();
    for object in world.objects.values() {
        let kind = if object.sid.prefix() == "IT" { Kind::EndUser } else { Kind::SupportingDocument };
        let mut resource = resource(kind, object.sid.as_str(), object.account.as_str(), &object.birth);
        resource.friendly_name.clone_from(&object.friendly_name);
        resource.of.clone_from(&object.object_type);
        resource.attributes.clone_from(&object.attributes);
        all.push((object.birth.order, resource));
    }
    for address in world.addresses.values() {
        let mut resource =
            resource(Kind::Address, address.sid.as_str(), address.account.as_str(), &address.birth);
        resource.friendly_name.clone_from(&address.friendly_name);
        resource.attributes = String::from_utf8(shapes::address(address).end()).ok();
        all.push((address.birth.order, resource));
    }
    for bundle in world.bundles.values() {
        let account = bundle.account.as_str();
        let kind = match bundle.kind {
            BundleKind::CustomerProfile => Kind::CustomerProfile,
            BundleKind::TrustProduct => Kind::TrustProduct,
        };
        let mut own = resource(kind, bundle.sid.as_str(), account, &bundle.birth);
        own.friendly_name.clone_from(&bundle.friendly_name);
        own.of = bundle.policy.to_string();
        own.email = Some(bundle.email.clone());
        own.status_callback = bundle.status_callback.clone().filter(|it| !it.is_empty());
        own.status = Some(review::status(world, bundle, now_ms).0.as_str().to_owned());
        all.push((bundle.birth.order, own));
        for entity in &bundle.entities {
            let mut part = resource(Kind::EntityAssignment, entity.sid.as_str(), account, &entity.birth);
            part.of = match world.objects.get(&entity.object) {
                Some(object) => object.object_type.clone(),
                None => world.bundles.get(&entity.object).map_or("", shapes::profile_type).to_owned(),
            };
            part.bundle_sid = Some(bundle.sid.to_string());
            part.object_sid = Some(entity.object.to_string());
            all.push((entity.birth.order, part));
        }
        for channel in &bundle.channels {
            let mut part =
                resource(Kind::ChannelEndpointAssignment, channel.sid.as_str(), account, &channel.birth);
            part.of = "phone-number".to_owned();
            part.bundle_sid = Some(bundle.sid.to_string());
            part.object_sid = Some(channel.number.to_string());
            all.push((channel.birth.order, part));
        }
        for evaluation in &bundle.evaluations {
            let mut part = resource(Kind::Evaluation, evaluation.sid.as_str(), account, &evaluation.birth);
            let passed = evaluation.findings.iter().all(|finding| finding.passed());
            part.of = bundle.policy.to_string();
            part.bundle_sid = Some(bundle.sid.to_string());
            part.status = Some(if passed { "compliant" } else { "noncompliant" }.to_owned());
            part.attributes = String::from_utf8(shapes::evaluation(evaluation, bundle, "").end()).ok();
            all.push((evaluation.birth.order, part));
        }
    }
    all.sort_by_key(|(order, _)| *order);
    all.into_iter().map(|(_, resource)| resource).collect()
}

fn resource(kind: Kind, sid: &str, account: &str, birth: &Birth) -> Resource {
    Resource {
        kind,
        sid: sid.to_owned(),
        account_sid: account.to_owned(),
        friendly_name: String::new(),
        of: String::new(),
        bundle_sid: None,
        object_sid: None,
        status: None,
        attributes: None,
        email: None,
        status_callback: None,
        seeded: birth.seeded,
        created_ms: birth.at_ms,
    }
}
