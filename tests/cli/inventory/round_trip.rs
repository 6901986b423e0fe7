//! What was made by us or by a person comes back as a row, and a plan finds nothing to do.

use super::*;

/// Five customers, each with something that no other has, in the order in which the parent lists them.
fn sheet() -> Vec<Vec<String>> {
    let mut rows = sample_rows()[..=5].to_vec();
    let added = ["products", "cnam_display_name"].map(str::to_owned);
    let count = rows[0].len();
    rows[0].extend(added);
    rows[1..].iter_mut().for_each(|row| row.resize(count + 2, String::new()));
    let mut set = |row: usize, name: &str, text: &str| {
        let at = column(&rows, name);
        rows[row][at] = text.to_owned();
    };
    for n in 1..=5 {
        set(n, "subaccount_sid", &sid("AC", n));
        set(n, "phone_numbers", &format!("{}; {}", number(n, 1).1, number(n, 2).1));
        for name in ["address_sid", "customer_profile_sid", "trust_product_sid"] {
            set(n, name, "");
        }
    }
    for (row, products) in
        [(1, "voice_integrity"), (2, "shaken_stir"), (3, "cnam"), (4, "voice_integrity, shaken_stir, cnam")]
    {
        set(row, "products", products);
        if !products.contains("voice_integrity") {
            for name in ["use_case", "business_employee_count", "average_business_day_call_volume", "notes"] {
                set(row, name, "");
            }
        }
        if products.contains("cnam") {
            set(row, "cnam_display_name", "Sunny Corner");
        }
    }
    set(5, "products", "voice_integrity");
    set(1, "friendly_name", "A name of its own");
    set(1, "status_callback", "https://hooks.reseller.com/trusthub");
    set(2, "business_regions_of_operation", "USA_AND_CANADA; EUROPE");
    set(2, "social_media_profile_urls", "https://a.example.com/x; https://b.example.com/y");
    // On no list of today's, with something that a shell would take.
    set(4, "business_industry", "Bob's Trade");
    set(5, "notes", "=1+1 is a note, \"quoted\"");
    for name in ["street", "street_secondary", "city", "region", "postal_code", "iso_country"] {
        set(5, name, "");
    }
    set(5, "address_sid", &sid("AD", 5));
    rows
}

#[test]
fn what_we_have_made_comes_back_cell_by_cell_and_a_plan_on_it_finds_nothing_to_do() {
    let api = Api::of((1..=5).map(|n| subaccount(n, 2)).collect());
    for n in 1..=5 {
        api.edit(Edit::SetReviewer { account: sid("AC", n), reviewer: Some(Reviewer::ApprovesAll) });
    }
    let rows = sheet();
    api.fixture.write("sheet.csv", csv_of(&rows));
    let run = || {
        let accept = ["--accept", "business_industry=Bob's Trade", "--evaluate", "off"];
        api.run(&[&["run", "sheet.csv", "--yes", "--visibility-window", "0s"], &accept[..]].concat())
    };
    let done = [run(), run(), run()].into_iter().next_back().expect("the last");
    assert!(done.out.contains("5  approved"), "{}{}", done.out, done.err);
    let before = api.sandbox.requests().latest.len();
    let (code, document) = api.inventory(&[]);
    assert_eq!((code, defects(&document)), (0, vec![]));
    api.only_reads(before);
    let found = api.rows("inventory.csv");
    for row in &rows[1..] {
        let account = &row[column(&rows, "subaccount_sid")];
        for (name, cell) in rows[0].iter().zip(row) {
            if !["customer_profile_sid", "trust_product_sid"].contains(&name.as_str()) {
                let shown = found[account][name].trim_start_matches('\'');
                assert_eq!(shown, cell.trim_start_matches('\''), "{name} of {account}");
            }
        }
    }
    let results = api.fixture.results();
    for row in &results {
        let ours = &found[&row["subaccount_sid"]];
        for name in ["customer_profile_sid", "trust_product_sid", "shaken_stir_sid", "cnam_sid"] {
            assert_eq!(ours[name], row[name], "{name}");
        }
    }
    let plan = document["plan"].as_str().expect("a plan");
    assert!(plan.contains(r"--accept 'business_industry=Bob'\''s Trade'"), "{plan}");
    let nothing = BTreeMap::from([("nothing".to_owned(), 5)]);
    assert_eq!(api.planned(&document, "--ledger another.db"), nothing, "without a ledger");
    assert_eq!(api.planned(&document, ""), nothing, "with the ledger of the runs");
    let (_, document) = api.inventory(&["-o", "inventory.xlsx"]);
    assert_eq!(api.planned(&document, "--ledger another.db"), nothing, "as a workbook");
    // In the order of the sheet, and only those that it names.
    let mut headers = rows[0].clone();
    let at = column(&rows, "subaccount_sid");
    headers[at] = "Whose".to_owned();
    api.fixture.write("two.csv", csv_of(&[headers, rows[4].clone(), rows[2].clone()]));
    let (code, document) = api.inventory(&["two.csv", &sid("AC", 4), "--map", "Whose=subaccount_sid"]);
    assert_eq!((code, document["counts"]["rows"].as_u64()), (0, Some(2)));
    let written = api.fixture.read("inventory.csv");
    let (first, second) = (written.find(&sid("AC", 4)).expect("4"), written.find(&sid("AC", 2)).expect("2"));
    assert!(first < second);
}

