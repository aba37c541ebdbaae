"""Load from threads, each a client with a connection of its own, that remembers every answer."""
import random
import threading
import time

import requests


class Load:
    """Runs step(client_number, session, rng) over and over in threads; a step returns (what, response).

    Everything a step raises of requests' errors counts as a failed request, as do answers of 500 and above.
    """

    def __init__(self, stack, step, clients=8, token=None, seed=1):
        self.stack, self.step, self.token = stack, step, token
        self.answers, self.failures = [], []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n, random.Random(seed * 1000 + n)), daemon=True)
                         for n in range(clients)]

    def _run(self, number, rng):
        session = self.stack.session(self.token)
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                what, response = self.step(number, session, rng)
            except requests.RequestException as error:
                self.failures.append((started, f"{type(error).__name__}: {error}"))
                session = self.stack.session(self.token)
                continue
            if response.status_code >= 500:
                self.failures.append((started, f"{what}: {response.status_code} {response.text[:200]}"))
            else:
                self.answers.append((what, response.status_code, time.monotonic() - started))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client hangs"
