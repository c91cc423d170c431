//! People write through a real Postfix, which hands their mail to the daemon by LMTP.

use crate::await_that;
use crate::deployed::{IMPATIENT, Installation};
use crate::mta::Mta;
use crate::pipe::{confirmation, write};

#[tokio::test]
async fn people_subscribe_through_a_real_postfix_that_keeps_their_mail_while_nobody_takes_it() {
    let Some(service) = Installation::new(str::to_owned) else { return };
    service.install("transport.lmtp", "regwatch-transport");
    let settings = format!("{}{IMPATIENT}", service.file("main.cf"));
    let Some(mta) = Mta::start_with(&settings, "lmtp unix - - n - - lmtp\n") else { return };
    write(&mta, "watch@tracker.example", "subscribe hikvision").await;
    await_that("Postfix keeps the mail", || mta.log().contains("status=deferred"));
    let _daemon = service.start();
    let asked = service.answers(1).remove(0);
    write(&mta, &confirmation(&asked), "Yes, please").await;
    let answers = service.answers(2);
    assert!(answers[1].contains("Subject: You now follow Hikvision"), "{}", answers[1]);
    await_that("both are handed over", || mta.log().matches("250 2.0.0 taken in").count() == 2);
    service.expect_ann();
}
