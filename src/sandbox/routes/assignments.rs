//! What hangs on a bundle: objects and bundles (`BV`), phone numbers (`RA`).

use super::Ctx;
use crate::sandbox::answers::{Answer, Refused};
use crate::sandbox::call::Method;
use crate::sandbox::evaluation;
use crate::sandbox::paging;
use crate::sandbox::policies::{self, BundleKind, Policy};
use crate::sandbox::review::Status;
use crate::sandbox::shapes;
use crate::sandbox::sid::Sid;
use crate::sandbox::undocumented::Stance;
use crate::sandbox::world::{Bundle, Change, Channel, Entity, Number};

/// `…/EntityAssignments…`
pub fn entities(ctx: &mut Ctx, bundle: Sid, rest: &[&str]) -> Result<Answer, Refused> {
    let found = ctx.bundle(bundle)?;
    let shape = |entity: &Entity| shapes::entity(entity, found.kind, found.account, &ctx.call.base_url);
    match (ctx.method(), rest) {
        (Method::Get, []) => {
            let object_type = ctx.call.query.get("ObjectType");
            let listed: Vec<&Entity> = found
                .entities
                .iter()
                .rev()
                .filter(|entity| ctx.is_listed(&entity.birth))
                .filter(|entity| object_type.is_none_or(|asked| type_of(ctx, entity.object) == asked))
                .collect();
            let page = paging::page(&listed, |entity| entity.sid, &ctx.call.query)?;
            let rows = page.items.iter().map(|entity| shape(entity));
            Ok(Answer::ok(page.trust_hub(ctx.call, &["ObjectType"], "results", rows)))
        }
        (Method::Post, []) => assign_entity(ctx, bundle),
        (Method::Get, [sid]) => Ok(Answer::ok(shape(find_entity(ctx, found, sid)?))),
        (Method::Delete, [sid]) => {
            let sid = find_entity(ctx, found, sid)?.sid;
            must_be_editable(ctx, found)?;
            ctx.world.commit(Change::RemovedFrom(bundle, sid));
            Ok(Answer::gone())
        }
        (_, [] | [_]) => Err(Refused::method_not_allowed()),
        _ => Err(ctx.not_found()),
    }
}

/// `…/ChannelEndpointAssignments…`
pub fn channels(ctx: &mut Ctx, bundle: Sid, rest: &[&str]) -> Result<Answer, Refused> {
    let found = ctx.bundle(bundle)?;
    let shape = |channel: &Channel| shapes::channel(channel, found.kind, found.account, &ctx.call.base_url);
    match (ctx.method(), rest) {
        (Method::Get, []) => {
            let query = &ctx.call.query;
            let (one, several) = (query.sid("ChannelEndpointSid", "")?, query.get("ChannelEndpointSids"));
            let listed: Vec<&Channel> = found
                .channels
                .iter()
                .rev()
                .filter(|channel| ctx.is_listed(&channel.birth))
                .filter(|channel| one.is_none_or(|sid| channel.number == sid))
                .filter(|channel| {
                    several
                        .is_none_or(|sids| sids.split(',').any(|sid| channel.number.as_str() == sid.trim()))
                })
                .collect();
            let page = paging::page(&listed, |channel| channel.sid, query)?;
            let rows = page.items.iter().map(|channel| shape(channel));
            let filters = ["ChannelEndpointSid", "ChannelEndpointSids"];
            Ok(Answer::ok(page.trust_hub(ctx.call, &filters, "results", rows)))
        }
        (Method::Post, []) => assign_channel(ctx, bundle),
        (Method::Get, [sid]) => Ok(Answer::ok(shape(find_channel(ctx, found, sid)?))),
        (Method::Delete, [sid]) => {
            let sid = find_channel(ctx, found, sid)?.sid;
            if matches!(ctx.status(found), Status::PendingReview | Status::InReview) {
                return Err(immutable(ctx.status(found)));
            }
            ctx.world.commit(Change::RemovedFrom(bundle, sid));
            Ok(Answer::gone())
        }
        (_, [] | [_]) => Err(Refused::method_not_allowed()),
        _ => Err(ctx.not_found()),
    }
}

