//! Templates of mails: what they hold, and what is refused.

use keyward_domain::values::email::Email;

use super::*;

const GREETING: Template = Template {
    name: "greeting",
    text: "Subject: Hello {{ name }}\n\nHello {{ name }}",
    html: "<p>Hello {{ name }}",
    sample: || context! { name => "Tea & <b>biscuits</b>" },
};

fn wording() -> Wording {
    Wording::of("Tea Shop", "https://tea.example/auth/")
}

#[test]
fn every_letter_says_who_writes_and_to_whom_and_a_change_is_not_worded_like_a_first_verification() {
    let templates = Templates::load(None, wording(), []).unwrap();
    let email = Email::parse("ana@example.org").unwrap();
    let reader = Reader { email: &email, name: Some("Cheap pills at http://evil.example") };
    let letters = [
        templates.password_reset(reader, "t0ken"),
        templates.email_verification(reader, "t0ken", "123456"),
        templates.email_change(reader, "t0ken", "123456"),
        templates.password_changed(reader, &Besides::default()),
        templates.email_changed(reader),
    ]
    .map(Result::unwrap);
    for letter in &letters {
        for words in [&letter.text, &letter.html] {
            assert!(words.contains("Tea Shop") && words.contains("ana@example.org"), "{words}");
            assert!(!words.contains("evil"), "a name that anybody may choose: {words}");
        }
    }
    assert!(letters[0].text.contains("https://tea.example/auth/reset-password?token=t0ken\n"));
    assert!(letters[1].text.contains("https://tea.example/auth/verify-email?token=t0ken\n"));
    assert_ne!(letters[1].subject, letters[2].subject);
    assert_ne!(letters[1].text, letters[2].text);
}

#[test]
fn templates_of_ones_own_have_filters_and_tests_and_every_value() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Subject: {{ app | upper }} for {{ name | default('you', true) }}\n\n\
                {% if code is defined and code | length == 0 %}{{ app_url }} {{ link }} {{ email }} {{ token }}.\
                {% endif %}{% for digit in '12' %}{{ loop.index is odd }}{% endfor %} {{ 'a b&c' | urlencode }}";
    std::fs::write(folder.path().join("password_changed.txt"), text).unwrap();
    let templates = Templates::load(Some(folder.path()), wording(), []).unwrap();
    let email = Email::parse("ana@example.org").unwrap();
    let letter =
        templates.password_changed(Reader { email: &email, name: None }, &Besides::default()).unwrap();
    assert_eq!(letter.subject, "TEA SHOP for you");
    let url = "https://tea.example/auth";
    assert_eq!(letter.text, format!("{url} {url} ana@example.org .TrueFalse a%20b%26c"));
}

#[test]
fn values_are_escaped_in_html_and_as_they_are_in_plain_text() {
    let templates = Templates::load(None, wording(), [GREETING]).unwrap();
    let letter = templates.letter("greeting", &(GREETING.sample)()).unwrap();
    assert_eq!(letter.subject, "Hello Tea & <b>biscuits</b>");
    assert_eq!(letter.text, "Hello Tea & <b>biscuits</b>");
    assert!(letter.html.contains("Tea &amp; &lt;b&gt;biscuits"), "{}", letter.html);
}

#[test]
fn a_folder_overrides_templates_and_a_faulty_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let load = || Templates::load(Some(folder.path()), wording(), [GREETING]);
    std::fs::write(folder.path().join("greeting.txt"), "Subject: Merci ({{ name }})\n\nBonjour").unwrap();
    let letter = load().unwrap().letter("greeting", &context! { name => 1 }).unwrap();
    assert_eq!((letter.subject.as_str(), letter.text.as_str()), ("Merci (1)", "Bonjour"));
    for name in ["greeting", PASSWORD_RESET] {
        for faulty in ["Bonjour", "Subject: {{ nothing }}\n\nx", "Subject: {{ \n\nx"] {
            let path = folder.path().join(format!("{name}.txt"));
            std::fs::write(&path, faulty).unwrap();
            let problem = load().err().unwrap();
            assert!(problem.contains(name), "{problem}");
            std::fs::remove_file(path).unwrap();
        }
    }
}
