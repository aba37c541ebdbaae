"""Photos: uploaded to disk, decoded where nothing can happen, shown by Nginx; what is hostile is refused with a reason."""
import concurrent.futures
import contextlib
import hashlib
import os
import re
import signal
import socket
import ssl
import uuid

import pytest

import marketplace as market
import pictures
from stack import SANITIZER, children, private_stack, wait_until

SIZES = (320, 960, 1920)
GRACE = "+2h"
SHOWN_AT = "https://pictures.example.com"  # where they would be by another name


@pytest.fixture(scope="module")
def stack():
    """nexus-jobs does not run: tests run what is due."""
    with private_stack({"decode_socket": None, "sandbox": "yes", "photo_bytes_max": "4MiB", "photos_url": SHOWN_AT + "/photos/"}, jobs=False) as it:
        yield it
        assert SANITIZER.findall(it.log("decode")) == [] and "a decoder was ended" not in it.log("decode")


@pytest.fixture(scope="module")
def host(stack):
    return stack.user()


@pytest.fixture
def place(host):
    return market.make_property(host)["id"]


def upload(user, place, content, name="photo.jpg", caption=None, **more):
    data = {} if caption is None else {"caption": caption}
    return user.post(f"/v1/properties/{place}/photos", files={"file": (name, content)}, data=data, **more)


def uploaded(user, place, content, **more):
    answer = upload(user, place, content, **more)
    assert answer.status_code == 202, answer.text
    return answer.json()


def photo(user, place, made):
    return user.get(f"/v1/properties/{place}/photos/{made['id']}").json()


def folder(stack, name):
    return stack.run_dir.resolve() / "photos" / name


def files(stack, name="public"):
    return sorted(str(path.relative_to(folder(stack, name))) for path in folder(stack, name).rglob("*") if path.is_file())


def shown(stack, url):
    assert url.startswith(SHOWN_AT + "/photos/")
    return stack.session().get(url.removeprefix(SHOWN_AT))


# ---- what becomes of a good one

@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_shown_upright_in_three_sizes_and_without_what_the_camera_noted(stack, host, place, form):
    content = pictures.with_exif(form, 2400, 1800)
    made = uploaded(host, place, content, caption="The garden")
    assert (made["state"], made["caption"], made["position"], made["variants"], made["width"]) == ("processing", "The garden", 0, [], None)
    assert made["bytes"] == len(content) and made["media_type"] == f"image/{form.lower()}"
    assert stack.query("select encode(hash, 'hex') from photos where id = %s", made["id"])[0][0] == hashlib.sha256(content).hexdigest()
    assert files(stack, "incoming") == [made["id"]]  # kept before it was answered
    assert stack.jobs_drain()["failed"] == 0
    now = photo(host, place, made)
    assert (now["state"], now["width"], now["height"]) == ("ready", 1800, 2400)  # upright
    assert [(v["format"], v["size"]) for v in now["variants"]] == [(form, size) for size in SIZES for form in ("webp", "jpeg")]
    for variant in now["variants"]:
        answer = shown(stack, variant["url"])
        assert answer.status_code == 200 and len(answer.content) == variant["bytes"]
        assert answer.headers["Content-Type"] == f"image/{variant['format']}"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "X-Request-Id" in answer.headers
        image = pictures.opened(answer.content)
        assert image.format.lower() == variant["format"] and image.size == (variant["width"], variant["height"])
        assert max(image.size) == variant["size"] and image.size == (variant["size"] * 3 // 4, variant["size"])
        assert not dict(image.getexif()) and pictures.EXIF_SECRET not in answer.content and b"Exif" not in answer.content
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)
        # Turned by a quarter: the green corner, at the left of the upper edge before, is at the right of it.
        red, green, blue = image.convert("RGB").getpixel((image.width - 3, 3))
        assert green > 150 and red < 90 and blue < 90
        assert re.search(rf"/photos/([0-9a-f]{{2}})/{made['id']}-[0-9a-f]{{16}}-{variant['size']}\.(webp|jpg)$", variant["url"])
    assert files(stack, "incoming") == []
    assert host.get(f"/v1/properties/{place}").json()["photos"][-1] == now["variants"][-1]["url"]


