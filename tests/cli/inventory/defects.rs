//! Every kind of defect, and what is none.

use super::*;

const DAY_MS: u64 = 86_400_000;

fn now_ms() -> u64 {
    trusthub_onboard::clock::Clock::now(&trusthub_onboard::clock::SystemClock::start())
}

fn kinds(document: &Value, account: usize) -> Vec<String> {
    let of_it = |it: &[String; 4]| it[1] == sid("AC", account);
    let mut kinds: Vec<String> =
        defects(document).into_iter().filter(of_it).map(|it| it[0].clone()).collect();
    kinds.sort();
    kinds
}

#[test]
fn numbers_that_are_missing_doubled_or_gone_are_named_with_their_bundles() {
    let api = Api::of((1..=3).map(|n| subaccount(n, 3)).collect());
    let [profile, voice, shaken, cnam] = api.account_by_hand(1, 2);
    // Number 3 is on nothing; number 1 was taken off a product; number 2 is there twice; one was moved away.
    let assignment = |bundle: &str, number: &str| {
        let resources = api.sandbox.resources().into_iter();
        let is_it = |it: &sandbox::Resource| {
            it.bundle_sid.as_deref() == Some(bundle) && it.object_sid.as_deref() == Some(number)
        };
        resources.filter(is_it).map(|it| it.sid).next()
    };
    assert!(assignment(&voice, &number(1, 1).0).is_some());
    let moved = sid("PN", 7);
    api.edit(Edit::AddNumber {
        account: sid("AC", 1),
        number: moved.clone(),
        e164: "+16285550777".to_owned(),
    });
    for bundle in [&profile, &voice, &shaken, &cnam] {
        api.put_number_on(bundle, &moved);
    }
    api.edit(Edit::MoveNumber { number: moved.clone(), account: sid("AC", 3) });
    api.put_number_on(&shaken, &number(1, 2).0);
    let added = sid("PN", 8);
    api.edit(Edit::AddNumber {
        account: sid("AC", 1),
        number: added.clone(),
        e164: "+16285550888".to_owned(),
    });
    api.put_number_on(&profile, &added);
    api.put_number_on(&voice, &added);
    api.put_number_on(&cnam, &added);
    let lone = sid("PN", 9);
    api.edit(Edit::AddNumber {
        account: sid("AC", 1),
        number: lone.clone(),
        e164: "+16285550999".to_owned(),
    });
    api.put_number_on(&voice, &lone);
    let (code, document) = api.inventory(&[]);
    assert_eq!(code, 4);
    let mut found: Vec<[String; 4]> =
        defects(&document).into_iter().filter(|it| it[1] == sid("AC", 1)).collect();
    found.sort();
    let of = |kind: &str, bundle: &str, number: &str| {
        [kind.to_owned(), sid("AC", 1), bundle.to_owned(), number.to_owned()]
    };
    let mut expected = vec![
        of("number_no_longer_owned", &profile, &moved),
        of("number_no_longer_owned", &voice, &moved),
        of("number_no_longer_owned", &shaken, &moved),
        of("number_no_longer_owned", &cnam, &moved),
        of("number_not_on_product", &shaken, &added),
        of("number_not_on_product", &shaken, &lone),
        of("number_not_on_product", &cnam, &lone),
        of("number_not_on_profile", &profile, &lone),
        of("number_not_registered", &profile, &number(1, 3).0),
        of("number_registered_twice", &shaken, &number(1, 2).0),
    ];
    expected.sort();
    assert_eq!(found, expected);
    // Accounts without any bundle have numbers all the same, and no row.
    assert_eq!(kinds(&document, 2), ["number_not_registered"; 3]);
    assert_eq!(document["counts"]["without_bundles"], 2);
    assert_eq!(document["counts"]["rows"], 1);
    // The row has what is there and is still the account's: run it, and the products lack nothing.
    let numbers = &api.rows("inventory.csv")[&sid("AC", 1)]["phone_numbers"];
    assert!(numbers.contains("+16285550888") && numbers.contains("+16285550999"), "{numbers}");
    assert!(!numbers.contains("+16285550777") && !numbers.contains(&moved), "{numbers}");
}

