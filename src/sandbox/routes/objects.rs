//! End users and supporting documents: made, read, changed and removed alike.

use super::Ctx;
use crate::sandbox::answers::{Answer, Refused};
use crate::sandbox::call::Method;
use crate::sandbox::paging;
use crate::sandbox::policies;
use crate::sandbox::review;
use crate::sandbox::shapes;
use crate::sandbox::sid::Sid;
use crate::sandbox::undocumented::Stance;
use crate::sandbox::world::{Change, List, Object};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    EndUsers,
    SupportingDocuments,
}

/// `/v1/EndUsers…` and `/v1/SupportingDocuments…`
pub fn route(ctx: &mut Ctx, account: Sid, collection: Collection, rest: &[&str]) -> Result<Answer, Refused> {
    match (ctx.method(), rest) {
        (Method::Get, []) => list(ctx, account, collection),
        (Method::Post, []) => create(ctx, account, collection),
        (Method::Get, [sid]) => {
            let object = find(ctx, account, collection, sid)?;
            Ok(Answer::ok(shapes::object(object, &ctx.call.base_url, ctx.rules)))
        }
        (Method::Post, [sid]) => update(ctx, account, collection, sid),
        (Method::Delete, [sid]) => remove(ctx, account, collection, sid),
        (_, [] | [_]) => Err(Refused::method_not_allowed()),
        _ => Err(ctx.not_found()),
    }
}

impl Collection {
    fn prefix(self) -> &'static str {
        match self {
            Collection::EndUsers => "IT",
            Collection::SupportingDocuments => "RD",
        }
    }

    fn list(self) -> List {
        match self {
            Collection::EndUsers => List::EndUsers,
            Collection::SupportingDocuments => List::Documents,
        }
    }

    /// "Cannot be deleted due to an active assignment to a Bundle".
    fn code_in_use(self) -> u32 {
        match self {
            Collection::EndUsers => 21644,
            Collection::SupportingDocuments => 21645,
        }
    }

    /// What one of them is called in messages.
    fn noun(self) -> &'static str {
        match self {
            Collection::EndUsers => "end-user",
            Collection::SupportingDocuments => "supporting document",
        }
    }
}

fn list(ctx: &Ctx, account: Sid, collection: Collection) -> Result<Answer, Refused> {
    let objects: Vec<&Object> = ctx
        .world
        .list(account, collection.list())
        .iter()
        .rev()
        .filter_map(|sid| ctx.world.objects.get(sid))
        .filter(|object| ctx.is_listed(&object.birth))
        .collect();
    let page = paging::page(&objects, |object| object.sid, &ctx.call.query)?;
    let rows = page.items.iter().map(|object| shapes::object(object, &ctx.call.base_url, ctx.rules));
    Ok(Answer::ok(page.trust_hub(ctx.call, &[], "results", rows)))
}

fn create(ctx: &mut Ctx, account: Sid, collection: Collection) -> Result<Answer, Refused> {
    let call = ctx.call;
    let friendly_name = ctx.friendly_name(call.form.required("FriendlyName")?)?;
    let object_type = call.form.required("Type")?;
    let is_known = match collection {
        Collection::EndUsers => policies::end_user(object_type).is_some(),
        Collection::SupportingDocuments => policies::document(object_type).is_some(),
    };
    if !is_known {
        return Err(Refused::invalid("Type", "there is no such type"));
    }
    let attributes = ctx.attributes()?;
    let (sid, birth) = ctx.next(collection.prefix(), account);
    let object = Object {
        sid,
        account,
        object_type: object_type.to_owned(),
        birth,
        updated_ms: ctx.now_ms,
        friendly_name: friendly_name.to_owned(),
        attributes,
        used_by: Vec::new(),
    };
    let body = shapes::object(&object, &call.base_url, ctx.rules);
    ctx.world.commit(Change::Object(object));
    Ok(Answer::created(body))
}

fn update(ctx: &mut Ctx, account: Sid, collection: Collection, sid: &str) -> Result<Answer, Refused> {
    let call = ctx.call;
    let mut object = find(ctx, account, collection, sid)?.clone();
    let is_frozen = object
        .used_by
        .iter()
        .filter_map(|bundle| ctx.world.bundles.get(bundle))
        .any(|bundle| !review::status(ctx.world, bundle, ctx.now_ms).0.is_editable());
    if is_frozen {
        let noun = collection.noun();
        return Err(Refused::bad_request(format!(
            "Cannot update {noun}. A bundle it belongs to is in an immutable state."
        )));
    }
    if let Some(name) = call.form.get("FriendlyName") {
        object.friendly_name = ctx.friendly_name(name)?.to_owned();
    }
    // New attributes take the place of all old ones.
    if let Some(attributes) = ctx.attributes()? {
        object.attributes = Some(attributes);
    }
    object.updated_ms = ctx.now_ms;
    let body = shapes::object(&object, &call.base_url, ctx.rules);
    ctx.world.commit(Change::Object(object));
    Ok(Answer::ok(body))
}

fn remove(ctx: &mut Ctx, account: Sid, collection: Collection, sid: &str) -> Result<Answer, Refused> {
    let object = find(ctx, account, collection, sid)?;
    if let Some(bundle) = object.used_by.first()
        && ctx.rules.deletion_of_assigned == Stance::Refused
    {
        let message = format!("Cannot delete {}: it is assigned to {bundle}", collection.noun());
        return Err(Refused::new(400, collection.code_in_use(), message));
    }
    let sid = object.sid;
    ctx.world.commit(Change::Removed(sid));
    Ok(Answer::gone())
}

fn find<'c>(ctx: &'c Ctx, account: Sid, collection: Collection, sid: &str) -> Result<&'c Object, Refused> {
    Sid::of_kind(collection.prefix(), sid)
        .and_then(|sid| ctx.world.objects.get(&sid))
        .filter(|object| object.account == account && ctx.is_reachable(&object.birth))
        .ok_or_else(|| ctx.not_found())
}
