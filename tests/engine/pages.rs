//! Lists of more than one page.

use crate::checks::undisturbed;
use crate::proxy::Proxy;
use crate::stage::{Stage, customer};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use trusthub_onboard::model::{PhoneNumber, PhoneNumbers};
use trusthub_onboard::plan::Outcome;
use trusthub_onboard::sandbox::{Among, Edit, Fault, Faults, Rule, When};

/// Nobody has this host, so that a request that went there would have no answer.
const FOREIGN: &str = "https://elsewhere.invalid";

/// A proxy whose pages hold one thing each and send whoever follows them to a foreign host.
async fn with_short_pages(stage: &Stage) -> (String, Arc<AtomicU64>) {
    let pages = Arc::new(AtomicU64::new(0));
    let counter = pages.clone();
    let proxy = Proxy::before(stage, Some(1), move |_, body| {
        for pointer in ["/meta/next_page_url", "/next_page_uri"] {
            let Some(next) = body.pointer_mut(pointer) else { continue };
            let Some(address) = next.as_str() else { continue };
            counter.fetch_add(1, Ordering::SeqCst);
            let path =
                address.find("://").map_or(0, |at| at + 3 + address[at + 3..].find('/').expect("a path"));
            *next = Value::from(format!("{FOREIGN}{}", &address[path..]));
        }
    })
    .await;
    (proxy, pages)
}

#[tokio::test]
async fn lists_are_followed_page_by_page_on_the_host_of_the_call_whatever_host_they_name() {
    let mut row = customer(1);
    let e164 = |n: u32| PhoneNumber::E164(format!("+1628555000{n}"));
    row.phone_numbers = PhoneNumbers::Listed((1..=3).map(e164).collect());
    let expected = undisturbed(std::slice::from_ref(&row)).await;
    let mut stage = Stage::with(vec![row]);
    let account = stage.customers[0].subaccount.to_string();
    for n in 0..2 {
        let (account, object_type) = (account.clone(), "authorized_representative_1".to_owned());
        let friendly_name = format!("By hand {n}");
        let edit = Edit::AddObject { account, object_type, friendly_name, attributes: "{}".to_owned() };
        stage.sandbox.edit(edit).expect("an edit");
    }
    let (proxy, pages) = with_short_pages(&stage).await;
    stage.elsewhere = Some(proxy);
    // What the lists do not show on their first page would be made twice.
    let lost = Rule { fault: Fault::LoseReply, among: Among::Posts, when: When::Nth(6) };
    stage.sandbox.misbehave(Faults { rules: vec![lost], ..Faults::default() });
    assert_eq!(stage.outcome().await, Outcome::Approved);
    stage.is_as(&expected, "page by page");
    assert!(pages.load(Ordering::SeqCst) >= 3, "the lists had several pages");
}
