//! A server between the run and the sandbox that changes answers on their way.

use crate::stage::Stage;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
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
        stage: &Stage,
        page_size: Option<u32>,
        change: impl Fn(&str, &mut Value) + Send + Sync + 'static,
    ) -> String {
        let change = Box::new(change);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let sandbox = stage.sandbox.serve(listener).expect("a server");
        let proxy = Arc::new(Proxy { sandbox, change, page_size });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = axum::Router::new().fallback(move |request| pass_on(proxy.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        base_url
    }
}

async fn pass_on(proxy: Arc<Proxy>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let mut target = request.uri().path_and_query().expect("a path").to_string();
    if let Some(size) = proxy.page_size {
        target = target.replace("PageSize=1000", &format!("PageSize={size}"));
    }
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a body");
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
    let mut sent = client.request(head.method, format!("{}{target}", proxy.sandbox.base_url())).body(body);
    for name in ["authorization", "content-type"] {
        if let Some(value) = head.headers.get(name) {
            sent = sent.header(name, value);
        }
    }
    let answer = sent.send().await.expect("an answer");
    let status = answer.status();
    let body = answer.bytes().await.expect("a body");
    let body = match serde_json::from_slice::<Value>(&body) {
        Ok(mut json) => {
            (proxy.change)(&path, &mut json);
            Body::from(json.to_string())
        }
        Err(_) => Body::from(body),
    };
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body)
        .expect("an answer")
}