def test_a_small_one_is_not_enlarged(stack, host, place):
    made = uploaded(host, place, pictures.picture(500, 100, "PNG", "RGBA"))
    stack.jobs_drain()
    assert [(v["width"], v["height"]) for v in photo(host, place, made)["variants"]][::2] == [(320, 64), (500, 100), (500, 100)]


@pytest.mark.parametrize("mode, form", [("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("CMYK", "JPEG"), ("L", "JPEG"), ("RGBA", "WEBP")])
def test_every_kind_of_colour_becomes_srgb(stack, host, place, mode, form):
    made = uploaded(host, place, pictures.picture(64, 48, form, mode))
    stack.jobs_drain()
    for variant in photo(host, place, made)["variants"][:2]:
        assert pictures.opened(shown(stack, variant["url"]).content).mode == "RGB"


def test_who_sees_what(stack, host, place):
    stranger, ready = stack.user(), uploaded(host, place, pictures.picture(64, 48))
    stack.jobs_drain()
    waiting = uploaded(host, place, pictures.picture(64, 48))
    path = f"/v1/properties/{place}/photos"
    assert [p["id"] for p in host.get(path).json()["data"]] == [ready["id"], waiting["id"]]
    assert [p["id"] for p in stranger.get(path).json()["data"]] == [p["id"] for p in stack.session().get(path).json()["data"]] == [ready["id"]]
    assert stranger.get(f"{path}/{waiting['id']}").status_code == 404 and stack.session().get(f"{path}/{ready['id']}").status_code == 200
    assert upload(stranger, place, pictures.picture(64, 48)).status_code == 404
    assert stranger.delete(f"{path}/{ready['id']}").status_code == 404 and stranger.patch(f"{path}/{ready['id']}", json={"position": 0}).status_code == 404
    draft = market.make_property(host, status="draft")["id"]
    assert stack.session().get(f"/v1/properties/{draft}/photos").status_code == 404
    stack.jobs_drain()


def test_order_captions_and_the_property_s_own_list(stack, host, place):
    made = [uploaded(host, place, pictures.picture(60 + i, 40)) for i in range(4)]
    stack.jobs_drain()
    path = f"/v1/properties/{place}/photos"
    first = made[3]
    moved = host.patch(f"{path}/{first['id']}", json={"position": 0, "caption": "Now the first"})
    assert moved.status_code == 200 and (moved.json()["position"], moved.json()["caption"]) == (0, "Now the first")
    order = [first["id"], *[m["id"] for m in made[:3]]]
    assert [(p["id"], p["position"]) for p in host.get(path).json()["data"]] == [(name, i) for i, name in enumerate(order)]
    urls = host.get(f"/v1/properties/{place}").json()["photos"]
    assert urls[0] == "https://example.com/1.jpg" and [url.split("/")[-1][:36] for url in urls[1:]] == order
    assert host.patch(f"{path}/{order[1]}", json={"position": 99}).json()["position"] == 3
    assert host.delete(f"{path}/{first['id']}").status_code == 204
    assert [p["position"] for p in host.get(path).json()["data"]] == [0, 1, 2]
    # Who sends back what was read changes nothing; who sends another list changes their own part of it.
    urls = host.get(f"/v1/properties/{place}").json()["photos"]
    for sent, mine in ((urls, urls[:1]), (["https://example.com/2.jpg"], ["https://example.com/2.jpg"]), ([], [])):
        assert host.patch(f"/v1/properties/{place}", json={"photos": sent}).status_code == 200
        assert host.get(f"/v1/properties/{place}").json()["photos"] == mine + urls[1:]
    for wrong, pointer in (({"position": -1}, "/position"), ({"position": 100}, "/position"), ({"caption": "x" * 201}, "/caption"), ({"state": "ready"}, "/state")):
        answer = host.patch(f"{path}/{order[1]}", json=wrong)
        assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == pointer


def test_a_repeated_upload_is_one(stack, host, place):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    content = pictures.picture(64, 48)
    one, two = (upload(host, place, content, caption="A", headers=key) for _ in range(2))  # with another boundary each time
    assert one.status_code == two.status_code == 202 and two.headers["Idempotency-Replayed"] == "true" and one.json() == two.json()
    for changed in ({"content": pictures.picture(64, 49), "caption": "A"}, {"content": content, "caption": "B"}):
        assert upload(host, place, headers=key, **changed).json()["code"] == "idempotency_mismatch"
    assert stack.query("select count(*) from photos where property_id = %s", place) == [(1,)]
    assert len(files(stack, "incoming")) == 1
    before = stack.query("select count(*) from photos")
    tried = upload(host, place, content, headers={"Prefer": "dry-run"})
    assert tried.status_code == 202 and tried.headers["Preference-Applied"] == "dry-run"
    assert stack.query("select count(*) from photos") == before and len(files(stack, "incoming")) == 1
    stack.jobs_drain()


# ---- what is refused when it comes

@pytest.mark.parametrize("what", pictures.NOT_TAKEN)
def test_what_is_no_picture_is_refused_at_once(stack, host, place, what):
    answer = upload(host, place, pictures.NOT_TAKEN[what], name="photo.jpg")
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/file", answer.text
    assert files(stack, "incoming") == []


def form(*parts, boundary=b"b", end=b"--"):
    return b"".join(b"--" + boundary + b"\r\n" + part for part in parts) + b"--" + boundary + end + b"\r\n"


def part(head, content=b"x"):
    return head + b"\r\n\r\n" + content + b"\r\n"


FILE = b'Content-Disposition: form-data; name="file"; filename="a.jpg"'
JPEG = pictures.picture(32, 32)
GOOD = part(FILE, JPEG)
BOUNDARY = "multipart/form-data; boundary=b"
MALFORMED = {  # body, Content-Type, status
    "no boundary named": (form(GOOD), "multipart/form-data", 400),
    "an empty boundary": (form(GOOD), "multipart/form-data; boundary=", 400),
    "a boundary with a blank": (form(GOOD), 'multipart/form-data; boundary="a b"', 400),
    "a boundary of 71": (form(GOOD, boundary=b"b" * 71), "multipart/form-data; boundary=" + "b" * 71, 400),
    "two boundaries": (form(GOOD), "multipart/form-data; boundary=b; boundary=c", 400),
    "another boundary": (form(GOOD), "multipart/form-data; boundary=c", 400),
    "something before": (b"hello\r\n" + form(GOOD), BOUNDARY, 400),
    "something behind": (form(GOOD) + b"x", BOUNDARY, 400),
    "no end": (form(GOOD)[:-6], BOUNDARY, 400),
    "cut off in the file": (form(GOOD)[:-100], BOUNDARY, 400),
    "cut off in the head": (b"--b\r\nContent-Disp", BOUNDARY, 400),
    "no parts": (b"--b--\r\n", BOUNDARY, 400),
    "no file": (form(part(b'Content-Disposition: form-data; name="caption"')), BOUNDARY, 400),
    "two files": (form(GOOD, GOOD), BOUNDARY, 422),
    "a file without a name of its own": (form(part(b'Content-Disposition: form-data; name="file"', JPEG)), BOUNDARY, 422),
    "a part nobody knows": (form(GOOD, part(b'Content-Disposition: form-data; name="admin"')), BOUNDARY, 422),
    "a caption twice": (form(GOOD, *[part(b'Content-Disposition: form-data; name="caption"')] * 2), BOUNDARY, 400),
    "a caption that is too long": (form(GOOD, part(b'Content-Disposition: form-data; name="caption"', b"x" * 201)), BOUNDARY, 400),
    "a caption that is far too long": (form(GOOD, part(b'Content-Disposition: form-data; name="caption"', b"x" * 9000)), BOUNDARY, 422),
    "a caption that is no text": (form(GOOD, part(b'Content-Disposition: form-data; name="caption"', b"\xff\xfe")), BOUNDARY, 422),
    "a caption with NUL": (form(GOOD, part(b'Content-Disposition: form-data; name="caption"', b"a\0b")), BOUNDARY, 400),
    "no disposition": (form(part(b"Content-Type: image/jpeg", JPEG)), BOUNDARY, 400),
    "another disposition": (form(part(b'Content-Disposition: attachment; name="file"; filename="a"', JPEG)), BOUNDARY, 400),
    "two dispositions": (form(part(FILE + b"\r\n" + FILE, JPEG)), BOUNDARY, 400),
    "two names": (form(part(b'Content-Disposition: form-data; name="file"; name="caption"; filename="a"', JPEG)), BOUNDARY, 400),
    "no name": (form(part(b'Content-Disposition: form-data; filename="a"', JPEG)), BOUNDARY, 400),
    "an empty name": (form(part(b'Content-Disposition: form-data; name=""; filename="a"', JPEG)), BOUNDARY, 400),
    "a long name": (form(part(b'Content-Disposition: form-data; name="' + b"n" * 65 + b'"')), BOUNDARY, 400),
    "an open quote": (form(part(b'Content-Disposition: form-data; name="file; filename=a', JPEG)), BOUNDARY, 400),
    "a backslash": (form(part(b'Content-Disposition: form-data; name="fi\\le"; filename="a"', JPEG)), BOUNDARY, 400),
    "a NUL in the head": (form(part(FILE + b"\r\nX: a\0b", JPEG)), BOUNDARY, 400),
    "a folded line": (form(part(FILE + b";\r\n x=y", JPEG)), BOUNDARY, 400),
    "a huge head": (form(part(FILE + b"\r\nX: " + b"x" * 5000, JPEG)), BOUNDARY, 400),
    "a header without a colon": (form(part(FILE + b"\r\nnothing", JPEG)), BOUNDARY, 400),
    "lines that end with LF alone": (form(GOOD).replace(b"\r\n", b"\n"), BOUNDARY, 400),
    "base64": (form(part(FILE + b"\r\nContent-Transfer-Encoding: base64", b"/9j/")), BOUNDARY, 400),
    "parts of parts": (form(part(FILE + b"\r\nContent-Type: multipart/mixed; boundary=c", b"--c--")), BOUNDARY, 400),
    "17 parts": (form(*[part(b'Content-Disposition: form-data; name="caption"')] * 17), BOUNDARY, 422),
    "no body": (b"", BOUNDARY, 400),
    "JSON": (b"{}", "application/json", 415),
    "a form": (b"file=x", "application/x-www-form-urlencoded", 415),
    "no type": (form(GOOD), None, 415),
    "multipart/mixed": (form(GOOD), "multipart/mixed; boundary=b", 415),
    "too large": (form(part(FILE, JPEG + b"x" * (4 << 20))), BOUNDARY, 413),
    "far too large": (form(part(FILE, JPEG + b"x" * (12 << 20))), BOUNDARY, 413),
    "larger than Nginx takes": (form(part(FILE, JPEG + b"x" * (17 << 20))), BOUNDARY, 413),
}


def test_malformed_bodies(stack, host, place):
    wrong = {}
    for name, (body, kind, status) in MALFORMED.items():
        answer = host.post(f"/v1/properties/{place}/photos", data=body, headers={"Content-Type": kind} if kind else {})
        if answer.status_code != status or answer.headers["Content-Type"] != "application/problem+json":
            wrong[name] = answer.text
    assert wrong == {}
    assert files(stack, "incoming") == [] and stack.query("select count(*) from photos where property_id = %s", place) == [(0,)]
    good = host.post(f"/v1/properties/{place}/photos", data=form(GOOD), headers={"Content-Type": BOUNDARY})
    assert good.status_code == 202  # all of them were wrong in what they were to be wrong in
    # The other way about: nobody else takes such a body.
    for path in ("/v1/quotes", f"/v1/properties/{place}/feeds"):
        assert host.post(path, data=form(GOOD), headers={"Content-Type": BOUNDARY}).status_code == 415
    stack.jobs_drain()


def test_names_of_files_mean_nothing(stack, host, place):
    for name in ("../../../../etc/passwd", "a.php", "x" * 300, "a%00.jpg", "a.jpg\u202e", "CON"):
        uploaded(host, place, JPEG, name=name)
    assert all(re.fullmatch(r"[0-9a-f-]{36}", name) for name in files(stack, "incoming"))
    stack.jobs_drain()


def test_no_more_than_a_property_may_have(stack, host, place):
    most = 50
    stack.query("insert into photos (id, property_id, position, media_type, bytes, hash, state, reason, decided_at) select gen_random_uuid(), %s, "
                "n, 'image/png', 1, sha256(''), 'rejected', 'unreadable', now() from generate_series(0, %s) n", place, most - 2)
    assert upload(host, place, JPEG).status_code == 202
    answer = upload(host, place, JPEG)
    assert answer.status_code == 409 and str(most) in answer.json()["detail"]
    assert len(files(stack, "incoming")) == 1
    stack.jobs_drain()


def test_an_upload_that_breaks_off_leaves_nothing(stack, host, place):
    body = form(part(FILE, JPEG + b"x" * 500000))
    head = (f"POST /v1/properties/{place}/photos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {host.token}\r\n"
            f"Content-Type: {BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    context = ssl.create_default_context(cafile=str(stack.ca))
    with socket.create_connection(("localhost", int(stack.url.rsplit(":", 1)[1]))) as plain, context.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(head + body[:len(body) // 2])
    assert stack.session().get("/readyz").status_code == 200
    assert files(stack, "incoming") == [] and stack.query("select count(*) from photos where property_id = %s", place) == [(0,)]


# ---- what is refused when it is decoded

def test_hostile_pictures_are_rejected_with_a_reason(stack, host):
    corpus, sent = pictures.rejected(), {}
    place = market.make_property(host)["id"]
    for name, (content, _) in corpus.items():
        answer = upload(host, place, content)
        assert answer.status_code in (202, 422), answer.text
        if answer.status_code == 202:
            sent[name] = answer.json()["id"]
    assert stack.jobs_drain()["failed"] == 0
    found = {p["id"]: p for p in host.get(f"/v1/properties/{place}/photos?limit=100").json()["data"]}
    wrong = {name: found[made]["reason"] or found[made]["state"] for name, made in sent.items() if found[made]["reason"] not in corpus[name][1]}
    assert wrong == {} and len(sent) >= 20
    assert all(p["variants"] == [] for p in found.values()) and files(stack, "incoming") == []
    assert stack.pid("decode") and uploaded(host, place, JPEG)  # and it goes on
    assert stack.jobs_drain()["failed"] == 0


def test_what_is_hidden_in_a_picture_does_not_get_through(stack, host, place):
    secret, corpus = pictures.polyglots()
    made = {name: uploaded(host, place, content) for name, content in corpus.items()}
    stack.jobs_drain()
    for name, one in made.items():
        now = photo(host, place, one)
        assert now["state"] == "ready", (name, now)
        for variant in now["variants"]:
            content = shown(stack, variant["url"]).content
            assert secret not in content and b"script" not in content and pictures.opened(content).size == (variant["width"], variant["height"])


def test_nginx_shows_nothing_else(stack, host, place):
    made = uploaded(host, place, JPEG)
    waiting = folder(stack, "incoming") / made["id"]
    url = "/photos/" + made["id"][-2:]
    (folder(stack, "public") / "index.html").write_text("<p>")
    for path in (url, f"{url}/", "/photos/index.html", "/photos/../incoming/" + made["id"], f"/photos/%2e%2e/incoming/{made['id']}",
                 f"{url}/{made['id']}-0123456789abcdef-320.webp", f"{url}/{made['id']}-0123456789abcdef-320.php", "/photos/"):
        answer = stack.session().get(path)
        assert answer.status_code in (400, 404) and answer.headers["Content-Type"] == "application/problem+json", path
    assert waiting.exists() and waiting.stat().st_mode & 0o077 == 0
    stack.jobs_drain()
    good = photo(host, place, made)["variants"][0]["url"]
    assert stack.session().post(good.removeprefix(SHOWN_AT)).status_code == 405
    (folder(stack, "public") / "index.html").unlink()


# ---- who is away, who is killed

def test_the_decoder_may_be_away_or_killed(stack, host, place):
    assert re.search(r"^ok   photos .* free$", stack.ctl("check").stdout, re.M) and re.search(r"^ok   decoder .* takes connections$", stack.ctl("check").stdout, re.M)
    stack.stop("decode")
    refused = stack.ctl("check", check=False)
    assert refused.returncode == 3 and re.search(r"^FAIL decoder ", refused.stdout, re.M)
    made = uploaded(host, place, JPEG)
    assert stack.jobs_drain()["failed"] == 1
    assert photo(host, place, made)["state"] == "processing" and files(stack, "incoming") == [made["id"]]
    assert "nexus-decode cannot be reached" in stack.query("select history::text from jobs where job = 'photo-decode'")[0][0]
    stack.start("decode")
    stack.clock("+1h")
    assert stack.jobs_drain()["failed"] == 0 and photo(host, place, made)["state"] == "ready"
    stack.clock("0")


def test_a_decoder_that_is_killed_at_work_is_asked_again(stack, host, place):
    """A picture that takes long; everything of nexus-decode is killed meanwhile. The attempt fails, the next one does not."""
    made = uploaded(host, place, pictures.noise(2600, 2000, quality=90, progressive=True))
    decoder = stack.pid("decode")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        drained = pool.submit(stack.jobs_drain)
        at_work = wait_until(lambda: children(decoder), 30, "a process for the picture")
        for pid in (decoder, *at_work):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert drained.result()["failed"] == 1
    assert photo(host, place, made)["state"] == "processing" and files(stack, "incoming") == [made["id"]]
    stack.start("decode")
    stack.clock("+1h")
    assert stack.jobs_drain()["failed"] == 0 and photo(host, place, made)["state"] == "ready"
    stack.clock("0")


def test_orphans_are_collected(stack, host, place):
    stack.clock(GRACE)
    stack.job("photo-collect")  # what other tests have left
    stack.clock("0")
    keep, gone = uploaded(host, place, JPEG), uploaded(host, place, JPEG)
    stack.jobs_drain()
    kept, urls = photo(host, place, keep)["variants"], [v["url"] for v in photo(host, place, gone)["variants"]]
    waiting = uploaded(host, place, JPEG)
    assert host.delete(f"/v1/properties/{place}/photos/{gone['id']}").status_code == 204
    torn, lost, alien = (folder(stack, "incoming") / name for name in ("." + str(uuid.uuid4()), str(uuid.uuid4()), "README"))
    old = folder(stack, "public") / "00" / f"{uuid.UUID(int=0)}-0123456789abcdef-320.webp"
    old.parent.mkdir(exist_ok=True)
    for path in (torn, lost, alien, old):
        path.write_bytes(b"x")
    stack.job("photo-collect")
    assert all(path.exists() for path in (torn, lost, old)) and shown(stack, urls[0]).status_code == 200  # not yet
    stack.clock(GRACE)
    assert stack.job("photo-collect") == len(urls) + 3
    assert not any(path.exists() for path in (torn, lost, old)) and alien.exists()  # what is not named as ours is left
    assert {shown(stack, url).status_code for url in urls} == {404} and {shown(stack, v["url"]).status_code for v in kept} == {200}
    assert stack.job("photo-collect") == 0
    alien.unlink()
    assert stack.jobs_drain()["failed"] == 0 and photo(host, place, waiting)["state"] == "ready"
    # A property that is removed takes its photos along.
    assert host.delete(f"/v1/properties/{place}").status_code == 204
    assert stack.query("select count(*) from photos where property_id = %s", place) == [(0,)]
    assert stack.job("photo-collect") == 2 * len(kept) and {shown(stack, v["url"]).status_code for v in kept} == {404}
    stack.clock("0")


def test_rejected_ones_are_forgotten_after_a_week(stack, host, place):
    made = uploaded(host, place, pictures.png(50000, 50000))
    stack.jobs_drain()
    assert photo(host, place, made)["reason"] == "too_many_pixels"
    stack.clock("+6d")
    stack.job("photo-collect")
    assert photo(host, place, made)["state"] == "rejected"
    stack.clock("+8d")
    stack.job("photo-collect")
    assert host.get(f"/v1/properties/{place}/photos/{made['id']}").status_code == 404
    stack.clock("0")
