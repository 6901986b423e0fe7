//! Bundles that the row names and that we did not make.

use crate::stage::{PRIMARY, Stage, customer};
use trusthub_onboard::check::Entry;
use trusthub_onboard::ledger::Ledger;
use trusthub_onboard::model::{Customer, Sid};
use trusthub_onboard::plan::{Bundle, Outcome};
use trusthub_onboard::report::Results;
use trusthub_onboard::sandbox::{BundleKind, Edit, Verdict};

fn add_bundle(stage: &Stage, bundle: Bundle, friendly_name: &str) -> String {
    let kind = match bundle {
        Bundle::CustomerProfile => BundleKind::CustomerProfile,
        Bundle::TrustProduct => BundleKind::TrustProduct,
    };
    let account = customer(1).subaccount.to_string();
    let edit = Edit::AddBundle { account, kind, friendly_name: friendly_name.to_owned() };
    stage.sandbox.edit(edit).expect("an edit")
}

fn named(bundle: Bundle, sid: &str) -> Customer {
    let sid = Sid::parse(sid);
    match bundle {
        Bundle::CustomerProfile => Customer { customer_profile: sid, ..customer(1) },
        Bundle::TrustProduct => Customer { trust_product: sid, ..customer(1) },
    }
}

fn put_on(stage: &Stage, bundle: &str, object: &str) {
    let edit = Edit::AssignEntity { bundle: bundle.to_owned(), object: object.to_owned() };
    stage.sandbox.edit(edit).expect("an edit");
}

#[tokio::test]
async fn a_row_whose_cells_were_emptied_after_use_is_told_which_to_fill_again() {
    for (bundle, column) in
        [(Bundle::CustomerProfile, "customer_profile_sid"), (Bundle::TrustProduct, "trust_product_sid")]
    {
        for verdict in [Verdict::Approved, Verdict::Stuck, Verdict::Rejected(vec![18602])] {
            let mut stage = Stage::with(vec![customer(1)]);
            let taken = add_bundle(&stage, bundle, "By hand");
            // Linked as ours would be, so that the link says nothing.
            if bundle == Bundle::CustomerProfile {
                put_on(&stage, &taken, PRIMARY);
            }
            stage
                .sandbox
                .edit(Edit::Decide { bundle: taken.clone(), verdict: verdict.clone() })
                .expect("an edit");
            stage.customers = vec![named(bundle, &taken)];
            stage.wait_ms = 10_000;
            let before = stage.outcome().await;
            stage.customers = vec![customer(1)];
            for _ in 0..2 {
                let calls = stage.changing_calls();
                let end = stage.end().await;
                let context = format!("{bundle:?}, {verdict:?}");
                assert_eq!(
                    (end.outcome, end.failed.map(|it| it.step)),
                    (Outcome::Refused, Some(bundle.made_by())),
                    "{context}"
                );
                assert_eq!(stage.changing_calls(), calls, "{context}");
                let ledger = Ledger::open_for_reading(&stage.ledger, &stage.sandbox.id()).expect("a ledger");
                let results = Results { ledger: Some(&ledger), policy: &stage.policy, ended: None };
                let line = results.line(&Entry::Valid(Box::new(customer(1)))).expect("a line");
                assert_eq!(line.cell("error_code"), "changed_after_submission");
                let message = line.cell("error_message");
                assert!(message.contains(column) && message.contains(&taken), "{message}");
            }
            stage.customers = vec![named(bundle, &taken)];
            let ended = stage.run().await.expect("no fault");
            assert!(ended.customers.values().all(|end| end.outcome == before), "as before");
        }
    }
}
