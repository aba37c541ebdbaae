// Tokens by the public library jose. stdin: {issuer, audience, jwks, token, pems: {kid: private PEM}, public_pem, active}.
// Verifies the token as a resource server does (RFC 9068), then prints
//   {"claims": ..., "good": [[name, token]...], "bad": [[name, token]...]}
// where the good ones are signed with the server's own keys (so that the test can fail) and no bad one may be accepted.
import { readFileSync } from "node:fs";
import { createHmac, createPrivateKey, createPublicKey, randomUUID, sign as signRaw, webcrypto } from "node:crypto";
import * as jose from "jose";

globalThis.crypto ??= webcrypto; // Debian's Node.js has it under its own name only

const input = JSON.parse(readFileSync(0, "utf8"));
const keySet = jose.createLocalJWKSet(input.jwks);
const { payload, protectedHeader } = await jose.jwtVerify(input.token, keySet, {
    issuer: input.issuer, audience: input.audience, typ: "at+jwt", algorithms: ["EdDSA", "ES256"],
    requiredClaims: ["iss", "aud", "sub", "client_id", "exp", "iat", "jti"],
});

const kid = input.active;
const alg = input.jwks.keys.find((key) => key.kid === kid).alg;
const pem = input.pems[kid];
const ours = createPrivateKey(pem);
const jwk = input.jwks.keys.find((key) => key.kid === kid);
const spki = createPublicKey(ours).export({ type: "spki", format: "pem" });
const now = Math.floor(Date.now() / 1000);
const b64 = (value) => Buffer.from(value).toString("base64url");
const json = (value) => b64(typeof value === "string" ? value : JSON.stringify(value));
const header = { alg, typ: "at+jwt", kid };
const claims = { ...payload, jti: randomUUID(), iat: now, exp: now + 600 };
delete claims.nbf;

