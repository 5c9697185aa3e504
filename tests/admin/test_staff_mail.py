"""Mail to postmaster@ and abuse@: sealed for staff, opened in the console with their secret, by them only."""

import subprocess
from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client

from inbox import access, delivery, retention, sealing, staff
from inbox.addresses import parse
from inbox.delivery import Verdict
from inbox.mail import summarise
from inbox.models import Grant, Mailbox, Message, Policy
from inbox.views import staff_mail
from tests.admin.conftest import command
from tests.core.conftest import Clock, Held, deliver, recipient

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "queue"])


@pytest.fixture
def secret(rows: Policy) -> str:
    shown: list[str] = []
    staff.make(shown.append, beside_others=False)
    return shown[0]


@pytest.fixture
def reading(operator: Client, secret: str) -> Client:
    """An operator's browser in which the secret has been typed."""
    assert operator.post("/admin/mail/unlock/", {"secret": secret}).status_code == 302
    return operator


def deliver_source(address: str, source: bytes) -> None:
    from inbox import clock

    [outcome] = delivery.store(
        [
            delivery.Incoming(
                recipients=(recipient(address),),
                reverse_path="",
                source=sealing.seal_source([source]),
                summary=summarise(source),
                received_at=clock.now(),
            )
        ]
    )
    assert outcome.fate is delivery.Fate.STORED


def only_message() -> tuple[str, str]:
    message = Message.objects.select_related("mailbox").get()
    return message.mailbox.mailbox_id, message.message_id


# -- the secret ------------------------------------------------------------------------------------


def test_until_there_is_a_secret_this_mail_is_put_off_and_the_console_says_what_to_do(
    operator: Client,
) -> None:
    [lookup] = delivery.find_recipients([parse("postmaster@one.example")])
    assert lookup.verdict is Verdict.NOT_NOW
    assert "manage.py staffsecret" in operator.get("/admin/mail/").content.decode()


def test_the_command_prints_the_secret_alone_into_a_pipe(rows: Policy) -> None:
    arguments, environment = command("staffsecret")
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    secret = staff.from_text(done.stdout)
    assert secret is not None and done.stdout == f"{staff.to_text(secret)}\n"
    [mailbox] = access.open_all([secret])
    assert mailbox.is_staff


def test_a_second_secret_is_made_only_on_request(secret: str) -> None:
    with pytest.raises(CommandError, match="--new"):
        call_command("staffsecret")
    out = StringIO()
    call_command("staffsecret", "--new", stdout=out, stderr=StringIO())
    assert out.getvalue().strip() != secret
    assert Mailbox.objects.filter(kind="staff").count() == 2


def test_a_secret_that_cannot_be_shown_is_not_made(rows: Policy) -> None:
    def broken_pipe(secret: str) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        staff.make(broken_pipe, beside_others=False)
    assert not Mailbox.objects.exists() and not Grant.objects.exists()


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_first_start_makes_it_where_a_terminal_can_show_it_and_never_again(rows: Policy) -> None:
    terminal = Terminal()
    assert staff.ensure_on_first_start(terminal)
    [shown] = [word for word in terminal.getvalue().split() if staff.from_text(word)]
    assert access.open_all([staff.from_text(shown) or b""])
    assert not staff.ensure_on_first_start(terminal)
    assert terminal.getvalue().count(shown) == 1


def test_first_start_makes_none_where_nobody_looks(rows: Policy) -> None:
    assert not staff.ensure_on_first_start(StringIO())
    assert not staff.ensure_on_first_start(None)
    assert not staff.is_set_up()


def test_the_secret_is_nowhere_in_the_database(secret: str) -> None:
    raw = staff.from_text(secret)
    assert raw is not None
    for values in (*Mailbox.objects.values(), *Grant.objects.values()):
        assert secret not in str(values)
        assert all(raw not in bytes(value) for value in values.values() if isinstance(value, bytes))


@pytest.mark.parametrize("text", ["", "short", "ä" * 43, "!" * 43, "a" * 44, "\0" * 43])
def test_what_cannot_be_a_secret_is_none(text: str) -> None:
    assert staff.from_text(text) is None


def test_a_secret_typed_with_blanks_and_line_ends_opens(operator: Client, secret: str) -> None:
    typed = f"  {secret[:20]} {secret[20:]}\r\n"
    assert operator.post("/admin/mail/unlock/", {"secret": typed}).status_code == 302


# -- opening ---------------------------------------------------------------------------------------


