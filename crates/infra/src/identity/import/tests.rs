//! What is read of a file, and that nothing of it stops the reader.

use proptest::prelude::*;

use super::draft::Reading;
use super::firebase::FirebaseParameters;
use super::reader::{Format, Users, decoded};

/// Each entry: its line, and the address and the rest, or why it is refused.
fn read(text: impl AsRef<[u8]>, format: Format) -> Vec<(u64, Result<String, String>)> {
    let mut users = Users::open(text.as_ref(), format, Reading::default()).unwrap().unwrap();
    let mut entries = Vec::new();
    while let Some(entry) = users.next_entry().unwrap() {
        let user = entry.user.map(|user| {
            let (name, role) = (user.name.as_deref().unwrap_or("-"), user.role.as_deref().unwrap_or("-"));
            let login = user.email.or(user.username).unwrap();
            format!("{login} {} {name} {role} {} {}", user.hash, user.disabled, user.email_verified)
        });
        entries.push((entry.line, user));
    }
    assert_eq!(users.bytes(), text.as_ref().len() as u64);
    entries
}

fn refused(text: &str) -> String {
    Users::open(text.as_bytes(), Format::Csv, Reading::default()).unwrap().err().unwrap()
}

#[test]
fn csv_is_read_as_spreadsheets_and_databases_write_it() {
    let expected = [(2, Ok("a@x.org $2b$ Ana, \"the\" first\nof us user true false".to_owned()))];
    for text in [
        "email,name,hash,role,disabled\na@x.org,\"Ana, \"\"the\"\" first\nof us\",$2b$,user,t",
        "\u{feff}E-Mail;Name;Hashed-Password;Role;Disabled\r\na@x.org;\"Ana, \"\"the\"\" first\r\nof us\";$2b$;user;1\r\n",
        "email\tname\tpassword\trole\tdisabled\na@x.org\t\"Ana, \"\"the\"\" first\nof us\"\t $2b$ \tuser\tTRUE\n\n\n",
    ] {
        assert_eq!(read(text, Format::Csv), expected, "{text}");
    }
}

#[test]
fn empty_cells_and_null_are_nothing() {
    let expected = Ok("a@x.org h - - false false".to_owned());
    let csv = "email,name,hash,role,disabled,email_verified\na@x.org,,h,,,\n";
    assert_eq!(read(csv, Format::Csv), [(2, expected.clone())]);
    let json = r#"{"email":"a@x.org","name":null,"hash":"h","role":"","disabled":null}"#;
    assert_eq!(read(json, Format::JsonLines), [(1, expected)]);
}

#[test]
fn an_account_may_have_a_user_name_instead_of_an_address() {
    for (text, format) in [
        ("username,hash\nsponge,h\n", Format::Csv),
        ("Email,Username,hash\n,sponge,h\n", Format::Csv),
        ("{\"username\":\"sponge\",\"hash\":\"h\"}", Format::JsonLines),
    ] {
        let entries = read(text, format);
        assert_eq!(entries[0].1, Ok("sponge h - - false false".to_owned()), "{text}");
    }
}

#[test]
fn an_account_without_a_hash_has_none() {
    for (text, format) in [
        ("email,hash\na@x.org,\n", Format::Csv),
        ("{\"email\":\"a@x.org\",\"hash\":null}", Format::JsonLines),
        ("[{\"email\":\"a@x.org\"}]", Format::Json),
    ] {
        assert_eq!(read(text, format)[0].1, Ok("a@x.org  - - false false".to_owned()), "{text}");
    }
}

#[test]
fn excels_first_line_names_the_separator() {
    for text in ["sep=;\nemail;hash\na@x.org;h\n", "\u{feff}sep=|\r\nemail|hash\r\na@x.org|h\r\n"] {
        assert_eq!(read(text, Format::Csv), [(3, Ok("a@x.org h - - false false".to_owned()))], "{text}");
    }
    assert!(refused("sep=;").contains("empty"));
}

#[test]
fn utf_16_is_read_as_excel_and_powershell_write_it() {
    let text = "\u{feff}email;hash;name\r\na@x.org;h;\u{e4}\u{1f600}\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big, text.as_bytes().to_vec()] {
        let mut users = Users::open(decoded(&*bytes), Format::Csv, Reading::default()).unwrap().ok().unwrap();
        let user = users.next_entry().unwrap().unwrap().user.ok().unwrap();
        assert_eq!(user.name.as_deref(), Some("\u{e4}\u{1f600}"));
    }
}

