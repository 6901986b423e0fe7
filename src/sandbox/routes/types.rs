//! What is the same in every account: policies, end user types, supporting document types.

use super::Ctx;
use crate::sandbox::answers::{Answer, Json, Refused};
use crate::sandbox::call::Method;
use crate::sandbox::paging;
use crate::sandbox::policies::{self, Access, POLICIES};
use crate::sandbox::shapes;
use crate::sandbox::sid::Sid;

/// `/v1/Policies…`
pub fn policies(ctx: &mut Ctx, rest: &[&str]) -> Result<Answer, Refused> {
    match (ctx.method(), rest) {
        (Method::Get, []) => {
            let known: Vec<_> = POLICIES.iter().filter(|policy| policy.access == Access::Api).collect();
            let sid =
                |policy: &&policies::Policy| Sid::parse(policy.sid).unwrap_or(shapes::type_sid(policy.sid));
            let page = paging::page(&known, sid, &ctx.call.query)?;
            let rows = page.items.iter().map(|policy| shapes::policy(policy, &ctx.call.base_url));
            Ok(Answer::ok(page.trust_hub(ctx.call, &[], "results", rows)))
        }
        (Method::Get, [sid]) => {
            let policy = policies::find(sid).ok_or_else(|| ctx.not_found())?;
            Ok(Answer::ok(shapes::policy(policy, &ctx.call.base_url)))
        }
        (_, [] | [_]) => Err(Refused::method_not_allowed()),
        _ => Err(ctx.not_found()),
    }
}

/// `/v1/EndUserTypes…`
pub fn end_user_types(ctx: &mut Ctx, rest: &[&str]) -> Result<Answer, Refused> {
    let mut types: Vec<Type> = Vec::new();
    for end_user in POLICIES.iter().flat_map(|policy| policy.end_users) {
        if types.iter().all(|known| known.machine_name != end_user.object_type) {
            types.push(Type {
                machine_name: end_user.object_type,
                friendly_name: end_user.name,
                fields: end_user.fields.iter().map(|field| (field.name, field.friendly_name)).collect(),
            });
        }
    }
    list_or_fetch(ctx, rest, &types, "EndUserTypes", "end_user_types")
}

/// `/v1/SupportingDocumentTypes…`
pub fn document_types(ctx: &mut Ctx, rest: &[&str]) -> Result<Answer, Refused> {
    let mut types: Vec<Type> = Vec::new();
    for document in POLICIES.iter().flat_map(|policy| policy.documents) {
        if types.iter().all(|known| known.machine_name != document.object_type) {
            types.push(Type {
                machine_name: document.object_type,
                friendly_name: document.name,
                fields: vec![("address_sids", "Address Sids")],
            });
        }
    }
    list_or_fetch(ctx, rest, &types, "SupportingDocumentTypes", "supporting_document_types")
}

struct Type {
    machine_name: &'static str,
    friendly_name: &'static str,
    fields: Vec<(&'static str, &'static str)>,
}

/// A type is fetched by its SID or, as policies name it, by its machine name.
fn list_or_fetch(
    ctx: &mut Ctx,
    rest: &[&str],
    types: &[Type],
    collection: &str,
    key: &str,
) -> Result<Answer, Refused> {
    let url = format!("{}/v1/{collection}", ctx.call.base_url);
    let shape = |t: &Type| -> Json { shapes::object_type(t.machine_name, t.friendly_name, &t.fields, &url) };
    match (ctx.method(), rest) {
        (Method::Get, []) => {
            let page = paging::page(types, |t| shapes::type_sid(t.machine_name), &ctx.call.query)?;
            Ok(Answer::ok(page.trust_hub(ctx.call, &[], key, page.items.iter().map(shape))))
        }
        (Method::Get, [name]) => {
            let is_meant =
                |t: &&Type| t.machine_name == *name || shapes::type_sid(t.machine_name).as_str() == *name;
            types.iter().find(is_meant).map(|t| Answer::ok(shape(t))).ok_or_else(|| ctx.not_found())
        }
        (_, [] | [_]) => Err(Refused::method_not_allowed()),
        _ => Err(ctx.not_found()),
    }
}
