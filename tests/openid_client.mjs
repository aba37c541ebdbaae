// What npm openid-client, as it is, makes of this server: every exchange of a client, and what it has to refuse.
// Settings come as JSON on stdin: issuer, clients {basic, post, public}, redirect, loggedOut, email, password. Prints what was learnt.
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";

globalThis.crypto ??= webcrypto; // Debian's Node.js has it under its own name only
const client = await import("openid-client");

const settings = JSON.parse(readFileSync(0, "utf8"));
const seen = {};

// Debian's Node.js knows them joined only.
const cookiesOf = (headers) => headers.getSetCookie?.() ?? headers.get("set-cookie")?.split(/,\s*(?=[^\s;,=]+=)/) ?? [];

// A browser without scripts: cookies, forms, redirects on this server only.
class Browser {
    cookies = new Map();

    async open(url, form) {
        const headers = { accept: "text/html", cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
        if (form) headers.origin = new URL(settings.issuer).origin;
        const answer = await fetch(new URL(url, settings.issuer), {
            method: form ? "POST" : "GET", body: form ? new URLSearchParams(form) : undefined, redirect: "manual", headers });
        for (const line of cookiesOf(answer.headers)) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
            if (value) this.cookies.set(name, value);
            else this.cookies.delete(name);
        }
        const location = answer.headers.get("location");
        return location?.startsWith("/") ? this.open(location) : { answer, location, page: await answer.text() };
    }

    // The authorization request up to the redirect to the client.
    async authorize(url) {
        let step = await this.open(url);
        while (!step.location) {
            const action = /<form method="post" action="([^"]+)"/.exec(step.page)?.[1];
            const transaction = /name="transaction" value="([^"]+)"/.exec(step.page)?.[1];
            if (!action) throw new Error(`no form: ${step.answer.status} ${step.page}`);
            const more = action === "/oauth/login" ? { email: settings.email, password: settings.password } : { decision: "allow" };
            step = await this.open(action, { transaction, ...more });
        }
        return new URL(step.location);
    }
}

async function configure(kind) {
    const { id, secret } = settings.clients[kind];
    const ways = { basic: client.ClientSecretBasic, post: client.ClientSecretPost, public: client.None };
    return client.discovery(new URL(settings.issuer), id, { id_token_signed_response_alg: seen.algorithm }, ways[kind](secret));
}

async function codeFlow(config, browser, more = {}) {
    const verifier = client.randomPKCECodeVerifier(), state = client.randomState(), nonce = client.randomNonce();
    const url = client.buildAuthorizationUrl(config, {
        redirect_uri: settings.redirect, scope: "openid profile email offline_access bookings", state, nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...more });
    const back = await browser.authorize(url);
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
    if (more.max_age !== undefined) checks.maxAge = Number(more.max_age);
    return client.authorizationCodeGrant(config, back, checks);
}

async function refused(promise) {
    try {
        await promise;
    } catch (error) {
        return error.error ?? error.code ?? String(error);
    }
    return "was not refused";
}

const metadata = await (await fetch(new URL("/.well-known/openid-configuration", settings.issuer))).json();
seen.algorithm = metadata.id_token_signing_alg_values_supported[0]; // unless told, openid-client expects RS256
for (const kind of ["basic", "post", "public"]) {
    const config = await configure(kind);
    client.enableNonRepudiationChecks(config); // signatures of ID tokens are checked, too
    const browser = new Browser();
    const tokens = await codeFlow(config, browser, { max_age: "3600" });
    const claims = tokens.claims();
    const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    const again = await client.refreshTokenGrant(config, tokens.refresh_token);
    const result = { claims, info, scope: tokens.scope, rotated: again.refresh_token !== tokens.refresh_token };
    if (kind !== "public") {
        result.active = await client.tokenIntrospection(config, again.access_token);
        result.own = await client.clientCredentialsGrant(config, { scope: "bookings" });
        result.ownScope = result.own.scope;
        delete result.own;
    }
    await client.tokenRevocation(config, again.refresh_token);
    result.revoked = await refused(client.refreshTokenGrant(config, again.refresh_token));
    result.userinfoAfter = await refused(client.fetchUserInfo(config, again.access_token, claims.sub));
    if (kind !== "public") result.inactive = await client.tokenIntrospection(config, again.access_token);
    result.endSession = (await browser.open(client.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token, post_logout_redirect_uri: settings.loggedOut, state: "bye" }))).location;
    result.cookieAfter = browser.cookies.has("__Host-nexus_session");
    seen[kind] = result;
}

const wrong = await client.discovery(new URL(settings.issuer), settings.clients.basic.id,
                                     { id_token_signed_response_alg: seen.algorithm }, client.ClientSecretBasic("wrong + / = % \u00e4"));
seen.wrongSecret = await refused(client.clientCredentialsGrant(wrong, { scope: "bookings" }));
console.log(JSON.stringify(seen));