#[test]
fn a_json_array_is_read_object_by_object() {
    let text = "\u{feff}{\"note\": \"[\\\"{\", \"users\": [\n {\"email\": \"a@x.org\", \"hash\": \"{[\\\"h\"},\n {\n \"email\": \"b@x.org\", \"hash\": 7},\n{\"email\":\"c@x.org\",\"hash\":\"h\"}\n]}\n";
    assert_eq!(
        read_part(text),
        [
            (2, Ok("a@x.org {[\"h - - false false".to_owned())),
            (3, Err("`hash` is no text".to_owned())),
            (5, Ok("c@x.org h - - false false".to_owned())),
        ]
    );
    for (text, reason) in [
        ("", "no JSON array"),
        ("{}", "no JSON array"),
        ("[", "not closed"),
        ("[{\"email\": \"a@x.org\"", "not closed"),
        ("7 [{\"email\": \"a@x.org\"}]", "no JSON array"),
        ("{\"email\": \"a@x.org\"}\n[{\"email\": \"b@x.org\"}]", "no JSON array"),
        ("[7]", "it is no JSON object"),
        ("[null, {\"email\": \"a@x.org\"}]", "it is no JSON object"),
        ("{\"roles\": [\"x\"], \"users\": [{\"email\": \"a@x.org\"}]}", "it is no JSON object"),
        ("[,{\"email\": \"a@x.org\"}]", "it is no JSON object"),
    ] {
        let entries = read_part(text);
        assert!(entries[0].1.as_ref().unwrap_err().contains(reason), "{text}: {entries:?}");
    }
    for (text, at, reason) in [
        (
            "[{\"email\": \"a@x.org\"}\n{\"email\": \"b@x.org\"}]",
            (2, Some(1)),
            "a comma is missing behind it",
        ),
        ("[{\"email\": \"a@x.org\"}\n,\n7]", (3, Some(2)), "it is no JSON object"),
        ("[{\"email\": \"a@x.org\"},]", (1, Some(2)), "it is no JSON object"),
        ("[{\"email\": \"a@x.org\"},,{\"email\": \"b@x.org\"}]", (1, Some(2)), "it is no JSON object"),
        ("[{\"email\": \"a@x.org\"}, {\"email\": 7}]", (1, Some(2)), "`email` is no text"),
    ] {
        let mut users = Users::open(text.as_bytes(), Format::Json, Reading::default()).unwrap().ok().unwrap();
        let first = users.next_entry().unwrap().unwrap();
        assert!(first.element == Some(1) && first.user.is_ok(), "{text}");
        let second = users.next_entry().unwrap().unwrap();
        let fault = second.user.err().unwrap();
        assert!((second.line, second.element) == at && fault.starts_with(reason), "{text}: {fault}");
        assert!(users.next_entry().unwrap().is_none(), "{text}");
    }
    let long = format!("[{{\"name\":\"{}\"}},{{\"email\":\"a@x.org\"}}]", "x".repeat(200_000));
    let entries = read_part(&long);
    assert!(entries[0].1.as_ref().unwrap_err().contains("longer") && entries[1].1.is_ok(), "{entries:?}");
}

/// The entries of a JSON file, which need not be read to its end.
fn read_part(text: &str) -> Vec<(u64, Result<String, String>)> {
    let mut users = Users::open(text.as_bytes(), Format::Json, Reading::default()).unwrap().ok().unwrap();
    let mut entries = Vec::new();
    while let Some(entry) = users.next_entry().unwrap() {
        let user = entry.user.map(|user| {
            let (email, hash) = (user.email.unwrap(), user.hash);
            format!("{email} {hash} - - {} {}", user.disabled, user.email_verified)
        });
        entries.push((entry.line, user));
    }
    entries
}

#[test]
fn an_export_of_firebase_is_completed_with_the_projects_parameters() {
    let parameters =
        "hash_config { base64_signer_key: c2lnbmVy, base64_salt_separator: Bw==, rounds: 8, mem_cost: 14 }";
    let text = r#"{"users": [{"localId": "x", "email": "a@x.org", "emailVerified": true, "passwordHash": "aGFzaA==",
        "salt": "c2FsdA==", "displayName": "Ana", "providerUserInfo": []}, {"email": "b@x.org", "displayName": "Bob"}]}"#;
    let firebase = FirebaseParameters::parse(parameters).ok();
    let reading = Reading { ignore_unknown: true, firebase };
    let mut users = Users::open(text.as_bytes(), Format::Json, reading).unwrap().ok().unwrap();
    let ana = users.next_entry().unwrap().unwrap().user.ok().unwrap();
    assert_eq!(ana.hash, "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=c2lnbmVy$c2FsdA==$aGFzaA==");
    assert_eq!((ana.name.as_deref(), ana.email_verified), (Some("Ana"), true));
    assert_eq!(users.next_entry().unwrap().unwrap().user.ok().unwrap().hash, "");
    // Elsewhere a column of salts means nothing, and says so.
    assert!(refused("email,hash,salt\n").contains("column 3: `salt` is not one of"));
}

#[test]
fn json_lines_are_read_one_by_one() {
    let text = concat!(
        "{\"email\":\"a@x.org\",\"hash\":\"h\",\"email_verified\":true,\"disabled\":0}\n\n",
        "{\"hashed_password\":\"h\",\"full_name\":\"\\u00e4\",\"email\":\"b@x.org\",\"disabled\":1}\r\n",
    );
    assert_eq!(
        read(text, Format::JsonLines),
        [(1, Ok("a@x.org h - - false true".to_owned())), (3, Ok("b@x.org h ä - true false".to_owned())),]
    );
}