#[test]
fn bundles_that_are_empty_rejected_slow_expiring_forgotten_or_doubled_are_named() {
    let api = Api::of((1..=12).map(|n| subaccount(n, 1)).collect());
    let all: Vec<[String; 4]> = (1..=9).map(|n| api.account_by_hand(n, 1)).collect();
    let bundle = |account: usize, which: usize| all[account - 1][which].clone();
    // 1: rejected with codes. 2: rejected without a reason. 3: in review for long.
    api.decide(&bundle(1, 1), Verdict::Rejected(vec![11005, 18602]));
    api.decide(&bundle(2, 3), Verdict::Rejected(vec![]));
    api.decide(&bundle(3, 2), Verdict::Stuck);
    // 4 and 5: valid for a week, and no longer.
    let valid = |bundle: String, at_ms: u64| {
        api.edit(Edit::SetValidUntil { bundle, at_ms: Some(at_ms) });
    };
    valid(bundle(4, 0), now_ms() + 7 * DAY_MS);
    valid(bundle(5, 1), now_ms() - DAY_MS);
    valid(bundle(6, 1), now_ms() + 300 * DAY_MS);
    // 7: an empty draft beside the approved one. 8: a draft with something in it. 9: a second approved one.
    let empty = api.bundle(7, VOICE_INTEGRITY);
    let begun = api.bundle(8, SECONDARY);
    api.put_on(&begun, PRIMARY);
    let second = api.product_by_hand(9, CNAM, &bundle(9, 0), 0);
    // 10: a profile alone. 11: a product whose profile is gone. 12: what makes no row.
    let alone = api.profile_by_hand(10, 1);
    let gone = api.profile_by_hand(11, 1);
    let orphan = api.product_by_hand(11, VOICE_INTEGRITY, &gone, 1);
    api.edit(Edit::Remove { sid: gone });
    let bare = api.bundle(12, SECONDARY);
    api.put_on(&bare, PRIMARY);
    api.with_numbers(&bare, 12, 1);
    api.decide(&bare, Verdict::Approved);
    api.product_by_hand(12, SHAKEN_STIR, &bare, 1);
    let (code, document) = api.inventory(&["--long", "1ms"]);
    assert_eq!(code, 4);
    let found = defects(&document);
    let has = |kind: &str, account: usize, bundle: &str| {
        let it = [kind.to_owned(), sid("AC", account), bundle.to_owned(), String::new()];
        assert!(found.contains(&it), "{it:?} is not in {found:#?}");
    };
    has("rejected_bundle", 1, &bundle(1, 1));
    has("rejected_bundle", 2, &bundle(2, 3));
    has("long_in_review", 3, &bundle(3, 2));
    has("expiring_bundle", 4, &bundle(4, 0));
    has("expired_bundle", 5, &bundle(5, 1));
    assert_eq!(kinds(&document, 6), Vec::<String>::new());
    has("empty_bundle", 7, &empty);
    has("several_bundles", 7, &empty);
    has("draft_left_behind", 8, &begun);
    has("several_bundles", 8, &begun);
    let of_nine = [&second, &bundle(9, 3)]
        .map(|it| found.contains(&["several_bundles".to_owned(), sid("AC", 9), it.clone(), String::new()]));
    assert!(of_nine[0] != of_nine[1], "one of the two is in the sheet");
    has("profile_without_product", 10, &alone);
    has("product_without_profile", 11, &orphan);
    has("incomplete_row", 12, &bare);
    let what = |kind: &str| {
        let list = document["defects"].as_array().expect("defects");
        let one = list.iter().rfind(|it| it["kind"] == kind).expect(kind);
        (one["what"].as_str().expect("words").to_owned(), one["since"].clone(), one["until"].clone())
    };
    assert!(what("rejected_bundle").0.contains("11005, 18602"), "{:?}", what("rejected_bundle"));
    assert!(what("rejected_bundle").1.is_string() && what("expiring_bundle").2.is_string());
    assert!(what("incomplete_row").0.contains("business_name"), "{:?}", what("incomplete_row"));
    // What nothing is wrong with has nothing to be done, and one that is used by mistake is told apart.
    let rows = api.rows("inventory.csv");
    assert_eq!(rows[&sid("AC", 7)]["trust_product_sid"], bundle(7, 1));
    assert!(!rows.contains_key(&sid("AC", 11)));
    let usual = api.inventory(&[]).1;
    assert_eq!(kinds(&usual, 3), Vec::<String>::new(), "a review that has just begun is no defect");
    let (_, document) = api.inventory(&["--expiring", "366d"]);
    assert_eq!(kinds(&document, 6), ["expiring_bundle"]);
}

#[test]
fn a_product_of_ours_that_waits_for_the_review_of_its_profile_is_no_forgotten_draft() {
    let api = Api::of(vec![subaccount(1, 1)]);
    let mut rows = sample_rows()[..=1].to_vec();
    for (name, text) in [("subaccount_sid", sid("AC", 1)), ("phone_numbers", "all".to_owned())] {
        let at = column(&rows, name);
        rows[1][at] = text;
    }
    api.fixture.write("sheet.csv", csv_of(&rows));
    api.edit(Edit::SetReviewer { account: sid("AC", 1), reviewer: Some(Reviewer::LeavesInReview) });
    let ran = api.run(&["run", "sheet.csv", "--yes", "--visibility-window", "0s"]);
    assert!(ran.out.contains("awaiting_profile_approval"), "{}{}", ran.out, ran.err);
    let (code, document) = api.inventory(&[]);
    assert_eq!((code, defects(&document)), (0, vec![]));
    assert_eq!(api.planned(&document, "--ledger another.db"), BTreeMap::from([("wait".to_owned(), 1)]));
    assert_eq!(kinds(&api.inventory(&["--long", "1ms"]).1, 1), ["long_in_review"]);
}

#[test]
fn accounts_that_are_not_active_are_counted_and_asked_for_nothing() {
    let mut accounts: Vec<SeedAccount> = (1..=5).map(|n| subaccount(n, 1)).collect();
    accounts[1].status = "suspended".to_owned();
    accounts[2].status = "closed".to_owned();
    let api = Api::of(accounts);
    for n in [1, 4, 5] {
        api.account_by_hand(n, 1);
    }
    let (code, document) = api.inventory(&[]);
    assert_eq!(code, 0);
    let counts = serde_json::json!({"active": 3, "suspended": 1, "closed": 1, "other": 0});
    assert_eq!(document["counts"]["accounts"], counts);
    let asked: Vec<String> =
        api.sandbox.requests().latest.iter().filter_map(|it| it.account_sid.clone()).collect();
    for n in [2, 3] {
        assert!(!asked.contains(&sid("AC", n)), "{n} was asked");
        assert!(!api.rows("inventory.csv").contains_key(&sid("AC", n)));
    }
    // The same where they are named; what is no subaccount cannot be read.
    let stranger = sid("AC", 99);
    let (code, document) = api.inventory(&[&sid("AC", 4), &sid("AC", 2), &stranger, PARENT]);
    assert_eq!(code, 5);
    assert_eq!(document["counts"]["accounts"]["suspended"], 1);
    assert_eq!(document["counts"]["rows"], 1);
    let not_read: Vec<String> = defects(&document).into_iter().map(|it| it[1].clone()).collect();
    assert_eq!(not_read, [stranger, PARENT.to_owned()]);
}