// The raw signature of JWS over any header and payload text, with our own key: what a broken verifier would take.
function signed(head, body, key = ours, how = alg) {
    const text = `${json(head)}.${json(body)}`;
    const signature = how === "ES256"
        ? signRaw("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }) : signRaw(null, Buffer.from(text), key);
    return `${text}.${b64(signature)}`;
}
const hmac = (head, body, secret, hash = "sha256") => {
    const text = `${json(head)}.${json(body)}`;
    return `${text}.${createHmac(hash, secret).update(text).digest("base64url")}`;
};
const by = async (key, head, body = claims) => new jose.SignJWT(body).setProtectedHeader(head).sign(key);
const pair = async (name, options) => (await jose.generateKeyPair(name, { extractable: true, ...options }));

const good = [["the server's own", input.token], ["signed anew by jose", await by(await jose.importPKCS8(pem, alg), header)],
              ["signed anew by hand", signed(header, claims)]];
const bad = [];
const add = (name, token) => bad.push([name, token]);

// --- algorithms
for (const none of ["none", "None", "NONE", "nOnE", ""]) {
    add(`alg ${none || "empty"}, no signature`, `${json({ ...header, alg: none })}.${json(claims)}.`);
    add(`alg ${none || "empty"}, old signature`, `${json({ ...header, alg: none })}.${json(claims)}.${input.token.split(".")[2]}`);
}
add("unsecured by jose", new jose.UnsecuredJWT(claims).encode());
for (const [name, hash] of [["HS256", "sha256"], ["HS384", "sha384"], ["HS512", "sha512"]]) {
    add(`${name} with the public PEM`, hmac({ ...header, alg: name }, claims, spki, hash));
    add(`${name} with the public JWK`, hmac({ ...header, alg: name }, claims, JSON.stringify(jwk), hash));
    add(`${name} with an empty key`, hmac({ ...header, alg: name }, claims, "", hash));
    add(`${name} with x of the key`, hmac({ ...header, alg: name }, claims, Buffer.from(jwk.x, "base64url"), hash));
}
for (const name of ["RS256", "RS512", "PS256", "ES384", "ES512", "EdDSA", "ES256"]) {
    const stranger = await pair(name, name === "EdDSA" ? { crv: "Ed25519" } : {});
    add(`${name} by a stranger under our kid`, await by(stranger.privateKey, { ...header, alg: name }));
    add(`${name} by a stranger with jwk along`,
        await by(stranger.privateKey, { ...header, alg: name, jwk: await jose.exportJWK(stranger.publicKey) }));
}
add("alg of the other kind", signed({ ...header, alg: alg === "ES256" ? "EdDSA" : "ES256" }, claims));
add("alg in lower case", signed({ ...header, alg: alg.toLowerCase() }, claims));
add("alg unknown", signed({ ...header, alg: "XX999" }, claims));
add("no alg", signed({ typ: "at+jwt", kid }, claims));
if (alg === "ES256") {
    const text = `${json(header)}.${json(claims)}`;
    add("DER signature", `${text}.${b64(signRaw("sha256", Buffer.from(text), { key: ours, dsaEncoding: "der" }))}`);
}
add("signature of zeros", `${json(header)}.${json(claims)}.${b64(Buffer.alloc(64))}`);
add("signature too short", signed(header, claims).slice(0, -8));
add("signature too long", `${signed(header, claims)}AAAA`);

// --- header
for (const [name, change] of Object.entries({
    "typ JWT": { typ: "JWT" }, "typ missing": { typ: undefined }, "typ application/at+jwt in a wrong case": { typ: "AT+JWT " },
    "typ of an id token": { typ: "id_token" }, "typ of a logout token": { typ: "logout+jwt" },
    "typ of a client assertion": { typ: "client-authentication+jwt" },
    "kid missing": { kid: undefined }, "kid empty": { kid: "" }, "kid a path": { kid: "../../../../dev/null" },
    "kid SQL": { kid: "x' or 1=1 --" }, "kid NUL": { kid: `${kid}\u0000` }, "kid a number": { kid: 1 }, "kid long": { kid: "k".repeat(10000) },
    "jku": { jku: "https://evil.example/jwks.json" }, "x5u": { x5u: "https://evil.example/c.pem" }, "x5c": { x5c: ["MII="] },
    "crit unknown": { crit: ["exp"], exp: now + 60 }, "crit empty": { crit: [] }, "b64 false": { b64: false, crit: ["b64"] },
    "zip": { zip: "DEF" }, "cty JWT": { cty: "JWT" },
})) {
    add(`header: ${name}`, signed({ ...header, ...change }, claims));
}
add("header: twice alg", signed(`{"alg":"none","alg":"${alg}","typ":"at+jwt","kid":"${kid}"}`, claims));
add("header: no object", signed("[]", claims));
add("header: rubbish", signed("{", claims));

// --- claims
for (const [name, change] of Object.entries({
    "iss of somebody else": { iss: "https://evil.example" }, "iss with a slash more": { iss: `${input.issuer}/` }, "iss missing": { iss: undefined },
    "aud of somebody else": { aud: "other-api" }, "aud an array with extra": { aud: [input.audience, "other-api"] }, "aud missing": { aud: undefined },
    "aud a number": { aud: 5 }, "sub missing": { sub: undefined }, "sub no uuid": { sub: "admin" }, "sub a number": { sub: 1 },
    "sub of somebody else, session ours": { sub: randomUUID() }, "sid of nobody": { sid: randomUUID() }, "sid missing": { sid: undefined },
    "sid no uuid": { sid: "x" }, "client_id of nobody": { client_id: randomUUID() },
    "exp past": { exp: now - 1 }, "exp missing": { exp: undefined }, "exp text": { exp: `${now + 600}` }, "exp a fraction": { exp: now + 0.5 },
    "exp negative": { exp: -1 }, "exp huge": { exp: 1e308 }, "exp null": { exp: null },
    "iat in the future": { iat: now + 3600 }, "iat missing": { iat: undefined }, "iat text": { iat: "now" },
    "nbf in the future": { nbf: now + 3600 }, "nbf text": { nbf: "x" }, "jti missing": { jti: undefined }, "jti empty": { jti: "" },
    "act without sub": { act: {} }, "act of nobody": { act: { sub: randomUUID() } }, "scope a number": { scope: 1 },
})) {
    add(`claims: ${name}`, signed(header, { ...claims, ...change }));
}
add("claims: twice sub", signed(header, JSON.stringify(claims).replace("{", `{"sub":"${randomUUID()}",`)));
add("claims: an array", signed(header, "[]"));
add("claims: not UTF-8", signed(header, Buffer.from([0x7b, 0xff, 0x7d]).toString("latin1")));
add("claims: deep", signed(header, JSON.stringify({ ...claims, x: JSON.parse("[".repeat(500) + "]".repeat(500)) })));

// --- form
const [h, p, s] = input.token.split(".");
for (const [name, token] of Object.entries({
    "empty payload": `${h}..${s}`, "two parts": `${h}.${p}`, "four parts": `${h}.${p}.${s}.${s}`, "five parts": `${h}.${p}.${s}.${s}.${s}`,
    "padding": `${h}.${p}.${s}==`, "standard base64": `${h}.${p}.${s.replace(/[-_]/g, "+")}=`, "a blank inside": `${h}. ${p}.${s}`,
    "loose bits at the end": `${h}.${p}.${s.slice(0, -1)}${s.endsWith("A") ? "B" : s.endsWith("Q") ? "R" : s.endsWith("g") ? "h" : "x"}`,
    "payload changed": `${h}.${json({ ...payload, sub: randomUUID() })}.${s}`, "header changed": `${json({ ...protectedHeader, x: 1 })}.${p}.${s}`,
    "nothing": "e30.e30.", "dots": "...", "long": `${h}.${"A".repeat(9000)}.${s}`,
})) {
    add(`form: ${name}`, token);
}
const secret = await pair("ECDH-ES");
add("an encrypted token", await new jose.EncryptJWT(claims).setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM", typ: "at+jwt", kid }).encrypt(secret.publicKey));
add("flattened JSON", JSON.stringify({ protected: h, payload: p, signature: s }));
console.log(JSON.stringify({ claims: payload, header: protectedHeader, good, bad }));
