//! A sandbox with one parent, two subaccounts and a client for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use trusthub_onboard::sandbox::{Sandbox, Seed, SeedAccount, Server, Settings};

pub const PARENT: &str = "AC00000000000000000000000000000001";
pub const SUB: &str = "AC00000000000000000000000000000002";
pub const SIBLING: &str = "AC00000000000000000000000000000003";
pub const PRIMARY: &str = "BU00000000000000000000000000000001";
pub const NUMBER: &str = "PN00000000000000000000000000000001";
pub const SECOND_NUMBER: &str = "PN00000000000000000000000000000002";
pub const SIBLINGS_NUMBER: &str = "PN00000000000000000000000000000003";
pub const ADDRESS: &str = "AD00000000000000000000000000000001";
pub const APPROVED_PROFILE: &str = "BU00000000000000000000000000000002";
pub const SECONDARY_POLICY: &str = "RNdfbf3fae0e1107f8aded0e7cead80bf5";
pub const PRIMARY_POLICY: &str = "RN6433641899984f951173ef1738c3bdd0";
pub const VOICE_INTEGRITY_POLICY: &str = "RN5b3660f9598883b1df4e77f77acefba0";

/// Where the clock of every test begins: 2026-01-01T00:00:00Z.
pub const START_MS: u64 = 1_767_225_600_000;

/// A running sandbox and a client.
pub struct Fixture {
    pub sandbox: Sandbox,
    pub server: Server,
    pub client: reqwest::Client,
    clock: Arc<AtomicU64>,
}

/// Status and JSON body; null where there was no JSON.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
    pub headers: reqwest::header::HeaderMap,
}

pub fn seed() -> Seed {
    let sibling_number = (SIBLINGS_NUMBER.to_owned(), "+14155550103".to_owned());
    Seed {
        parent_sid: PARENT.into(),
        parent_token: "parent-token".into(),
        primary_profile_sid: PRIMARY.into(),
        accounts: vec![
            SeedAccount {
                sid: SUB.into(),
                auth_token: "sub-token".into(),
                friendly_name: "Acme".into(),
                phone_numbers: vec![
                    (NUMBER.into(), "+14155550101".into()),
                    (SECOND_NUMBER.into(), "+14155550102".into()),
                ],
                addresses: vec![ADDRESS.into()],
                ..SeedAccount::default()
            },
            SeedAccount {
                sid: SIBLING.into(),
                auth_token: "sibling-token".into(),
                friendly_name: "Globex".into(),
                phone_numbers: vec![sibling_number],
                customer_profiles: vec![APPROVED_PROFILE.into()],
                ..SeedAccount::default()
            },
        ],
    }
}

impl Fixture {
    pub async fn new() -> Fixture {
        Fixture::with(|_| {}).await
    }

