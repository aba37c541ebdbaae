"""Payment providers for tests: servers that speak as Stripe and Chapa do and misbehave when told to.

The Stripe one is validated by the npm package stripe (tests/stripe_judge.mjs), whose client drives it.
"""
import contextlib
import hashlib
import hmac
import http.server
import itertools
import json
import socket
import threading
import time
import urllib.parse
import uuid

STRIPE_KEY = "sk_test_cAnAry" + uuid.uuid4().hex
STRIPE_WEBHOOK = "whsec_cAnAry" + uuid.uuid4().hex
CHAPA_KEY = "CHASECK_TEST-cAnAry" + uuid.uuid4().hex
CHAPA_WEBHOOK = "cAnAry" + uuid.uuid4().hex


class Fault:
    """Something that goes wrong once: with the next request whose path starts so."""

    def __init__(self, path, kind, seconds=0):
        self.path, self.kind, self.seconds = path, kind, seconds


class Provider:
    """An HTTP server; `answer(method, path, form, headers)` gives (status, object)."""

    def __init__(self):
        self.lock, self.faults, self.requests, self.numbers = threading.RLock(), [], [], itertools.count(1)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def fail(self, path, kind, seconds=0):
        self.faults.append(Fault(path, kind, seconds))

    def fault_for(self, path):
        with self.lock:
            for fault in self.faults:
                if path.startswith(fault.path):
                    self.faults.remove(fault)
                    return fault
        return None

    def handler(provider):  # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def send(self, status, body, headers=()):
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def cut(self):
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

            def handle_one(self):
                path, _, query = self.path.partition("?")
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                fault = provider.fault_for(path)
                kind = fault.kind if fault else None
                provider.requests.append((self.command, path, dict(self.headers), text or query))
                if kind == "cut_before":
                    return self.cut()
                if kind in (409, 429, 500, 503):
                    return self.send(kind, {"error": {"type": "api_error", "message": "told to"}},
                                     [("Retry-After", "1")] if kind == 429 else ())
                status, body, headers = provider.answer(self.command, path, text, query, self.headers)
                if kind == "slow":
                    time.sleep(fault.seconds)
                return self.cut() if kind == "cut" else self.send(status, body, headers)

            do_GET = do_POST = handle_one
        return Handler

    def count(self, method, path):
        return sum(1 for made in self.requests if made[0] == method and made[1].startswith(path))


