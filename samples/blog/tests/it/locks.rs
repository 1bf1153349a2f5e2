//! The document's padlocks, against what the service does without a token.

use crate::support::start;

/// The operations that are open to anyone. Every other one is locked.
const OPEN: [&str; 2] = ["GET /blog", "GET /blog/{id}"];

#[tokio::test]
async fn an_operation_answers_401_without_a_token_exactly_where_the_document_has_a_padlock() {
    let app = start().await;
    let tags: Vec<&str> = keyward_blog::resource().tags.iter().map(|(tag, _)| *tag).collect();
    let ours = app
        .document
        .operations
        .iter()
        .filter(|operation| operation.spec["tags"][0].as_str().is_some_and(|tag| tags.contains(&tag)));
    let mut open = Vec::new();
    for operation in ours {
        let name = format!("{} {}", operation.method, operation.path);
        let path = operation.path.replace("{id}", "1");
        let answer = app.anonymous().call(&operation.method, &path).send().await;
        assert_eq!(answer.status == 401, operation.locked(), "{name}: {}", answer.text());
        if !operation.locked() {
            open.push(name);
        }
    }
    assert_eq!(open, OPEN);
}
