//! A server that echoes secrets, and says more than words.

use crate::fixture::{Fixture, PARENT_TOKEN, customer, token_of};
use crate::proxy::Proxy;
use serde_json::Value;
use trusthub_onboard::sandbox::{Among, Fault, Faults};

#[tokio::test]
async fn what_the_api_says_is_kept_in_one_line_without_secrets_and_without_what_is_unseen() {
    let mut fixture = Fixture::with(vec![customer(1)]);
    let token = token_of(fixture.customers[0].subaccount.as_str());
    let other = "00112233445566778899aabbccddeeff";
    let said = format!(
        "no\u{202e} to {token},\n{PARENT_TOKEN} and {other}\u{1b}[2J (Authorization: Basic {})",
        "QUNh".repeat(20)
    );
    let proxy = Proxy::before(&fixture, None, move |_, body| {
        if body.get("code").is_some_and(Value::is_number) {
            body["message"] = Value::from(said.clone());
        }
    })
    .await;
    fixture.elsewhere = Some(proxy);
    // The creation of an end user is refused.
    fixture.sandbox.misbehave(Faults::nth(Among::Posts, 3, Fault::FailBefore(409)));
    let end = fixture.end().await;
    for (_, message) in &end.messages {
        for secret in [&token, PARENT_TOKEN, other, "QUNhQUNh"] {
            assert!(!message.contains(secret), "{message}");
        }
        assert!(!message.contains(|c: char| c.is_control() || c == '\u{202e}'), "{message:?}");
    }
    let messages = end.messages.len();
    let heard = end.messages.iter().any(|it| it.1.contains("<U+202E>") && it.1.contains("[secret]"));
    assert!(heard, "{messages} messages");
}