def test_the_secret_goes_into_a_cookie_that_only_the_console_sees(operator: Client, secret: str) -> None:
    cookie = operator.post("/admin/mail/unlock/", {"secret": secret}).cookies["staff"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (
        "/admin/",
        True,
        "Lax",
        "",
    )
    assert not cookie["secure"]


def test_over_https_the_cookie_is_secure_and_the_plain_one_is_not_read(operator: Client, secret: str) -> None:
    response = operator.post("/admin/mail/unlock/", {"secret": secret}, secure=True)
    cookie = response.cookies["__Secure-staff"]
    assert cookie["secure"] and cookie["path"] == "/admin/"
    del operator.cookies["__Secure-staff"]
    operator.cookies["staff"] = secret
    assert 'data-testid="lock"' not in operator.get("/admin/mail/", secure=True).content.decode()


@pytest.mark.parametrize("typed", ["", "x", "A" * 43, "A" * 100_000])
def test_a_wrong_secret_is_refused_beside_the_field(operator: Client, secret: str, typed: str) -> None:
    response = operator.post("/admin/mail/unlock/", {"secret": typed[:50_000]})
    assert response.status_code == 422
    assert "opens no staff mail" in response.content.decode()
    assert "staff" not in response.cookies


def test_the_secret_of_a_persons_mailbox_opens_nothing_here(
    operator: Client, secret: str, held: Held
) -> None:
    deliver(held.address, subject="Private")
    response = operator.post("/admin/mail/unlock/", {"secret": staff.to_text(held.secret)})
    assert response.status_code == 422
    operator.cookies["staff"] = staff.to_text(held.secret)
    assert "Private" not in operator.get("/admin/mail/").content.decode()
    mailbox_id, message_id = only_message()
    assert operator.get(f"/admin/mail/{mailbox_id}/{message_id}/").status_code == 404


def test_lock_forgets_the_secret(reading: Client) -> None:
    deliver("abuse@one.example", subject="Stop that")
    assert "Stop that" in reading.get("/admin/mail/").content.decode()
    gone = reading.post("/admin/mail/lock/").cookies["staff"]
    assert gone.value == "" and gone["path"] == "/admin/"
    assert "Stop that" not in reading.get("/admin/mail/").content.decode()


def test_old_mail_opens_with_the_old_secret_and_both_may_be_held(reading: Client, secret: str) -> None:
    deliver("abuse@one.example", subject="First")
    newer: list[str] = []
    staff.make(newer.append, beside_others=True)
    deliver("abuse@one.example", subject="Second")
    page = reading.get("/admin/mail/").content.decode()
    assert "First" in page and "Second" not in page and "needs another secret" in page
    reading.post("/admin/mail/unlock/", {"secret": newer[0]})
    page = reading.get("/admin/mail/").content.decode()
    assert page.index("Second") < page.index("First") and "needs another secret" not in page
    assert reading.cookies["staff"].value.split(".") == [secret, newer[0]]


# -- who may -------------------------------------------------------------------------------------

URLS = ("", "{mailbox}/", "{mailbox}/{message}/", "{mailbox}/{message}/html/", "{mailbox}/{message}/source/")


def test_without_a_login_every_url_leads_to_the_login(secret: str) -> None:
    deliver("abuse@one.example")
    mailbox_id, message_id = only_message()
    visitor = Client()
    visitor.cookies["staff"] = secret
    for url in URLS:
        response = visitor.get("/admin/mail/" + url.format(mailbox=mailbox_id, message=message_id))
        assert response.status_code == 302 and response["Location"].startswith("/admin/login/")


def test_staff_without_the_permission_are_told_no(secret: str) -> None:
    create_permissions(apps.get_app_config("inbox"), verbosity=0)
    deliver("abuse@one.example", subject="Stop that")
    mailbox_id, message_id = only_message()
    user = User.objects.create_user("helper", password="a long password", is_staff=True)
    helper = Client()
    helper.force_login(user, "django.contrib.auth.backends.ModelBackend")
    helper.cookies["staff"] = secret
    for url in URLS:
        assert (
            helper.get("/admin/mail/" + url.format(mailbox=mailbox_id, message=message_id)).status_code == 403
        )
    user.user_permissions.add(Permission.objects.get(codename="view_message"))
    assert "Stop that" in helper.get("/admin/mail/").content.decode()
    assert helper.post(f"/admin/mail/{mailbox_id}/{message_id}/delete/").status_code == 403
    assert Message.objects.get().deleted_at is None


def test_a_form_without_its_token_is_refused(secret: str, operator: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert strict.post("/admin/mail/unlock/", {"secret": secret}).status_code == 403


# -- reading ---------------------------------------------------------------------------------------

LETTER = (
    b"From: Eve <eve@sender.example>\r\nTo: abuse@one.example\r\nSubject: <b>Look</b>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n"
    b"<p>Seen <script>alert(1)</script><img src=http://t.example/x></p>\r\n"
    b'--x\r\nContent-Type: text/csv; name="list.csv"\r\n'
    b'Content-Disposition: attachment; filename="list.csv"\r\n'
    b"\r\na,b\r\n--x--\r\n"
)


def test_the_same_reader_shows_it_with_its_own_urls(reading: Client) -> None:
    deliver_source("postmaster@one.example", LETTER)
    mailbox_id, message_id = only_message()
    here = f"/admin/mail/{mailbox_id}/{message_id}/"
    page = reading.get(here).content.decode()
    assert 'data-testid="reader"' in page and "&lt;b&gt;Look&lt;/b&gt;" in page
    assert f'src="{here}html/"' in page and "sandbox=" in page
    assert f'href="{here}source/"' in page and f'href="{here}part/' in page
    assert "/m/" not in page.replace("/admin/mail/", "")
    assert Message.objects.get().is_read


def test_its_frame_has_the_same_two_walls(reading: Client) -> None:
    deliver_source("postmaster@one.example", LETTER)
    mailbox_id, message_id = only_message()
    response = reading.get(f"/admin/mail/{mailbox_id}/{message_id}/html/")
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox ") and "default-src 'none'" in policy and "allow-scripts" not in policy
    body = response.content.decode()
    assert "Seen" in body and "script" not in body and "t.example" not in body
    assert "no-store" in response["Cache-Control"]


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_its_source_and_files_are_downloads(reading: Client) -> None:
    deliver_source("postmaster@one.example", LETTER)
    mailbox_id, message_id = only_message()
    here = f"/admin/mail/{mailbox_id}/{message_id}/"
    source = reading.get(f"{here}source/")
    assert b"".join(source) == LETTER and "attachment" in source["Content-Disposition"]
    page = reading.get(here).content.decode()
    part = page.partition(f'href="{here}part/')[2].partition('"')[0]
    file = reading.get(f"{here}part/{part}")
    assert b"".join(file).strip() == b"a,b"
    assert file["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_deleted_mail_can_be_taken_back_for_ten_seconds(reading: Client, moving: Clock) -> None:
    deliver("abuse@one.example", subject="Stop that")
    mailbox_id, message_id = only_message()
    here = f"/admin/mail/{mailbox_id}/{message_id}/"
    listed = reading.post(f"{here}delete/", follow=True)
    page = listed.content.decode()
    assert "Stop that" not in page and f'action="{here}undelete/"' in page
    assert "Stop that" in reading.post(f"{here}undelete/", follow=True).content.decode()
    reading.post(f"{here}delete/")
    moving.move(seconds=11)
    assert "Too late" in reading.post(f"{here}undelete/", follow=True).content.decode()
    assert retention.sweep().messages == 1


@pytest.mark.parametrize(
    "url", ["0" * 32 + "/" + "0" * 32 + "/", "x/y/", "0" * 32 + "/" + "0" * 32 + "/part/0/", "a/b/html/"]
)
def test_what_is_not_there_is_404(reading: Client, url: str) -> None:
    assert reading.get(f"/admin/mail/{url}").status_code == 404


def test_looking_at_it_on_the_public_pages_never_ends_the_staff_mailbox(secret: str, moving: Clock) -> None:
    raw = staff.from_text(secret)
    assert raw is not None
    [mailbox] = access.open_all([raw])
    moving.move(minutes=5)
    mailbox.view()
    with pytest.raises(retention.TooLate):
        mailbox.extend()
    Policy.objects.get(id=1).save()
    retention.retime()
    assert Mailbox.objects.get().expires_at == staff.NEVER


def test_the_cookie_name_is_told_by_one_function(secret: str) -> None:
    from django.test import RequestFactory

    assert staff_mail.cookie_name(RequestFactory().get("/", secure=True)) == "__Secure-staff"
    assert timedelta(days=365 * 1000) < staff.NEVER - Mailbox.objects.get().created_at