class Stripe(Provider):
    def __init__(self):
        self.intents, self.refunds, self.customers, self.keys = {}, {}, {}, {}
        super().__init__()

    # --- the API

    def answer(self, method, path, text, query, headers):
        if headers.get("Authorization") != f"Bearer {STRIPE_KEY}":
            return 401, self.error("invalid_request_error", "Invalid API Key"), ()
        key, form = headers.get("Idempotency-Key"), dict(urllib.parse.parse_qsl(text))
        with self.lock:
            if method == "POST" and key in self.keys:
                asked, status, body = self.keys[key]
                if asked != (path, text):
                    return 400, self.error("idempotency_error", "Keys for idempotent requests can only be used with the same parameters"), ()
                return status, body, [("Idempotent-Replayed", "true")]
            status, body = self.act(method, path, form, dict(urllib.parse.parse_qsl(query)))
            if method == "POST" and key:
                self.keys[key] = ((path, text), status, body)
            return status, body, ()

    @staticmethod
    def error(kind, message, **more):
        return {"error": {"type": kind, "message": message, **more}}

    def act(self, method, path, form, query):
        words = path.split("/")[2:]
        if (method, words) == ("POST", ["customers"]):
            return 200, self.add(self.customers, "cus", {"object": "customer", "metadata": self.metadata(form)})
        if (method, words) == ("POST", ["payment_intents"]):
            return self.create(form)
        if (method, words) == ("POST", ["refunds"]):
            return self.refund(form)
        if (method, words) == ("GET", ["refunds"]):
            return 200, {"object": "list", "url": "/v1/refunds", "has_more": False,
                         "data": [dict(r) for r in self.refunds.values() if r["payment_intent"] == query["payment_intent"]]}
        intent = self.intents.get(words[1]) if words[0] == "payment_intents" and len(words) > 1 else None
        if intent is None:
            return 404, self.error("invalid_request_error", "No such object", code="resource_missing")
        if method == "GET" and len(words) == 2:
            return 200, dict(intent)
        if words[2:] == ["capture"]:
            return self.change(intent, ("requires_capture",), lambda: self.succeed(intent, int(form.get("amount_to_capture", intent["amount"]))))
        if words[2:] == ["cancel"]:
            open_states = ("requires_payment_method", "requires_action", "requires_capture", "requires_confirmation")
            return self.change(intent, open_states, lambda: intent.update(status="canceled", cancellation_reason=form.get("cancellation_reason")))
        return 404, self.error("invalid_request_error", "Unrecognized request URL")

    def change(self, intent, states, how):
        if intent["status"] not in states:
            return 400, self.error("invalid_request_error", f"the intent is {intent['status']}", code="payment_intent_unexpected_state",
                                   payment_intent=dict(intent))
        how()
        return 200, dict(intent)

    def add(self, where, prefix, fields):
        made = {"id": f"{prefix}_{next(self.numbers)}{uuid.uuid4().hex[:16]}", "created": int(time.time()), "livemode": False, **fields}
        where[made["id"]] = made
        return dict(made)

    @staticmethod
    def metadata(form):
        return {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}

    def create(self, form):
        made = self.add(self.intents, "pi", {
            "object": "payment_intent", "amount": int(form["amount"]), "amount_received": 0, "amount_capturable": 0,
            "currency": form["currency"], "capture_method": form["capture_method"], "customer": form.get("customer"),
            "metadata": self.metadata(form), "status": "requires_payment_method", "last_payment_error": None, "next_action": None,
            "cancellation_reason": None, "latest_charge": None, "payment_method": form.get("payment_method"),
            "setup_future_usage": form.get("setup_future_usage")})
        intent = self.intents[made["id"]]
        intent["client_secret"] = f"{made['id']}_secret_{uuid.uuid4().hex}"
        if form.get("confirm") != "true":
            return 200, dict(intent)
        return self.confirm(intent, form["payment_method"])

    def confirm(self, intent, method):
        if method == "pm_card_chargeDeclined":
            intent.update(status="requires_payment_method", last_payment_error={"code": "card_declined", "decline_code": "generic_decline"})
            return 402, self.error("card_error", "Your card was declined.", code="card_declined", payment_intent=dict(intent))
        if method == "pm_card_authenticationRequired":
            intent.update(status="requires_action", next_action={"type": "redirect_to_url", "redirect_to_url": {
                "url": f"{self.url}/authenticate/{intent['id']}", "return_url": None}})
            return 200, dict(intent)
        self.pay(intent["id"])
        return 200, dict(intent)

    def refund(self, form):
        intent = self.intents.get(form["payment_intent"])
        amount = int(form["amount"])
        given = sum(r["amount"] for r in self.refunds.values() if intent and r["payment_intent"] == intent["id"] and r["status"] != "failed")
        if intent is None or amount > intent["amount_received"] - given:
            return 400, self.error("invalid_request_error", "Refund amount is greater than charge amount", code="charge_already_refunded")
        return 200, self.add(self.refunds, "re", {"object": "refund", "amount": amount, "currency": intent["currency"], "status": "succeeded",
                                                  "payment_intent": intent["id"], "charge": intent["latest_charge"], "metadata": self.metadata(form),
                                                  "reason": None})

    # --- what payers do

    def succeed(self, intent, amount):
        intent.update(status="succeeded", amount_received=amount, amount_capturable=0, next_action=None, last_payment_error=None,
                      latest_charge=f"ch_{uuid.uuid4().hex[:16]}")

    def pay(self, ref):
        with self.lock:
            intent = self.intents[ref]
            if intent["capture_method"] == "manual":
                intent.update(status="requires_capture", amount_capturable=intent["amount"], next_action=None)
            else:
                self.succeed(intent, intent["amount"])
            return dict(intent)

    # --- webhooks

    @staticmethod
    def event(kind, thing, created=None):
        return {"id": f"evt_{uuid.uuid4().hex}", "object": "event", "api_version": "2026-10-28.endive", "livemode": False, "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None}, "type": kind, "created": int(created or time.time()), "data": {"object": dict(thing)}}

    @staticmethod
    def signature(text, when=None, secret=STRIPE_WEBHOOK):
        when = int(time.time() if when is None else when)
        return f"t={when},v1={hmac.new(secret.encode(), f'{when}.{text}'.encode(), hashlib.sha256).hexdigest()}"


class Chapa(Provider):
    def __init__(self):
        self.transactions, self.refunds = {}, []
        super().__init__()

    def answer(self, method, path, text, query, headers):
        if headers.get("Authorization") != f"Bearer {CHAPA_KEY}":
            return 401, {"status": "failed", "message": "Invalid API Key", "data": None}, ()
        words = path.split("/")[2:]
        with self.lock:
            if words == ["transaction", "initialize"]:
                body = json.loads(text)
                if body["tx_ref"] in self.transactions:
                    return 400, {"status": "failed", "message": "Transaction reference has been used before", "data": None}, ()
                self.transactions[body["tx_ref"]] = {**body, "status": "pending", "reference": f"AP{len(self.transactions):010}"}
                return 200, {"status": "success", "message": "Hosted Link", "data": {"checkout_url": f"{self.url}/pay/{body['tx_ref']}"}}, ()
            # A transaction is looked up by the merchant's reference, money is given back by Chapa's.
            name = "reference" if words[0] == "refund" else "tx_ref"
            made = next((one for one in self.transactions.values() if one[name] == words[-1]), None)
            if made is None:
                return 404, {"status": "failed", "message": "Invalid transaction or Transaction not found", "data": None}, ()
            if words[:2] == ["transaction", "verify"]:
                return 200, {"status": "success", "message": "Payment details", "data": {
                    "status": made["status"], "amount": float(made["amount"]), "currency": made["currency"], "tx_ref": made["tx_ref"],
                    "reference": made["reference"]}}, ()
            if words[0] == "refund":
                assert headers["Content-Type"] == "application/x-www-form-urlencoded"
                self.refunds.append((made["tx_ref"], dict(urllib.parse.parse_qsl(text))))
                return 200, {"status": "success", "message": "Refund queued", "data": {"tx_ref": words[1], "amount": self.refunds[-1][1]["amount"]}}, ()
        return 404, {"status": "failed", "message": "no", "data": None}, ()

    def pay(self, ref):
        self.transactions[ref]["status"] = "success"
        return {"event": "charge.success", "tx_ref": ref, "status": "success", "amount": self.transactions[ref]["amount"],
                "currency": self.transactions[ref]["currency"], "reference": self.transactions[ref]["reference"]}

    @staticmethod
    def signature(text, secret=CHAPA_WEBHOOK):
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