#[test]
fn a_faulty_line_is_refused_with_its_reason_and_the_next_is_read() {
    for (line, reason) in [
        ("b@x.org", "it has 1 columns, and the first line 3"),
        ("b@x.org,h,maybe", "`disabled` is neither true nor false"),
        (",h,", "there is neither `email` nor `username`"),
        ("b@x.org,h\"h,", "a quote is left open; all up to line 4 is passed over"),
        ("b@x.org,h\"h\",", "it is no CSV: a quote is misplaced"),
        ("b@x.org,\"h\"h,", "it is no CSV: a quote is misplaced"),
    ] {
        let text = format!("email,hash,disabled\n{line}\na@x.org,h,\n\"\",\"\",\"\"");
        let entries = read(&text, Format::Csv);
        assert_eq!(entries[0], (2, Err(reason.to_owned())), "{line}");
        assert!(reason.contains("up to") || entries[1].1.is_ok(), "{line}");
    }
    for (line, reason) in [
        ("[]", "it is no JSON object"),
        ("{\"email\":", "it is no JSON object: column 9"),
        ("{\"email\":\"b\",\"hash\":7}", "`hash` is no text"),
        ("{\"email\":\"b\",\"hash\":\"h\",\"disabled\":2}", "`disabled` is neither true nor false"),
        ("{\"email\":\"b\",\"hash\":\"h\",\"hash\":\"i\"}", "`hash` is there twice"),
        ("{\"email\":\"b\",\"hash\":\"h\",\"password\":\"i\"}", "`hash` is there twice"),
        ("{\"email\":\"b\",\"hash\":\"h\",\"disbled\":true}", "`disbled` is not one of"),
        ("{}", "there is neither `email` nor `username`"),
    ] {
        let entries = read(format!("{line}\n{{\"email\":\"a\",\"hash\":\"h\"}}"), Format::JsonLines);
        assert_eq!((entries.len(), entries[0].0), (2, 1), "{line}");
        assert!(entries[0].1.as_ref().unwrap_err().starts_with(reason), "{line}: {:?}", entries[0]);
        assert!(entries[1].1.is_ok(), "{line}");
    }
}

#[test]
fn a_csv_file_whose_columns_are_not_clear_is_refused_and_not_quoted() {
    for (text, reason) in [
        ("", "the file is empty"),
        ("a@x.org,$2b$12$secret", "there is neither `email` nor `username`"),
        ("email,name\n", "there is no `hash`"),
        ("email,hash,disbled\n", "column 3: `disbled` is not one of"),
        ("email,hash,password\n", "two columns are `hash`"),
        ("email,\"hash\n", "a quote is misplaced"),
    ] {
        let refusal = refused(text);
        assert!(refusal.contains(reason) && !refusal.contains("secret"), "{text}: {refusal}");
    }
    let users = Users::open(
        &b"email,hash,disbled\na@x.org,h,true\n"[..],
        Format::Csv,
        Reading { ignore_unknown: true, ..Reading::default() },
    );
    let entry = users.unwrap().ok().unwrap().next_entry().unwrap().unwrap();
    assert_eq!(entry.user.ok().unwrap().email.as_deref(), Some("a@x.org"));
}

#[test]
fn no_line_is_too_long_for_the_reader() {
    let long = "x".repeat(200_000);
    let text = format!("email,hash\n{long}\na@x.org,h\n\"{long}\n{long}\nb@x.org,h");
    let entries = read(&text, Format::Csv);
    let lines: Vec<u64> = entries.iter().map(|entry| entry.0).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6]);
    assert!(entries[1].1.is_ok() && entries[4].1.is_ok());
    for refused in [0, 2, 3] {
        assert_eq!(entries[refused].1, Err("it is longer than 65536 bytes".to_owned()));
    }
    let open = format!("email,hash\n\"{}", "x\n".repeat(100_000));
    let entries = read(&open, Format::Csv);
    assert!(entries[0].1.as_ref().unwrap_err().contains("left open"), "{:?}", entries[0]);
}

#[test]
fn what_is_not_utf8_costs_its_line_only() {
    let entries = read(b"email,hash\na\xff@x.org,h\nb@x.org,h\n", Format::Csv);
    assert_eq!(entries[0], (2, Err("it is not UTF-8".to_owned())));
    assert!(entries[1].1.is_ok());
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in [Format::Csv, Format::JsonLines] {
            let mut text = b"email,hash\n".to_vec();
            text.extend(&bytes);
            read(&text, format);
        }
    }

    #[test]
    fn any_text_of_csvs_own_characters_is_read_to_its_end(text in "[a,\"\r\n]{0,200}") {
        read(format!("email,hash\n{text}"), Format::Csv);
    }

    #[test]
    fn a_quoted_cell_comes_back_as_it_was(name in "[a-z,;\"\n \u{e4}]{1,40}") {
        let text = format!("email,hash,name\na@x.org,h,\"{}\"\n", name.replace('"', "\"\""));
        prop_assert_eq!(read(text, Format::Csv), [(2, Ok(format!("a@x.org h {name} - false false")))]);
    }
}