#[test]
fn what_a_person_has_made_becomes_rows_that_name_it_and_a_plan_on_them_finds_nothing_to_do() {
    let accounts = (1..=5).map(|n| subaccount(n, 2)).collect();
    let api = Api::of(accounts);
    api.account_by_hand(1, 2);
    for (n, policy) in [(2, VOICE_INTEGRITY), (3, SHAKEN_STIR), (4, CNAM)] {
        let profile = api.profile_by_hand(n, 2);
        api.product_by_hand(n, policy, &profile, 2);
    }
    // One that CNAM does not take lacks nothing there.
    let [_, voice, shaken, cnam] = api.account_by_hand(5, 2);
    let (toll_free, profile) = (sid("PN", 599), api.rows_profile(5));
    api.edit(Edit::AddNumber {
        account: sid("AC", 5),
        number: toll_free.clone(),
        e164: "+18005550199".to_owned(),
    });
    for bundle in [&profile, &voice, &shaken] {
        api.put_number_on(bundle, &toll_free);
    }
    let (code, document) = api.inventory(&[]);
    assert_eq!((code, defects(&document)), (0, vec![]));
    let found = api.rows("inventory.csv");
    let row = &found[&sid("AC", 5)];
    assert_eq!(row["cnam_sid"], cnam);
    assert_eq!(row["business_regions_of_operation"], "USA_AND_CANADA; EUROPE");
    assert_eq!(row["business_employee_count"], "25");
    assert_eq!(row["street"], "101 Spear Street");
    assert_eq!(row["friendly_name"], "Made by hand 5");
    assert_eq!(row["products"], "voice_integrity, shaken_stir, cnam");
    assert!(row["phone_numbers"].ends_with("+18005550199"), "{}", row["phone_numbers"]);
    let plan = document["plan"].as_str().expect("a plan");
    assert!(plan.contains("business_industry=STONEMASONRY"), "{plan}");
    assert!(plan.contains("average_business_day_call_volume=101-1000"), "{plan}");
    let nothing = BTreeMap::from([("nothing".to_owned(), 5)]);
    assert_eq!(api.planned(&document, ""), nothing);
    // A run of it neither changes nor makes anything.
    let accept = ["business_industry=STONEMASONRY", "average_business_day_call_volume=101-1000"];
    let flags = ["--yes", "--visibility-window", "0s", "--accept", accept[0], "--accept", accept[1]];
    let before = api.sandbox.requests().latest.len();
    let ran = api.run(&[&["run", "inventory.csv"], &flags[..]].concat());
    assert!(ran.out.contains("5  approved"), "{}{}", ran.out, ran.err);
    api.only_reads(before);
    assert_eq!(defects(&api.inventory(&[]).1), Vec::<[String; 4]>::new());
}

impl Api {
    /// The profile of an account.
    fn rows_profile(&self, account: usize) -> String {
        let resources = self.sandbox.resources().into_iter();
        let is_it = |it: &sandbox::Resource| it.of == SECONDARY && it.account_sid == sid("AC", account);
        resources.filter(is_it).map(|it| it.sid).next().expect("a profile")
    }
}

#[test]
fn the_world_of_a_sandbox_run_is_read_and_a_plan_of_it_adds_nothing_to_that_world() {
    let fixture = Fixture::new();
    assert_eq!(fixture.run(&["run", &sample("customers.csv"), "--sandbox"]).code, 0);
    for _ in 0..2 {
        let done = fixture.run(&["inventory", "--sandbox", "--overwrite"]);
        assert_eq!(done.code, 0, "{}{}", done.out, done.err);
        assert!(done.out.contains("inventory.csv (20 rows)"), "{}", done.out);
        assert!(!done.out.contains("--accept"), "numbers that are none to the check are named by SID");
        let plan = fixture.run(&["plan", "inventory.csv", "--sandbox", "--online"]);
        assert!(plan.out.contains("20  nothing to do"), "{}{}", plan.out, plan.err);
    }
}

#[test]
fn a_number_that_comes_up_in_two_accounts_does_not_make_both_rows_invalid() {
    let mut accounts: Vec<SeedAccount> = (1..=2).map(|n| subaccount(n, 1)).collect();
    accounts[1].phone_numbers[0].1 = accounts[0].phone_numbers[0].1.clone();
    let api = Api::of(accounts);
    (1..=2).for_each(|n| drop(api.account_by_hand(n, 1)));
    let (code, document) = api.inventory(&[]);
    assert_eq!((code, defects(&document)), (0, vec![]));
    let rows = api.rows("inventory.csv");
    // The parent lists the newest account first.
    assert_eq!(rows[&sid("AC", 2)]["phone_numbers"], format!("'{}", number(1, 1).1));
    assert_eq!(rows[&sid("AC", 1)]["phone_numbers"], number(1, 1).0);
    assert_eq!(api.planned(&document, ""), BTreeMap::from([("nothing".to_owned(), 2)]));
}
