"""Kills, in the order a seed gives, each when so many answers have come. What was killed comes back by itself or is started."""
import asyncio
import os
import pathlib
import signal

import stack as stacks

KINDS = ("worker", "worker", "backend", "backend", "crash", "postgresql")


class Nemesis:
    def __init__(self, stack, rng, answers, kills, kinds=KINDS):
        """`kills` of them, spread over the first nine tenths of `answers`; each kind comes once before any comes again."""
        self.stack, self.rng, self.done = stack, rng, []
        rounds = [rng.sample(kinds, len(kinds)) for _ in range(kills // len(kinds) + 1)]
        places = sorted(rng.randrange(answers // 20, max(answers * 9 // 10, answers // 20 + 1)) for _ in range(kills))
        self.plan = list(zip(places, [kind for one in rounds for kind in one]))

    async def run(self, progress):
        """`progress()` says how many answers have come; ends when the plan does, or is cancelled."""
        for place, kind in self.plan:
            while progress() < place:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(getattr(self, kind))
            self.done.append((progress(), kind))

    def worker(self):
        workers = self.stack.workers()
        if workers:
            self.kill(self.rng.choice(workers))

    def backend(self):
        """One connection of the API is ended by the server, wherever its transaction is."""
        pids = self.backends()
        if pids:
            self.ask("select pg_terminate_backend(%s)", self.rng.choice(pids))

    def crash(self):
        """A killed backend takes all others with it; the server recovers by its log."""
        pids = self.backends()
        if pids:
            self.kill(self.rng.choice(pids))

    def postgresql(self):
        """The server is gone without a word, and is started again."""
        self.kill(self.stack.pid("postgresql"))
        stacks.wait_until(self.start, 60, "PostgreSQL to start again", pause=0.1)

    def start(self):
        self.stack.quickstart("start", "postgresql", check=False)
        return self.ask("select 1")

    def backends(self):
        return [pid for pid, in self.ask("select pid from pg_stat_activity where usename = 'nexus_api' order by pid") or []]

    def ask(self, sql, *args):
        try:
            with self.stack.db("postgres") as connection, connection.cursor() as cursor:
                cursor.execute(sql, args)
                return cursor.fetchall()
        except stacks.psycopg2.Error:
            return None

    @staticmethod
    def kill(pid):
        if pid and pathlib.Path(f"/proc/{pid}").exists():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