    /// A fixture whose settings are changed before it starts.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Fixture {
        let clock = Arc::new(AtomicU64::new(START_MS));
        let time = clock.clone();
        let mut settings = Settings {
            clock: Arc::new(move || time.load(Ordering::SeqCst)),
            world_seed: Some(7),
            ..Settings::default()
        };
        change(&mut settings);
        let sandbox = Sandbox::open(settings, seed()).expect("the world opens");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let server = sandbox.serve(listener).expect("it serves");
        Fixture { sandbox, server, client: client(), clock }
    }

    pub fn now_ms(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }

    pub fn advance_ms(&self, ms: u64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    pub async fn get(&self, account: &str, path: &str) -> Reply {
        self.send(self.request(reqwest::Method::GET, account, path)).await.expect("an answer")
    }

    pub async fn post(&self, account: &str, path: &str, form: &[(&str, &str)]) -> Reply {
        self.send(self.request(reqwest::Method::POST, account, path).form(form)).await.expect("an answer")
    }

    pub async fn delete(&self, account: &str, path: &str) -> Reply {
        self.send(self.request(reqwest::Method::DELETE, account, path)).await.expect("an answer")
    }

    /// A post that may end without an answer.
    pub async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> Result<Reply, reqwest::Error> {
        self.send(self.request(reqwest::Method::POST, SUB, path).form(form)).await
    }

    pub fn request(&self, method: reqwest::Method, account: &str, path: &str) -> reqwest::RequestBuilder {
        let token = match account {
            PARENT => "parent-token",
            SUB => "sub-token",
            _ => "sibling-token",
        };
        let url = format!("{}{path}", self.server.base_url());
        self.client.request(method, url).basic_auth(account, Some(token))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        Ok(Reply { status, body: serde_json::from_str(&text).unwrap_or(Value::Null), headers })
    }

    /// Makes something and returns its SID.
    pub async fn make(&self, path: &str, form: &[(&str, &str)]) -> String {
        let reply = self.post(SUB, path, form).await;
        assert_eq!(reply.status, 201, "{path}: {}", reply.body);
        reply.sid()
    }

    pub async fn make_profile(&self) -> String {
        self.make("/v1/CustomerProfiles", &profile_form("Acme")).await
    }

    pub async fn make_product(&self) -> String {
        let form =
            [("FriendlyName", "Acme"), ("Email", "ops@isv.example"), ("PolicySid", VOICE_INTEGRITY_POLICY)];
        self.make("/v1/TrustProducts", &form).await
    }

    pub async fn make_end_user(&self, object_type: &str, attributes: &Value) -> String {
        let attributes = attributes.to_string();
        let form = [("FriendlyName", object_type), ("Type", object_type), ("Attributes", &attributes)];
        self.make("/v1/EndUsers", &form).await
    }

    pub async fn make_document(&self, address: &str) -> String {
        let attributes = json!({ "address_sids": address }).to_string();
        let form =
            [("FriendlyName", "Address"), ("Type", "customer_profile_address"), ("Attributes", &attributes)];
        self.make("/v1/SupportingDocuments", &form).await
    }

    pub async fn attach(&self, bundle_path: &str, object: &str) -> String {
        self.make(&format!("{bundle_path}/EntityAssignments"), &[("ObjectSid", object)]).await
    }

    pub async fn assign_number(&self, bundle_path: &str, number: &str) -> Reply {
        let form = [("ChannelEndpointType", "phone-number"), ("ChannelEndpointSid", number)];
        self.post(SUB, &format!("{bundle_path}/ChannelEndpointAssignments"), &form).await
    }

    pub async fn submit(&self, bundle_path: &str) -> Reply {
        self.post(SUB, bundle_path, &[("Status", "pending-review")]).await
    }

    pub async fn status(&self, path: &str) -> String {
        self.get(SUB, path).await.body["status"].as_str().expect("a status").to_owned()
    }

    /// A profile with everything that it needs, changed as told, and its path.
    pub async fn full_profile(&self, parts: &Parts) -> String {
        let profile = self.full_profile_without_number(parts).await;
        assert_eq!(self.assign_number(&profile, NUMBER).await.status, 201);
        profile
    }

    /// The same with no number.
    pub async fn full_profile_without_number(&self, parts: &Parts) -> String {
        let profile = format!("/v1/CustomerProfiles/{}", self.make_profile().await);
        self.attach(&profile, PRIMARY).await;
        let document = self.make_document(&parts.address).await;
        self.attach(&profile, &document).await;
        let business = self.make_end_user("customer_profile_business_information", &parts.business).await;
        self.attach(&profile, &business).await;
        let representative = self.make_end_user("authorized_representative_1", &parts.representative).await;
        self.attach(&profile, &representative).await;
        profile
    }

    /// A product with everything that it needs, and its path.
    pub async fn full_product(&self, profile_path: &str, information: &Value) -> String {
        let product = format!("/v1/TrustProducts/{}", self.make_product().await);
        let information = self.make_end_user("voice_integrity_information", information).await;
        self.attach(&product, &information).await;
        self.attach(&product, profile_path.rsplit('/').next().unwrap_or_default()).await;
        assert_eq!(self.assign_number(&product, NUMBER).await.status, 201);
        product
    }
}

impl Reply {
    pub fn sid(&self) -> String {
        self.body["sid"].as_str().unwrap_or_else(|| panic!("no sid in {}", self.body)).to_owned()
    }

    pub fn code(&self) -> u64 {
        self.body["code"].as_u64().unwrap_or_else(|| panic!("no code in {}", self.body))
    }

    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// Status and code of a refusal.
    pub fn refusal(&self) -> (u16, u64) {
        (self.status, self.code())
    }
}

/// What goes into a profile.
pub struct Parts {
    pub business: Value,
    pub representative: Value,
    pub address: String,
}

impl Default for Parts {
    fn default() -> Parts {
        Parts {
            business: json!({
                "business_name": "Acme Ltd", "business_identity": "direct_customer",
                "business_type": "Corporation", "business_industry": "TECHNOLOGY",
                "business_registration_identifier": "EIN", "business_registration_number": "123456789",
                "business_regions_of_operation": "USA_AND_CANADA,EUROPE",
                "website_url": "https://www.acme.example", "social_media_profile_urls": "",
            }),
            representative: json!({
                "first_name": "Ada", "last_name": "Byron", "email": "ada@acme.example",
                "phone_number": "+14155550111", "business_title": "CEO", "job_position": "CEO",
            }),
            address: ADDRESS.into(),
        }
    }
}

pub fn voice_information() -> Value {
    json!({
        "use_case": "Customer Support", "business_employee_count": "10",
        "average_business_day_call_volume": "100", "notes": "",
    })
}

pub fn profile_form(name: &str) -> [(&str, &str); 3] {
    [("FriendlyName", name), ("Email", "ops@isv.example"), ("PolicySid", SECONDARY_POLICY)]
}

pub fn client() -> reqwest::Client {
    // Another test of this process may have installed it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .retry(reqwest::retry::never())
        .build()
        .expect("a client")
}
