//! The file `.env`, and whose.

use crate::process::{Home, text};

/// Runs `doctor` in a folder below `.env`, which names an issuer, and returns what it says.
#[cfg(unix)]
fn doctor_below(home: &Home) -> String {
    let folder = home.path().join("one/two");
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = home.command(&["doctor", "--listen", "127.0.0.1:0"]);
    text(&command.current_dir(folder).output().unwrap().stdout)
}

#[cfg(unix)]
#[tokio::test]
async fn an_env_file_above_is_read_if_it_is_ones_own_and_not_if_it_is_another_accounts() {
    let home = Home::new().await;
    let file = home.path().join(".env");
    std::fs::write(&file, "KEYWARD_ISSUER=https://file.example\n").unwrap();
    assert!(doctor_below(&home).contains("https://file.example"));
    if std::os::unix::fs::chown(&file, Some(12345), None).is_err() {
        eprintln!("only root can give a file away");
        return;
    }
    let printed = doctor_below(&home);
    assert!(!printed.contains("https://file.example"), "another account's file is read: {printed}");
    let link = home.path().join("one/.env");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert!(!doctor_below(&home).contains("https://file.example"), "through a link of one's own");
    std::fs::remove_file(&link).unwrap();
    std::fs::write(home.path().join("own"), "KEYWARD_ISSUER=https://file.example\n").unwrap();
    std::os::unix::fs::symlink(home.path().join("own"), &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(12345), None).unwrap();
    assert!(!doctor_below(&home).contains("https://file.example"), "through another account's link");
    // In the working folder it is read whoever owns it: the operator chose that folder.
    let here = text(&home.run(&["doctor", "--listen", "127.0.0.1:0"]).stdout);
    assert!(here.contains("https://file.example"), "{here}");
}

#[tokio::test]
async fn a_quote_that_another_program_leaves_open_hides_no_setting() {
    let home = Home::new().await;
    std::fs::write(
        home.path().join(".env"),
        "MOTD=\"it's open\nKEYWARD_ISSUER=https://file.example\n\nNOTE=\"\nKEYWARD_AUDIENCE=apps\n",
    )
    .unwrap();
    let output = home.run(&["doctor", "--listen", "127.0.0.1:0"]);
    let (printed, noted) = (text(&output.stdout), text(&output.stderr));
    assert!(printed.contains("ok    issuer    https://file.example"), "{printed}");
    let words = "line 2: KEYWARD_ISSUER stands between quotes of another variable";
    assert!(noted.contains(words) && !noted.contains("file.example"), "{noted}");
    assert!(!noted.contains("KEYWARD_AUDIENCE"), "{noted}");
}
