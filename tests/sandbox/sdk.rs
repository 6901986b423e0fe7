//! What twilio-node and twilio-python send, replayed: each request is answered as its SDK expects.

use serde_json::Value;

use crate::fixture::*;

const RECORDINGS: [&str; 2] =
    [include_str!("../fixtures/sdk/twilio-node.json"), include_str!("../fixtures/sdk/twilio-python.json")];

/// One request of a recording.
struct Recorded<'v>(&'v Value);

impl<'v> Recorded<'v> {
    fn text(&self, field: &str) -> &'v str {
        self.0[field].as_str().unwrap_or_default()
    }

    /// The status by which the SDK knows that it went well.
    fn expected_status(&self) -> u16 {
        let names_one = self.text("path").trim_end_matches(".json").ends_with("_SID");
        match self.text("method") {
            "POST" if !names_one => 201,
            "DELETE" => 204,
            _ => 200,
        }
    }
}

/// The placeholders that are known, each with its SID.
struct Known(Vec<(String, String)>);

impl Known {
    fn in_text(&self, text: &str) -> String {
        let filled = self.0.iter().fold(text.to_owned(), |text, (name, sid)| text.replace(name, sid));
        assert!(!filled.contains("_SID"), "a placeholder is left in {filled}");
        filled
    }
}

async fn replay(fixture: &Fixture, recorded: &Recorded<'_>, known: &Known) -> Reply {
    let query = recorded.text("query");
    let question_mark = if query.is_empty() { "" } else { "?" };
    let path = known.in_text(&format!("{}{question_mark}{query}", recorded.text("path")));
    let method = recorded.text("method").parse().expect("a method");
    let mut request = fixture.request(method, SUB, &path).body(known.in_text(recorded.text("body")));
    for (name, value) in recorded.0["headers"].as_object().expect("headers") {
        match name.as_str() {
            "authorization" => assert_eq!(value, "Basic ACCOUNT:TOKEN", "no credentials are in a recording"),
            _ => request = request.header(name, value.as_str().unwrap_or_default()),
        }
    }
    fixture.send(request).await.expect("an answer")
}

/// Whether an answer has a key that the SDK reads; `a[].b` is `b` of the first element, if there is one.
fn has(body: &Value, path: &str) -> bool {
    match path.split_once("[].") {
        Some((list, rest)) => at(body, list)
            .and_then(Value::as_array)
            .is_some_and(|list| list.first().is_none_or(|it| has(it, rest))),
        None => at(body, path.trim_end_matches("[]")).is_some(),
    }
}

fn at<'v>(body: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(body, |value, key| value.get(key))
}

/// Dates are as the generation of the API writes them, which the SDKs parse.
fn dates_are_right(body: &Value, is_2010: bool) -> bool {
    let right = |text: &str| match is_2010 {
        true => jiff::fmt::rfc2822::parse(text).is_ok(),
        false => text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(),
    };
    let fields = ["date_created", "date_updated"].into_iter().filter_map(|key| body.get(key)?.as_str());
    let lists = body.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_array()).flatten();
    fields.into_iter().all(right) && lists.into_iter().all(|item| dates_are_right(item, is_2010))
}