fn assign_entity(ctx: &mut Ctx, bundle: Sid) -> Result<Answer, Refused> {
    let object = ctx.call.form.required_sid("ObjectSid", "")?;
    let found = ctx.bundle(bundle)?;
    must_be_editable(ctx, found)?;
    let policy = policies::find(found.policy.as_str()).ok_or_else(|| ctx.not_found())?;
    match object.prefix() {
        "IT" | "RD" => may_hold_object(ctx, found, policy, object)?,
        "BU" => may_hold_bundle(ctx, found, policy, object)?,
        _ => {
            return Err(Refused::bad_request(format!(
                "{object} is neither an end-user nor a document nor a bundle"
            )));
        }
    }
    let is_there = found.entities.iter().any(|entity| entity.object == object);
    if is_there && ctx.rules.duplicate_entity == Stance::Refused {
        return Err(Refused::new(409, 20409, format!("{object} is already assigned to {bundle}")));
    }
    let (kind, account) = (found.kind, found.account);
    let (sid, birth) = ctx.next("BV", account);
    let entity = Entity { sid, bundle, object, birth };
    let body = shapes::entity(&entity, kind, account, &ctx.call.base_url);
    ctx.world.commit(Change::Entity(entity));
    Ok(Answer::created(body))
}

/// End users and documents must be the account's and of a type that the policy asks for.
fn may_hold_object(ctx: &Ctx, bundle: &Bundle, policy: &Policy, sid: Sid) -> Result<(), Refused> {
    let object = ctx.world.objects.get(&sid).filter(|object| ctx.is_reachable(&object.birth));
    let object = object.ok_or_else(|| Refused::not_found(&object_path(sid)))?;
    if object.account != bundle.account {
        return Err(foreign(sid, bundle.account));
    }
    let fits = policy.end_users.iter().any(|end_user| end_user.object_type == object.object_type)
        || policy.documents.iter().any(|document| document.object_type == object.object_type);
    if !fits {
        let message = format!("{sid} of type {} does not fit policy {}", object.object_type, policy.sid);
        return Err(Refused::bad_request(message));
    }
    Ok(())
}

/// A supporting profile must be one of the policy's alternatives and the account's own. Only the
/// primary profile of the account's parent may stand under another account's profile.
fn may_hold_bundle(ctx: &Ctx, bundle: &Bundle, policy: &Policy, sid: Sid) -> Result<(), Refused> {
    let supporting = ctx.world.bundles.get(&sid).filter(|supporting| ctx.is_reachable(&supporting.birth));
    let supporting = supporting.ok_or_else(|| Refused::not_found(&format!("/v1/CustomerProfiles/{sid}")))?;
    let owner = ctx.world.accounts.get(&bundle.account).map(|account| account.owner);
    let is_parents_primary = bundle.kind == BundleKind::CustomerProfile
        && Some(supporting.account) == owner
        && supporting.policy.as_str() == policies::PRIMARY;
    if supporting.account != bundle.account && !is_parents_primary {
        return Err(foreign(sid, bundle.account));
    }
    let profile_type = shapes::profile_type(supporting);
    let fits = policy
        .profiles
        .as_ref()
        .is_some_and(|profiles| profiles.alternatives.iter().any(|(name, _)| *name == profile_type));
    if !fits {
        return Err(Refused::bad_request(format!("{sid} does not fit policy {}", policy.sid)));
    }
    Ok(())
}

