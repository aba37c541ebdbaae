"""What a stay costs, worked out a second time from the words of the documentation, with fractions instead of the program's
integers. test_pricing.py compares it with what the API says."""
import math
from fractions import Fraction

PPM = 1_000_000
DEFAULT_ON = {"accommodation", "extra_guests", "fees"}


def half_up(x):
    return math.floor(x + Fraction(1, 2))


def largest_remainder(total, weights):
    if sum(weights) == 0:
        weights = [1] * len(weights)
    exact = [Fraction(total * w, sum(weights)) for w in weights]
    parts = [math.floor(e) for e in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[:total - sum(parts)]:
        parts[i] += 1
    return parts


def units(charge, nights, persons):
    return {"stay": 1, "night": nights, "guest": persons, "guest_night": nights * persons}[charge.get("per", "stay")]


def discounts(plan, nights, ahead, price):
    """[amount], one of each kind at most, together no more than the nights."""
    found, left = [], price
    for kind, holds, best in (("length_of_stay", lambda t: nights >= t, max), ("early", lambda t: ahead >= t, max),
                              ("late", lambda t: ahead <= t, min)):
        fitting = [d for d in plan.get("discounts", []) if d["kind"] == kind and holds(d["threshold"])]
        if fitting:
            d = best(fitting, key=lambda d: d["threshold"])
            amount = min(half_up(Fraction(price * d["ppm"], PPM)), left)
            left -= amount
            found.append(amount)
    return [a for a in found if a]


def guests(plan, nights, adults, ages, infants):
    """[amount] for extra guests, those of one price together, and infants."""
    rule = plan.get("guests", {})
    per_person = []
    if rule.get("included"):
        everybody = sorted([99] * adults + list(ages), reverse=True)
        for age in everybody[rule["included"]:]:
            prices = [b["price"]["amount"] for b in rule.get("children", []) if age < b["under"]] if age < 18 else []
            per_person.append(prices[0] if prices else rule.get("extra", {}).get("amount", 0))
    amounts = [p * n * nights for p, n in [(p, per_person.count(p)) for p in dict.fromkeys(per_person)]]
    amounts.append(rule.get("infant", {}).get("amount", 0) * infants * nights)
    return [a for a in amounts if a]


def price(plan, nightly, ahead, adults, children=0, infants=0, ages=None, guest_fee=0, host_fee=0, coupon=None):
    """{"lines": {(party, kind): sorted amounts}, "total", "host_total", "platform_total", "tax_total"}"""
    nights, ages = len(nightly), list(ages) if ages is not None else [17] * children
    lines = {}

    def add(party, kind, amounts):
        if any(amounts):
            lines.setdefault((party, kind), []).extend(a for a in amounts if a)

    stay = sum(nightly)
    off = discounts(plan, nights, ahead, stay)
    extra = guests(plan, nights, adults, ages, infants)
    net = stay - sum(off)
    fees = [half_up(Fraction((net + sum(extra)) * f["ppm"], PPM)) if "ppm" in f else f["amount"]["amount"] * units(f, nights, adults + children)
            for f in plan.get("fees", [])]
    gift = 0
    if coupon:
        gift = half_up(Fraction(net * coupon["percent_ppm"], PPM)) if "percent_ppm" in coupon else coupon["amount"]
        gift = min(gift, net, coupon.get("max_amount", net))
    by_host = gift if coupon and coupon["host"] else 0
    gross = net - by_host + sum(extra) + sum(fees)
    service = half_up(Fraction(gross * guest_fee, PPM))

    on_top, contained = [], []
    shared = PPM + sum(t["ppm"] for t in plan.get("taxes", []) if t.get("included") and "ppm" in t)
    everybody = sorted([99] * adults + ages + [1] * infants, reverse=True)
    for tax in plan.get("taxes", []):
        taxed_nights = min(nights, tax.get("max_nights", nights))
        taxed = [a >= tax.get("exempt_under", 0) for a in everybody]
        if "ppm" in tax:
            on, base = set(tax.get("on", DEFAULT_ON)), 0
            if "accommodation" in on:
                given = largest_remainder(stay - net + by_host, nightly)
                base += sum((p - g for p, g in list(zip(nightly, given))[:taxed_nights]))
            for name, amount in (("extra_guests", sum(extra)), ("fees", sum(fees)), ("service_fee", service)):
                if name in on:
                    base += sum(largest_remainder(amount, [1] * nights)[:taxed_nights])
            base = sum(part for part, counts in zip(largest_remainder(base, [1] * len(everybody)), taxed) if counts)
            amount = half_up(Fraction(base * tax["ppm"], shared if tax.get("included") else PPM))
        else:
            amount = tax["amount"]["amount"] * units(tax, taxed_nights, sum(taxed))
        if tax.get("included"):
            contained.append(min(amount, gross - sum(contained)))
        else:
            on_top.append(amount)
    kept = min(half_up(Fraction(gross * host_fee, PPM)), gross - sum(contained))

    for party in ("guest", "host"):
        add(party, "discount", [-d for d in off])
        add(party, "extra_guest", extra)
        add(party, "fee", fees)
    add("guest", "coupon", [-gift])
    add("host", "coupon", [-by_host])
    add("guest", "service_fee", [service])
    add("host", "service_fee", [-kept])
    add("guest", "tax", on_top + contained)
    add("host", "tax", [-c for c in contained])
    total = gross + service + sum(on_top) - (gift - by_host)
    return {"lines": {key: sorted(amounts) for key, amounts in lines.items()}, "nights": stay, "total": total,
            "host_total": gross - sum(contained) - kept, "tax_total": sum(on_top) + sum(contained),
            "platform_total": service + kept - (gift - by_host)}