#[tokio::test]
async fn every_request_of_the_sdks_is_answered_as_they_expect() {
    for recording in RECORDINGS {
        let recording: Value = serde_json::from_str(recording).expect("a recording");
        let sdk = recording["sdk"].as_str().unwrap_or_default();
        let fixture = Fixture::new().await;
        let mut known = Known(vec![
            ("YOUR_PRIMARY_BUSINESS_PROFILE_SID".to_owned(), PRIMARY.to_owned()),
            ("YOUR_PHONE_NUMBER_SID".to_owned(), NUMBER.to_owned()),
        ]);
        let requests = recording["requests"].as_array().expect("requests");
        assert!(requests.len() > 40, "{sdk}");
        for recorded in requests.iter().map(Recorded) {
            let context = format!("{sdk}: {}", recorded.text("name"));
            let reply = replay(&fixture, &recorded, &known).await;
            assert_eq!(reply.status, recorded.expected_status(), "{context}: {}", reply.body);
            // On a page the SDKs look for the links of both generations, and go on with those that are there.
            let is_2010 = recorded.text("path").starts_with("/2010");
            let of_the_other = |path: &&str| is_2010 && path.split('.').next() == Some("meta");
            let reads = recorded.0["reads"].as_array().expect("reads").iter().filter_map(Value::as_str);
            for path in reads.filter(|path| !of_the_other(path)) {
                assert!(has(&reply.body, path), "{context}: it reads {path} of {}", reply.body);
            }
            assert!(dates_are_right(&reply.body, is_2010), "{context}");
            if reply.status != 204 {
                let of_account = reply.body.get("account_sid").is_none_or(|account| account == SUB);
                assert!(of_account, "{context}: {}", reply.body);
            }
            if recorded.text("name").ends_with(" list") {
                let lists = ["results", "addresses", "incoming_phone_numbers"];
                let rows = lists.iter().filter_map(|key| reply.body.get(key)?.as_array()).map(Vec::len);
                assert!(rows.sum::<usize>() > 0, "{context}: there is something to read");
            }
            if let Some(name) = recorded.0["makes"].as_str() {
                known.0.push((name.to_owned(), reply.sid()));
            }
        }
        let left = |sid: &str| fixture.sandbox.resources().iter().any(|made| made.sid == *sid);
        let of = |name: &str| {
            known.0.iter().find(|(known, _)| known == name).map(|(_, sid)| sid.clone()).expect(name)
        };
        assert!(
            !left(&of("YOUR_DRAFT_SID")) && !left(&of("YOUR_SPARE_SID")),
            "{sdk}: what it removed is gone"
        );
        let profile = format!("/v1/CustomerProfiles/{}", of("YOUR_SECONDARY_BUSINESS_PROFILE_SID"));
        let attached = fixture.get(SUB, &format!("{profile}/EntityAssignments")).await.body["results"]
            .as_array()
            .map(Vec::len);
        assert_eq!((attached, fixture.status(&profile).await.as_str()), (Some(4), "pending-review"), "{sdk}");
    }
}

#[tokio::test]
async fn attributes_and_names_arrive_as_the_sdks_meant_them() {
    for recording in RECORDINGS {
        let recording: Value = serde_json::from_str(recording).expect("a recording");
        let fixture = Fixture::new().await;
        let mut known = Known(Vec::new());
        let wanted = ["spare end user create", "spare end user update"];
        let requests = recording["requests"].as_array().expect("requests").iter().map(Recorded);
        let mut last = Value::Null;
        for recorded in requests.filter(|it| wanted.contains(&it.text("name"))) {
            last = replay(&fixture, &recorded, &known).await.body;
            known.0.push(("YOUR_SPARE_SID".to_owned(), last["sid"].as_str().unwrap_or_default().to_owned()));
        }
        assert_eq!(last["friendly_name"], "Ünïcode & 100%+");
        assert_eq!(last["attributes"]["phone_number"], "+1XXXXXXXXXX");
        assert_eq!(last["attributes"].as_object().map(serde_json::Map::len), Some(6));
    }
}

#[tokio::test]
async fn a_refusal_has_what_the_sdks_make_an_exception_of() {
    let fixture = Fixture::new().await;
    let reply = fixture.post(SUB, "/v1/CustomerProfiles", &[("FriendlyName", "Acme")]).await;
    for key in ["code", "message", "more_info", "status"] {
        assert!(reply.body.get(key).is_some(), "{key} of {}", reply.body);
    }
    assert_eq!(reply.body["status"], u64::from(reply.status));
    // The form of RFC 9457 would make another exception of it.
    assert!(["type", "title"].iter().all(|key| reply.body.get(key).is_none()));
}