fn assign_channel(ctx: &mut Ctx, bundle: Sid) -> Result<Answer, Refused> {
    let form = &ctx.call.form;
    if form.required("ChannelEndpointType")? != "phone-number" {
        return Err(Refused::invalid("ChannelEndpointType", "only phone-number is known"));
    }
    let number = form.required_sid("ChannelEndpointSid", "PN")?;
    let account = ctx.bundle(bundle)?.account;
    ctx.demand_number(account, number);
    let found = ctx.bundle(bundle)?;
    let status = ctx.status(found);
    let is_in_review = matches!(status, Status::PendingReview | Status::InReview);
    if is_in_review && ctx.rules.numbers_in_review == Stance::Refused {
        return Err(immutable(status));
    }
    let endpoint = ctx.world.numbers.get(&number).filter(|endpoint| endpoint.account == account);
    let endpoint = endpoint.ok_or_else(|| {
        Refused::not_found(&format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{number}.json"))
    })?;
    if endpoint.forbidden {
        return Err(Refused::bad_request(format!("{number} is not eligible for {}", found.kind.path())));
    }
    must_be_free(ctx, found, endpoint)?;
    if found.kind == BundleKind::TrustProduct {
        must_be_on_profile(ctx, found, number)?;
    }
    let kind = found.kind;
    let (sid, birth) = ctx.next("RA", account);
    let channel = Channel { sid, bundle, number, birth };
    let body = shapes::channel(&channel, kind, account, &ctx.call.base_url);
    ctx.world.commit(Change::Channel(channel));
    Ok(Answer::created(body))
}

/// A number sits on one profile only, and on one product of a policy only.
fn must_be_free(ctx: &Ctx, bundle: &Bundle, number: &Number) -> Result<(), Refused> {
    let may_sit_twice = ctx.rules.duplicate_number == Stance::Accepted;
    let holder = number.bundles.iter().filter_map(|sid| ctx.world.bundles.get(sid)).find(|holder| {
        let is_same_sort = bundle.kind == BundleKind::CustomerProfile || holder.policy == bundle.policy;
        holder.kind == bundle.kind && is_same_sort && !(may_sit_twice && holder.sid == bundle.sid)
    });
    match holder {
        None => Ok(()),
        Some(holder) => Err(Refused::new(
            409,
            ctx.rules.number_taken_code,
            format!("ChannelEndpoint {} already assigned to {}", number.sid, holder.sid),
        )),
    }
}

fn must_be_on_profile(ctx: &Ctx, product: &Bundle, number: Sid) -> Result<(), Refused> {
    let Some(profile) = evaluation::linked_profile(ctx.world, product) else {
        let message = format!("{} has none of the required supporting Customer Profiles", product.sid);
        return Err(Refused::bad_request(message));
    };
    match profile.channels.iter().any(|channel| channel.number == number) {
        true => Ok(()),
        false => Err(Refused::bad_request(format!(
            "{number} is not assigned to the required supporting Customer Profile {}",
            profile.sid
        ))),
    }
}

fn must_be_editable(ctx: &Ctx, bundle: &Bundle) -> Result<(), Refused> {
    let status = ctx.status(bundle);
    if status.is_editable() { Ok(()) } else { Err(immutable(status)) }
}

fn immutable(status: Status) -> Refused {
    let name = match status {
        Status::Approved => "TWILIO_APPROVED",
        Status::PendingReview => "PENDING_REVIEW",
        _ => "IN_REVIEW",
    };
    Refused::bad_request(format!("Bundle is in an immutable state: {name}"))
}

fn foreign(sid: Sid, account: Sid) -> Refused {
    Refused::new(400, 22205, format!("Invalid object_sid: {sid} does not belong to account {account}"))
}

fn object_path(sid: Sid) -> String {
    let collection = if sid.prefix() == "IT" { "EndUsers" } else { "SupportingDocuments" };
    format!("/v1/{collection}/{sid}")
}

/// The machine name by which assignments are filtered.
fn type_of<'c>(ctx: &'c Ctx, object: Sid) -> &'c str {
    match ctx.world.objects.get(&object) {
        Some(object) => &object.object_type,
        None => ctx.world.bundles.get(&object).map_or("", shapes::profile_type),
    }
}

fn find_entity<'c>(ctx: &Ctx, bundle: &'c Bundle, sid: &str) -> Result<&'c Entity, Refused> {
    bundle
        .entities
        .iter()
        .find(|entity| entity.sid.as_str() == sid && ctx.is_reachable(&entity.birth))
        .ok_or_else(|| ctx.not_found())
}

fn find_channel<'c>(ctx: &Ctx, bundle: &'c Bundle, sid: &str) -> Result<&'c Channel, Refused> {
    bundle
        .channels
        .iter()
        .find(|channel| channel.sid.as_str() == sid && ctx.is_reachable(&channel.birth))
        .ok_or_else(|| ctx.not_found())
}
