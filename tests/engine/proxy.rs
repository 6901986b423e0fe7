//! A server between the run and the sandbox that changes answers on their way.

use crate::fixture::Fixture;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde_json::Value;
use std::sync::Arc;
use tokio::net::TcpListener;
use trusthub_onboard::sandbox::Server;

/// What is done to an answer: its request's path, and its body.
type Change = dyn Fn(&str, &mut Value) + Send + Sync;

pub struct Proxy {
    /// Kept, because it ends with its handle.
    sandbox: Server,
    change: Box<Change>,
    /// As many things on a page as lists are to have.
    page_size: Option<u32>,
}

impl Proxy {
    /// The base URL of a proxy that changes the JSON of answers, and puts so many things on a page of a list
    /// where a number is given.
    pub async fn before(
        fixture: &Fixture,
        page_size: Option<u32>,
        change: impl Fn(&str, &mut Value) + Send + Sync + 'static,
    ) -> String {
        let change = Box::new(change);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let sandbox = fixture.sandbox.serve(listener).expect("a server");
        let proxy = Arc::new(Proxy { sandbox, change, page_size });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = axum::Router::new().fallback(move |request| pass_on(proxy.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        base_url
    }
}

/// A path below which the API is found too, as behind a company's gateway.
pub const PATH: &str = "/gateway/twilio";

async fn pass_on(proxy: Arc<Proxy>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let mut held = Held::of(request).await;
    if let Some(below) = held.target.strip_prefix(PATH) {
        held.target = below.to_owned();
    }
    if let Some(size) = proxy.page_size {
        for asked_for in ["PageSize=1000", "PageSize=997"] {
            held.target = held.target.replace(asked_for, &format!("PageSize={size}"));
        }
    }
    let (status, body) = held.send(proxy.sandbox.base_url()).await;
    let body = match serde_json::from_slice::<Value>(&body) {
        Ok(mut json) => {
            (proxy.change)(&path, &mut json);
            json.to_string().into()
        }
        Err(_) => body,
    };
    answer(status, body)
}

/// A request that can be passed on at any time.
#[derive(Clone)]
pub struct Held {
    pub method: Method,
    /// Path and query.
    pub target: String,
    headers: HeaderMap,
    pub body: Bytes,
}

impl Held {
    pub async fn of(request: Request) -> Held {
        let target = request.uri().path_and_query().expect("a path").to_string();
        let (head, body) = request.into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("a body");
        Held { method: head.method, target, headers: head.headers, body }
    }

    /// Passes it on, and gives status and body of the answer.
    pub async fn send(self, base_url: &str) -> (u16, Bytes) {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
        let mut sent = client.request(self.method, format!("{base_url}{}", self.target)).body(self.body);
        for name in ["authorization", "content-type"] {
            if let Some(value) = self.headers.get(name) {
                sent = sent.header(name, value);
            }
        }
        let answer = sent.send().await.expect("an answer");
        (answer.status().as_u16(), answer.bytes().await.expect("a body"))
    }
}

/// An answer that says that it is JSON.
pub fn answer(status: u16, body: impl Into<Body>) -> Response {
    let answer = Response::builder().status(status).header("content-type", "application/json");
    answer.body(body.into()).expect("an answer")
}
